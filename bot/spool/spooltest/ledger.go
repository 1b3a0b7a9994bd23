package spooltest

import (
	"fmt"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// line is a question that ana asked n minutes after start, and that found
// nothing.
func line(n int) desk.Line {
	return desk.Line{
		ID: desk.LineID(fmt.Sprint("line ", n)), At: start.Add(time.Duration(n) * time.Minute), Desk: "support",
		Person: "test:w:ana", Platform: "test", Audience: "buyer", Lang: "en", Level: "none", Text: fmt.Sprintf("question <%d>?", n),
	}
}

func ids(lines []desk.Line) []string {
	list := []string{}
	for _, l := range lines {
		list = append(list, string(l.ID))
	}
	return list
}

func testLedger(f *fixture) {
	ctx := f.Context()
	_, err := f.Line(ctx, "line 1")
	f.want("line", err, spool.ErrNotFound)
	settled, elsewhere := line(2), line(3)
	settled.Level, settled.Shown = "sure", []string{"refund"}
	elsewhere.Desk = "sales"
	f.commit(spool.Outcome{Lines: fresh(line(1), settled, elsewhere)})
	got, err := f.Line(ctx, "line 2")
	f.must(err)
	f.same("line", got, spool.Versioned[desk.Line]{Value: settled, Version: 1})

	gaps := func(since time.Time, limit, total int, want ...string) {
		f.Helper()
		got, n, err := f.Gaps(ctx, "support", since, limit)
		f.must(err)
		f.same("gaps", ids(got), append([]string{}, want...))
		f.same("gaps in all", n, total)
	}
	gaps(start, 10, 1, "line 1")
	settled.Ticket = "T-1"
	f.commit(spool.Outcome{Lines: versioned(1, settled)})
	gaps(start, 10, 2, "line 2", "line 1")
	gaps(start, 1, 2, "line 2")
	gaps(start, 0, 2)
	gaps(start.Add(2*time.Minute), 10, 1, "line 2")

	// One that is behind changes nothing.
	f.accept(message("ana", "1"))
	w := f.lease("1")
	f.want("finish", f.Finish(ctx, w, spool.Outcome{
		Lines: versioned(1, settled), Tallies: []desk.Tally{{Day: start.Truncate(24 * time.Hour), Desk: "support", N: 1}},
	}, f.now), spool.ErrConflict)
	f.finish(w, spool.Outcome{})

	settled.Forget()
	f.commit(spool.Outcome{Lines: versioned(2, settled)})
	gaps(start, 10, 1, "line 1")
	got, err = f.Line(ctx, "line 2")
	f.must(err)
	f.same("what is left", got.Value, desk.Line{ID: settled.ID, At: settled.At, Desk: "support", Gone: true})
}

// What someone asked lately is at hand when an event of theirs is handled.
func testLately(f *fixture) {
	ctx := f.Context()
	lately := func(v spool.Reader, who string, want ...int) {
		f.Helper()
		got, err := v.Lately(ctx, chat.PersonID("test:w:"+who))
		f.must(err)
		var wanted []spool.Versioned[desk.Line]
		for _, n := range want {
			wanted = append(wanted, spool.Versioned[desk.Line]{Value: line(n), Version: 1})
		}
		f.same("asked lately", got, wanted)
	}
	lately(f, "ana")
	f.accept(message("ana", "first"))
	w := f.lease("first")
	lately(w.View, "ana")
	f.finish(w, spool.Outcome{Lines: fresh(line(1))})
	f.accept(message("ana", "again"), message("zoe", "other"))
	again, other := f.lease("again"), f.lease("other")
	lately(again.View, "ana", 1)
	lately(again.View, "zoe")
	lately(other.View, "zoe")
	lately(other.View, "ana", 1)
	f.finish(other, spool.Outcome{})
	for n := 2; n < 8; n++ {
		f.commit(spool.Outcome{Lines: fresh(line(n))})
	}
	lately(again.View, "ana", 1) // as it was
	lately(f.Fresh(again), "ana", 7, 6, 5, 4, 3)
	f.finish(again, spool.Outcome{})
	f.accept(message("ana", "last"))
	last := f.lease("last")
	lately(last.View, "ana", 7, 6, 5, 4, 3)
	gone := line(7)
	gone.Forget()
	f.finish(last, spool.Outcome{Lines: versioned(1, gone)})
	lately(f, "ana", 6, 5, 4, 3, 2)
}

func testTallies(f *fixture) {
	ctx := f.Context()
	const day = 24 * time.Hour
	first := start.Truncate(day)
	one := desk.Tally{Day: first, Desk: "support", What: desk.CountQuestion, How: "none/silent", N: 1}
	odd := desk.Tally{Day: first, Desk: "support", What: desk.CountReply, By: desk.OfAgent, Of: "a:\"b\" <é>\n[]", N: 2}
	next, other := one, one
	next.Day, other.Desk = first.Add(day), "sales: two"
	f.accept(message("ana", "1"))
	w := f.lease("1")
	o := spool.Outcome{Tallies: []desk.Tally{one, one, odd, next, other}}
	f.finish(w, o)
	f.finish(w, o) // as after a lost answer
	counted := func(name string, days int, want ...desk.Tally) {
		f.Helper()
		got, err := f.Tallies(ctx, name, first, first.Add(time.Duration(days)*day))
		f.must(err)
		f.same("tallies", got, want)
	}
	both := one
	both.N = 2
	counted("support", 0)
	counted("support", 1, both, odd)
	counted("support", 2, both, odd, next)
	counted("sales: two", 9, other)
	counted("nobody", 9)
	// A change takes away, too; what comes to nothing is not told.
	f.commit(spool.Outcome{Tallies: desk.Change([]desk.Tally{both, odd}, []desk.Tally{one})})
	counted("support", 2, one, next)
	f.commit(spool.Outcome{})
	counted("support", 1, one)
}

func testWaits(f *fixture) {
	ctx := f.Context()
	wait := func(n int) desk.Wait {
		return desk.Wait{Desk: "support", At: start.Add(time.Duration(n) * time.Minute), Took: time.Duration(n) * time.Second, Audience: "buyer"}
	}
	none, err := f.Waits(ctx, "support")
	f.must(err)
	f.same("waits", len(none), 0)
	other := wait(0)
	other.Desk = "sales"
	f.commit(spool.Outcome{Waits: []desk.Wait{wait(1), other, wait(2)}})
	got, err := f.Waits(ctx, "support")
	f.must(err)
	f.same("waits", got, []desk.Wait{wait(2), wait(1)})
	var many []desk.Wait
	for n := range desk.MaxWaits {
		many = append(many, wait(n))
	}
	f.commit(spool.Outcome{Waits: many})
	got, err = f.Waits(ctx, "support")
	f.must(err)
	f.same("waits that are kept", len(got), desk.MaxWaits)
	f.same("the newest", got[0], wait(desk.MaxWaits-1))
	got, err = f.Waits(ctx, "sales")
	f.must(err)
	f.same("waits", got, []desk.Wait{other})
}

func testTrimLedger(f *fixture) {
	ctx := f.Context()
	const day = 24 * time.Hour
	tally := desk.Tally{Day: start.Truncate(day), Desk: "support", What: desk.CountOpened, N: 3}
	f.commit(spool.Outcome{Lines: fresh(line(1), line(2)), Tallies: []desk.Tally{tally}})
	trim := func(keep time.Duration, want int) {
		f.Helper()
		n, err := f.Trim(ctx, spool.Retention{Ledger: keep}, f.now)
		f.must(err)
		f.same("dropped", n, want)
	}
	f.now = start.Add(5 * time.Minute)
	trim(0, 0)
	trim(4*time.Minute, 0)
	trim(4*time.Minute-time.Second, 1)
	_, err := f.Line(ctx, "line 1")
	f.want("line", err, spool.ErrNotFound)
	left, n, err := f.Gaps(ctx, "support", start, 10)
	f.must(err)
	f.same("gaps", ids(left), []string{"line 2"})
	f.same("gaps in all", n, 1)
	lately, err := f.Lately(ctx, "test:w:ana")
	f.must(err)
	f.same("asked lately", len(lately), 1)
	got, err := f.Tallies(ctx, "support", tally.Day, tally.Day.Add(day))
	f.must(err)
	f.same("tallies", got, []desk.Tally{tally})

	f.now = tally.Day.Add(spool.TalliesKept + day)
	for range 2 {
		_, err := f.Trim(ctx, spool.Retention{}, f.now)
		f.must(err)
	}
	got, err = f.Tallies(ctx, "support", tally.Day, tally.Day.Add(day))
	f.must(err)
	f.same("tallies", len(got), 0)
	_, err = f.Line(ctx, "line 2") // kept for good
	f.must(err)
}

func testOnCall(f *fixture) {
	ctx := f.Context()
	onCall := func(name string, want ...desk.OnCall) {
		f.Helper()
		got, err := f.OnCall(ctx, name)
		f.must(err)
		f.same("on call", got, want)
	}
	onCall("support")
	duty := func(name string, minutes int) desk.Duty {
		return desk.Duty{Name: name, Account: chat.NewAccountID("test", "w", name), Since: start.Add(time.Duration(minutes) * time.Minute)}
	}
	zoe := desk.Person{ID: "zoe", OnCall: map[string]desk.Duty{"support": duty("Zoe", 2), "sales": duty("Zoe", 1)}}
	bo := desk.Person{ID: "test:w:bo", OnCall: map[string]desk.Duty{"support": duty("Bo", 1)}}
	f.commit(spool.Outcome{Persons: fresh(zoe, bo)})
	is := func(p desk.Person, name string, load int) desk.OnCall {
		one, _ := p.On(name)
		one.Load = load
		return one
	}
	onCall("support", is(bo, "support", 0), is(zoe, "support", 0))
	onCall("sales", is(zoe, "sales", 0))

	// What someone has to work on counts, of any desk, and not what waits for the
	// asker.
	a, b, c := ticket(1), ticket(2), ticket(3)
	c.Desk = "sales"
	agent := desk.Agent{ID: "zoe", Name: "Zoe"}
	for _, t := range []*desk.Ticket{&a, &b, &c} {
		f.must(t.Claim(agent, f.now))
	}
	f.must(b.Reply(agent, "hello", false, false, f.now))
	f.commit(spool.Outcome{Tickets: fresh(a, b, c)})
	onCall("support", is(bo, "support", 0), is(zoe, "support", 2))
	f.must(a.Resolve(agent, false, "", f.now))
	given := zoe.OnCall["support"]
	given.Given = f.now
	zoe.OnCall["support"] = given
	f.commit(spool.Outcome{Tickets: versioned(1, a), Persons: versioned(1, zoe)})
	onCall("support", is(bo, "support", 0), is(zoe, "support", 1))
	delete(zoe.OnCall, "sales")
	f.commit(spool.Outcome{Persons: versioned(2, zoe)})
	onCall("sales")
	onCall("support", is(bo, "support", 0), is(zoe, "support", 1))
}

// testLive reads the live tickets of a desk page by page.
func testLive(f *fixture) {
	ctx := f.Context()
	var o spool.Outcome
	for n := range 12 {
		t := ticket(int64(12 - n))
		switch {
		case t.Number == 3:
			t.Desk = "sales"
		case t.Number%4 == 0:
			t.State = desk.Closed
		case t.Number%4 == 1:
			f.must(t.Claim(desk.Agent{ID: "zoe"}, start))
		}
		o.Tickets = append(o.Tickets, fresh(t)...)
	}
	f.commit(o)
	page := func(after int64, limit int, want ...int64) {
		f.Helper()
		got, n, err := f.LiveOf(ctx, "support", after, limit)
		f.must(err)
		f.same("live", numbers(got), append([]int64{}, want...))
		f.same("live in all", n, 8)
	}
	page(0, 3, 1, 2, 5)
	page(5, 3, 6, 7, 9)
	page(9, 3, 10, 11)
	page(11, 3)
	page(0, 0)
}

func testIdle(f *fixture) {
	ctx := f.Context()
	f.now = start.Add(time.Hour)
	a, b, c := ticket(1), ticket(2), ticket(3)
	f.must(a.Claim(desk.Agent{ID: "zoe", Name: "Zoe"}, start.Add(10*time.Second)))
	f.commit(spool.Outcome{Tickets: fresh(a, b, c)})
	idle := func(seconds, limit, total int, want ...int64) {
		f.Helper()
		got, n, err := f.Idle(ctx, "support", start.Add(time.Duration(seconds)*time.Second), limit)
		f.must(err)
		f.same("idle", numbers(got), append([]int64{}, want...))
		f.same("idle in all", n, total)
	}
	idle(2, 10, 0)
	idle(60, 10, 3, 2, 3, 1)
	idle(60, 2, 3, 2, 3)
	idle(60, 0, 3)
	idle(10, 10, 2, 2, 3)
	f.must(b.Add("m", "hello?", nil, time.Hour, start.Add(20*time.Second)))
	f.must(c.Cancel(f.now))
	f.commit(spool.Outcome{Tickets: versioned(1, b, c)})
	idle(60, 10, 2, 1, 2)
}

// testHeads takes several tickets in one event.
func testHeads(f *fixture) {
	ctx := f.Context()
	f.commit(spool.Outcome{Tickets: fresh(ticket(1), ticket(2), ticket(3), ticket(4), ticket(5))})
	head := func(v spool.View, nth int, want int64) {
		f.Helper()
		id, err := v.Head(ctx, "support", f.now, nth)
		if want == 0 {
			f.want("head", err, spool.ErrNotFound)
			return
		}
		f.must(err)
		f.same("head", id, desk.NewID(want))
	}
	f.accept(message("ana", "1"), message("bo", "2"))
	a, b := f.lease("1"), f.lease("2")
	head(a.View, 1, 1)
	head(a.View, 2, 2)
	head(b.View, 1, 3)
	head(a.View, 3, 4)
	head(b.View, 2, 5)
	head(b.View, 3, 0)
	for nth, want := range []int64{1, 2, 4} {
		head(f.Fresh(a), nth+1, want) // still its own
	}
	// One that is gone gives way to the next that is free.
	t, err := f.Ticket(ctx, "T-2")
	f.must(err)
	f.must(t.Value.Claim(desk.Agent{ID: "zoe"}, f.now))
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{t}})
	head(f.Fresh(a), 2, 0)
	f.finish(b, spool.Outcome{})
	head(f.Fresh(a), 2, 3)
	head(f.Fresh(a), 3, 4)
	f.finish(a, spool.Outcome{})
	f.accept(message("cy", "3"))
	c := f.lease("3")
	for nth, want := range []int64{1, 3, 4, 5} {
		head(c.View, nth+1, want)
	}
}
