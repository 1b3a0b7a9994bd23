package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

func (w *world) home(from chat.Sender) chat.Home {
	w.t.Helper()
	from.Person = "" // as adapters ask
	h, err := w.Home(context.Background(), from)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// drawn is a page in plain text: a block a line, buttons by label and action.
func drawn(h chat.Home) string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%s) %s: ____\n", h.Lang, h.Ask.Label)
	for _, block := range h.Blocks {
		switch block.Layout {
		case chat.Divider:
			b.WriteString("----\n")
		case chat.Heading:
			b.WriteString("# ")
		}
		if text := (chat.Reply{Blocks: []chat.Block{block}}).PlainText(); text != "" {
			b.WriteString(text + "\n")
		}
		for _, button := range block.Buttons {
			fmt.Fprintf(&b, "  [%s: %s]\n", button.Label, button.Action)
		}
	}
	for _, p := range h.Prompts {
		fmt.Fprintf(&b, "> %s | %s\n", p.Label, p.Value)
	}
	return b.String() + h.Searching + "\n"
}

// The page of an asker, and that of an agent, in each of our languages.
func TestHome(t *testing.T) {
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t)
			asker, agent := kim, bo
			asker.Locale, agent.Locale, asker.Roles = lang, lang, []string{"creators"}
			w.stores(1, lee, desk.Ticket{Question: "where is my refund?", State: desk.Claimed, Holder: w.Person(bo.Account), Labels: []string{"vip"}})
			w.stores(2, asker, desk.Ticket{Question: "where is my refund?", State: desk.Resolved, Holder: "ana", HolderName: "Ana"})
			w.stores(3, asker, desk.Ticket{Question: "", State: desk.Closed})
			w.stores(4, lee, desk.Ticket{Question: "@everyone <!here>\nwhere is **it**?", Priority: desk.Urgent})
			w.stores(5, asker, desk.Ticket{Question: "how do I create a coupon?", State: desk.Waiting, Holder: "ana", HolderName: "Ana"})
			w.stores(6, asker, desk.Ticket{Question: "and where is my refund?\n\norder 77", Trail: conversation.Trail{Audience: "creator"}})
			for n := range int64(2) {
				w.stores(7+n, asker, desk.Ticket{Desk: "sales", Question: fmt.Sprint("question ", n)})
			}
			w.now = w.now.Add(2 * time.Hour)
			got := drawn(w.home(asker)) + "\n====\n\n" + drawn(w.home(agent))
			chattest.Golden(t, "home/"+lang+".txt", []byte(got))
		})
	}
}

// What is not someone's to see is not on their page.
func TestHomeShowsNobodyElse(t *testing.T) {
	external := func(s chat.Sender, roles ...string) chat.Sender {
		s.External, s.Roles = true, roles
		return s
	}
	const own, others, sales, staff, queue = "mine to ask", "theirs to ask", "sold to whom", "browse:staff", "The queue"
	tests := []struct {
		name string
		who  chat.Sender
		sees []string
	}{
		{"an asker", kim, []string{own}},
		{"an agent", bo, []string{others, own, queue}},
		{"an agent by role", cy, []string{others, own, queue}},
		{"an agent of another desk", dan, []string{sales, queue}},
		{"one of the staff", sam, []string{staff}},
		{"from outside, with the role of agents", external(cy, "helpers"), nil},
		{"from outside, with the role of the staff", external(sam, "staff"), nil},
		{"from outside, an agent by account", external(bo, "staff"), []string{others, own, queue}},
		{"a bot", chat.Sender{Account: bo.Account, Bot: true}, nil},
	}
	w := newWorld(t)
	w.stores(1, kim, desk.Ticket{Question: own})
	w.stores(2, lee, desk.Ticket{Question: others})
	w.stores(3, lee, desk.Ticket{Question: sales, Desk: "sales"})
	for _, test := range tests {
		page := drawn(w.home(test.who))
		for _, text := range []string{own, others, sales, staff, queue} {
			if sees := strings.Contains(page, text); sees != slices.Contains(test.sees, text) {
				t.Errorf("%s sees %q: %t\n%s", test.name, text, sees, page)
			}
		}
	}

	// Who works a desk no more still holds what they held, and reads it no more.
	w.runs(bo, "ticket", "claim T-1")
	w.runs(bo, "ticket", "claim T-2")
	if page := drawn(w.home(bo)); strings.Count(page, "[Reply: reply:") != 2 {
		t.Errorf("Bo holds two, and sees\n%s", page)
	}
	s := testSettings()
	s.Desks[0].Agents, s.Desks[1].Agents = []string{"ana"}, []string{string(bo.Account)}
	moved := newWorldOf(t, s)
	moved.records, moved.reader = w.records, w.records
	if page := drawn(moved.home(bo)); strings.Contains(page, "reply:") || strings.Contains(page, others) {
		t.Errorf("Bo has left the desk, and sees\n%s", page)
	}
}

// However much there is, and whatever it says, the page holds it.
func TestHomeBounds(t *testing.T) {
	s := testSettings()
	s.Audiences, s.Desks = nil, nil
	var articles []*knowledge.Article
	rules := knowledge.Rules{Languages: []knowledge.Lang{"en"}}
	for n := range 40 {
		name := fmt.Sprint("audience", n)
		s.Audiences = append(s.Audiences, Audience{Name: name})
		rules.Audiences = append(rules.Audiences, knowledge.Audience{Name: name})
		s.Desks = append(s.Desks, desk.Desk{Name: fmt.Sprint("desk", n), Agents: []string{string(bo.Account)}})
		for topic := range 30 {
			articles = append(articles, page(fmt.Sprint(name, "-", topic), fmt.Sprint("How does topic ", topic, " go?"), fmt.Sprint("topic", topic), "So.", name))
		}
	}
	w := newWorldOf(t, s)
	library := knowledge.NewLibrary(articles, rules)
	w.library = func() Library { return library }
	w.presses(bo, "iam", "audience7")
	hostile := bo
	hostile.Name = chattest.Hostile
	ask := desk.Ticket{Question: strings.Repeat(chattest.Hostile+" ", 20), Labels: []string{chattest.Hostile}}
	n := int64(0)
	for _, d := range s.Desks {
		ask.Desk = d.Name
		for _, ask.Holder = range []chat.PersonID{"", "", "", w.Person(bo.Account)} {
			ask.State = desk.Open
			if ask.Holder != "" {
				ask.State = desk.Claimed
			}
			n++
			w.stores(n, hostile, ask)
		}
	}
	h := w.home(bo)
	if len(h.Blocks) > 100 {
		t.Errorf("%d blocks", len(h.Blocks))
	}
	headings, length := 0, 0
	for _, block := range h.Blocks {
		if block.Layout == chat.Heading {
			headings++
		}
		if len(block.Buttons) > buttonsPerRow || block.Layout == chat.Section && len(block.Buttons) != 1 {
			t.Errorf("a %s of %d buttons", block.Layout, len(block.Buttons))
		}
		text := (chat.Reply{Blocks: []chat.Block{block}}).PlainText()
		length += len([]rune(text))
		if strings.Contains(text, "@everyone") || strings.Contains(text, "<!") {
			t.Errorf("a stranger's words call someone: %q", text)
		}
		for _, span := range block.Text {
			if span.URL != "" || span.Bold && span.Text != "Audience7" && !strings.HasPrefix(span.Text, "T-") {
				t.Errorf("a stranger's words are marked: %+v", span)
			}
		}
		for _, b := range block.Buttons {
			if len([]rune(b.Label)) > 75 || len(b.Action.String()) > chat.MaxAction {
				t.Errorf("button %+v", b)
			}
			if c, _, err := w.lookup(chat.Event{Kind: chat.Press, Action: b.Action}); err != nil {
				t.Errorf("button %s is none of %s: %v", b.Action, c.Verb, err)
			}
		}
	}
	if headings != 5 || length > 13_000 {
		t.Errorf("%d headings and %d runes", headings, length)
	}
}

// A reader that fails at one thing.
type failingReader struct {
	*records
	at string
}

var errAway = errors.New("store is away")

func (r failingReader) fails(at string) error {
	if r.at == at {
		return errAway
	}
	return nil
}

func (r failingReader) Person(ctx context.Context, id chat.PersonID) (spool.Versioned[desk.Person], error) {
	p, err := r.records.Person(ctx, id)
	return p, errors.Join(err, r.fails("person"))
}

func (r failingReader) Asked(ctx context.Context, id chat.PersonID, limit int) ([]desk.Ticket, error) {
	list, err := r.records.Asked(ctx, id, limit)
	return list, errors.Join(err, r.fails("asked"))
}

func (r failingReader) Held(ctx context.Context, id chat.PersonID, limit int) ([]desk.Ticket, error) {
	list, err := r.records.Held(ctx, id, limit)
	return list, errors.Join(err, r.fails("held"))
}

func (r failingReader) Queue(ctx context.Context, name string, now time.Time, limit int) ([]desk.Ticket, int, error) {
	list, total, err := r.records.Queue(ctx, name, now, limit)
	return list, total, errors.Join(err, r.fails("queue"))
}

// Half a page would say that there is nothing where there is something.
func TestHomeIsWhole(t *testing.T) {
	for _, at := range []string{"", "person", "asked", "held", "queue"} {
		w := newWorld(t)
		b, err := New(testSettings(), Parts{
			Library: w.library, Reader: failingReader{w.records, at}, Now: w.Bot.now, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		h, err := b.Home(t.Context(), bo)
		if errors.Is(err, errAway) != (at != "") || (len(h.Blocks) > 0) != (at == "") {
			t.Errorf("with no %q: %d blocks, %v", at, len(h.Blocks), err)
		}
	}
}

func TestHomePrompts(t *testing.T) {
	const long = "How do I get a refund of a course that I bought for someone else?"
	in := func(lang string, a *knowledge.Article, questions ...string) *knowledge.Article {
		a.Lang, a.Questions = knowledge.Lang(lang), questions
		return a
	}
	articles := []*knowledge.Article{
		page("a", long, "refunds", "So.", "buyer"), page("b", "Where is my refund?", "refunds", "So.", "buyer"), page("c", "A third one?", "refunds", "So.", "buyer"),
		in("en", page("d", "Passwords", "account", "So.", "buyer", "creator"), "I forgot my password"), page("e", "Account?", "account", "So.", "buyer"),
		page("f", "Coupons?", "sales", "So.", "creator"), page("g", "The safe?", "keys", "So.", "staff"),
		in("es", page("b", "¿Dónde está mi reembolso?", "refunds", "So.", "buyer")),
	}
	as := func(s chat.Sender, locale string, roles ...string) chat.Sender {
		s.Locale, s.Roles = locale, roles
		return s
	}
	tests := []struct {
		name   string
		who    chat.Sender
		chosen string
		want   []string
	}{
		{"a topic each, the fullest first, and then again", as(kim, "en"), "buyer",
			[]string{"A third one?", "Account?", "Where is my refund?", "I forgot my password"}},
		{"in their language", as(kim, "es"), "buyer", []string{"¿Dónde está mi reembolso?"}},
		{"in ours if there is none", as(kim, "pt-BR"), "creator", []string{"I forgot my password", "Coupons?"}},
		{"by role", as(kim, "en", "creators"), "", []string{"I forgot my password", "Coupons?"}},
		{"unclear", as(kim, "en"), "", []string{"A third one?", "Account?", "Coupons?", "Where is my refund?"}},
		{"of the staff", sam, "", []string{"The safe?"}},
		{"no longer of the staff", as(sam, "en"), "staff", []string{"A third one?", "Account?", "Coupons?", "Where is my refund?"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, articles...)
			if test.chosen != "" {
				p := desk.Person{ID: w.Person(test.who.Account), Audience: test.chosen}
				if err := w.records.commit(spool.Outcome{Persons: []spool.Versioned[desk.Person]{{Value: p}}}); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, p := range w.home(test.who).Prompts {
				got = append(got, p.Value)
				if p.Label != chat.Shorten(p.Value, 40) {
					t.Errorf("%q is labelled %q", p.Value, p.Label)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What someone says they are is remembered, if it is theirs to say.
func TestIam(t *testing.T) {
	tests := []struct {
		name, audience string
		who            chat.Sender
		want           string // what is remembered
		says           string
	}{
		{"anyone", "creator", kim, "creator", "Noted: from now on I answer you as Creator."},
		{"in Spanish", "creator", chat.Sender{Account: account("eva"), Name: "Eva", Locale: "es"}, "creator", "Anotado"},
		{"the staff", "staff", sam, "staff", "Noted"},
		{"no staff", "staff", kim, "", "That choice is not open to you here."},
		{"staff of someone else", "staff", chat.Sender{Account: sam.Account, Name: "Sam", Roles: sam.Roles, External: true}, "", "That choice is not open to you here."},
		{"nobody", "king", kim, "", "That choice is not open to you here."},
		{"nothing", "", kim, "", "That choice is not open to you here."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			e := w.event(chat.Event{Kind: chat.Press, Place: help, Action: chat.Do("iam", test.audience)}, test.who)
			o := w.do(e)
			if len(o.Replies) != 1 || o.Replies[0].Only != test.who.Account || !strings.Contains(spoken(o), test.says) {
				t.Errorf("said %q to %q", spoken(o), o.Replies[0].Only)
			}
			p, err := w.records.Person(t.Context(), w.Person(test.who.Account))
			if err != nil || p.Value.Audience != test.want {
				t.Errorf("remembered %q, %v; want %q", p.Value.Audience, err, test.want)
			}
			if len(o.Conversations)+len(o.Tickets) > 0 {
				t.Errorf("changed %+v", o)
			}
		})
	}
}
