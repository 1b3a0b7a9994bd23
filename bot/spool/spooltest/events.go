package spooltest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

func testAcceptOnce(f *fixture) {
	e := message("ana", "1")
	again := e
	again.ID = "test:another id, as Slack sends for a mention"
	edit := e
	edit.Kind, edit.Stamp = chat.Edit, "2"
	tests := []struct {
		name  string
		event chat.Event
		after time.Duration
		fresh bool
	}{
		{"new", e, 0, true},
		{"copy", e, 0, false},
		{"copy with another id", again, time.Minute, false},
		{"edit", edit, time.Minute, true},
		{"late copy", e, spool.Remembered, false},
		{"forgotten", e, spool.Remembered + time.Millisecond, true},
		{"copy of the forgotten", e, spool.Remembered + time.Hour, false},
	}
	for _, test := range tests {
		fresh, err := f.Accept(f.Context(), test.event, start.Add(test.after))
		f.must(err)
		if fresh != test.fresh {
			f.Errorf("%s: fresh = %t, want %t", test.name, fresh, test.fresh)
		}
	}
	f.pending(3, 0)

	// A copy that comes while the first is handled, and after, is a copy too.
	f.now = start.Add(spool.Remembered + time.Minute)
	for range 3 {
		w := f.lease("1")
		if fresh, err := f.Accept(f.Context(), w.Event, f.now); fresh || err != nil {
			f.Fatalf("accept a copy of leased work = %t, %v", fresh, err)
		}
		f.finish(w, spool.Outcome{})
	}
	f.pending(0, 0)
	f.idle()
}

func testLanes(f *fixture) {
	thread := message("bo", "t1")
	thread.Place.Thread = "7"
	inThread := message("cy", "t2")
	inThread.Place.Thread = "7"
	f.accept(message("ana", "a1"), message("ana", "a2"), message("ana", "a3"))
	f.now = f.now.Add(time.Millisecond)
	f.accept(thread, inThread)

	a1 := f.lease("a1")
	f.same("event", a1.Event, message("ana", "a1"))
	f.same("tries", a1.Tries, 0)
	t1 := f.lease("t1") // beside a1, which has its lane for itself
	f.idle()
	if a1.Token == t1.Token {
		f.Error("two leases have one token")
	}
	f.pending(5, 0)
	f.finish(t1, spool.Outcome{})
	f.finish(f.lease("t2"), spool.Outcome{})
	f.idle()
	f.finish(a1, spool.Outcome{})
	f.finish(f.lease("a2"), spool.Outcome{})
	f.accept(message("ana", "a4"))
	f.finish(f.lease("a3"), spool.Outcome{})
	f.finish(f.lease("a4"), spool.Outcome{})
	f.idle()
	f.pending(0, 0)
}

// A lane with much to do does not keep others waiting.
func testFairness(f *fixture) {
	for i := range 5 {
		f.accept(message("loud", fmt.Sprint("loud ", i)))
	}
	f.now = f.now.Add(time.Millisecond)
	f.accept(message("quiet", "quiet"))
	for _, want := range []string{"loud 0", "quiet", "loud 1"} {
		f.now = f.now.Add(time.Millisecond)
		f.finish(f.lease(want), spool.Outcome{})
	}
}

func testLeaseRunsOut(f *fixture) {
	ctx := f.Context()
	f.accept(message("ana", "1"), message("ana", "2"))
	dead := f.lease("1")
	f.now = f.now.Add(hold - time.Millisecond)
	f.idle()
	f.now = f.now.Add(time.Millisecond)
	w := f.lease("1")
	f.same("tries", w.Tries, 0)
	if w.Token == dead.Token {
		f.Error("two leases have one token")
	}
	f.idle()

	o := spool.Outcome{Tickets: fresh(ticket(1)), Replies: []chat.Reply{reply("help", "k")}}
	f.want("finish", f.Finish(ctx, dead, o, f.now), spool.ErrLost)
	f.want("retry", f.Retry(ctx, dead, "cause", f.now, f.now), spool.ErrLost)
	f.want("bury", f.Bury(ctx, dead, "cause", o.Replies, f.now), spool.ErrLost)
	_, err := dead.View.Number(ctx)
	f.want("number", err, spool.ErrLost)
	_, err = dead.View.Head(ctx, "support", f.now, 1)
	f.want("head", err, spool.ErrLost)
	f.want("finish without a lease", f.Finish(ctx, spool.Work{Event: w.Event}, o, f.now), spool.ErrLost)
	_, err = f.Ticket(ctx, "T-1")
	f.want("ticket", err, spool.ErrNotFound)
	f.pending(2, 0)

	// Late is not too late while nobody else has taken the event.
	f.now = f.now.Add(time.Hour)
	f.finish(w, spool.Outcome{})
	f.want("finish after someone else did", f.Finish(ctx, dead, o, f.now), spool.ErrLost)
	f.lease("2")
}

func testRetry(f *fixture) {
	f.accept(message("ana", "1"), message("ana", "2"), message("bo", "b"))
	for n := range 3 {
		w := f.lease("1")
		f.same("tries", w.Tries, n)
		f.must(f.Retry(f.Context(), w, "boom", f.now.Add(time.Minute), f.now))
		if n == 0 {
			f.finish(f.lease("b"), spool.Outcome{})
		}
		f.now = f.now.Add(time.Minute - time.Millisecond)
		f.idle()
		f.now = f.now.Add(time.Millisecond)
	}
	// Someone who waits behind a failure is not let past it.
	f.accept(message("ana", "3"))
	f.finish(f.lease("1"), spool.Outcome{})
	w := f.lease("2")
	f.same("tries of the next", w.Tries, 0)
}

func testBury(f *fixture) {
	ctx := f.Context()
	f.commit(spool.Outcome{Tickets: fresh(ticket(1))})
	f.accept(message("ana", "1"), message("ana", "2"))
	w := f.lease("1")
	_, err := w.View.Head(ctx, "support", f.now, 1)
	f.must(err)
	f.must(f.Bury(ctx, w, "boom", []chat.Reply{reply("help", "sorry")}, f.now))
	f.pending(1, 1)
	f.same("apology", f.leaseReply("sorry").Reply, reply("help", "sorry"))

	next := f.lease("2") // the lane is free, and so is the ticket
	id, err := next.View.Head(ctx, "support", f.now, 1)
	f.must(err)
	f.same("head", id, desk.NewID(1))
	if fresh, err := f.Accept(ctx, w.Event, f.now); fresh || err != nil {
		f.Errorf("accept a copy of a dead letter = %t, %v", fresh, err)
	}
	for range 2 { // as after a lost answer
		f.must(f.Bury(ctx, next, "boom", nil, f.now, f.deed("ticket.claim", "T-1")))
	}
	f.idle()
	f.pending(0, 1)
	f.same("audit", f.open(), []string{"1 ticket.claim T-1"})
}

// Every write may be repeated when its answer was lost.
func testRepeat(f *fixture) {
	ctx := f.Context()
	twice := func(what string, step func() error) {
		f.Helper()
		for n := range 2 {
			if err := step(); err != nil {
				f.Fatalf("%s, time %d: %v", what, n+1, err)
			}
		}
	}
	f.accept(message("ana", "1"), message("ana", "2"))

	w := f.lease("1")
	twice("retry", func() error { return f.Retry(ctx, w, "boom", f.now, f.now) })
	f.want("finish after retry", f.Finish(ctx, w, spool.Outcome{}, f.now), spool.ErrLost)
	w = f.lease("1")
	f.same("tries", w.Tries, 1)
	o := spool.Outcome{
		Tickets: fresh(ticket(1)), Persons: fresh(desk.Person{ID: "ana"}),
		Replies: []chat.Reply{reply("help", "a"), reply("help", "b"), reply("help", "c")},
	}
	twice("finish", func() error { return f.Finish(ctx, w, o, f.now) })
	f.pending(1, 3)
	got, err := f.Ticket(ctx, "T-1")
	f.must(err)
	f.same("version", got.Version, int64(1))

	w = f.lease("2")
	twice("bury", func() error { return f.Bury(ctx, w, "boom", []chat.Reply{reply("help", "d")}, f.now) })
	f.pending(0, 4)

	l := f.leaseReply("a")
	twice("postpone", func() error { return f.Postpone(ctx, l, f.now, f.now) })
	f.want("discard after postpone", f.Discard(ctx, l, "closed", f.now), spool.ErrLost)
	l = f.leaseReply("a")
	twice("delivered", func() error { return f.Delivered(ctx, l, chat.Receipt{Message: "m"}, f.now) })
	f.pending(0, 3)
	l = f.leaseReply("b")
	twice("discard", func() error { return f.Discard(ctx, l, "closed", f.now) })
	f.pending(0, 2)
	f.leaseReply("c")
}

func testConflict(f *fixture) {
	ctx := f.Context()
	e := message("ana", "1")
	c, p := begin(e), desk.Person{ID: "ana", Audience: "buyer"}
	f.commit(spool.Outcome{Conversations: fresh(c), Tickets: fresh(ticket(1)), Persons: fresh(p)})
	f.accept(e)
	w := f.lease("1")

	changed := ticket(1)
	changed.State, changed.Holder = desk.Claimed, "bo"
	for _, version := range []int64{0, 2} {
		tests := map[string]spool.Outcome{
			"conversation": {Conversations: versioned(version, c)},
			"ticket":       {Tickets: versioned(version, changed)},
			"person":       {Persons: versioned(version, p)},
		}
		for name, o := range tests {
			o.Tickets = append(o.Tickets, fresh(ticket(2))...)
			o.Replies = []chat.Reply{reply("help", "k")}
			f.want(name, f.Finish(ctx, w, o, f.now), spool.ErrConflict)
		}
	}
	_, err := f.Ticket(ctx, "T-2")
	f.want("ticket of a conflict", err, spool.ErrNotFound)
	f.pending(1, 0)
	f.noReply()
	tickets, total, err := f.Queue(ctx, "support", f.now, 10)
	f.must(err)
	f.same("queue", numbers(tickets), []int64{1})
	f.same("open", total, 1)

	// The lease has outlived the conflicts.
	f.finish(w, spool.Outcome{Tickets: versioned(1, changed), Replies: []chat.Reply{reply("help", "k")}})
	got, err := f.Ticket(ctx, "T-1")
	f.must(err)
	f.same("ticket", got, spool.Versioned[desk.Ticket]{Value: changed, Version: 2})
	f.leaseReply("k")
}

func testRecords(f *fixture) {
	ctx := f.Context()
	_, err := f.Conversation(ctx, "nobody's")
	f.want("conversation", err, spool.ErrNotFound)
	_, err = f.Ticket(ctx, "T-1")
	f.want("ticket", err, spool.ErrNotFound)
	nobody, err := f.Person(ctx, "nobody")
	f.must(err)
	f.same("person not stored", nobody, spool.Versioned[desk.Person]{})

	e := message("ana", "1")
	c := begin(e)
	c.Trail.Asked[0].Shown = []conversation.Shown{{ID: "refunds", Score: 0.1 + 0.2}}
	t := ticket(1)
	t.Trail, t.DueAt, t.Labels = c.Trail, start.Add(time.Hour), []string{"vip"}
	t.History = []desk.Entry{{At: start.Add(time.Nanosecond), Name: "Ana", Did: desk.DidOpen}}
	p := desk.Person{ID: e.From.Person, Accounts: []chat.AccountID{e.From.Account}, ChosenAt: start}
	f.commit(spool.Outcome{Conversations: fresh(c), Tickets: fresh(t), Persons: fresh(p)})

	f.accept(e)
	w := f.lease("1")
	for name, r := range map[string]spool.Reader{"store": f, "view": w.View, "fresh view": f.Fresh(w)} {
		gotC, err := r.Conversation(ctx, c.ID)
		f.must(err)
		f.same(name+": conversation", gotC, versioned(1, c)[0])
		gotT, err := r.Ticket(ctx, t.ID)
		f.must(err)
		f.same(name+": ticket", gotT, versioned(1, t)[0])
		gotP, err := r.Person(ctx, p.ID)
		f.must(err)
		f.same(name+": person", gotP, versioned(1, p)[0])
		_, err = r.Ticket(ctx, "T-2")
		f.want(name+": missing ticket", err, spool.ErrNotFound)
	}
	// What one reader does to its copy, the next one does not see.
	first, err := w.View.Conversation(ctx, c.ID)
	f.must(err)
	first.Value.Trail.Asked[0].Text = "changed"
	second, err := w.View.Conversation(ctx, c.ID)
	f.must(err)
	f.same("second read", second.Value, c)
}

func testHere(f *fixture) {
	ctx := f.Context()
	// here is what the lane of the next event holds, and what any view of it
	// says.
	here := func(user, id string, want *conversation.Conversation, version int64) spool.Work {
		f.Helper()
		f.now = f.now.Add(time.Millisecond)
		f.accept(message(user, id))
		w := f.lease(id)
		for name, v := range map[string]spool.View{"view": w.View, "fresh view": f.Fresh(w)} {
			got, ok, err := v.Here(ctx)
			f.must(err)
			if want == nil {
				f.same(name+": any here", ok, false)
				continue
			}
			f.same(name+": here", got, spool.Versioned[conversation.Conversation]{Value: *want, Version: version})
			if want.Ticket != "" {
				_, err := v.Ticket(ctx, want.Ticket)
				f.must(err)
			}
		}
		return w
	}
	older := begin(message("ana", "1"))
	f.finish(here("ana", "1", nil, 0), spool.Outcome{Conversations: fresh(older)})
	f.finish(here("bo", "b", nil, 0), spool.Outcome{})

	newer := begin(message("ana", "2"))
	newer.Begun = start.Add(time.Hour)
	f.finish(here("ana", "2", &older, 1), spool.Outcome{Conversations: fresh(newer)})

	older.Misses = 1
	f.finish(here("ana", "3", &newer, 1), spool.Outcome{Conversations: versioned(1, older)})

	w := here("ana", "4", &newer, 1)
	newer.Escalate("T-1", start)
	f.finish(w, spool.Outcome{Conversations: versioned(1, newer), Tickets: fresh(ticket(1))})
	w = here("ana", "5", &newer, 2)

	// A fresh view sees what happened since the lease, the first one does not.
	t := ticket(1)
	t.Topic = "refunds"
	f.accept(message("bo", "b2"))
	f.finish(f.lease("b2"), spool.Outcome{Tickets: versioned(1, t)})
	old, err := w.View.Ticket(ctx, "T-1")
	f.must(err)
	f.same("version at the lease", old.Version, int64(1))
	now, err := f.Fresh(w).Ticket(ctx, "T-1")
	f.must(err)
	f.same("version now", now.Version, int64(2))
}

func testNumber(f *fixture) {
	ctx := f.Context()
	number := func(v spool.View) int64 {
		f.Helper()
		n, err := v.Number(ctx)
		f.must(err)
		return n
	}
	f.accept(message("ana", "1"), message("bo", "2"))
	a, b := f.lease(""), f.lease("")
	f.same("first", number(a.View), int64(1))
	f.same("first again", number(f.Fresh(a)), int64(1))
	f.same("another event's", number(b.View), int64(2))
	f.must(f.Retry(ctx, b, "boom", f.now, f.now))
	b = f.lease("")
	f.same("after a failure", number(b.View), int64(2))
	f.finish(a, spool.Outcome{})
	_, err := a.View.Number(ctx)
	f.want("number of a finished event", err, spool.ErrLost)
	f.accept(message("ana", "3"))
	f.same("never given twice", number(f.lease("3").View), int64(3))
}

func testOddText(f *fixture) {
	ctx := f.Context()
	odd := []string{
		"\x00 null \x00", "👩‍👩‍👧 🇧🇷 e\u0301 \u202e", "a:b/c d\ne\r\nf", "{main} } {", "' \" \\ %s %d ]] --",
		strings.Repeat("1 MB of text… ", 1<<20/16),
	}
	for i, text := range odd {
		name := text[:min(len(text), 100)]
		e := message("user", fmt.Sprint(i))
		e.ID, e.Kind, e.Text, e.Values = chat.EventID(name), chat.Submit, text, map[string]string{name: text}
		e.From.Name, e.From.Person, e.Place.Thread = name, chat.PersonID(name), name
		f.accept(e)
		w := f.lease("")
		f.same("event", w.Event, e)

		c := begin(e)
		t := ticket(int64(i + 1))
		t.Desk, t.Question, t.Asker, t.Holder = name, text, e.From, chat.PersonID(name)
		t.DueAt = start
		p := desk.Person{ID: e.From.Person, Audience: name}
		r := reply(name, "key/"+name)
		r.Blocks[0].Text = chat.Plain(text)
		f.finish(w, spool.Outcome{
			Conversations: fresh(c), Tickets: fresh(t), Persons: fresh(p), Replies: []chat.Reply{r},
		})

		again := e
		again.ID += "again"
		f.accept(again)
		v := f.lease("").View
		here, ok, err := v.Here(ctx)
		f.must(err)
		f.same("here", here.Value, c)
		f.same("any here", ok, true)
		person, err := v.Person(ctx, p.ID)
		f.must(err)
		f.same("person", person.Value, p)
		head, err := v.Head(ctx, name, f.now, 1)
		f.must(err)
		f.same("head", head, t.ID)
		queue, _, err := f.Queue(ctx, name, f.now, 2)
		f.must(err)
		f.same("queue", queue, []desk.Ticket{t})
		for _, list := range []func(context.Context, chat.PersonID, int) ([]desk.Ticket, error){f.Held, f.Asked} {
			tickets, err := list(ctx, p.ID, 2)
			f.must(err)
			f.same("held or asked", tickets, []desk.Ticket{t})
		}
		l := f.leaseReply(string(r.Key))
		f.same("reply", l.Reply, r)
		receipt := chat.Receipt{Place: r.Place, Message: chat.MessageID(name)}
		f.must(f.Delivered(ctx, l, receipt, f.now))
	}
	f.pending(len(odd), 0)
}

// What is no UTF-8 may change its letters, but it goes its way.
func testBadUTF8(f *fixture) {
	const bad = "\xff\xfe"
	e := message(bad, bad)
	e.Place.Channel, e.From.Person = bad, bad
	f.accept(e)
	if fresh, err := f.Accept(f.Context(), e, f.now); fresh || err != nil {
		f.Errorf("accept a copy = %t, %v", fresh, err)
	}
	t := ticket(1)
	t.Desk = bad
	w := f.lease("")
	c := begin(w.Event)
	f.finish(w, spool.Outcome{
		Conversations: fresh(c), Tickets: fresh(t), Persons: fresh(desk.Person{ID: bad}),
		Replies: []chat.Reply{reply(bad, bad), reply(bad, bad)},
	})
	for range 2 {
		l, err := f.LeaseReply(f.Context(), "test", chat.Pace{}, f.now, hold)
		f.must(err)
		f.must(f.Delivered(f.Context(), l, chat.Receipt{Message: bad}, f.now))
	}
	f.pending(0, 0)
	e.ID, e.Message = "test:2", "2"
	f.accept(e)
	_, ok, err := f.lease("2").View.Here(f.Context())
	f.must(err)
	f.same("any here", ok, true)
}
