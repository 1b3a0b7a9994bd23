package bot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
)

// ledger lists what the ledger says of all questions, oldest first: level and
// ending, and the ticket.
func (w *world) ledger() []string {
	w.t.Helper()
	var all []string
	counted := []desk.Tally(nil)
	for _, l := range w.records.noted(func(desk.Line) bool { return true }) {
		counted = append(counted, l.Value.Tallies()...)
		line := l.Value.Level + "/" + string(l.Value.Ending())
		if l.Value.Gone {
			line = "gone"
		}
		if l.Value.Ticket != "" {
			line += " " + string(l.Value.Ticket)
		}
		all = append([]string{line}, all...)
	}
	// Whatever happened, what was counted is what there is.
	for _, k := range w.records.list(func(desk.Ticket) bool { return true }) {
		counted = append(counted, k.Tallies()...)
	}
	if diff := cmp.Diff(desk.Sum(counted), w.records.tallies); diff != "" {
		w.t.Fatalf("what was counted differs from what there is:\n%s", diff)
	}
	return all
}

func TestLedger(t *testing.T) {
	newest := func(w *world) string { return string(w.records.newest[w.event(chat.Event{}, kim).Lane()]) }
	asks := func(text string) func(*world) { return func(w *world) { w.says(kim, text) } }
	presses := func(verb string) func(*world) { return func(w *world) { w.presses(kim, verb, newest(w)) } }
	later := func(d time.Duration) func(*world) { return func(w *world) { w.now = w.now.Add(d) } }
	steps := func(all ...func(*world)) []func(*world) { return all }
	refund := asks("how do I get a refund?")
	tests := []struct {
		name string
		do   []func(*world)
		want []string
	}{
		{"silent", steps(refund), []string{"sure/silent"}},
		{"nothing found", steps(asks("is there life on mars?")), []string{"none/silent"}},
		{"helped", steps(refund, presses("helped")), []string{"sure/helped"}},
		{"thanked", steps(refund, asks("thanks!")), []string{"sure/helped"}},
		{"did not help", steps(refund, presses("unhelped")), []string{"sure/unhelped"}},
		{"did not help, in words", steps(refund, asks("that didn't help")), []string{"sure/unhelped"}},
		{"more", steps(refund, presses("more")), []string{"sure/silent"}},
		{"escalated", steps(refund, presses("contact")), []string{"sure/escalated T-1"}},
		{"escalated after two", steps(asks("is there life on mars?"), asks("do dogs dream?"), presses("contact")),
			[]string{"none/escalated T-1", "none/escalated T-1"}},
		{"the one before was settled", steps(refund, presses("helped"), later(time.Second), asks("do dogs dream?"), presses("contact")),
			[]string{"sure/helped", "unsure/escalated T-1"}},
		{"a person was asked for", steps(asks("I want to talk to a human"), presses("contact")), []string{"/escalated T-1"}},
		{"no questions", steps(asks("hello"), asks("I want to talk to a human"), asks("thanks")), nil},
		{"asked again", steps(refund, later(71*time.Hour), asks("how can I get a refund")), []string{"sure/again", "sure/silent"}},
		{"asked again though it helped", steps(refund, presses("helped"), later(2*time.Hour), refund), []string{"sure/again", "sure/silent"}},
		{"three times", steps(refund, later(2*time.Hour), refund, later(2*time.Hour), refund), []string{"sure/again", "sure/again", "sure/silent"}},
		{"too late to be again", steps(refund, later(73*time.Hour), refund), []string{"sure/silent", "sure/silent"}},
		{"another question", steps(refund, later(2*time.Hour), asks("how do I change my password?")), []string{"sure/silent", "sure/silent"}},
		{"a follow-up is no repetition", steps(refund, asks("and on my card statement?")), []string{"sure/silent", "sure/silent"}},
		{"the same article in another conversation", steps(refund, later(2*time.Hour), asks("refund of a purchase from the seller")), []string{"sure/again", "sure/silent"}},
		{"asked privately", steps(func(w *world) { w.runs(kim, "ask", "how do I get a refund?") }), []string{"sure/silent"}},
		{"someone else's question", steps(refund, later(time.Minute), func(w *world) { w.says(lee, "how do I get a refund?") }), []string{"sure/silent", "sure/silent"}},
		{"a copy of another's answer", steps(refund, func(w *world) { w.presses(lee, "more", newest(w)) }), []string{"sure/silent"}},
		{"an agent presses for the asker", steps(refund, func(w *world) { w.presses(bo, "contact", newest(w)) }), []string{"sure/escalated T-1"}},
		{"after the ledger forgot it", steps(refund, func(w *world) { clear(w.records.lines); w.records.tallies = nil }, presses("helped")), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			for _, step := range test.do {
				step(w)
				w.ledger()
			}
			if diff := cmp.Diff(test.want, w.ledger()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The accounts of one person are one person, whatever platform they are on.
func TestAskedAgainElsewhere(t *testing.T) {
	w := newWorld(t)
	w.says(ana, "how do I get a refund?")
	w.now = w.now.Add(2 * time.Hour)
	elsewhere := ana
	elsewhere.Account = "other:w:U7"
	w.do(w.event(chat.Event{
		Kind: chat.Message, Addressed: true, Text: "where do I get a refund", Place: chat.Place{Platform: "other", Workspace: "w", Channel: "questions"},
	}, elsewhere))
	got := w.ledger()
	if diff := cmp.Diff([]string{"sure/again", "sure/silent"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLedgerEdits(t *testing.T) {
	w := newWorld(t)
	first := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: "is there life on mars?"}, kim)
	w.do(first)
	line := func() desk.Line { return w.records.noted(func(desk.Line) bool { return true })[0].Value }
	if l := line(); l.Desk != "support" || l.Person != "test:w:kim" || l.Platform != "test" || l.Lang != "en" || l.Level != "none" || l.Text != "is there life on mars?" {
		t.Errorf("line = %+v", l)
	}
	w.do(w.event(chat.Event{Kind: chat.Edit, Message: first.Message, Stamp: "2", Text: "how do I create a coupon?"}, kim))
	w.ledger()
	if l := line(); l.Desk != "sales" || l.Audience != "creator" || l.Topic != "sales" || l.Level != "sure" || l.Text != "how do I create a coupon?" || len(l.Shown) != 1 {
		t.Errorf("after the edit: %+v", l)
	}
	w.do(w.event(chat.Event{Kind: chat.Delete, Message: first.Message}, kim))
	w.ledger()
	if l := line(); !l.Gone || l.Text != "" || l.Person != "" || l.Shown != nil {
		t.Errorf("after it was taken back: %+v", l)
	}
}

// Agents' work is counted, and how long askers waited.
func TestCounts(t *testing.T) {
	w := newWorld(t)
	k := w.opens(kim, "how do I get a refund?")
	w.now = w.now.Add(time.Hour)
	w.runs(bo, "ticket", "reply T-1 let me see")
	w.runs(bo, "ticket", "reply T-1 it is on its way")
	w.runs(bo, "ticket", "resolve T-1")
	w.presses(kim, "good", string(k.ID))
	w.ledger()
	all := map[string]int{}
	for _, one := range w.records.tallies {
		if one.By == desk.OfAgent {
			all[string(one.What)+" "+one.How] += one.N
		}
	}
	// What was an hour and a few seconds is more than an hour.
	if diff := cmp.Diff(map[string]int{"reply ": 2, "first 90": 1, "resolved 90": 1, "rating good": 1}, all); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	waits, err := w.records.Waits(t.Context(), "support")
	if err != nil || len(waits) != 1 || waits[0].Took < time.Hour || waits[0].Took > time.Hour+time.Minute {
		t.Errorf("waits = %+v, %v; want one of an hour", waits, err)
	}
}

// What was asked before a ticket was opened belongs to that one, whoever opened
// it.
func TestSettledBetween(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	for name, press := range map[string]func(*conversation.Conversation){
		"helped":  func(c *conversation.Conversation) { c.Help(at) },
		"pressed": func(c *conversation.Conversation) { c.Escalate("T-1", at) },
		"silent":  func(c *conversation.Conversation) { c.EscalateUnasked("T-1", at) },
	} {
		var c conversation.Conversation
		press(&c)
		if !settledBetween(&c, at.Add(-time.Minute), at.Add(time.Minute)) || settledBetween(&c, at, at.Add(time.Minute)) {
			t.Errorf("%s: it is settled in between, and not before", name)
		}
	}
}
