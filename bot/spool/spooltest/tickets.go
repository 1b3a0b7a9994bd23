package spooltest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

func testHead(f *fixture) {
	ctx := f.Context()
	urgent, due, elsewhere := ticket(2), ticket(3), ticket(4)
	urgent.Priority = desk.Urgent
	due.DueAt = start.Add(time.Second)
	elsewhere.Desk = "sales"
	f.commit(spool.Outcome{Tickets: fresh(ticket(1), urgent, due, elsewhere)})
	head := func(v spool.View, want int64) {
		f.Helper()
		id, err := v.Head(ctx, "support", f.now, 1)
		if want == 0 {
			f.want("head", err, spool.ErrNotFound)
			return
		}
		f.must(err)
		f.same("head", id, desk.NewID(want))
	}
	// claim is someone taking a ticket by its name.
	claim := func(n int64) {
		f.Helper()
		t, err := f.Ticket(ctx, desk.NewID(n))
		f.must(err)
		f.must(t.Value.Claim(desk.Agent{ID: "zoe"}, f.now))
		f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{t}})
	}
	for i := range 4 {
		f.accept(message(fmt.Sprint("agent ", i), fmt.Sprint(i)))
	}
	a, b, c, d := f.lease("0"), f.lease("1"), f.lease("2"), f.lease("3")
	head(a.View, 2)
	f.now = start.Add(time.Second)
	head(b.View, 3) // due by now
	head(c.View, 1)
	head(d.View, 0)
	head(f.Fresh(a), 2) // still its own
	id, err := a.View.Head(ctx, "sales", f.now, 1)
	f.must(err)
	f.same("head of another desk", id, desk.NewID(4))

	claim(2)
	head(f.Fresh(a), 0) // the others are reserved
	f.finish(c, spool.Outcome{})
	head(f.Fresh(a), 1)
	f.must(f.Retry(ctx, b, "boom", f.now, f.now))
	head(d.View, 0) // a failure keeps its reservation
	b = f.lease("1")
	head(b.View, 3)
	f.must(f.Bury(ctx, b, "boom", nil, f.now))
	head(d.View, 3)

	// A reservation that was given up for another does not count any more.
	t, err := f.Ticket(ctx, "T-2")
	f.must(err)
	f.must(t.Value.Release(desk.Agent{ID: "zoe"}, false, f.now))
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{t}})
	f.accept(message("agent 4", "4"))
	head(f.lease("4").View, 2)
}

// testClaimEachOnce lets 200 agents run `/ticket next` until the queue is
// empty.
func testClaimEachOnce(f *fixture) {
	agents, tickets := 200, 1000
	if testing.Short() {
		agents, tickets = 20, 100
	}
	for n := 1; n <= tickets; n += 100 {
		var o spool.Outcome
		for i := n; i < n+100; i++ {
			o.Tickets = append(o.Tickets, fresh(ticket(int64(i)))...)
		}
		f.commit(o)
	}
	var mu sync.Mutex
	claimed := map[chat.TicketID]int{}
	// next handles one event of anybody's, and reports whether it claimed a
	// ticket.
	next := func(ctx context.Context) (bool, error) {
		w, err := f.Lease(ctx, f.now, hold)
		if err != nil {
			return false, err
		}
		id, err := w.View.Head(ctx, "support", f.now, 1)
		if errors.Is(err, spool.ErrNotFound) {
			return false, f.Finish(ctx, w, spool.Outcome{}, f.now)
		} else if err != nil {
			return false, err
		}
		t, err := w.View.Ticket(ctx, id)
		if err != nil {
			return false, err
		}
		if err := t.Value.Claim(desk.Agent{ID: w.Event.From.Person}, f.now); err != nil {
			return false, err
		}
		if err := f.Finish(ctx, w, spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{t}}, f.now); err != nil {
			return false, err
		}
		mu.Lock()
		claimed[id]++
		mu.Unlock()
		return true, nil
	}
	group, ctx := errgroup.WithContext(f.Context())
	for agent := range agents {
		group.Go(func() error {
			for n := 0; ; n++ {
				user := fmt.Sprintf("agent %d, time %d", agent, n) // a lane for each
				if _, err := f.Accept(ctx, message(user, user), f.now); err != nil {
					return err
				}
				if more, err := next(ctx); err != nil || !more {
					return err
				}
			}
		})
	}
	f.must(group.Wait())
	f.same("tickets claimed", len(claimed), tickets)
	for id, n := range claimed {
		if n != 1 {
			f.Errorf("%s was claimed %d times", id, n)
		}
	}
	f.pending(0, 0)
}

func testQueue(f *fixture) {
	ctx := f.Context()
	queue := func(limit int, total int, want ...int64) {
		f.Helper()
		got, n, err := f.Queue(ctx, "support", f.now, limit)
		f.must(err)
		f.same("queue", numbers(got), append([]int64{}, want...))
		f.same("open", n, total)
	}
	queue(10, 0)
	due, high, moved := ticket(3), ticket(4), ticket(5)
	due.DueAt = start.Add(time.Hour)
	high.Priority = desk.High
	f.commit(spool.Outcome{Tickets: fresh(ticket(10), ticket(2), due, high, moved)})
	queue(10, 5, 4, 2, 3, 5, 10)
	queue(2, 5, 4, 2)
	queue(0, 5)
	f.now = start.Add(time.Hour)
	queue(10, 5, 3, 4, 2, 5, 10)
	queue(1, 5, 3)

	// Every index follows the ticket.
	due.DueAt, high.Priority, moved.Desk = time.Time{}, desk.Low, "sales"
	f.commit(spool.Outcome{Tickets: versioned(1, due, high, moved)})
	queue(10, 4, 2, 3, 10, 4)
	agent := desk.Agent{ID: "bo"}
	f.must(due.Claim(agent, f.now))
	f.commit(spool.Outcome{Tickets: versioned(2, due)})
	queue(10, 3, 2, 10, 4)
	f.must(due.Release(agent, false, f.now))
	f.commit(spool.Outcome{Tickets: versioned(3, due)})
	queue(10, 4, 2, 3, 10, 4)
	f.must(due.Cancel(f.now))
	f.commit(spool.Outcome{Tickets: versioned(4, due)})
	queue(10, 3, 2, 10, 4)
}

// testQueueOrder compares Queue, Ahead and Head with desk's own rule, on
// random tickets whose times and priorities often are equal.
func testQueueOrder(f *fixture) {
	ctx := f.Context()
	desks, number := 0, int64(0)
	rapid.Check(f.T, func(t *rapid.T) {
		desks++
		name := fmt.Sprint("desk ", desks)
		var open []desk.Ticket
		var o spool.Outcome
		for range rapid.IntRange(0, 20).Draw(t, "tickets") {
			number++
			one := ticket(number)
			one.Desk = name
			one.Priority = desk.Priority(rapid.IntRange(-1, 2).Draw(t, "priority"))
			one.OpenedAt = start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "opened")) * time.Millisecond)
			if due := rapid.IntRange(0, 6).Draw(t, "due"); due > 0 {
				one.DueAt = start.Add(time.Duration(due) * time.Millisecond)
			}
			one.State = rapid.SampledFrom([]desk.State{desk.Open, desk.Open, desk.Open, desk.Claimed, desk.Closed}).Draw(t, "state")
			if one.State == desk.Open {
				open = append(open, one)
			}
			o.Tickets = append(o.Tickets, fresh(one)...)
		}
		f.commit(o)
		now := start.Add(time.Duration(rapid.IntRange(0, 7).Draw(t, "now")) * time.Millisecond)
		slices.SortFunc(open, func(a, b desk.Ticket) int {
			if a.Before(&b, now) {
				return -1
			}
			return 1
		})
		limit := rapid.IntRange(0, 25).Draw(t, "limit")
		got, total, err := f.Queue(ctx, name, now, limit)
		if err != nil {
			t.Fatal(err)
		}
		if want := numbers(open[:min(limit, len(open))]); total != len(open) || !slices.Equal(numbers(got), want) {
			t.Fatalf("queue of %d = %v of %d, want %v of %d", limit, numbers(got), total, want, len(open))
		}
		for i, one := range open {
			if n, err := f.Ahead(ctx, one, now); err != nil || n != i {
				t.Fatalf("%d ahead of %s, %v; want %d", n, one.ID, err, i)
			}
		}
		// A ticket that is not stored, or stored otherwise.
		one := ticket(number + 1)
		if len(open) > 0 && rapid.Bool().Draw(t, "stored") {
			one = open[0]
		}
		one.Desk = name
		one.OpenedAt = start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "opened")) * time.Millisecond)
		one.DueAt = start.Add(time.Duration(rapid.IntRange(1, 6).Draw(t, "due")) * time.Millisecond)
		want := 0
		for _, other := range open {
			if other.Number != one.Number && other.Before(&one, now) {
				want++
			}
		}
		if n, err := f.Ahead(ctx, one, now); err != nil || n != want {
			t.Fatalf("%d ahead of the new one, %v; want %d", n, err, want)
		}
		f.accept(message("next", name))
		w := f.lease("")
		if len(open) > 0 {
			if id, err := w.View.Head(ctx, name, now, 1); err != nil || id != open[0].ID {
				t.Fatalf("head = %s, %v; want %s", id, err, open[0].ID)
			}
		}
		f.finish(w, spool.Outcome{})
	})
}

func testHeldAndAsked(f *fixture) {
	ctx := f.Context()
	var o spool.Outcome
	for _, n := range rand.Perm(12) {
		t := ticket(int64(n + 1))
		f.must(t.Claim(desk.Agent{ID: "bo"}, start.Add(-time.Duration(n)*time.Second)))
		if n >= 10 {
			f.must(t.Resolve(desk.Agent{ID: "bo"}, false, "", start))
		}
		o.Tickets = append(o.Tickets, fresh(t)...)
	}
	f.commit(o)
	lists := []struct {
		name  string
		list  func(context.Context, chat.PersonID, int) ([]desk.Ticket, error)
		who   chat.PersonID
		limit int
		want  []int64
	}{
		{"held", f.Held, "bo", 3, []int64{10, 9, 8}},
		{"all held", f.Held, "bo", 20, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"held by nobody", f.Held, "zoe", 3, []int64{}},
		{"asked", f.Asked, "ana", 3, []int64{12, 11, 10}},
		{"none asked for", f.Asked, "ana", 0, []int64{}},
		{"asked by nobody", f.Asked, "zoe", 3, []int64{}},
	}
	for _, test := range lists {
		got, err := test.list(ctx, test.who, test.limit)
		f.must(err)
		f.same(test.name, numbers(got), test.want)
	}
	// A ticket that is handed on changes hands, and waiting is held still.
	t, err := f.Ticket(ctx, "T-10")
	f.must(err)
	f.must(t.Value.Transfer(desk.Agent{ID: "bo"}, desk.Agent{ID: "zoe"}, false, "", start))
	f.must(t.Value.Reply(desk.Agent{ID: "zoe"}, "hello", false, false, start))
	f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{t}})
	for holder, want := range map[chat.PersonID][]int64{"bo": {9}, "zoe": {10}} {
		got, err := f.Held(ctx, holder, 1)
		f.must(err)
		f.same("held by "+string(holder), numbers(got), want)
	}
}

// testMerged: what goes with another ticket waits in no queue and is in nobody's
// hands, but stays its asker's, and comes back when it stands by itself.
func testMerged(f *fixture) {
	ctx := f.Context()
	parent, child := ticket(1), ticket(2)
	due := start.Add(-time.Hour)
	child.DueAt = due
	f.commit(spool.Outcome{Tickets: fresh(parent, child)})
	stands := func(what string, want ...chat.TicketID) {
		f.Helper()
		queue, total, err := f.Queue(ctx, "support", f.now, 10)
		f.must(err)
		held, err := f.Held(ctx, "zoe", 10)
		f.must(err)
		var got []chat.TicketID
		for _, k := range append(queue, held...) {
			got = append(got, k.ID)
		}
		f.same(what, got, want)
		f.same(what+", counted", total, len(queue))
		asked, err := f.Asked(ctx, child.Asker.Person, 10)
		f.must(err)
		f.same(what+", for its asker", slices.ContainsFunc(asked, func(k desk.Ticket) bool { return k.ID == child.ID }), true)
	}
	change := func(do func(parent, child *desk.Ticket)) {
		f.Helper()
		a, err := f.Ticket(ctx, parent.ID)
		f.must(err)
		b, err := f.Ticket(ctx, child.ID)
		f.must(err)
		do(&a.Value, &b.Value)
		f.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{a, b}})
	}
	zoe := desk.Agent{ID: "zoe"}
	stands("apart", child.ID, parent.ID)
	change(func(parent, child *desk.Ticket) { f.must(parent.Merge(zoe, false, f.now, child)) })
	stands("merged", parent.ID)
	change(func(parent, child *desk.Ticket) {
		f.must(parent.Claim(zoe, f.now))
		child.Follow(parent, f.now)
	})
	stands("claimed", parent.ID)
	change(func(parent, child *desk.Ticket) { parent.Leave(child, f.now) })
	stands("apart again", parent.ID, child.ID)
}
