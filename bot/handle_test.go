package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// typed is a command with an argument for each parameter.
func typed(c chat.Command, ticket string) string {
	words := []string{c.Verb}
	for _, p := range c.Params {
		switch {
		case p.Flag: // the last, and not needed
		case p.Kind == chat.TicketParam:
			words = append(words, ticket)
		case p.Kind == chat.PersonParam && p.Optional:
			words = append(words, "@ana")
		case p.Kind == chat.PersonParam:
			words = append(words, "ana")
		case p.Kind == chat.SpanParam:
			words = append(words, "7d")
		case p.Name == "all": // of one's own: it names no ticket, and is the last
		case len(p.Options) > 0:
			words = append(words, p.Options[len(p.Options)-1])
		case p.Name == "query":
			words = append(words, "refund")
		default:
			words = append(words, "something")
		}
	}
	return strings.Join(words, " ")
}

// doors are the ways to one command: typed, pressed and sent as a form.
func doors(c chat.Command, ticket string) map[string]chat.Event {
	words := strings.Fields(typed(c, ticket))
	values := map[string]string{}
	for i, p := range c.Params {
		if 1+i < len(words) {
			values[p.Name] = words[1+i]
		}
	}
	if c.Menu != "" {
		said := chat.Said{Message: "m99", From: lee, At: start, Text: "where is my refund?"}
		return map[string]chat.Event{
			"menu": {Kind: chat.Menu, Action: chat.Do(c.Verb), Message: said.Message, About: &said},
		}
	}
	return map[string]chat.Event{
		"slash":  {Kind: chat.Slash, Door: c.Door, Text: typed(c, ticket)},
		"press":  {Kind: chat.Press, Action: chat.Action{Verb: c.Verb, Args: words[1:]}},
		"submit": {Kind: chat.Submit, Action: chat.Do(c.Verb, ticket), Values: values},
	}
}

// Nobody but agents does what agents do, whatever the door.
func TestPermission(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund?")
	robot := bo
	robot.Bot = true
	for _, c := range w.Commands() {
		if c.Role == chat.Everyone {
			continue
		}
		for door, e := range doors(c, string(k.ID)) {
			for _, who := range []chat.Sender{kim, lee, sam, {Account: account("eve"), Name: "Ana", Roles: []string{"ana", "bo", "support"}}} {
				name := fmt.Sprintf("%s by %s as %s", c.Usage(), door, who.Name)
				o := w.try(w.event(e, who))
				if changed(o) || len(o.Replies) != 1 {
					t.Errorf("%s: %d records, %d replies", name, len(o.Tickets)+len(o.Conversations)+len(o.Persons), len(o.Replies))
					continue
				}
				want := w.words.line("en", "needs_agent")
				if c.Role == chat.Lead {
					want = w.words.line("en", "needs_lead")
				}
				r := o.Replies[0]
				if r.Only != who.Account || r.Place != help || r.PlainText() != want {
					t.Errorf("%s: %q to %q in %s", name, r.PlainText(), r.Only, r.Place)
				}
			}
			if o := w.try(w.event(e, robot)); changed(o) || len(o.Replies) > 0 {
				t.Errorf("%s by %s: a bot is answered: %+v", c.Usage(), door, o)
			}
			// An agent of another desk gets no further.
			if len(c.Params) > 0 && c.Params[0].Kind == chat.TicketParam {
				o := w.try(w.event(e, dan))
				if changed(o) || len(o.Replies) != 1 || o.Replies[0].Only != dan.Account || !strings.Contains(spoken(o), "belongs to the desk support") {
					t.Errorf("%s by %s on another desk: %s", c.Usage(), door, spoken(o))
				}
			}
		}
	}
	// Bo works the desk and does not lead it.
	if o := w.runs(bo, "ticket", "assign T-1 ana"); changed(o) || spoken(o) != w.words.line("en", "needs_lead") {
		t.Errorf("assign by an agent: %s", spoken(o))
	}
	if o := w.runs(ana, "ticket", "assign T-1 bo"); len(o.Tickets) != 1 {
		t.Errorf("assign by a lead: %s", spoken(o))
	}
}

// secret stands in every note.
const secret = "she-is-lying"

// What agents do is seen by agents; askers see what is meant for them, and
// notes never.
func TestAgentAnswersArePrivate(t *testing.T) {
	for _, place := range []chat.Place{help, {Platform: "test", Workspace: "w", Channel: "help", Thread: "7"}, chat.Direct(kim.Account)} {
		for _, c := range newWorld(t).Commands() {
			if c.Role == chat.Everyone {
				continue
			}
			for door := range doors(c, "T-1") {
				t.Run(place.Channel+place.Thread+"/"+c.Verb+"/"+door, func(t *testing.T) {
					w := newWorld(t)
					private := strings.HasPrefix(place.Channel, "@")
					o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "where is my refund?", Place: place, Private: private}, kim))
					o = w.do(w.event(chat.Event{Kind: chat.Press, Action: chat.Do("contact", string(o.Conversations[0].Value.ID)), Place: place, Private: private}, kim))
					w.runs(bo, "ticket", "claim T-1")
					w.runs(bo, "ticket", "note T-1 "+secret)
					w.runs(bo, "ticket", "label T-1 add "+secret)
					if c.Verb == "claim" || c.Verb == "next" {
						w.runs(bo, "ticket", "release T-1")
					}
					if c.Verb == "reopen" {
						w.runs(bo, "ticket", "close T-1 "+secret)
					}
					who := bo
					if c.Role == chat.Lead || c.Verb == "transfer" {
						who = ana
					}
					e := w.event(doors(c, "T-1")[door], who)
					if !private {
						e.Place = place // right where the asker reads
					}
					if c.Verb == "assign" || c.Verb == "transfer" {
						e.Text = strings.ReplaceAll(e.Text, " ana", " ana "+secret)
					}
					o = w.do(e)
					if len(o.Replies) == 0 {
						t.Fatal("no answer")
					}
					for _, r := range o.Replies {
						checkReply(t, r)
						if c.Menu != "" && r.Ticket == "T-2" && r.Only == "" {
							continue // that is for whom the ticket was made
						}
						if r.Purpose == chat.Answering && r.Only != who.Account {
							t.Errorf("answers %q where all see it: %s", r.Only, r.PlainText())
						}
						if seenBy(r, kim) {
							if !slices.Contains([]string{"reply", "article", "resolve", "close", "reopen", "transcript"}, c.Verb) {
								t.Errorf("the asker sees: %s", r.PlainText())
							}
							if r.Place != place && !(c.Verb == "transcript" && r.Place == chat.Direct(kim.Account)) {
								t.Errorf("the asker, who is in %s, is answered in %s", place, r.Place)
							}
							if strings.Contains(everything(r), secret) {
								t.Errorf("the asker sees a note: %s", r.PlainText())
							}
						}
					}
				})
			}
		}
	}
}

// Whatever the asker does next, no note comes to them.
func TestNotesStayInternal(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	w.runs(bo, "ticket", "note "+secret)
	w.runs(bo, "ticket", "label add "+secret)
	w.runs(bo, "ticket", "transfer ana "+secret)
	var outcomes []spool.Outcome
	act := func(o spool.Outcome) { outcomes = append(outcomes, o) }
	act(w.runs(kim, "ask", "status"))
	act(w.runs(kim, "ask", "add T-1 please"))
	act(w.says(kim, "where is it?"))
	act(w.presses(kim, "contact", string(k.Conversation)))
	act(w.presses(kim, "more", string(k.Conversation)))
	act(w.presses(kim, "show", "T-1"))
	act(w.presses(kim, "why", "T-1"))
	act(w.runs(ana, "ticket", "resolve T-1 all set"))
	act(w.presses(kim, "bad", "T-1"))
	act(w.says(kim, "it is not there"))
	act(w.runs(ana, "ticket", "close T-1 "+secret))
	act(w.runs(kim, "ask", "status"))
	act(w.presses(kim, "cancel", "T-1"))
	act(w.runs(ana, "ticket", "reopen T-1"))
	seen := 0
	for _, o := range outcomes {
		for _, r := range o.Replies {
			if seenBy(r, kim) {
				seen++
				if strings.Contains(everything(r), secret) {
					t.Errorf("the asker sees a note: %s", r.PlainText())
				}
			}
		}
	}
	if seen < 12 {
		t.Errorf("the asker saw %d replies only", seen)
	}
	if o := w.runs(ana, "ticket", "show T-1"); !strings.Contains(spoken(o), secret) {
		t.Error("agents do not see the note")
	}
}

// Buttons come from outside: what their arguments say is checked again.
func TestForgedButtons(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "where is my refund?")
	other := w.asks(sam, "how do I change my password?")
	private := w.runs(kim, "ask", "where is my refund?").Conversations[0].Value
	w.runs(ana, "ticket", "resolve T-1")
	before := w.records.clone()
	tests := []struct {
		name  string
		who   chat.Sender
		event chat.Event
	}{
		{"cancel someone else's ticket", lee, press("cancel", "T-1")},
		{"cancel as agent", bo, press("cancel", "T-1")},
		{"add to someone else's ticket", lee, chat.Event{Kind: chat.Submit, Action: chat.Do("add", "T-1"), Values: map[string]string{"text": "x"}}},
		{"add with the ticket as a value", lee, chat.Event{Kind: chat.Submit, Action: chat.Do("add", "T-9"), Values: map[string]string{"text": "x", "ticket": "T-1"}}},
		{"add by command", lee, slash("ask", "add T-1 x")},
		{"cancel by command", lee, slash("ask", "cancel T-1")},
		{"rate someone else's ticket", lee, press("good", "T-1")},
		{"rate as agent", ana, press("bad", "T-1")},
		{"no such ticket", kim, press("cancel", "T-99")},
		{"no ticket", kim, press("cancel", "refund")},
		{"unknown conversation", kim, press("contact", "aaaaaaaaaaaaaaaa")},
		{"no conversation", kim, press("helped")},
		{"unknown conversation of an agent", bo, press("share", "../../etc")},
		{"a private audience", kim, press("as", string(k.Conversation), "staff")},
		{"no audience", kim, press("as", string(k.Conversation), "king")},
		{"someone else's private audience", kim, press("as", other, "staff")},
		{"a private audience in a shared place", sam, press("as", other, "staff")},
		{"another desk's ticket", dan, press("reopen", "T-1")},
		{"another desk's ticket, typed", dan, slash("ticket", "reopen T-1")},
		{"unknown audience to browse", kim, press("browse", "king", "keys")},
		{"a page far off", kim, press("browse", "buyer", "refunds", "999999999999999999999")},
		{"a page before the first", kim, press("browse", "buyer", "refunds", "-3")},
		{"unknown verb", kim, press("launch", "T-1")},
	}
	for _, test := range tests {
		o := w.try(w.event(test.event, test.who))
		if changed(o) {
			t.Errorf("%s: changes %+v", test.name, o)
		}
		for _, r := range o.Replies {
			if r.Only != test.who.Account {
				t.Errorf("%s: answered for all to see: %s", test.name, r.PlainText())
			}
		}
	}
	if diff := cmp.Diff(before.tickets, w.records.tickets, cmp.AllowUnexported(stored{})); diff != "" {
		t.Errorf("Handle wrote:\n%s", diff)
	}

	// What someone asked in private is nobody else's, whoever learns its name.
	for _, who := range []chat.Sender{lee, bo} {
		for _, verb := range []string{"share", "more", "helped", "unhelped", "contact"} {
			o := w.try(w.event(press(verb, string(private.ID)), who))
			for _, r := range o.Replies {
				if r.Only == "" {
					t.Errorf("%s presses %s on a private question, and all see: %s", who.Name, verb, r.PlainText())
				}
			}
		}
	}
}

// What strangers write stays as they wrote it, and means nothing.
func TestMarkupIsText(t *testing.T) {
	const name = "**Kim** `<@U1>` [x](https://evil.example) {{.Ticket}}"
	w := newWorld(t)
	mallory := chat.Sender{Account: account("mal"), Name: name, Locale: "en"}
	const question = "where is my **refund**? `x` <!channel> [y](https://evil.example)"
	k := w.opens(mallory, "where is my refund?")
	w.runs(mallory, "ask", "cancel T-1")
	w.do(w.event(chat.Event{Kind: chat.Submit, Action: chat.Do("contact", string(k.Conversation)), Values: map[string]string{"question": question}}, mallory))
	outcomes := []spool.Outcome{
		w.runs(bo, "ticket", "queue"), w.runs(bo, "ticket", "claim T-2"), w.runs(bo, "ticket", "show T-2"),
		w.runs(bo, "ticket", "why T-2"), w.runs(bo, "ticket", "mine"), w.runs(bo, "ticket", "reply T-2 **hi**"),
		w.runs(mallory, "ask", "status"), w.says(mallory, question), w.presses(mallory, "share", string(k.Conversation)),
		w.runs(bo, "ticket", "**clam** `x`"), w.runs(bo, "ticket", "claim T-2**"), w.runs(ana, "ticket", "assign T-2 **bo**"),
	}
	found := 0
	for _, o := range outcomes {
		for _, r := range o.Replies {
			for _, b := range r.Blocks {
				texts := []chat.Text{b.Text}
				for _, fact := range b.Facts {
					texts = append(texts, fact.Value)
				}
				for _, text := range texts {
					if strings.Contains(text.String(), "Kim") || strings.Contains(text.String(), "evil") {
						found++
						if !strings.Contains(text.String(), name) && !strings.Contains(text.String(), question) && !strings.Contains(text.String(), chat.Defuse(question)) {
							t.Errorf("not as it was written: %+v", text)
						}
					}
					for _, span := range text {
						if strings.Contains(span.URL, "evil") || span.Code && strings.Contains("`x` <@U1> hi clam", span.Text) {
							t.Errorf("a stranger's markup counts: %+v", span)
						}
					}
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("name and question were shown %d times only", found)
	}
}

// Handling an event again gives the same, down to every Key: Handle only
// reads.
func TestHandleAgain(t *testing.T) {
	w := newWorld(t)
	c := w.asks(kim, "how do I get a refund for my purchase?")
	events := []chat.Event{
		w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "how do I get a refund?"}, lee),
		w.event(press("more", c), kim), w.event(press("contact", c), kim), w.event(press("as", c, "creator"), kim),
		w.event(press("more", c), lee),
	}
	for _, e := range events {
		before := w.records.clone()
		first, second := w.try(e), w.try(e)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s %s is handled otherwise again:\n%s", e.Kind, e.Action, diff)
		}
		if !changed(first) {
			t.Errorf("%s %s changes nothing", e.Kind, e.Action)
		}
		if diff := cmp.Diff(before, w.records, cmp.AllowUnexported(records{}, stored{})); diff != "" {
			t.Errorf("%s %s writes:\n%s", e.Kind, e.Action, diff)
		}
	}
}

func TestTicketLife(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	step := func(o spool.Outcome, state desk.State, said ...string) {
		t.Helper()
		text := spoken(o)
		for _, s := range said {
			if !strings.Contains(text, s) {
				t.Errorf("does not say %q:\n%s", s, text)
			}
		}
		if k := w.ticket("T-1"); k.State != state {
			t.Fatalf("T-1 is %s, want %s", k.State, state)
		}
	}
	step(w.presses(kim, "contact", string(w.ticket("T-1").Conversation)), desk.Open, "with the team already", "waiting for someone")
	step(w.runs(bo, "ticket", "next"), desk.Claimed, "T-1 is yours", "where is my refund?")
	step(w.runs(bo, "ticket", "claim T-1"), desk.Claimed, "yours already")
	step(w.runs(cy, "ticket", "claim T-1"), desk.Claimed, "T-1 is with Bo")
	step(w.runs(cy, "ticket", "next"), desk.Claimed, "The queue is empty")
	step(w.runs(bo, "ticket", "reply five days"), desk.Waiting, "Bo · T-1\nfive days", "On its way to Kim")
	step(w.says(kim, "thanks a lot!"), desk.Waiting, "Glad I could help")
	step(w.says(kim, "it is not there yet"), desk.Claimed, "Kim on T-1")
	step(w.runs(bo, "ticket", "resolve all set"), desk.Resolved, "all set", "Did that help?")
	step(w.says(kim, "thank you!"), desk.Resolved, "Glad I could help")
	step(w.presses(kim, "good", "T-1"), desk.Resolved, "good to know")
	step(w.says(kim, "it is still not there"), desk.Claimed, "I've reopened T-1")
	step(w.runs(bo, "ticket", "transfer ana she knows"), desk.Claimed, "Bo handed you T-1", "> she knows")
	step(w.runs(cy, "ticket", "resolve T-1"), desk.Claimed, "T-1 is with Ana")
	step(w.runs(ana, "ticket", "close T-1 done with it"), desk.Closed, "is closed")
	step(w.runs(bo, "ticket", "reopen T-1"), desk.Claimed, "is open again")
	step(w.runs(kim, "ask", "cancel T-1"), desk.Closed, "is cancelled", "Kim cancelled T-1")
	// It is over: words begin anew.
	o := w.says(kim, "where is my refund?")
	if len(o.Conversations) != 1 || o.Conversations[0].Version != 0 || len(o.Tickets) != 0 {
		t.Errorf("after the ticket: %+v", o.Conversations)
	}
}

// A lead's last word on a colleague's ticket is sent, and stands in its
// history like anybody's.
func TestResolveByLead(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	o := w.runs(ana, "ticket", "resolve T-1 paid out today")
	if !strings.Contains(spoken(o), "Ana · T-1\npaid out today") {
		t.Fatalf("the asker is not told:\n%s", spoken(o))
	}
	k := w.ticket("T-1")
	if k.State != desk.Resolved || k.Holder != "test:w:bo" {
		t.Errorf("T-1 is %s with %s", k.State, k.Holder)
	}
	if !slices.ContainsFunc(k.History, func(e desk.Entry) bool { return strings.Contains(e.Text, "paid out today") }) {
		t.Errorf("the history does not have what the asker was told: %+v", k.History)
	}
}

// One conversation has at most one live ticket, whoever presses.
func TestContactTwice(t *testing.T) {
	for _, who := range []chat.Sender{kim, bo} {
		w := newWorld(t)
		c := w.asks(kim, "where is my refund?")
		o := w.presses(who, "contact", c)
		if len(o.Tickets) != 1 || o.Tickets[0].Value.Asker.Person != "test:w:kim" {
			t.Fatalf("%s: %+v", who.Name, o.Tickets)
		}
		for _, again := range []chat.Sender{bo, kim} {
			if o := w.presses(again, "contact", c); changed(o) {
				t.Errorf("%s presses Contact us after %s: %+v", again.Name, who.Name, o.Tickets)
			}
		}
	}
}

// A stranger's press on someone's answer is their own question.
func TestStrangerPresses(t *testing.T) {
	for _, verb := range []string{"helped", "unhelped", "more", "contact", "share", "as"} {
		w := newWorld(t)
		c := w.asks(kim, "where is my refund?")
		o := w.do(w.event(press(verb, c, "creator"), lee))
		if len(o.Conversations) != 1 || len(o.Replies) != 1 || len(o.Tickets) != 0 {
			t.Fatalf("%s: %+v", verb, o)
		}
		own := o.Conversations[0].Value
		if string(own.ID) == c || own.Asker.Person != "test:w:lee" || !own.Private || o.Replies[0].Only != lee.Account {
			t.Errorf("%s: %+v", verb, own)
		}
		if remembered := len(o.Persons) == 1 && o.Persons[0].Value.Audience == "creator" && o.Persons[0].Value.ID == "test:w:lee"; remembered != (verb == "as") {
			t.Errorf("%s remembers %+v", verb, o.Persons)
		}
		// Kim's lane goes on as it was.
		if o := w.says(kim, "and when?"); len(o.Conversations) != 1 || string(o.Conversations[0].Value.ID) != c {
			t.Errorf("%s took Kim's conversation over: %+v", verb, o.Conversations)
		}
	}
}

// What is asked aside in /ask does not take over what is said aloud.
func TestAskAside(t *testing.T) {
	w := newWorld(t)
	c := w.asks(kim, "where is my refund?")
	w.runs(kim, "ask", "how do I change my password?")
	o := w.says(kim, "and when?")
	if len(o.Conversations) != 1 || string(o.Conversations[0].Value.ID) != c || o.Replies[0].Only != "" {
		t.Errorf("after /ask: %+v", o.Replies)
	}
}

// `next` takes the next ticket if the first was claimed while it looked.
func TestNextAfterClaim(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	w.opens(lee, "where is my refund?")
	e := w.event(slash("ticket", "next"), bo)
	v := &lateView{fakeView: fakeView{w.records, e.Lane()}}
	v.after = func() { w.runs(ana, "ticket", "claim T-1") }
	o, err := w.Handle(context.Background(), e, v)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Tickets) != 1 || o.Tickets[0].Value.ID != "T-2" {
		t.Errorf("next = %s", spoken(o))
	}
}

// A lateView lets something happen after Head was reserved.
type lateView struct {
	fakeView
	after func()
}

func (v *lateView) Head(ctx context.Context, name string, now time.Time, nth int) (chat.TicketID, error) {
	id, err := v.fakeView.Head(ctx, name, now, nth)
	if v.after != nil {
		v.after()
		v.after = nil
	}
	return id, err
}

func TestEdits(t *testing.T) {
	w := newWorld(t)
	first := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "where is my refund?"}, kim)
	answer := w.do(first).Replies[0]
	edit := w.event(chat.Event{Kind: chat.Edit, Message: first.Message, Stamp: "2", Text: "how do I change my password?"}, kim)
	o := w.do(edit)
	if len(o.Replies) != 1 || o.Replies[0].Key != answer.Key || o.Replies[0].Deed != chat.Replace || !strings.Contains(spoken(o), "password") {
		t.Errorf("an edit: %+v", o.Replies)
	}
	if o := w.do(w.event(chat.Event{Kind: chat.Edit, Message: first.Message, Stamp: "2", Text: "again"}, kim)); changed(o) || len(o.Replies) > 0 {
		t.Errorf("the same edit again: %+v", o)
	}
	o = w.do(w.event(chat.Event{Kind: chat.Delete, Message: first.Message}, kim))
	if len(o.Replies) != 1 || o.Replies[0].Key != answer.Key || o.Replies[0].Deed != chat.Remove {
		t.Errorf("a deletion: %+v", o.Replies)
	}
	c := string(o.Conversations[0].Value.ID)
	if o := w.presses(kim, "contact", c); changed(o) || !strings.Contains(spoken(o), "older message") {
		t.Errorf("a button without its question: %s", spoken(o))
	}
	if o := w.do(w.event(chat.Event{Kind: chat.Edit, Message: "never seen", Stamp: "2", Text: "psst"}, kim)); changed(o) || len(o.Replies) > 0 {
		t.Errorf("an edit of something overheard: %+v", o)
	}
}

func TestSilent(t *testing.T) {
	w := newWorld(t)
	robot := kim
	robot.Bot = true
	for name, e := range map[string]chat.Event{
		"overheard": w.event(chat.Event{Kind: chat.Message, Text: "where is my refund?"}, kim),
		"a bot":     w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "where is my refund?"}, robot),
		"reaction":  w.event(chat.Event{Kind: chat.Reaction, Emoji: "eyes"}, kim),
		"deletion":  w.event(chat.Event{Kind: chat.Delete, Message: "m"}, kim),
	} {
		if o := w.try(e); changed(o) || len(o.Replies) > 0 {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestApologise(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name    string
		event   chat.Event
		replies int
		only    chat.AccountID
	}{
		{"addressed", chat.Event{Kind: chat.Message, Addressed: true}, 1, ""},
		{"overheard", chat.Event{Kind: chat.Message}, 0, ""},
		{"command", slash("ticket", "queue"), 1, kim.Account},
		{"press", press("helped", "c"), 1, ""},
		{"agent's press", press("claim", "T-1"), 1, kim.Account},
		{"form", chat.Event{Kind: chat.Submit, Action: chat.Do("note", "T-1")}, 1, kim.Account},
	}
	for _, test := range tests {
		replies := w.Apologise(w.event(test.event, kim))
		if len(replies) != test.replies {
			t.Errorf("%s: %d replies", test.name, len(replies))
			continue
		}
		for _, r := range replies {
			checkReply(t, r)
			if r.Only != test.only {
				t.Errorf("%s: only %q, want %q", test.name, r.Only, test.only)
			}
		}
	}
}

// Every answer keeps to what platforms can show.
func TestReplies(t *testing.T) {
	var articles []*knowledge.Article
	for n := range 60 {
		articles = append(articles, page(fmt.Sprintf("a%d", n), fmt.Sprintf("Refund %d: where is my refund?", n), fmt.Sprintf("topic-%d", n%40), "A refund takes days.", "buyer"))
	}
	w := newWorld(t, articles...)
	c := w.asks(kim, "where is my refund?")
	outcomes := []spool.Outcome{
		w.presses(kim, "more", c), w.presses(kim, "more", c), w.presses(kim, "browse"), w.presses(kim, "browse", "buyer"),
		w.presses(kim, "browse", "buyer", "topic-1"), w.presses(kim, "share", c), w.presses(kim, "as", c, "creator"),
		w.says(kim, "hello"), w.says(kim, "that did not help"), w.says(kim, "talk to a human"), w.says(kim, strings.Repeat("where ", 1500)),
	}
	for n := range 15 {
		asker := chat.Sender{Account: account(fmt.Sprint("u", n)), Name: "U"}
		w.opens(asker, "where is my refund?")
	}
	outcomes = append(outcomes, w.runs(bo, "ticket", "queue"), w.runs(bo, "ticket", "help"), w.runs(bo, "ask", "help"))
	for n := range 12 {
		w.runs(bo, "ticket", fmt.Sprintf("claim T-%d", n+1))
	}
	outcomes = append(outcomes, w.runs(bo, "ticket", "mine"), w.runs(bo, "ticket", "reply hm"), w.runs(bo, "ticket", "show T-1"), w.runs(bo, "ticket", "why T-1"))
	for _, o := range outcomes {
		if len(o.Replies) == 0 {
			t.Error("no answer")
		}
		for _, r := range o.Replies {
			checkReply(t, r)
		}
	}
}

func TestMissesOfferAPerson(t *testing.T) {
	w := newWorld(t)
	o := w.says(kim, "how do I fly to the moon?")
	if len(o.Conversations) != 1 || o.Conversations[0].Value.Misses != 1 || !strings.Contains(spoken(o), "I found no article") {
		t.Fatalf("first miss: %s", spoken(o))
	}
	o = w.says(kim, "how do I fly to the planet mars?")
	if !strings.Contains(spoken(o), "Let me get you a person") {
		t.Errorf("second miss: %s", spoken(o))
	}
	if c := o.Conversations[0].Value; c.State != conversation.Answered || c.Misses != 2 {
		t.Errorf("%+v", c)
	}
}

// Under an answer, to say that it did not help is a press where the platform
// has one for it, and leads where the words lead.
func TestUnhelped(t *testing.T) {
	for _, lang := range []string{"en", "pt-BR", "es"} {
		asker := kim
		asker.Locale = lang
		w := newWorld(t)
		answer := w.says(asker, "how do I get a refund?")
		id := string(answer.Conversations[0].Value.ID)
		var opposite *chat.Button
		for _, b := range answer.Replies[0].AllButtons() {
			if b.Opposite != nil && b.Action.Verb == "helped" {
				opposite = b.Opposite
			}
		}
		want := w.words.line(w.words.speak(answer.Conversations[0].Value.Trail.Lang), "button_unhelped")
		if opposite == nil || opposite.Label != want || opposite.Action.String() != "unhelped:"+id {
			t.Fatalf("%s: the opposite of helped is %+v, want %q", lang, opposite, want)
		}
		pressed := w.do(w.event(chat.Event{Kind: chat.Press, Action: opposite.Action}, asker))
		said := w.says(asker, "that did not help")
		if spoken(pressed) == "" || spoken(pressed) != spoken(said) {
			t.Errorf("%s: the press leads to %q, the words to %q", lang, spoken(pressed), spoken(said))
		}
		if c := pressed.Conversations[0].Value; c.Misses != 1 || c.Trail.Pressed[0].What != "unhelped" {
			t.Errorf("%s: conversation = %+v", lang, c)
		}
	}
	w := newWorld(t)
	id := w.asks(kim, "how do I get a refund?")
	if o := w.presses(bo, "unhelped", id); len(o.Conversations) != 1 || string(o.Conversations[0].Value.ID) != id {
		t.Errorf("an agent's press changes %+v", o.Conversations)
	}
}
