package spooltest

import (
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// timer comes after d, in ana's lane.
func timer(name string, d time.Duration) spool.Timer {
	e := message("ana", "about "+name)
	e.ID, e.Kind = "", chat.Tick
	return spool.Timer{Name: name, Due: start.Add(d), Event: e}
}

func (f *fixture) fire(want int) {
	f.Helper()
	n, err := f.Fire(f.Context(), f.now)
	f.must(err)
	f.same("timers fired", n, want)
}

func testTimers(f *fixture) {
	next := func(want time.Time) {
		f.Helper()
		got, err := f.NextTimer(f.Context())
		f.must(err)
		f.same("next timer", got, want)
	}
	next(time.Time{})
	f.commit(spool.Outcome{Timers: []spool.Timer{timer("late", 2*time.Hour), timer("early", time.Hour)}})
	next(start.Add(time.Hour))
	f.now = start.Add(time.Hour - time.Millisecond)
	f.fire(0)
	f.idle()
	f.pending(0, 0)

	f.now = start.Add(time.Hour)
	f.accept(message("ana", "before")) // the tick comes after it
	f.fire(1)
	f.fire(0)
	next(start.Add(2 * time.Hour))
	f.pending(2, 0)
	f.finish(f.lease("before"), spool.Outcome{})
	w := f.lease("about early")
	want := timer("early", time.Hour).Event
	want.ID, want.Timer = w.Event.ID, "early"
	f.same("event", w.Event, want)
	f.same("accepted at", w.At, f.now)

	// Set again while it is handled, it comes again, as another event.
	f.finish(w, spool.Outcome{Timers: []spool.Timer{timer("early", time.Hour+time.Minute)}})
	f.now = start.Add(2 * time.Hour)
	f.fire(2)
	again := f.lease("about early")
	if again.Event.ID == w.Event.ID || again.Event.Identity() == w.Event.Identity() {
		f.Errorf("two ticks are %s", again.Event.ID)
	}
	f.finish(again, spool.Outcome{})
	f.finish(f.lease("about late"), spool.Outcome{})
	f.pending(0, 0)
	stats, err := f.Stats(f.Context(), nil, nil, f.now)
	f.must(err)
	f.same("timers left", stats.Timers, 0)
}

func testTimersReplaced(f *fixture) {
	later := timer("moved", 2*time.Hour)
	later.Event.Text = "the newer one"
	f.commit(spool.Outcome{Timers: []spool.Timer{timer("moved", time.Hour), timer("cancelled", time.Hour), timer("both", time.Hour)}})
	f.commit(spool.Outcome{Timers: []spool.Timer{
		later, {Name: "cancelled"}, {Name: "never set"},
		{Name: "both"}, timer("both", 2*time.Hour), // the last word counts
	}})
	f.now = start.Add(time.Hour)
	f.fire(0)
	f.now = start.Add(2 * time.Hour)
	f.fire(2)
	texts := map[string]string{}
	for range 2 {
		w := f.lease("")
		texts[w.Event.Timer] = w.Event.Text
		f.finish(w, spool.Outcome{})
	}
	f.same("texts", texts, map[string]string{"moved": "the newer one", "both": timer("", 0).Event.Text})

	// An outcome that is refused sets none; one that is repeated, no second.
	f.accept(message("bo", "1"))
	w := f.lease("1")
	o := spool.Outcome{Tickets: versioned(3, ticket(1)), Timers: []spool.Timer{timer("x", 2*time.Hour)}}
	f.want("finish", f.Finish(f.Context(), w, o, f.now), spool.ErrConflict)
	f.fire(0)
	o.Tickets = nil
	f.finish(w, o)
	f.fire(1)
	f.finish(w, o)
	f.fire(0)
}

// testFireOnce lets many replicas fire at once.
func testFireOnce(f *fixture) {
	const timers = 300
	var o spool.Outcome
	for n := range timers {
		o.Timers = append(o.Timers, timer(fmt.Sprint(n), time.Minute))
	}
	f.commit(o)
	f.now = start.Add(time.Minute)
	var fired atomic.Int32
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for {
				n, err := f.Fire(f.Context(), f.now)
				if fired.Add(int32(n)); n == 0 || err != nil {
					return err
				}
			}
		})
	}
	f.must(group.Wait())
	f.same("fired", int(fired.Load()), timers)
	seen := map[string]bool{}
	for range timers {
		w := f.lease("")
		seen[w.Event.Timer] = true
		f.finish(w, spool.Outcome{})
	}
	f.same("different timers", len(seen), timers)
	f.idle()
}

func testDeadLetters(f *fixture) {
	ctx := f.Context()
	none, err := f.DeadLetters(ctx, 10)
	f.must(err)
	f.same("dead letters", len(none), 0)
	_, err = f.DeadLetter(ctx, "nobody")
	f.want("dead letter", err, spool.ErrNotFound)
	f.want("replay", f.Replay(ctx, "nobody", f.now), spool.ErrNotFound)
	f.want("drop", f.Drop(ctx, "nobody"), spool.ErrNotFound)

	f.accept(message("ana", "poison"), message("ana", "next"))
	w := f.lease("poison")
	f.must(f.Retry(ctx, w, "boom", f.now, f.now))
	w = f.lease("poison")
	apology := reply("help", "sorry")
	f.must(f.Bury(ctx, w, "boom", []chat.Reply{apology}, f.now))
	f.now = f.now.Add(time.Minute)
	l := f.leaseReply("sorry")
	f.must(f.Discard(ctx, l, "closed", f.now))

	list, err := f.DeadLetters(ctx, 10)
	f.must(err)
	f.same("how many", len(list), 2)
	event := w.Event
	want := []spool.DeadLetter{
		{ID: l.ID, At: f.now, Cause: "closed", Reply: &apology},
		{ID: list[1].ID, At: start, Cause: "boom", Event: &event},
	}
	f.same("dead letters", list, want)
	for _, letter := range want {
		got, err := f.DeadLetter(ctx, letter.ID)
		f.must(err)
		f.same("dead letter", got, letter)
	}
	newest, err := f.DeadLetters(ctx, 1)
	f.must(err)
	f.same("newest", newest, want[:1])

	// An event comes back at the end of its lane, as if nothing had failed; the
	// replies to it are not those of its first life.
	f.must(f.Replay(ctx, want[1].ID, f.now))
	f.want("replay twice", f.Replay(ctx, want[1].ID, f.now), spool.ErrNotFound)
	f.pending(2, 0)
	f.finish(f.lease("next"), spool.Outcome{})
	w = f.lease("poison")
	f.same("event", w.Event, event)
	f.same("tries", w.Tries, 0)
	f.same("accepted at", w.At, f.now)
	f.finish(w, spool.Outcome{Replies: []chat.Reply{reply("help", "answer")}})

	f.must(f.Replay(ctx, l.ID, f.now))
	f.pending(0, 2)
	answer := f.leaseReply("answer")
	if answer.ID == l.ID {
		f.Error("the answer has the id of the apology")
	}
	f.must(f.Delivered(ctx, answer, chat.Receipt{}, f.now))
	again := f.leaseReply("sorry")
	f.same("id", again.ID, l.ID)
	f.same("try", again.Try, 1)
	f.same("uncertain", again.Uncertain, false)
	f.must(f.Discard(ctx, again, "closed", f.now))
	f.must(f.Drop(ctx, l.ID))
	f.want("drop twice", f.Drop(ctx, l.ID), spool.ErrNotFound)
	f.pending(0, 0)
	none, err = f.DeadLetters(ctx, 10)
	f.must(err)
	f.same("dead letters left", len(none), 0)
}

func testTrim(f *fixture) {
	ctx := f.Context()
	const day = 24 * time.Hour
	keep := spool.Retention{Conversations: 90 * day, Receipts: 30 * day, DeadLetters: 60 * day}
	trim := func(r spool.Retention) {
		f.Helper()
		for {
			n, err := f.Trim(ctx, r, f.now)
			f.must(err)
			if n == 0 {
				return
			}
		}
	}
	stands := func(c conversation.Conversation, want bool) {
		f.Helper()
		_, err := f.Conversation(ctx, c.ID)
		if want {
			f.must(err)
		} else {
			f.want("conversation", err, spool.ErrNotFound)
		}
	}
	plain, escalated, done, spoken := begin(message("ana", "1")), begin(message("bo", "2")), begin(message("cy", "3")), begin(message("di", "4"))
	escalated.Escalate("T-1", start)
	done.Escalate("T-2", start)
	open, closed := ticket(1), ticket(2)
	open.State, open.Holder, closed.State = desk.Waiting, "zoe", desk.Closed
	f.commit(spool.Outcome{
		Conversations: fresh(plain, escalated, done, spoken), Tickets: fresh(open, closed),
		Replies: []chat.Reply{reply("help", "card"), reply("help", "gone")},
	})
	f.must(f.Delivered(ctx, f.leaseReply("card"), chat.Receipt{Message: "1"}, f.now))
	f.must(f.Discard(ctx, f.leaseReply("gone"), "closed", f.now))

	f.now = start.Add(89 * day)
	trim(spool.Retention{})
	stands(plain, true)
	letters, err := f.DeadLetters(ctx, 10)
	f.must(err)
	f.same("dead letters kept for good", len(letters), 1)

	spoken.Latest = f.now
	f.commit(spool.Outcome{Conversations: versioned(1, spoken)})
	trim(keep)
	stands(plain, true)
	letters, err = f.DeadLetters(ctx, 10)
	f.must(err)
	f.same("dead letters", len(letters), 0)
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "card")}})
	f.same("receipt", f.leaseReply("card").Sent, chat.Receipt{})

	f.now = start.Add(91 * day)
	trim(keep)
	stands(plain, false)
	stands(escalated, true) // its ticket is live
	stands(done, false)
	stands(spoken, true)
	for user, want := range map[string]bool{"ana": false, "bo": true, "cy": false, "di": true} {
		f.accept(message(user, user))
		w := f.lease(user)
		_, ok, err := w.View.Here(ctx)
		f.must(err)
		f.same("any here for "+user, ok, want)
		f.finish(w, spool.Outcome{})
	}
	_, err = f.Ticket(ctx, "T-2")
	f.must(err)

	// When the ticket is done, the conversation's time comes.
	open.State = desk.Closed
	f.commit(spool.Outcome{Tickets: versioned(1, open)})
	f.now = f.now.Add(2 * day)
	trim(keep)
	stands(escalated, false)
	f.accept(message("bo", "last")) // still known again after the trim
	if fresh, err := f.Accept(ctx, message("bo", "last"), f.now); fresh || err != nil {
		f.Errorf("accept a copy = %t, %v", fresh, err)
	}
}

// Much to trim is trimmed a part at a time.
func testTrimBounds(f *fixture) {
	const total = 1000
	for n := range total {
		fresh, err := f.Accept(f.Context(), message("ana", fmt.Sprint(n)), f.now)
		f.must(err)
		f.same("fresh", fresh, true)
	}
	f.now = f.now.Add(spool.Remembered + time.Second)
	dropped := 0
	for calls := 1; ; calls++ {
		n, err := f.Trim(f.Context(), spool.Retention{}, f.now)
		f.must(err)
		if n == 0 {
			if calls < 3 {
				f.Errorf("%d were dropped in %d calls", dropped, calls)
			}
			break
		}
		dropped += n
	}
	f.same("dropped", dropped, total)
}

func testStats(f *fixture) {
	ctx := f.Context()
	stats := func() spool.Stats {
		f.Helper()
		s, err := f.Stats(ctx, []string{"test", "other"}, []string{"support", "sales"}, f.now)
		f.must(err)
		return s
	}
	f.same("nothing", stats(), spool.Stats{
		Replies: map[string]int{"test": 0, "other": 0}, ReplyAge: map[string]time.Duration{"test": 0, "other": 0},
		Open: map[string]int{"support": 0, "sales": 0}, OpenAge: map[string]time.Duration{"support": 0, "sales": 0},
	})

	low, urgent, held := ticket(1), ticket(2), ticket(3)
	low.Priority, urgent.Priority = desk.Low, desk.Urgent
	held.State, held.Holder = desk.Claimed, "zoe"
	elsewhere := reply("help", "elsewhere")
	elsewhere.Place.Platform = "other"
	f.commit(spool.Outcome{
		Tickets: fresh(low, urgent, held), Timers: []spool.Timer{timer("x", time.Hour)},
		Replies: []chat.Reply{reply("help", "1"), reply("desk", "2"), elsewhere},
	})
	queued := f.now
	f.must(f.Delivered(ctx, f.leaseReply("2"), chat.Receipt{}, f.now))
	l := f.leaseReply("1")
	f.must(f.Postpone(ctx, l, f.now.Add(24*time.Hour), f.now))
	f.now = start.Add(10 * time.Second)
	f.accept(message("ana", "1"), message("ana", "2"))
	f.now = start.Add(20 * time.Second)
	f.accept(message("bo", "3"))
	w := f.lease("1")
	f.must(f.Retry(ctx, w, "boom", f.now.Add(time.Minute), f.now))
	f.now = start.Add(time.Minute)
	since := f.now.Sub(queued)
	f.same("stats", stats(), spool.Stats{
		Lanes: 2, Events: 3, EventAge: 40 * time.Second, // ana's wait for the retry
		Replies: map[string]int{"test": 1, "other": 1}, ReplyAge: map[string]time.Duration{"test": since, "other": since},
		Open: map[string]int{"support": 2, "sales": 0}, OpenAge: map[string]time.Duration{"support": 59 * time.Second, "sales": 0},
		Timers: 1,
	})
}
