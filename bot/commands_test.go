package bot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestParse(t *testing.T) {
	type is = map[string]string
	tests := []struct {
		door, text string
		verb       string
		args       is
	}{
		{"ask", "where is my refund?", "", is{"question": "where is my refund?"}},
		{"ask", "  where\n is it ", "", is{"question": "where\n is it"}},
		{"ask", "", "help", is{}},
		{"ask", "help", "help", is{}},
		{"ask", "HELP", "help", is{}},
		{"ask", "help me with a refund", "", is{"question": "help me with a refund"}},
		{"ask", "status", "status", is{}},
		{"ask", "status of my refund", "", is{"question": "status of my refund"}},
		{"ask", "cancel T-3", "cancel", is{"ticket": "T-3"}},
		{"ask", "cancel #3", "cancel", is{"ticket": "#3"}},
		{"ask", "cancel my plan", "", is{"question": "cancel my plan"}},
		{"ask", "cancel 2 plans", "", is{"question": "cancel 2 plans"}},
		{"ask", "cancel", "", is{"question": "cancel"}},
		{"ask", "add T-3 it is urgent", "add", is{"ticket": "T-3", "text": "it is urgent"}},
		{"ask", "add a card", "", is{"question": "add a card"}},

		{"ticket", "", "help", is{}},
		{"ticket", "queue", "queue", is{}},
		{"ticket", "List", "queue", is{}},
		{"ticket", "claim", "claim", is{}},
		{"ticket", "claim T-1", "claim", is{"ticket": "T-1"}},
		{"ticket", "take 1", "claim", is{"ticket": "1"}},
		{"ticket", "assign T-1 @bo", "assign", is{"ticket": "T-1", "agent": "@bo"}},
		{"ticket", "assign 1 @bo", "assign", is{"ticket": "1", "agent": "@bo"}},
		{"ticket", "assign <@U7>", "assign", is{"agent": "<@U7>"}},
		{"ticket", "transfer @bo please take it", "transfer", is{"agent": "@bo", "note": "please take it"}},
		{"ticket", "handover T-1 bo", "transfer", is{"ticket": "T-1", "agent": "bo"}},
		{"ticket", "reply T-1 here\nyou go", "reply", is{"ticket": "T-1", "text": "here\nyou go"}},
		{"ticket", "reply 5 days, at most", "reply", is{"text": "5 days, at most"}},
		{"ticket", "reply #5 days", "reply", is{"ticket": "#5", "text": "days"}},
		{"ticket", "note hm", "note", is{"text": "hm"}},
		{"ticket", "article T-1 refund", "article", is{"ticket": "T-1", "query": "refund"}},
		{"ticket", "done", "resolve", is{}},
		{"ticket", "resolve T-1", "resolve", is{"ticket": "T-1"}},
		{"ticket", "resolve T-1 all set", "resolve", is{"ticket": "T-1", "text": "all set"}},
		{"ticket", "force-close spam", "close", is{"reason": "spam"}},
		{"ticket", "priority high", "priority", is{"priority": "high"}},
		{"ticket", "prio T-1 URGENT", "priority", is{"ticket": "T-1", "priority": "urgent"}},
		{"ticket", "label add vip", "label", is{"do": "add", "label": "vip"}},
		{"ticket", "label 7 remove vip", "label", is{"ticket": "7", "do": "remove", "label": "vip"}},
	}
	w := newWorld(t)
	for _, test := range tests {
		in, err := w.Parse(test.door, test.text)
		if err != nil || in.Command.Verb != test.verb || in.Command.Door != test.door {
			t.Errorf("/%s %q = %q, %v, want %q", test.door, test.text, in.Command.Verb, err, test.verb)
			continue
		}
		if diff := gocmp.Diff(test.args, in.Args); diff != "" {
			t.Errorf("/%s %q:\n%s", test.door, test.text, diff)
		}
	}
}

// A number alone after a verb with room for words is a ticket, or refused. It
// is never words for the asker of some other ticket.
func TestParseLoneNumber(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"resolve", "close"} {
		in, err := w.Parse("ticket", verb+" 12")
		if err == nil && in.Args["ticket"] != "12" {
			t.Errorf("/ticket %s 12 = %v: it would %s whichever ticket the agent holds", verb, in.Args, verb)
		}
	}
	if in, err := w.Parse("ticket", "transfer 12 @bo"); err == nil && in.Args["agent"] != "@bo" {
		t.Errorf("/ticket transfer 12 @bo = %v", in.Args)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		door, text string
		want       chat.UsageError // Command: only whether there is one
	}{
		{"ticket", "clam T-1", chat.UsageError{Verb: "clam", Nearest: "claim"}},
		{"ticket", "unclam", chat.UsageError{Verb: "unclam", Nearest: "unclaim"}},
		{"ticket", "zzz", chat.UsageError{Verb: "zzz"}},
		{"ticket", "claim refund", chat.UsageError{Verb: "claim", Command: &chat.Command{}, Param: "ticket"}},
		{"ticket", "claim T-1 now", chat.UsageError{Verb: "claim", Command: &chat.Command{}}},
		{"ticket", "queue 7", chat.UsageError{Verb: "queue", Command: &chat.Command{}}},
		{"ticket", "reply", chat.UsageError{Verb: "reply", Command: &chat.Command{}, Param: "text"}},
		{"ticket", "reply T-1", chat.UsageError{Verb: "reply", Command: &chat.Command{}, Param: "text"}},
		{"ticket", "assign T-1", chat.UsageError{Verb: "assign", Command: &chat.Command{}, Param: "agent"}},
		{"ticket", "assign @bo now", chat.UsageError{Verb: "assign", Command: &chat.Command{}}},
		{"ticket", "priority T-1", chat.UsageError{Verb: "priority", Command: &chat.Command{}, Param: "priority"}},
		{"ticket", "priority soon", chat.UsageError{Verb: "priority", Command: &chat.Command{}, Param: "priority"}},
		{"ticket", "label vip", chat.UsageError{Verb: "label", Command: &chat.Command{}, Param: "do"}},
		{"ticket", "label add", chat.UsageError{Verb: "label", Command: &chat.Command{}, Param: "label"}},
		{"ask", "add T-1", chat.UsageError{Verb: "add", Command: &chat.Command{}, Param: "text"}},
		{"other", "claim", chat.UsageError{Verb: "claim"}},
	}
	w := newWorld(t)
	for _, test := range tests {
		_, err := w.Parse(test.door, test.text)
		var usage *chat.UsageError
		if !errors.As(err, &usage) {
			t.Errorf("/%s %s: error = %v, want a usage error", test.door, test.text, err)
			continue
		}
		got := *usage
		if (got.Command == nil) != (test.want.Command == nil) || got.Door != test.door {
			t.Errorf("/%s %s: %+v", test.door, test.text, got)
		}
		got.Command, got.Door, test.want.Command = nil, "", nil
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("/%s %s:\n%s", test.door, test.text, diff)
		}
	}
}

// FuzzParse: nothing typed panics; what is understood means the same when it is
// typed again in full.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"claim T-1", "assign 5 @bo", "label add x", "reply T-1 **x**", "add #1 x", "prio \u00a0high", "where is it?", "transfer\v1 \u2028x"} {
		f.Add("ticket", text)
		f.Add("ask", text)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, door, text string) {
		in, err := w.Parse(door, text)
		if err != nil {
			if usage := new(chat.UsageError); !errors.As(err, &usage) || usage.Door != door && door != deskDoor {
				t.Fatalf("/%s %q: error %v is no usage error", door, text, err)
			}
			return
		}
		again := in.Command.Verb
		for _, p := range in.Command.Params {
			if arg, ok := in.Args[p.Name]; ok {
				if arg == "" {
					t.Fatalf("/%s %q: %s is empty", door, text, p.Name)
				}
				if p.Flag {
					again = in.Command.Verb + " --" + p.Name + " " + arg + strings.TrimPrefix(again, in.Command.Verb)
				} else {
					again += " " + arg
				}
			} else if !p.Optional {
				t.Fatalf("/%s %q: %s is missing, and nothing was said", door, text, p.Name)
			}
		}
		if in.Command.Door == "ask" && in.Command.Verb == "" && len(in.Args) != 1 {
			t.Fatalf("/ask %q = %v", text, in.Args)
		}
		back, err := w.Parse(door, again)
		if err != nil || back.Command.Verb != in.Command.Verb {
			t.Fatalf("/%s %q is %s; typed as %q it is %s, %v", door, text, in.Command.Verb, again, back.Command.Verb, err)
		}
		if diff := gocmp.Diff(in.Args, back.Args); diff != "" {
			t.Fatalf("/%s %q, typed as %q:\n%s", door, text, again, diff)
		}
	})
}

// Every command can be typed as its usage says.
func TestParseUsage(t *testing.T) {
	w := newWorld(t)
	example := map[chat.ParamKind]string{
		chat.TicketParam: "T-1", chat.PersonParam: "@bo", chat.WordParam: "word", chat.CountParam: "3", chat.SpanParam: "14d", chat.TextParam: "some words",
	}
	for _, c := range w.Commands() {
		if c.Door == "" {
			continue // it is chosen from a menu
		}
		if c.Summary == "" || c.Role == "" || c.Visibility == "" {
			t.Errorf("%s is half declared: %+v", c.Usage(), c)
		}
		for _, verb := range append([]string{c.Verb}, c.Aliases...) {
			typed, flags, want := "", "", map[string]string{}
			for _, p := range c.Params {
				arg := example[p.Kind]
				if len(p.Options) > 0 {
					arg = p.Options[0]
				}
				if want[p.Name] = arg; p.Flag {
					flags += " --" + p.Name + " " + arg
				} else {
					typed += " " + arg
				}
			}
			typed = verb + flags + typed
			in, err := w.Parse(c.Door, typed)
			if err != nil || in.Command.Verb != c.Verb {
				t.Errorf("/%s %s = %s, %v", c.Door, typed, in.Command.Verb, err)
			} else if diff := gocmp.Diff(want, in.Args); diff != "" {
				t.Errorf("/%s %s:\n%s", c.Door, typed, diff)
			}
		}
	}
}

// TestDescribe: every command that platforms register reads well in every
// language: no sentence is missing, and English is what the table says.
func TestDescribe(t *testing.T) {
	b := newWorld(t).Bot
	for _, lang := range languages {
		for _, c := range append(b.Commands(), chat.Command{Door: "ticket"}) {
			w := b.Describe(lang, c)
			words := []string{w.Summary}
			if c.Menu != "" {
				words = []string{w.Menu}
			}
			if len(w.Params) != len(c.Params) {
				t.Fatalf("%s: %s has %d parameters in words", lang, c.Usage(), len(w.Params))
			}
			for i, p := range w.Params {
				words = append(append(words, p.Name, p.Summary), p.Options...)
				if len(p.Options) != len(c.Params[i].Options) || strings.ToLower(p.Name) != p.Name || strings.ContainsAny(p.Name, " _") {
					t.Errorf("%s: parameter %s of %s is %+v", lang, c.Params[i].Name, c.Usage(), p)
				}
				if lang == "en" && (p.Name != c.Params[i].Name || !slices.Equal(p.Options, c.Params[i].Options)) {
					t.Errorf("parameter %s of %s is %+v", c.Params[i].Name, c.Usage(), p)
				}
			}
			for _, word := range words {
				if strings.TrimSpace(word) == "" || strings.Contains(word, "_") {
					t.Errorf("%s: %s%s has the words %q", lang, c.Usage(), c.Menu, words)
				}
			}
			if lang == "en" && w.Menu != c.Menu {
				t.Errorf("%q is %q in the menu", c.Menu, w.Menu)
			}
		}
	}
	if got := b.Describe("es-419", chat.Command{Verb: "find", Menu: "Find an article"}).Menu; got != "Buscar un artículo" {
		t.Errorf("in Latin America, Find an article is %q", got)
	}
}

// No word means two commands, and Discord takes no more than 25 of one door.
func TestTable(t *testing.T) {
	w := newWorld(t)
	seen, count := map[string]bool{}, map[string]int{}
	verbs := map[string]bool{} // that buttons carry
	for _, c := range w.table {
		count[cmp.Or(c.Under, c.Door)]++
		for _, word := range append([]string{c.Verb}, c.Aliases...) {
			key := c.Door + " " + word
			if seen[key] {
				t.Errorf("/%s is there twice", key)
			}
			seen[key] = true
		}
		if c.Door == "" || c.Door == "ticket" || c.Verb == "add" || c.Verb == "cancel" {
			if verbs[c.Verb] {
				t.Errorf("two commands would answer the button %s", c.Verb)
			}
			verbs[c.Verb] = true
		}
		if c.Opens != (c.form != nil) {
			t.Errorf("%s says that it opens a form: %t", c.Usage(), c.Opens)
		}
		if c.run == nil {
			t.Errorf("%s does nothing", c.Usage())
		}
	}
	for _, name := range []string{"ticket", deskDoor} {
		if count[name] > 25 {
			t.Errorf("/%s has %d verbs", name, count[name])
		}
	}
}

func TestLookup(t *testing.T) {
	slash := func(door, text string) chat.Event { return chat.Event{Kind: chat.Slash, Door: door, Text: text} }
	press := func(verb string, args ...string) chat.Event {
		return chat.Event{Kind: chat.Press, Action: chat.Do(verb, args...)}
	}
	tests := []struct {
		name  string
		event chat.Event
		ours  bool
		verb  string
		role  chat.Role
		sight chat.Visibility
	}{
		{"command", slash("ticket", "claim T-1"), true, "claim", chat.Agent, chat.Private},
		{"question", slash("ask", "where?"), true, "", chat.Everyone, chat.Private},
		{"half a command", slash("ticket", "reply"), true, "reply", chat.Agent, chat.Private},
		{"no such verb", slash("ticket", "clam"), true, "", chat.Everyone, chat.Private},
		{"no such door", slash("lunch", "claim"), false, "", "", ""},
		{"button", press("claim", "T-1"), true, "claim", chat.Agent, chat.Private},
		{"asker's button", press("helped", "c"), true, "helped", chat.Everyone, chat.Public},
		{"asker's ticket", press("cancel", "T-1"), true, "cancel", chat.Everyone, chat.Private},
		{"form", chat.Event{Kind: chat.Submit, Action: chat.Do("contact", "c")}, true, "contact", chat.Everyone, chat.Public},
		{"unknown button", press("launch"), false, "", "", ""},
		{"no verb", press(""), false, "", "", ""},
		{"an alias is typed, not pressed", press("take", "T-1"), false, "", "", ""},
		{"status is typed, not pressed", press("status"), false, "", "", ""},
		{"said", chat.Event{Kind: chat.Message, Text: "claim T-1"}, false, "", "", ""},
	}
	w := newWorld(t)
	for _, test := range tests {
		c, ours := w.Lookup(test.event)
		if ours != test.ours || c.Verb != test.verb || c.Role != test.role || c.Visibility != test.sight {
			t.Errorf("%s: %t %+v", test.name, ours, c)
		}
	}
}

// FuzzPress: whatever an action from outside says, nothing panics, and a
// stranger changes nobody else's records.
func FuzzPress(f *testing.F) {
	w := newWorld(f)
	k := w.opens(kim, "where is my refund?")
	w.runs(bo, "ticket", "claim "+string(k.ID))
	for _, seed := range []string{"as:%c:staff", "more:%c", "share:%c", "contact:%c", "helped:%c", "browse:staff:keys:9", "claim:%t", "reply:%t:x", "cancel:%t", "good:%t", "add:%t:x", "assign:%t:bo", "queue", "label:%t:add"} {
		f.Add(strings.NewReplacer("%c", string(k.Conversation), "%t", string(k.ID)).Replace(seed), "words", false)
	}
	f.Fuzz(func(t *testing.T, action, text string, submit bool) {
		w := *w
		w.t = t
		a, err := chat.ParseAction(action)
		if err != nil {
			return
		}
		text = strings.ToValidUTF8(text, "\uFFFD") // as the store keeps it
		e := chat.Event{Kind: chat.Press, Action: a}
		if submit {
			e.Kind, e.Values = chat.Submit, map[string]string{"text": text, "question": text, "topic": text, "note": text, "ticket": text}
		}
		e = w.event(e, lee)
		o := w.try(e)
		for _, c := range o.Conversations {
			if c.Value.Asker.Person != e.From.Person {
				t.Errorf("%s by a stranger changes a conversation: %+v", action, c.Value)
			}
		}
		for _, p := range o.Persons {
			if p.Value.ID != e.From.Person {
				t.Errorf("%s by a stranger changes a person: %+v", action, p.Value)
			}
		}
		if len(o.Tickets) > 0 {
			t.Errorf("%s by a stranger changes a ticket: %+v", action, o.Tickets[0].Value)
		}
		for _, r := range o.Replies {
			if r.Only != e.From.Account {
				t.Errorf("%s by a stranger is answered for all to see: %s", action, r.PlainText())
			}
			if strings.Contains(everything(r), "Handbook") {
				t.Errorf("%s by a stranger shows %s", action, r.PlainText())
			}
			checkReply(t, r)
		}
	})
}

// checkReply checks what every reply promises to the platforms.
func checkReply(t testing.TB, r chat.Reply) {
	t.Helper()
	if r.Key == "" || r.Deed == "" || r.Purpose == "" || r.Place == (chat.Place{}) {
		t.Errorf("half a reply: %+v", r)
	}
	if (len(r.Blocks) == 0) != (r.Deed == chat.Remove) {
		t.Errorf("%s has %d blocks", r.Deed, len(r.Blocks))
	}
	rows := 0
	for _, b := range r.Blocks {
		if b.Layout == chat.Buttons {
			rows++
			if len(b.Buttons) == 0 || len(b.Buttons) > buttonsPerRow {
				t.Errorf("a row of %d buttons", len(b.Buttons))
			}
		}
		switch b.Layout {
		case chat.Buttons, chat.Facts:
		case chat.Links:
			for _, l := range b.Links {
				if l.Title == "" || l.URL == "" {
					t.Errorf("half a link: %+v", l)
				}
			}
		case chat.Choice:
			for _, o := range b.Select.Options {
				if a := b.Select.Chosen(o).String(); len(a) > chat.MaxAction || o.Label == "" {
					t.Errorf("option %q does %q", o.Label, a)
				}
			}
		default:
			if strings.TrimSpace(b.Text.String()) != "" {
				break
			}
			t.Errorf("an empty %s in:\n%s", b.Layout, r.PlainText())
		}
	}
	if rows > maxRows {
		t.Errorf("%d rows of buttons", rows)
	}
	for _, b := range r.AllButtons() {
		if back, err := chat.ParseAction(b.Action.String()); err != nil || back.String() != b.Action.String() || b.Label == "" {
			t.Errorf("button %q does %q: %v", b.Label, b.Action, err)
		}
	}
	if !utf8.ValidString(r.PlainText()) {
		t.Errorf("not UTF-8: %q", r.PlainText())
	}
}

func TestMisused(t *testing.T) {
	tests := []struct {
		from chat.Sender
		text string
		want string
	}{
		{bo, "clam T-1", "Did you mean /ticket claim?"},
		{bo, "zzz", "/ticket help"},
		{bo, "reply", "Which ticket? You hold none right now"},
		{bo, "reply T-1", "no ticket T-1"},
		{bo, "queue now", "It goes like this: /ticket queue"},
		{bo, "priority soon", "low · normal · high · urgent"},
		{kim, "clam", "is for the support team"},
		{kim, "reply", "is for the support team"},
		{bo, "**clam** `x`", "**clam**"},
	}
	w := newWorld(t)
	for _, test := range tests {
		o := w.runs(test.from, "ticket", test.text)
		if len(o.Replies) != 1 || o.Replies[0].Only != test.from.Account || !strings.Contains(spoken(o), test.want) {
			t.Errorf("%s: /ticket %s: %+v", test.from.Name, test.text, o.Replies)
		}
	}
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	for _, door := range []string{"ask", "ticket"} {
		o := w.runs(bo, door, "help")
		text := spoken(o)
		for _, c := range w.Commands() {
			if c.Door == door && c.Verb != "help" && !strings.Contains(text, c.Usage()+": ") {
				t.Errorf("/%s help does not tell of %s:\n%s", door, c.Usage(), text)
			}
		}
		if strings.Contains(text, fmt.Sprintf("do_%s", door)) {
			t.Errorf("/%s help shows ids:\n%s", door, text)
		}
	}
	if i := slices.IndexFunc(w.table, func(c command) bool { return c.Door == "ticket" && c.Role == chat.Everyone && c.Verb != "link" }); i >= 0 {
		t.Errorf("everyone may %s", w.table[i].Usage())
	}
}

// TestBind: numbers, times and flags are told from the words around them.
func TestBind(t *testing.T) {
	count := chat.Param{Name: "count", Kind: chat.CountParam, Optional: true}
	span := chat.Param{Name: "for", Kind: chat.SpanParam, Optional: true}
	stale := chat.Param{Name: "stale", Kind: chat.SpanParam, Optional: true, Flag: true}
	reason := some(aText, "reason")
	tests := []struct {
		name   string
		params []chat.Param
		text   string
		want   map[string]string
		wrong  string // parameter of the usage error; "-" for one of the whole
	}{
		{"a number", []chat.Param{count}, "3", map[string]string{"count": "3"}, ""},
		{"no number", []chat.Param{count}, "", map[string]string{}, ""},
		{"none of that", []chat.Param{count}, "0", nil, "count"},
		{"not a number", []chat.Param{count}, "three", nil, "count"},
		{"a time", []chat.Param{aPerson, span}, "@bo 7d", map[string]string{"agent": "@bo", "for": "7d"}, ""},
		{"a time that was left out", []chat.Param{span, reason}, "lunch 2h", map[string]string{"reason": "lunch 2h"}, ""},
		{"a time before words", []chat.Param{span, reason}, "2h lunch", map[string]string{"for": "2h", "reason": "lunch"}, ""},
		{"a flag", []chat.Param{stale, reason}, "--stale 14d no answer", map[string]string{"stale": "14d", "reason": "no answer"}, ""},
		{"a flag, as phones write it", []chat.Param{stale, reason}, "—Stale 14d", map[string]string{"stale": "14d"}, ""},
		{"a flag without its value", []chat.Param{stale, reason}, "--stale", nil, "stale"},
		{"a flag with another value", []chat.Param{stale, reason}, "--stale no answer", nil, "stale"},
		{"a flag among words", []chat.Param{stale, reason}, "it is --stale 14d", map[string]string{"reason": "it is --stale 14d"}, ""},
		{"the name of a flag", []chat.Param{stale, reason}, "stale 14d", map[string]string{"reason": "stale 14d"}, ""},
		{"a flag with an equals sign", []chat.Param{stale, reason}, "--stale=14d no answer", map[string]string{"stale": "14d", "reason": "no answer"}, ""},
		{"a flag with an equals sign and nothing", []chat.Param{stale, reason}, "--stale= 14d", nil, "stale"},
		{"an unknown flag", []chat.Param{stale}, "--old 14d", nil, "stale"},
		{"an unknown flag before words", []chat.Param{reason, stale}, "--old 14d", nil, "stale"},
		{"dashes before words", []chat.Param{reason, stale}, "-- no answer", map[string]string{"reason": "-- no answer"}, ""},
		{"a flag where there are none", []chat.Param{reason}, "--old 14d", map[string]string{"reason": "--old 14d"}, ""},
		{"a flag behind a ticket", []chat.Param{aTicket, reason, stale}, "T-1 --stale 14d", map[string]string{"ticket": "T-1", "stale": "14d"}, ""},
		{"a flag after a ticket", []chat.Param{stale, aTicket, reason}, "--stale 14d T-1 x", map[string]string{"stale": "14d", "ticket": "T-1", "reason": "x"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in, err := bind(chat.Command{Door: "ticket", Verb: "do", Params: test.params}, "do", test.text)
			var usage *chat.UsageError
			switch {
			case test.wrong == "" && err != nil:
				t.Fatal(err)
			case test.wrong != "" && (!errors.As(err, &usage) || usage.Param != strings.Trim(test.wrong, "-")):
				t.Fatalf("error = %v, want one for %s", err, test.wrong)
			case test.wrong == "":
				if diff := gocmp.Diff(test.want, in.Args); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if got, want := (chat.Command{Door: "ticket", Verb: "do", Params: []chat.Param{stale, reason}}).Usage(), "/ticket do [--stale <span>] [reason]"; got != want {
		t.Errorf("usage = %q, want %q", got, want)
	}
}

// TestDeskDoor: both names of the agents' door lead to the same verbs.
func TestDeskDoor(t *testing.T) {
	w := newWorld(t)
	if c := deskVerb("stats", "", "how the desk does", nil); c.Door != "ticket" || c.Under != "desk" || c.Role != chat.Agent {
		t.Errorf("a verb of the desk is %+v", c.Command)
	}
	for _, text := range []string{"claim T-1", "queue", "", "help"} {
		one, err := w.Parse("ticket", text)
		if err != nil {
			t.Fatal(err)
		}
		other, err := w.Parse("desk", text)
		if err != nil || one.Command.Verb != other.Command.Verb || other.Command.Door != "ticket" {
			t.Errorf("/desk %s = %s %s, %v", text, other.Command.Door, other.Command.Verb, err)
		}
	}
}
