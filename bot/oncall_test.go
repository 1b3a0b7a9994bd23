package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// inTurn are the test settings with a support desk that gives its tickets out.
func inTurn(capacity int) Settings {
	s := testSettings()
	s.Desks[0].Assign, s.Desks[0].Capacity = desk.RoundRobin, capacity
	return s
}

// assigns lets the timer come due that an outcome has set to give tickets out.
func assigns(t *testing.T, w *world, o spool.Outcome) spool.Outcome {
	t.Helper()
	for _, timer := range o.Timers {
		if strings.HasPrefix(timer.Name, assignTimer+"support/") {
			e := timer.Event
			e.ID, e.Timer, e.At = "tick/assign", timer.Name, timer.Due
			w.now = timer.Due
			return w.do(e)
		}
	}
	t.Fatalf("timers = %+v", o.Timers)
	return spool.Outcome{}
}

// contacts makes a ticket of a question, and returns all that came of it.
func (w *world) contacts(from chat.Sender, text string) spool.Outcome {
	w.t.Helper()
	return w.presses(from, "contact", w.asks(from, text))
}

func holders(w *world) string {
	var names []string
	for _, k := range w.records.list(func(desk.Ticket) bool { return true }) {
		names = append(names, string(k.ID)+" "+k.HolderName)
	}
	return strings.Join(names, ", ")
}

func TestOnCall(t *testing.T) {
	w := newWorld(t)
	for _, step := range []struct {
		from       chat.Sender
		text, says string
	}{
		{bo, "oncall", "nobody"},
		{bo, "oncall off", "You are not on call there: support."},
		{bo, "oncall on", "You are on call now: support."},
		{bo, "oncall on", "You are on call now: support."},
		{cy, "oncall on support", "You are on call now: support."},
		{cy, "oncall", "support: Bo (0), Cy (0)"},
		{cy, "oncall support", "support: Bo (0), Cy (0)"},
		{bo, "oncall on sales", "You don't work a desk called sales."},
		{bo, "oncall perhaps", "You don't work a desk called perhaps."},
		{kim, "oncall on", "is for the support team"},
		{bo, "oncall off", "You are no longer on call: support."},
		{bo, "oncall", "support: Cy (0)"},
	} {
		if got := spoken(w.runs(step.from, "desk", step.text)); !strings.Contains(got, step.says) {
			t.Errorf("%s: %q says %q, want %q", step.from.Name, step.text, got, step.says)
		}
	}
	k := w.opens(kim, vague)
	w.runs(cy, "ticket", "claim "+string(k.ID))
	if got := spoken(w.runs(cy, "ticket", "oncall")); !strings.Contains(got, "Cy (1)") {
		t.Errorf("with a ticket: %s", got)
	}
	if got := spoken(w.runs(cy, "ticket", "oncall off")); !strings.Contains(got, "You still hold tickets") {
		t.Errorf("with a ticket: %s", got)
	}
}

// Who has lost the role of one desk and works another can still go off call
// there: nobody else knows that they lost it.
func TestOffCallElsewhere(t *testing.T) {
	s := testSettings()
	s.Desks[1].Agents = append(s.Desks[1].Agents, string(account("cy")))
	w := newWorldOf(t, s)
	w.runs(cy, "ticket", "oncall on")
	former := cy
	former.Roles = nil
	if got := spoken(w.runs(former, "ticket", "oncall off")); !strings.Contains(got, "no longer on call: support, sales.") {
		t.Errorf("off says %q", got)
	}
	if got := spoken(w.runs(former, "ticket", "oncall off")); !strings.Contains(got, "not on call there: sales.") {
		t.Errorf("off again says %q", got)
	}
	if got := spoken(w.runs(bo, "ticket", "oncall")); !strings.Contains(got, "support: nobody") {
		t.Errorf("on call is %q", got)
	}
}

// Tickets are given to those on call in turn, the first in line first; what is
// more than they may have waits, and moves up when there is room.
func TestHandOut(t *testing.T) {
	w := newWorldOf(t, inTurn(1))
	w.runs(bo, "ticket", "oncall on")
	w.runs(cy, "ticket", "oncall on")
	first := w.contacts(kim, vague)
	w.contacts(lee, vague)
	w.contacts(sam, vague)

	o := assigns(t, w, first)
	if got := holders(w); got != "T-1 Bo, T-2 Cy, T-3 " {
		t.Fatalf("given: %s", got)
	}
	got := spoken(o)
	for _, want := range []string{"T-1 is yours: you are on call", "T-2 is yours: you are on call", "Bo is on T-1 now", "Cy is on T-2 now"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said:\n%s", want, got)
		}
	}
	if e := w.ticket("T-1"); e.Newest().By != desk.Signpost.ID || !strings.Contains(spoken(w.runs(bo, "ticket", "show T-1")), "it was given to Bo, whose turn it was") {
		t.Errorf("noted: %+v", e.Newest())
	}

	// What waits for its asker takes up no room.
	assigns(t, w, w.runs(cy, "ticket", "reply T-2 which one?"))
	if got := holders(w); got != "T-1 Bo, T-2 Cy, T-3 Cy" {
		t.Errorf("after a reply: %s", got)
	}
	// Nobody is given what they gave back, and others are.
	assigns(t, w, w.runs(cy, "ticket", "release T-3"))
	if got := holders(w); got != "T-1 Bo, T-2 Cy, T-3 " {
		t.Errorf("after a release: %s", got)
	}
	assigns(t, w, w.runs(bo, "ticket", "resolve T-1"))
	if got := holders(w); got != "T-1 Bo, T-2 Cy, T-3 Bo" {
		t.Errorf("after a resolve: %s", got)
	}
}

func TestHandOutInTurn(t *testing.T) {
	w := newWorldOf(t, inTurn(0))
	w.runs(ana, "ticket", "oncall on")
	w.runs(bo, "ticket", "oncall on")
	for _, from := range []chat.Sender{kim, lee, sam, dan} {
		assigns(t, w, w.contacts(from, vague))
	}
	if got := holders(w); got != "T-1 Ana, T-2 Bo, T-3 Ana, T-4 Bo" {
		t.Errorf("given: %s", got)
	}
}

// However much is asked, nothing is put off by what comes after it; what comes
// within a second is given out at once.
func TestHandOutUnderPressure(t *testing.T) {
	w := newWorldOf(t, inTurn(0))
	var names []string
	for n := range 4 {
		w.now = start.Add(time.Duration(n) * 400 * time.Millisecond)
		from := chat.Sender{Account: account(fmt.Sprint("asker", n)), Name: "Asker", Locale: "en"}
		id := w.asks(from, vague)
		w.now = start.Add(time.Duration(n) * 400 * time.Millisecond)
		for _, timer := range w.presses(from, "contact", id).Timers {
			if strings.HasPrefix(timer.Name, assignTimer) {
				names = append(names, timer.Name)
			}
		}
	}
	if want := []string{names[0], names[0], names[0], names[3]}; !slices.Equal(names, want) || names[0] == names[3] {
		t.Errorf("timers: %q", names)
	}
}

// Whoever comes on call gets what waits, a few at a time.
func TestHandOutOnArrival(t *testing.T) {
	w := newWorldOf(t, inTurn(0))
	for n := range int64(maxGiven + 3) {
		w.stores(n+1, kim, desk.Ticket{Question: fmt.Sprint("question ", n)})
	}
	o := assigns(t, w, w.runs(bo, "ticket", "oncall on"))
	if len(o.Tickets) != maxGiven {
		t.Fatalf("%d are given at first", len(o.Tickets))
	}
	if o = assigns(t, w, o); len(o.Tickets) != 3 {
		t.Errorf("then %d are given", len(o.Tickets))
	}
}

func TestHandOutNot(t *testing.T) {
	closed := func(s Settings) Settings {
		monday := []desk.Opening{{Day: time.Monday, From: 13 * time.Hour, To: 18 * time.Hour}}
		s.Desks[0].Hours = desk.NewHours(time.UTC, monday, nil)
		return s
	}
	t.Run("by claim", func(t *testing.T) {
		w := newWorld(t)
		w.runs(bo, "ticket", "oncall on")
		for _, timer := range w.contacts(kim, vague).Timers {
			if strings.HasPrefix(timer.Name, assignTimer) {
				t.Errorf("set %+v", timer)
			}
		}
	})
	t.Run("nobody is on call", func(t *testing.T) {
		w := newWorldOf(t, inTurn(0))
		if o := assigns(t, w, w.contacts(kim, vague)); changed(o) || len(o.Timers) > 0 {
			t.Errorf("did %+v", o)
		}
	})
	t.Run("they work there no more", func(t *testing.T) {
		w := newWorldOf(t, inTurn(0))
		w.runs(bo, "ticket", "oncall on")
		w.access.desks[0].Agents = []string{"ana"}
		if o := assigns(t, w, w.contacts(kim, vague)); changed(o) {
			t.Errorf("did %+v", o)
		}
	})
	t.Run("somebody was quicker", func(t *testing.T) {
		w := newWorldOf(t, inTurn(0))
		w.runs(bo, "ticket", "oncall on")
		o := w.contacts(kim, vague)
		w.runs(ana, "ticket", "next")
		if assigns(t, w, o); holders(w) != "T-1 Ana" {
			t.Errorf("given: %s", holders(w))
		}
	})
	t.Run("closed", func(t *testing.T) {
		w := newWorldOf(t, closed(inTurn(0)))
		if got := spoken(w.runs(bo, "ticket", "oncall on")); !strings.Contains(got, "support is closed just now") {
			t.Errorf("said %q", got)
		}
		o := w.contacts(kim, vague)
		w.now = w.now.Add(time.Minute)
		early := w.now
		timer := func(o spool.Outcome) time.Time { at, _ := due(t, o, assignTimer); return at }
		opens := time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC)
		if !timer(o).Equal(opens) {
			t.Errorf("due at %s", timer(o))
		}
		// A desk that closes later than it did when the timer was set.
		tick := w.event(chat.Event{Kind: chat.Tick, Timer: assignTimer + "support/1"}, chat.Sender{})
		tick.At = early
		if o := w.do(tick); changed(o) || !timer(o).Equal(opens) {
			t.Errorf("while closed: %+v", o)
		}
		if assigns(t, w, o); holders(w) != "T-1 Bo" {
			t.Errorf("given: %s", holders(w))
		}
	})
}

// Who hands back more than is looked at, and is on call again, is given what came
// after it.
func TestHandOutPastWhatCameBack(t *testing.T) {
	w := newWorldOf(t, inTurn(0))
	for n := range int64(2*maxLookedAt + 2) {
		k := desk.Ticket{History: []desk.Entry{{At: w.now, Did: desk.DidOpen}}}
		if n < maxLookedAt-1 || n >= maxLookedAt+1 && n < 2*maxLookedAt+1 {
			k.Left = []chat.PersonID{chat.PersonID(account("bo"))}
		}
		w.stores(n+1, kim, k)
		w.now = w.now.Add(time.Second)
	}
	o := w.runs(bo, "ticket", "oncall on")
	for range 3 {
		o = assigns(t, w, o)
	}
	var given []string
	for _, k := range w.records.list(func(k desk.Ticket) bool { return k.Holder != "" }) {
		given = append(given, string(k.ID))
	}
	if got := strings.Join(given, " "); got != "T-30 T-31 T-62" {
		t.Errorf("given: %s", got)
	}
}

// An asker is told when everyone has as much as they may.
func TestAllBusy(t *testing.T) {
	w := newWorldOf(t, inTurn(1))
	const busy = "Everyone has their hands full just now"
	if got := spoken(w.contacts(sam, vague)); strings.Contains(got, busy) {
		t.Errorf("with nobody on call: %s", got)
	}
	w.runs(cy, "ticket", "oncall on")
	if got := spoken(w.contacts(lee, vague)); strings.Contains(got, busy) {
		t.Errorf("with room: %s", got)
	}
	w.runs(cy, "ticket", "claim T-1")
	if got := spoken(w.contacts(kim, vague)); !strings.Contains(got, busy) || !strings.Contains(got, "T-3") {
		t.Errorf("without: %s", got)
	}
	if got := spoken(w.runs(kim, "ask", "status")); !strings.Contains(got, busy) {
		t.Errorf("status: %s", got)
	}
	if got := spoken(w.runs(bo, "ticket", "queue")); !strings.Contains(got, "On call: Cy (1)") {
		t.Errorf("queue: %s", got)
	}
}

func TestHomeDuty(t *testing.T) {
	w := newWorld(t)
	page := func() string {
		home, err := w.Home(t.Context(), bo)
		if err != nil {
			t.Fatal(err)
		}
		return everything(chat.Reply{Blocks: home.Blocks})
	}
	if got := page(); !strings.Contains(got, "Go on call") || strings.Contains(got, "Go off call") {
		t.Errorf("off call: %s", got)
	}
	if got := spoken(w.presses(bo, "oncall", "on")); !strings.Contains(got, "You are on call now: support.") {
		t.Errorf("said: %s", got)
	}
	if got := page(); !strings.Contains(got, "You are on call now: support.") || !strings.Contains(got, "Go off call") {
		t.Errorf("on call: %s", got)
	}
	if got := spoken(w.presses(bo, "oncall", "off")); !strings.Contains(got, "You are no longer on call: support.") {
		t.Errorf("said: %s", got)
	}
}

func TestBurden(t *testing.T) {
	s := testSettings()
	s.Desks[0].Capacity = 1
	w := newWorldOf(t, s)
	w.opens(kim, vague)
	w.opens(lee, vague)
	if got := spoken(w.runs(bo, "ticket", "next")); strings.Contains(got, "for you to answer") {
		t.Errorf("with one: %s", got)
	}
	// More may be claimed, knowingly.
	if got := spoken(w.runs(bo, "ticket", "next")); !strings.Contains(got, "T-2 is yours") || !strings.Contains(got, "That makes 2 tickets for you to answer") {
		t.Errorf("with two: %s", got)
	}
}

func TestTypicalWait(t *testing.T) {
	w := newWorld(t)
	waited := func(n int, took time.Duration) {
		for range n {
			w.records.waits = append(w.records.waits, desk.Wait{Desk: "support", At: w.now, Took: took})
		}
	}
	waited(desk.FewestWaits-1, 12*time.Minute)
	if got := spoken(w.contacts(kim, vague)); strings.Contains(got, "usually") {
		t.Errorf("of too few waits: %s", got)
	}
	waited(1, 2*time.Hour)
	if got := spoken(w.contacts(lee, vague)); !strings.Contains(got, "One question is ahead of yours") || !strings.Contains(got, "A first answer usually comes within 15 minutes.") {
		t.Errorf("said: %s", got)
	}
	if got := spoken(w.runs(lee, "ask", "status")); !strings.Contains(got, "One question is ahead of yours") || !strings.Contains(got, "within 15 minutes") {
		t.Errorf("status: %s", got)
	}
	w.runs(bo, "ticket", "claim T-2")
	if got := spoken(w.runs(lee, "ask", "status")); strings.Contains(got, "ahead") || strings.Contains(got, "usually") {
		t.Errorf("status of a claimed one: %s", got)
	}
}

// A wait that a closed door interrupts is as long as it is.
func TestTypicalWaitOverNight(t *testing.T) {
	s := testSettings()
	var week []desk.Opening
	for day := time.Monday; day <= time.Friday; day++ {
		week = append(week, desk.Opening{Day: day, From: 9 * time.Hour, To: 10 * time.Hour})
	}
	s.Desks[0].Hours = desk.NewHours(time.UTC, week, nil)
	w := newWorldOf(t, s)
	for range desk.FewestWaits {
		w.records.waits = append(w.records.waits, desk.Wait{Desk: "support", At: w.now, Took: 40 * time.Minute})
	}
	// It is 9:30, and half of the forty minutes are those of tomorrow.
	if got := spoken(w.contacts(kim, vague)); !strings.Contains(got, "usually comes within 24 hours") {
		t.Errorf("said: %s", got)
	}
}

// A desk whose agents answer outside its hours, too, promises nobody so: that
// took no open time, and nobody has to be there.
func TestTypicalWaitOutsideHours(t *testing.T) {
	w := punctual(t, nil)
	w.now = w.now.Add(9 * time.Hour) // at 18:30
	for range desk.FewestWaits {
		w.records.waits = append(w.records.waits, desk.Wait{Desk: "support", At: w.now})
	}
	if got := spoken(w.contacts(kim, vague)); !strings.Contains(got, "back tomorrow at 09:00") || !strings.Contains(got, "usually comes within 15 hours") {
		t.Errorf("said: %s", got)
	}
}

func TestTypically(t *testing.T) {
	w, err := newWords()
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		0: "5 minutes", time.Minute: "5 minutes", 5*time.Minute + 1: "10 minutes", 55 * time.Minute: "55 minutes",
		56 * time.Minute: "an hour", time.Hour: "an hour", time.Hour + 1: "2 hours", 36 * time.Hour: "36 hours",
		37 * time.Hour: "2 days", 73 * time.Hour: "4 days",
	} {
		if got := w.typically("en", d).String(); !strings.HasSuffix(got, "within "+want+".") {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// Whatever agents and askers do: once the timers have come, nothing waits that
// somebody on call has room for and has not given back, nobody was given more
// than they may, and nothing was given before what is ahead of it.
func TestHandOutHolds(t *testing.T) {
	agents := []chat.Sender{ana, bo, cy}
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(0, 2).Draw(t, "capacity")
		w := newWorldOf(t, inTurn(capacity))
		var timer spool.Timer // that gives out
		askers := 0
		note := func(o spool.Outcome) {
			for _, next := range o.Timers {
				if strings.HasPrefix(next.Name, assignTimer+"support/") {
					timer = next
				}
			}
		}
		crew := func() []desk.OnCall {
			list, err := w.records.OnCall(t.Context(), "support")
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		tick := func() {
			e := timer.Event
			e.ID, e.Timer, e.At = "tick/assign", timer.Name, timer.Due
			w.now, timer = timer.Due, spool.Timer{}
			queue, before := w.records.open("support", w.now), crew()
			o := w.do(e)
			given := map[chat.TicketID]chat.PersonID{}
			for _, k := range o.Tickets {
				given[k.Value.ID] = k.Value.Holder
			}
			for i := range before {
				who := &before[i]
				for j := range queue {
					if given[queue[j].ID] != who.Agent.ID {
						continue
					}
					if !who.Room(capacity) {
						t.Fatalf("%s is given %s, and has %d", who.Agent.ID, queue[j].ID, who.Load)
					}
					who.Load++
					for _, ahead := range queue[:j] {
						if given[ahead.ID] == "" && !slices.Contains(ahead.Left, who.Agent.ID) {
							t.Fatalf("%s is given %s before %s", who.Agent.ID, queue[j].ID, ahead.ID)
						}
					}
				}
			}
			note(o)
		}
		settled := func() {
			if !timer.Due.IsZero() {
				return // it is still to come
			}
			for _, k := range w.records.open("support", w.now) {
				if who, ok := desk.Choose(crew(), &k, capacity); ok {
					t.Fatalf("%s waits, and %s has room", k.ID, crew()[who].Agent.ID)
				}
			}
		}
		for range rapid.IntRange(1, 25).Draw(t, "deeds") {
			settled()
			who := rapid.SampledFrom(agents).Draw(t, "who")
			id := fmt.Sprintf("T-%d", rapid.IntRange(1, max(1, askers)).Draw(t, "ticket"))
			switch rapid.SampledFrom([]string{"ask", "ask", "on", "on", "off", "claim", "next", "release", "reply", "resolve", "answer", "answer", "add", "tick", "tick", "tick"}).Draw(t, "deed") {
			case "ask":
				askers++
				from := chat.Sender{Account: account(fmt.Sprint("asker", askers)), Name: "Asker", Locale: "en"}
				note(w.contacts(from, "zanzibar?"))
			case "on":
				note(w.runs(who, "ticket", "oncall on"))
			case "off":
				note(w.runs(who, "ticket", "oncall off"))
			case "claim":
				note(w.runs(who, "ticket", "claim "+id))
			case "next":
				note(w.runs(who, "ticket", "next"))
			case "release":
				note(w.runs(who, "ticket", "release "+id))
			case "reply":
				note(w.runs(who, "ticket", "reply "+id+" hello"))
			case "answer": // by whoever holds it
				held := w.records.list(func(k desk.Ticket) bool { return k.Theirs() })
				if len(held) == 0 {
					continue
				}
				k := rapid.SampledFrom(held).Draw(t, "held")
				note(w.runs(chat.Sender{Account: k.HolderAs, Name: k.HolderName, Roles: []string{"helpers"}}, "ticket", "reply "+string(k.ID)+" hello"))
			case "resolve":
				note(w.runs(who, "ticket", "resolve "+id))
			case "add":
				if k, err := w.records.Ticket(t.Context(), chat.TicketID(id)); err == nil {
					note(w.runs(k.Value.Asker, "ask", "add "+id+" and now?"))
				}
			case "tick":
				if !timer.Due.IsZero() {
					tick()
				}
			}
		}
		for !timer.Due.IsZero() {
			tick()
		}
		settled()
	})
}
