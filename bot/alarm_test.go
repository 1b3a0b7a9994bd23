package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// timer is what an outcome sets a timer to; false if it leaves it alone.
func timer(o spool.Outcome, name string) (spool.Timer, bool) {
	i := slices.IndexFunc(o.Timers, func(t spool.Timer) bool { return t.Name == name })
	if i < 0 {
		return spool.Timer{}, false
	}
	return o.Timers[i], true
}

// rings lets the timer of a ticket come at a time, as the spool would.
func (w *world) rings(id chat.TicketID, at time.Time) spool.Outcome {
	w.t.Helper()
	w.now = at
	k := w.ticket(id)
	return w.do(chat.Event{
		ID: chat.EventID("tick/ticket/" + string(id) + "/" + at.String()), Kind: chat.Tick, Timer: ticketTimer + string(id),
		At: k.AlarmAt, Place: k.Place, From: k.Asker,
	})
}

func TestResolvedCloses(t *testing.T) {
	w := newWorld(t)
	if set, ok := timer(w.presses(kim, "contact", w.asks(kim, "where is my refund?")), "ticket/T-1"); ok {
		t.Errorf("nothing is due on a new ticket, and %+v is set", set)
	}
	resolved := w.runs(bo, "ticket", "resolve T-1")
	at := resolved.Tickets[0].Value.ResolvedAt
	set, ok := timer(resolved, "ticket/T-1")
	if !ok || !set.Due.Equal(at.Add(48*time.Hour)) || set.Event.Place != help || set.Event.From.Account != kim.Account {
		t.Fatalf("resolving sets %+v", resolved.Timers)
	}
	if o := w.presses(kim, "good", "T-1"); len(o.Timers) > 0 {
		t.Errorf("rating sets %+v", o.Timers)
	}
	closed := w.rings("T-1", set.Due)
	if k := w.ticket("T-1"); k.State != desk.Closed || k.ClosedBy != desk.Signpost.ID || !k.AlarmAt.IsZero() {
		t.Errorf("it is %s, closed by %q", k.State, k.ClosedBy)
	}
	if len(closed.Replies) > 0 || len(closed.Timers) > 0 {
		t.Errorf("closing says %q and sets %+v", spoken(closed), closed.Timers)
	}
	o := w.rings("T-1", set.Due.Add(time.Hour))
	if k := w.ticket("T-1"); len(o.Timers) > 0 || k.Count(desk.DidEnd) != 1 {
		t.Errorf("once more, it is closed %d times", k.Count(desk.DidEnd))
	}
	if o := w.presses(kim, "bad", "T-1"); w.ticket("T-1").Rating != "bad" {
		t.Errorf("rating it after that: %s", spoken(o))
	}
	if o := w.runs(bo, "ticket", "show T-1"); !strings.Contains(spoken(o), "the time to come back was over") {
		t.Errorf("the history is %s", spoken(o))
	}
}

// A timer that comes too early, by our clock, comes again.
func TestEarlyTimers(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	o := w.runs(bo, "ticket", "resolve T-1")
	due := o.Timers[0].Due
	early := w.rings("T-1", due.Add(-time.Minute))
	if set, ok := timer(early, "ticket/T-1"); !ok || !set.Due.Equal(due) || len(early.Tickets) != 1 {
		t.Errorf("too early, it sets %+v", early.Timers)
	}
	if k := w.ticket("T-1"); k.State != desk.Resolved || !k.AlarmAt.Equal(due) {
		t.Errorf("it is %s", k.State)
	}

	w = patient(t)
	asked := w.says(kim, vague)
	nudge := asked.Timers[0]
	e := nudge.Event
	e.ID, e.Timer, e.At = "tick/1", nudge.Name, nudge.Due
	w.now = nudge.Due.Add(-time.Second)
	again := w.do(e)
	if set, ok := timer(again, nudge.Name); !ok || !set.Due.Equal(nudge.Due) || len(again.Replies) > 0 {
		t.Errorf("too early, the nudge says %q and sets %+v", spoken(again), again.Timers)
	}
	e.ID = "tick/2"
	w.now = nudge.Due
	if o := w.do(e); !strings.Contains(spoken(o), "Did that settle it?") {
		t.Errorf("in time, the nudge says %q", spoken(o))
	}

	heard := overhear(w, lee, "how do I change my password?")
	e = heard.Timers[0].Event
	e.ID, e.Timer = "tick/3", heard.Timers[0].Name
	if o := w.do(e); len(o.Timers) != 1 || len(o.Replies) > 0 {
		t.Errorf("too early, what was overheard gets %q", spoken(o))
	}
}

// Words that were said in time bring a ticket back, however late they come in;
// thanks do not.
func TestLateWordsReopen(t *testing.T) {
	tests := []struct {
		name, text string
		said       time.Duration // after it was resolved
		state      desk.State
		says       string
	}{
		{"in time", "it is still not there", 47 * time.Hour, desk.Claimed, "I've reopened T-1"},
		{"too late", "where is my refund?", 49 * time.Hour, desk.Closed, "This should settle it"},
		{"thanks, in time", "thank you!", 47 * time.Hour, desk.Closed, "Glad"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.opens(kim, "where is my refund?")
			o := w.runs(bo, "ticket", "resolve T-1")
			resolved := o.Tickets[0].Value.ResolvedAt
			w.rings("T-1", o.Timers[0].Due)
			w.now = resolved.Add(72 * time.Hour)
			e := w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: test.text}, kim)
			e.At = resolved.Add(test.said)
			said := spoken(w.do(e))
			if k := w.ticket("T-1"); k.State != test.state || !strings.Contains(said, test.says) {
				t.Errorf("it is %s, and the asker reads %q", k.State, said)
			}
		})
	}
}

// Whatever is done to a ticket, its timer is set to what is due next.
func TestTimerIsNext(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "where is my refund?")
	armed := time.Time{}
	for _, do := range []func() spool.Outcome{
		func() spool.Outcome { return w.runs(bo, "ticket", "claim T-1") },
		func() spool.Outcome { return w.runs(bo, "ticket", "reply T-1 two days") },
		func() spool.Outcome { return w.runs(bo, "ticket", "resolve T-1") },
		func() spool.Outcome { return w.says(kim, "it is not there") },
		func() spool.Outcome { return w.runs(bo, "ticket", "resolve T-1 now it is") },
		func() spool.Outcome { return w.runs(bo, "ticket", "close T-1") },
		func() spool.Outcome { return w.runs(bo, "ticket", "reopen T-1") },
	} {
		o := do()
		if set, ok := timer(o, "ticket/T-1"); ok {
			armed = set.Due
		}
		k := w.ticket("T-1")
		if next := k.Next(w.access.desk(k.Desk), w.settings.Grace); !next.Equal(armed) || !k.AlarmAt.Equal(armed) {
			t.Errorf("a %s ticket has its timer at %v, and %v is next", k.State, armed, next)
		}
	}
}
