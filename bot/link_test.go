package bot

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// far is Lee's account on another platform, from which nothing is known but
// that.
var far = chat.Sender{Account: "other:w:L1", Name: "Lee L.", Locale: "en"}

var codeWord = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)

// gets is a code for someone.
func (w *world) gets(who chat.Sender) string {
	w.t.Helper()
	o := w.runs(who, "desk", "link")
	code := codeWord.FindString(spoken(o))
	if code == "" || len(o.Replies) != 1 || o.Replies[0].Only != who.Account {
		w.t.Fatalf("link: %+v", o.Replies)
	}
	return code
}

// Two accounts become one person, with the tickets of both; and apart again,
// each has its own.
func TestLink(t *testing.T) {
	w := newWorld(t)
	first := w.opens(lee, "where is my refund?")
	elsewhere := chat.Place{Platform: "other", Workspace: "w", Channel: "help"}
	o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: elsewhere, Text: "how do I change my password?"}, far))
	c := string(o.Conversations[0].Value.ID)
	open := func(who chat.Sender) spool.Outcome {
		return w.do(w.event(chat.Event{Kind: chat.Press, Place: elsewhere, Action: chat.Do("contact", c)}, who))
	}

	code := w.gets(lee)
	if o := w.runs(far, "desk", "link "+strings.ToLower(code)); len(o.Sets) > 0 || !strings.Contains(spoken(o), "one person with Lee on Test") {
		t.Fatalf("typed: %s", spoken(o))
	}
	o = w.presses(far, "join", code)
	if len(o.Replies) != 2 || o.Replies[1].Place != chat.Direct(lee.Account) || !strings.Contains(o.Replies[1].PlainText(), "Lee L. on Other is you from now on") {
		t.Fatalf("joined: %+v", o.Replies)
	}
	if got := w.Person(far.Account); got != w.Person(lee.Account) {
		t.Fatalf("they are %s", got)
	}
	if o := w.presses(far, "join", code); changed(o) || !strings.Contains(spoken(o), "I don't know that code") {
		t.Errorf("a second time: %s", spoken(o))
	}

	// What was asked before belongs to both, and so does what becomes a ticket.
	second := open(far).Tickets[0].Value
	for _, who := range []chat.Sender{lee, far} {
		o := w.runs(who, "ask", "status")
		for _, id := range []chat.TicketID{first.ID, second.ID} {
			if !strings.Contains(spoken(o), string(id)) {
				t.Errorf("%s sees no %s: %s", who.Name, id, spoken(o))
			}
		}
	}
	if o := w.runs(far, "ask", "add T-1 it is HP123"); len(o.Tickets) != 1 {
		t.Errorf("to the other's ticket: %s", spoken(o))
	}

	// The first account was shown who joined, and can undo it.
	if o := w.presses(kim, "unjoin", string(far.Account)); changed(o) || len(o.Sets) > 0 {
		t.Errorf("someone else: %s", spoken(o))
	}
	w.presses(lee, "unjoin", string(far.Account))
	if got := w.Person(far.Account); got != chat.PersonID(far.Account) {
		t.Errorf("apart, it is %s's", got)
	}
	if a, b := w.ticket(first.ID).Asker.Person, w.ticket(second.ID).Asker.Person; a != w.Person(lee.Account) || b != w.Person(far.Account) {
		t.Errorf("the tickets are %s's and %s's", a, b)
	}
	if o := w.runs(far, "ask", "status"); strings.Contains(spoken(o), string(first.ID)) {
		t.Errorf("it still sees %s", first.ID)
	}
}

// An agent's other account may do what theirs may, and has their tickets; the
// other way round it may not.
func TestLinkAgent(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	w.runs(bo, "ticket", "claim T-1")
	code := w.gets(far) // who is nobody
	w.presses(bo, "join", code)
	if o := w.runs(far, "ticket", "mine"); !strings.Contains(spoken(o), "for the support team") {
		t.Errorf("whom an agent joins: %s", spoken(o))
	}
	w.runs(bo, "desk", "link off")
	if k := w.ticket("T-1"); k.Holder != w.Person(bo.Account) {
		t.Errorf("it is held by %s", k.Holder)
	}
	w.presses(far, "join", w.gets(bo))
	if o := w.runs(far, "ticket", "mine"); !strings.Contains(spoken(o), "T-1") {
		t.Errorf("who joins an agent: %s", spoken(o))
	}
	if o := w.runs(far, "ticket", "resolve T-1 done"); len(o.Tickets) != 1 || o.Tickets[0].Value.State != desk.Resolved {
		t.Errorf("resolve: %s", spoken(o))
	}
}

func TestLinkRefuses(t *testing.T) {
	w := newWorld(t)
	code, late := w.gets(lee), w.gets(kim)
	w.presses(sam, "join", w.gets(kim))
	tests := []struct {
		name string
		who  chat.Sender
		text string
		want string
	}{
		{"no such code", far, "link 0000-0000", "I don't know that code"},
		{"no code", far, "link please", "I don't know that code"},
		{"one's own", lee, "link " + code, "That code is your own"},
		{"a configured account", ana, "link " + code, "stands in my configuration"},
		{"one that is linked", sam, "link " + code, "is linked already"},
		{"nothing to undo", far, "link off", "not linked to another"},
	}
	for _, test := range tests {
		if o := w.runs(test.who, "desk", test.text); changed(o) || len(o.Sets) > 0 || !strings.Contains(spoken(o), test.want) {
			t.Errorf("%s: %s", test.name, spoken(o))
		}
	}
	w.now = w.now.Add(codeLasts)
	if o := w.presses(far, "join", late); len(o.Sets) > 0 || !strings.Contains(spoken(o), "I don't know that code") {
		t.Errorf("too late: %s", spoken(o))
	}
	if o := w.presses(far, "join", strings.Repeat("x", 300)); len(o.Sets) > 0 {
		t.Errorf("nonsense: %s", spoken(o))
	}
}

// A code is forgotten when its time is over, and two who type it at once do not
// both get it.
func TestLinkOnce(t *testing.T) {
	w := newWorld(t)
	o := w.runs(lee, "desk", "link")
	code := codeWord.FindString(spoken(o))
	if len(o.Timers) != 1 || !o.Timers[0].Due.Equal(w.now.Add(codeLasts-time.Second)) {
		t.Fatalf("the timers are %+v", o.Timers)
	}
	press := func(who chat.Sender) spool.Outcome {
		return w.try(w.event(chat.Event{Kind: chat.Press, Action: chat.Do("join", code)}, who))
	}
	one, other := press(far), press(kim)
	if err := w.records.commit(one); err != nil {
		t.Fatal(err)
	}
	if err := w.records.commit(other); err == nil {
		t.Error("both got it")
	}

	o = w.runs(lee, "desk", "link")
	due := o.Timers[0]
	due.Event.Timer = due.Name
	w.now = due.Due
	w.do(w.event(due.Event, lee))
	if len(w.records.sets[codes]) != 0 {
		t.Errorf("the codes are %v", w.records.sets[codes])
	}
}

// A code stands for whoever its account is when it is typed, also where another
// replica has just changed that.
func TestLinkChain(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund?")
	lees, kims := w.gets(lee), w.gets(kim)
	links := w.access.links
	was := links()
	w.presses(lee, "join", kims)

	stale := func() map[string]string { return was }
	w.access.links = stale
	w.sets = func(spool.Set) map[string]string { return stale() }
	if o := w.presses(kim, "join", lees); len(o.Sets) > 0 || !strings.Contains(spoken(o), "That code is your own") {
		t.Errorf("back again: %s", spoken(o))
	}
	w.presses(far, "join", lees)
	if o := w.presses(far, "join", w.gets(sam)); len(o.Sets) > 0 || !strings.Contains(spoken(o), "is linked already") {
		t.Errorf("a second time: %s", spoken(o))
	}
	w.access.links = links
	for _, who := range []chat.Sender{lee, far} {
		if got := w.Person(who.Account); got != w.Person(kim.Account) {
			t.Errorf("%s is %s", who.Name, got)
		}
	}
	if o := w.runs(far, "ask", "status"); !strings.Contains(spoken(o), "T-1") {
		t.Errorf("what lee asked: %s", spoken(o))
	}
	// Each of them can be taken away again, and none of another's.
	w.presses(kim, "unjoin", string(far.Account))
	if o := w.presses(far, "unjoin", string(lee.Account)); len(o.Sets) > 0 {
		t.Errorf("who was taken away: %s", spoken(o))
	}
	if o := w.presses(kim, "unjoin", string(ana.Account)); len(o.Sets) > 0 {
		t.Errorf("an account of the configuration's: %s", spoken(o))
	}
}

// Who asked for a code is told in their language, not in that of who typed it.
func TestLinkLanguage(t *testing.T) {
	w := newWorld(t)
	eva := chat.Sender{Account: account("eva"), Name: "Eva", Locale: "es"}
	o := w.presses(far, "join", w.gets(eva))
	if len(o.Replies) != 2 || o.Replies[1].Lang != "es" || !strings.Contains(o.Replies[1].PlainText(), "Lee L.") || strings.Contains(o.Replies[1].PlainText(), "from now on") {
		t.Errorf("it says %q in %s", o.Replies[1].PlainText(), o.Replies[1].Lang)
	}
}

// A block goes with all accounts, whichever of them it was put on, and however
// they are joined and parted.
func TestLinkBlocked(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund?")
	w.runs(ana, "ticket", "block T-1")
	w.presses(lee, "join", w.gets(far))
	if p := w.person(far); !p.IsBlocked(w.now) {
		t.Error("whom they join is not blocked")
	}
	w.runs(lee, "desk", "link off")
	for _, who := range []chat.Sender{lee, far} {
		if p := w.person(who); !p.IsBlocked(w.now) {
			t.Errorf("apart, %s is not blocked", who.Name)
		}
	}
	w.runs(ana, "ticket", "unblock T-1")
	if p := w.person(lee); p.IsBlocked(w.now) {
		t.Error("it is not lifted")
	}
}
