package bot

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// Whoever is blocked reaches no desk, whichever way they try, but everything
// that is not for the desk goes on.
func TestBlocked(t *testing.T) {
	const barred = "The team takes no messages from you"
	w := newWorld(t)
	k := w.opens(lee, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	office := chat.Place{Platform: "test", Workspace: "w", Channel: "office"}
	o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: office, Text: "how do I change my password?"}, lee))
	other := string(o.Conversations[0].Value.ID)
	w.runs(ana, "desk", "block @lee 7d")
	if p := w.person(lee); !p.IsBlocked(w.now) || p.Blocked.By != "Ana" || p.Blocked.Told {
		t.Fatalf("lee is %+v", p.Blocked)
	}
	if n := len(w.ticket(k.ID).History); w.ticket(k.ID).History[n-1].Did != desk.DidClaim {
		t.Error("a block of someone by name is in the history of a ticket")
	}
	tries := map[string]func() []chat.Reply{
		"contact":  func() []chat.Reply { return w.presses(lee, "contact", other).Replies },
		"add":      func() []chat.Reply { return w.runs(lee, "ask", "add T-1 hello").Replies },
		"add more": func() []chat.Reply { return w.runs(lee, "ask", "add T-1 hello").Replies },
	}
	for name, do := range tries {
		replies := do()
		if len(replies) != 1 || replies[0].Only != lee.Account || !strings.Contains(replies[0].PlainText(), barred) {
			t.Errorf("%s: %d replies, %+v", name, len(replies), replies)
		}
	}
	if got := w.ticket(k.ID); len(got.History) != 2 {
		t.Errorf("the ticket has %d entries", len(got.History))
	}
	form, err := w.Open(t.Context(), w.event(chat.Event{Kind: chat.Press, Action: chat.Do("contact", other)}, lee))
	if form != nil || err != nil {
		t.Errorf("the form is %+v, %v", form, err)
	}
	if o := w.runs(lee, "ask", "where is my refund?"); strings.Contains(spoken(o), barred) || !strings.Contains(spoken(o), "Where is my refund?") {
		t.Errorf("asked: %s", spoken(o))
	}
	if o := w.runs(lee, "ask", "cancel T-1"); !strings.Contains(spoken(o), "cancelled") {
		t.Errorf("cancelled: %s", spoken(o))
	}

	w.now = w.now.Add(8 * 24 * time.Hour)
	if o := w.presses(lee, "contact", other); len(o.Tickets) != 1 {
		t.Errorf("after it is over: %s", spoken(o))
	}
}

// What the blocked say to their ticket goes nowhere; they are told once, alone,
// and an article still comes.
func TestBlockedWords(t *testing.T) {
	p := newPost(t)
	p.opened()
	p.acts(ana, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "block T-1 7d"})
	say := func(m chat.MessageID, text string) []chat.Reply {
		return p.acts(kim, chat.Event{Kind: chat.Message, Place: thread, Message: m, Text: text}).Replies
	}
	first := say("m8", "where is my refund?")
	if len(first) != 2 || first[0].Only != kim.Account || !strings.Contains(first[0].PlainText(), "That ends 9 Mar at 09:30 UTC") || !strings.Contains(first[1].PlainText(), "Where is my refund?") {
		t.Errorf("at first: %+v", first)
	}
	for _, r := range say("m9", "hello?") {
		if r.Under != "" || strings.Contains(r.PlainText(), "The team takes") {
			t.Errorf("then: %+v", r)
		}
	}
	p.acts(kim, chat.Event{Kind: chat.Edit, Place: thread, Message: "m1", Stamp: "1", Text: "thieves"})
	p.stands("hello?")
	p.stands("thieves")
	if k := p.ticket("T-1"); k.Question != "where is my refund?" || k.Newest().Did != desk.DidBlock || k.Newest().Until.IsZero() {
		t.Errorf("the ticket asks %q; its newest entry is %+v", k.Question, k.Newest())
	}
	p.acts(ana, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "unblock T-1"})
	say("m10", "and now?")
	p.stands("Kim on T-1:\nand now?", atDesk, atOther)
}

func TestBlockRefuses(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	tests := map[string]string{
		"block":             "Mention them, or name a ticket",
		"block 7d":          "Mention them, or name a ticket",
		"block @nobody":     "I don't know whom you mean by @nobody",
		"block @bo":         "I don't know whom you mean by @bo", // nothing is stored of them
		"unblock T-1":       "Kim is not blocked",
		"block T-1 forever": "a time, such as 7d",
		"block T-9":         "There is no ticket T-9",
	}
	for text, want := range tests {
		if o := w.runs(ana, "ticket", text); changed(o) || !strings.Contains(spoken(o), want) {
			t.Errorf("%s: %s", text, spoken(o))
		}
	}
	named := bo
	o := w.do(w.event(chat.Event{Kind: chat.Slash, Door: "ticket", Text: "block @bo 7d", Named: []chat.Sender{named}}, ana))
	if changed(o) || !strings.Contains(spoken(o), "Bo works at a desk") {
		t.Errorf("an agent: %s", spoken(o))
	}
}

func (w *world) person(s chat.Sender) desk.Person {
	w.t.Helper()
	p, err := w.records.Person(w.t.(*testing.T).Context(), w.Person(s.Account))
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Value
}

// Whoever is blocked may say whether they were helped, and is promised nothing
// that nobody reads.
func TestBlockedRates(t *testing.T) {
	p := newPost(t)
	p.opened()
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "resolve T-1"})
	p.acts(ana, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "block T-1"})
	rate := func(verb string) chat.Reply {
		replies := p.acts(kim, chat.Event{Kind: chat.Press, Place: thread, Action: chat.Do(verb, "T-1")}).Replies
		return replies[len(replies)-1]
	}
	if r := rate("good"); !strings.Contains(r.PlainText(), "Thank you") || len(r.AllButtons()) > 0 {
		t.Errorf("good: %+v", r)
	}
	if r := rate("bad"); !strings.Contains(r.PlainText(), "The team takes no messages") || strings.Contains(r.PlainText(), "Tell me what is missing") {
		t.Errorf("bad: %+v", r)
	}
	if k := p.ticket("T-1"); k.Rating != "bad" || k.State != desk.Resolved {
		t.Errorf("it is %s, rated %q", k.State, k.Rating)
	}
	p.stands("Kim says that T-1 did not help", atDesk, atOther)
}

// Whoever is blocked gets articles as before where nobody is asked, too, and
// answers others as before.
func TestBlockedOverheard(t *testing.T) {
	s := testSettings()
	s.Watched, s.OverheardWait = []string{help.String()}, time.Minute
	w := newWorldOf(t, s)
	w.opens(lee, "where is my refund?")
	w.runs(ana, "ticket", "block T-1")
	o := w.do(w.event(chat.Event{Kind: chat.Message, Message: "m1", Text: "How do I change my password?"}, kim))
	if len(o.Timers) != 1 || o.Timers[0].Due.IsZero() {
		t.Fatalf("asked by kim: %+v", o.Timers)
	}
	o = w.do(w.event(chat.Event{Kind: chat.Message, Message: "m2", Text: "How do I change my password?"}, lee))
	if len(o.Timers) != 1 || o.Timers[0].Due.IsZero() || o.Timers[0].Event.Message != "m2" {
		t.Fatalf("said by who is blocked: %+v", o.Timers)
	}
	due := o.Timers[0]
	due.Event.Timer, w.now = due.Name, due.Due
	if o := w.do(due.Event); len(o.Replies) != 1 || !strings.Contains(spoken(o), "How do I change my password?") {
		t.Errorf("answered: %s", spoken(o))
	}
}

// What is kept of words is what their sender is told, whichever door they come
// through.
func TestAddLong(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund?")
	o := w.runs(lee, "ask", "add T-1 "+strings.Repeat("x", maxStored+100))
	if k := w.ticket("T-1"); len(k.Newest().Text) > maxStored+len("…") || !strings.Contains(spoken(o), "2900") {
		t.Errorf("%d are kept: %s", len(k.Newest().Text), spoken(o))
	}
}

// A ticket is a way to its asker for the leads of its desk alone, and keeps what
// was done to its asker, not to someone else.
func TestBlockOfTicket(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund?")
	w.opens(kim, "where is my refund?")
	for _, who := range []chat.Sender{bo, dan, kim} {
		if o := w.runs(who, "ticket", "block T-1"); changed(o) {
			t.Errorf("%s: %s", who.Name, spoken(o))
		}
	}
	// Cy is at both desks, and leads only where nobody is named for that.
	s := testSettings()
	s.Desks[1].Agents = append(s.Desks[1].Agents, "@helpers")
	both := newWorldOf(t, s)
	both.opens(lee, "where is my refund?")
	if o := both.runs(cy, "ticket", "block T-1"); changed(o) || !strings.Contains(spoken(o), "Only a lead of the desk") {
		t.Errorf("who leads elsewhere: %s", spoken(o))
	}
	w.runs(ana, "ticket", "block T-1 @kim 7d")
	if p, other := w.person(kim), w.person(lee); !p.IsBlocked(w.now) || other.IsBlocked(w.now) {
		t.Error("it is not who was named")
	}
	if k := w.ticket("T-1"); k.History[len(k.History)-1].Did == desk.DidBlock {
		t.Error("the other one's ticket tells of it")
	}
}

// The form for a comment opens for the asker alone, as long as they are heard.
func TestCommentForm(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund?")
	w.runs(bo, "ticket", "resolve T-1")
	e := func(who chat.Sender) chat.Event { return w.event(press("comment", "T-1"), who) }
	for _, who := range []chat.Sender{kim, bo} {
		if form := w.open(e(who), who); form != nil {
			t.Errorf("%s gets %+v", who.Name, form)
		}
	}
	if form := w.open(e(lee), lee); form == nil {
		t.Error("the asker gets none")
	}
	w.runs(ana, "ticket", "block T-1")
	if form := w.open(e(lee), lee); form != nil {
		t.Errorf("who is blocked gets %+v", form)
	}
	o := w.do(w.event(chat.Event{Kind: chat.Submit, Action: chat.Do("comment", "T-1"), Values: map[string]string{"text": "thieves"}}, lee))
	if k := w.ticket("T-1"); k.Comment != "" || !strings.Contains(spoken(o), "The team takes no messages") {
		t.Errorf("sent all the same: %q, %s", k.Comment, spoken(o))
	}
	// After the time to come back, what is missing is a question of its own.
	w.runs(ana, "ticket", "unblock T-1")
	w.now = w.now.Add(49 * time.Hour)
	if o := w.presses(lee, "bad", "T-1"); !strings.Contains(spoken(o), "or just ask again") {
		t.Errorf("late: %s", spoken(o))
	}
}

// Who was called reads what they were called for, and nothing that agents keep
// to themselves or have not sent.
func TestReadForged(t *testing.T) {
	s := testSettings()
	s.Desks[0].Undo = time.Minute
	w := newWorldOf(t, s)
	w.opens(lee, "where is my refund?")
	w.runs(bo, "ticket", "note T-1 secret")
	w.runs(bo, "ticket", "reply T-1 secret")
	for n := range 6 {
		if o := w.presses(lee, "read", "T-1", strconv.Itoa(n)); strings.Contains(spoken(o), "secret") || changed(o) {
			t.Errorf("entry %d: %s", n, spoken(o))
		}
	}
}
