package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// waiting stores n open tickets of kim's at a desk, a second apart, from
// a number on.
func (w *world) waiting(first, n int64, name string) {
	w.t.Helper()
	for i := range n {
		w.stores(first+i, kim, desk.Ticket{
			Desk: name, Conversation: "c", Place: help, Origin: help, Question: fmt.Sprint("question ", first+i),
			History: []desk.Entry{{At: w.now, Name: "Kim", Did: desk.DidOpen, Text: "question"}},
		})
		w.now = w.now.Add(time.Second)
	}
}

func ids(tickets []spool.Versioned[desk.Ticket]) string {
	var list []string
	for _, k := range tickets {
		list = append(list, string(k.Value.ID))
	}
	return strings.Join(list, " ")
}

func TestNextOf(t *testing.T) {
	tests := []struct {
		line  string
		taken string
		says  string
	}{
		{"next 3", "T-1 T-2 T-3", "3 tickets are yours:"},
		{"next 1", "T-1", "T-1 is yours."},
		{"next 10", "T-1 T-2 T-3 T-4", "That's all there was."},
		{"next 11", "", "takes 10 tickets at most"},
		{"next 0", "", "give a number"},
		{"next many", "", "give a number"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			w := newWorld(t)
			w.waiting(1, 4, "support")
			w.waiting(5, 1, "sales") // which is not bo's
			o := w.runs(bo, "ticket", test.line)
			if got := ids(o.Tickets); got != test.taken || !strings.Contains(spoken(o), test.says) {
				t.Errorf("took %q and said %s", got, spoken(o))
			}
			told := 0
			for _, r := range o.Replies {
				if seenBy(r, kim) && strings.Contains(r.PlainText(), "Bo is on T-") {
					told++
				}
			}
			if want := len(strings.Fields(test.taken)); told != want {
				t.Errorf("told %d askers of %d: %s", told, want, spoken(o))
			}
		})
	}
	w := newWorld(t)
	if o := w.runs(bo, "ticket", "next 2"); changed(o) || !strings.Contains(spoken(o), "The queue is empty") {
		t.Errorf("of none: %s", spoken(o))
	}
}

// Whoever goes on leave puts back all they hold, wherever it came from in the
// queue.
func TestReleaseAll(t *testing.T) {
	w := newWorld(t)
	w.waiting(1, 12, "support")
	opened := w.ticket("T-2").OpenedAt
	w.runs(bo, "ticket", "claim T-2")
	w.runs(bo, "ticket", "reply T-2 which card?")
	w.runs(bo, "ticket", "claim T-1")
	w.runs(ana, "ticket", "claim T-3")
	o := w.runs(bo, "ticket", "release all")
	if ids(o.Tickets) != "T-1 T-2" || !strings.Contains(spoken(o), "1 ticket is back at its old place") || !strings.Contains(spoken(o), "1 ticket goes on waiting") {
		t.Errorf("put back %s: %s", ids(o.Tickets), spoken(o))
	}
	if k := w.ticket("T-1"); k.State != desk.Open || w.ticket("T-3").Holder != "ana" {
		t.Errorf("now T-1 is %s", k.State)
	}
	if k := w.ticket("T-2"); k.State != desk.Waiting || k.Holder != "" || !k.OpenedAt.Equal(opened) {
		t.Errorf("now T-2 is %s, held by %q", k.State, k.Holder)
	}
	w.runs(ana, "ticket", "claim T-4")
	w.runs(ana, "ticket", "reply T-4 which card?")
	if got := spoken(w.runs(ana, "ticket", "release all")); !strings.Contains(got, "1 ticket is back") || !strings.Contains(got, "1 ticket goes on waiting") {
		t.Errorf("ana: %s", got)
	}
	if o := w.runs(bo, "ticket", "release all"); changed(o) || !strings.Contains(spoken(o), "You hold no tickets") {
		t.Errorf("again: %s", spoken(o))
	}
}

// Whoever names a ticket and says all, too, is asked again.
func TestOneOrAll(t *testing.T) {
	w := newWorld(t)
	w.waiting(1, 2, "support")
	w.runs(ana, "ticket", "next 2")
	for _, line := range []string{"release T-1 all", "close --stale 14d T-1", "close T-1 --stale=14d", "close T-1 --old 14d"} {
		if o := w.runs(ana, "ticket", line); changed(o) || !strings.Contains(spoken(o), "/ticket ") {
			t.Errorf("%s: %s", line, spoken(o))
		}
	}
}

// stalePress is the button under a preview of stale tickets.
func stalePress(o spool.Outcome) chat.Action {
	for _, r := range o.Replies {
		for _, b := range r.AllButtons() {
			if b.Action.Verb == "close_stale" {
				return b.Action
			}
		}
	}
	return chat.Action{}
}

// A preview closes nothing; the press closes what is stale still, and goes on by
// itself, slice by slice.
func TestCloseStale(t *testing.T) {
	w := newWorld(t)
	const n = 2*staleSlice + 10
	w.waiting(1, n, "support")
	w.waiting(n+1, 1, "sales") // which ana does not lead
	w.now = w.now.Add(14 * 24 * time.Hour)
	w.waiting(n+2, 1, "support") // young

	o := w.runs(ana, "ticket", "close --stale 14d")
	press := stalePress(o)
	if changed(o) || press.Verb == "" || !strings.Contains(spoken(o), fmt.Sprintf("%d tickets of support have been without a word for 14d", n)) || strings.Contains(spoken(o), "sales") {
		t.Fatalf("preview: %s", spoken(o))
	}
	// Since then someone has said something, and one is put off.
	w.runs(bo, "ticket", "note T-3 still at it")
	k, err := w.records.Ticket(t.Context(), "T-4")
	if err != nil {
		t.Fatal(err)
	}
	k.Value.WaitUntil = w.now.Add(48 * time.Hour)
	if err := w.records.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{k}}); err != nil {
		t.Fatal(err)
	}

	said, turns := w.sweeps(press)
	closed := 0
	for i := range n + 2 {
		if w.ticket(desk.NewID(int64(i+1))).State == desk.Closed {
			closed++
		}
	}
	if closed != n-2 || w.ticket("T-3").State == desk.Closed || w.ticket("T-4").State == desk.Closed || turns != 3 {
		t.Errorf("closed %d of %d in %d turns", closed, n, turns)
	}
	for _, want := range []string{"24 of 59 are closed. I'll go on", fmt.Sprintf("%d tickets are closed, and their askers told.", n-2), "1 was left:"} {
		if !strings.Contains(said, want) {
			t.Errorf("did not say %q: %s", want, said)
		}
	}
}

// sweeps presses the button under a preview and has the rest closed, in so many
// turns.
func (w *world) sweeps(press chat.Action) (said string, turns int) {
	w.t.Helper()
	e := w.event(chat.Event{Kind: chat.Press, Action: press}, ana)
	for turns = 1; ; turns++ {
		o := w.do(e)
		said += spoken(o)
		if len(o.Tickets) > staleSlice+desk.MaxChildren {
			w.t.Errorf("closed %d in one turn", len(o.Tickets))
		}
		i := slices.IndexFunc(o.Timers, func(timer spool.Timer) bool { return strings.HasPrefix(timer.Name, staleTimer) })
		if i < 0 {
			return said, turns
		}
		e = w.event(o.Timers[i].Event, ana)
		e.Timer, e.At = o.Timers[i].Name, o.Timers[i].Due
	}
}

// Tickets that go with others count, too, for what is done in a turn.
func TestCloseStaleMerged(t *testing.T) {
	w := newWorld(t)
	const families, size = 3, 30
	w.waiting(1, families*size, "support")
	for i := range int64(families * size) {
		if parent := 1 + i/size*size; i+1 != parent {
			w.runs(ana, "ticket", fmt.Sprintf("merge T-%d T-%d", i+1, parent))
		}
	}
	w.now = w.now.Add(14 * 24 * time.Hour)
	said, turns := w.sweeps(stalePress(w.runs(ana, "ticket", "close --stale 7d")))
	if turns != families || !strings.Contains(said, "3 tickets are closed") || w.ticket(desk.NewID(families*size)).State != desk.Closed {
		t.Errorf("in %d turns: %s", turns, said)
	}
}

// Only who leads the desk may, at the preview and at the press.
func TestCloseStaleRefused(t *testing.T) {
	w := newWorld(t)
	w.waiting(1, 2, "support")
	w.waiting(3, 1, "sales")
	w.now = w.now.Add(time.Hour)
	if o := w.runs(bo, "ticket", "close --stale 1m"); spoken(o) != w.words.line("en", "needs_lead") {
		t.Errorf("bo: %s", spoken(o))
	}
	ms := fmt.Sprint(w.now.UnixMilli())
	later := fmt.Sprint(w.now.Add(time.Hour).UnixMilli())
	for name, press := range map[string]struct {
		who  chat.Sender
		args []string
		says string
	}{
		"no lead":      {bo, []string{"support", ms}, "needs_lead"},
		"another desk": {ana, []string{"sales", ms}, "needs_lead"},
		"no desk":      {ana, []string{"nowhere", ms}, "button_old"},
		"no time":      {ana, []string{"support", "x"}, "button_old"},
		"to come":      {ana, []string{"support", later}, "button_old"},
	} {
		if o := w.presses(press.who, "close_stale", press.args...); changed(o) || spoken(o) != w.words.line("en", press.says) {
			t.Errorf("%s: %s", name, spoken(o))
		}
	}
	if o := w.runs(ana, "ticket", "close --stale 3d"); !strings.Contains(spoken(o), "Nothing to tidy up") {
		t.Errorf("none: %s", spoken(o))
	}
	// A timer that someone set who leads no more does nothing.
	e := w.event(chat.Event{Kind: chat.Tick, Timer: staleTimer + "support/x", Action: chat.Do("close_stale", "support", ms, "1", "0")}, bo)
	if o := w.do(e); changed(o) || len(o.Replies) != 0 {
		t.Errorf("bo's timer: %s", spoken(o))
	}
}
