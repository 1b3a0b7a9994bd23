package bot

import (
	"fmt"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// goes lets a round go on until it has been everywhere, and returns its
// outcomes.
func (w *world) goes(o spool.Outcome, name string) (all []spool.Outcome) {
	w.t.Helper()
	for {
		set, ok := timer(o, roundTimer+name)
		if !ok {
			w.t.Fatalf("no round of %s is set: %+v", name, o.Timers)
		}
		if set.Due.After(w.now) {
			return all
		}
		e := set.Event
		e.ID, e.Timer, e.At = chat.EventID(fmt.Sprintf("tick/%d", w.events)), set.Name, set.Due
		w.events++
		o = w.do(e)
		all = append(all, o)
	}
}

func TestRound(t *testing.T) {
	w := punctual(t, func(d *desk.Desk) { d.Levels = nil })
	const tickets = 130 // more than are read, or changed, at once
	for n := range int64(tickets) {
		w.stores(n+1, kim, desk.Ticket{History: []desk.Entry{{At: w.now, Did: desk.DidOpen}}})
	}
	w.now = w.now.Add(time.Second)
	begin := func() []spool.Outcome { return w.goes(w.do(w.Begin(w.now)), "support") }
	begin()
	if k := w.ticket("T-130"); k.Clocks.Resolve.Since.IsZero() || !k.AlarmAt.IsZero() {
		t.Errorf("without promises, its clocks are %+v", k.Clocks)
	}
	for i, o := range begin() {
		if len(o.Tickets) > 0 {
			t.Errorf("once more, round %d changes %d tickets", i, len(o.Tickets))
		}
	}

	// The desk promises something.
	w.settings.Desks[0].Levels = []desk.Level{{First: 2 * time.Hour}}
	armed := map[string]time.Time{}
	for _, o := range begin() {
		if len(o.Tickets) > roundKept {
			t.Errorf("%d tickets are changed at once", len(o.Tickets))
		}
		for _, set := range o.Timers {
			armed[set.Name] = set.Due
		}
	}
	for n := range int64(tickets) {
		k := w.ticket(desk.NewID(n + 1))
		if k.DueAt.IsZero() || !armed[ticketTimer+string(k.ID)].Equal(k.AlarmAt) || !k.AlarmAt.Equal(k.Next(w.access.desk("support"), 0)) {
			t.Fatalf("%s is due at %v, and its timer at %v, noted as %v", k.ID, k.DueAt, armed[ticketTimer+string(k.ID)], k.AlarmAt)
		}
	}

	// A timer was given up: the next round sets it again.
	at := w.ticket("T-7").AlarmAt
	w.now = at.Add(time.Minute)
	for _, o := range begin() {
		if _, ok := timer(o, "ticket/T-7"); ok {
			t.Error("a timer that may be on its way is set again")
		}
	}
	w.now = at.Add(time.Hour)
	found := false
	for _, o := range begin() {
		set, ok := timer(o, "ticket/T-7")
		found = found || ok && set.Due.Equal(at)
	}
	if !found {
		t.Error("a timer that was given up is not set again")
	}
}

// A desk that is no more has no round.
func TestRoundOfNoDesk(t *testing.T) {
	w := newWorld(t)
	o := w.do(chat.Event{ID: "tick/1", Kind: chat.Tick, Timer: "round/gone", At: w.now})
	if len(o.Timers) > 0 {
		t.Errorf("it goes on: %+v", o.Timers)
	}
}
