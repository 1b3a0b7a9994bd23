package spooltest

import (
	"fmt"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

func testOutboxOrder(f *fixture) {
	ctx := f.Context()
	elsewhere := reply("help", "elsewhere")
	elsewhere.Place.Platform = "other"
	f.commit(spool.Outcome{Replies: []chat.Reply{
		reply("help", "h1"), reply("desk", "d1"), reply("help", "h2"), elsewhere, reply("desk", "d2"),
	}})
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "h3")}})
	f.pending(0, 6)

	d1, h1 := f.leaseReply("d1"), f.leaseReply("h1")
	f.noReply()
	f.same("reply", h1.Reply, reply("help", "h1"))
	f.same("try", h1.Try, 1)
	ids := map[string]bool{d1.ID: true, h1.ID: true}
	f.must(f.Delivered(ctx, h1, chat.Receipt{Message: "1"}, f.now))
	for _, key := range []string{"h2", "h3"} {
		l := f.leaseReply(key)
		f.noReply()
		ids[l.ID] = true
		f.must(f.Delivered(ctx, l, chat.Receipt{Message: "1"}, f.now))
	}
	f.noReply()
	f.must(f.Delivered(ctx, d1, chat.Receipt{Message: "1"}, f.now))
	f.must(f.Delivered(ctx, f.leaseReply("d2"), chat.Receipt{Message: "1"}, f.now))
	f.noReply()
	f.pending(0, 1)
	f.same("different ids", len(ids), 4)
	for id := range ids {
		// Discord takes 25 characters.
		if id == "" || len(id) > 25 {
			f.Errorf("delivery id %q is empty or longer than 25", id)
		}
	}
	l, err := f.LeaseReply(ctx, "other", chat.Pace{}, f.now, hold)
	f.must(err)
	f.same("reply elsewhere", l.Reply, elsewhere)
}

func testReplyLeaseRunsOut(f *fixture) {
	ctx := f.Context()
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "1"), reply("help", "2")}})
	dead := f.leaseReply("1")
	f.now = f.now.Add(hold - time.Millisecond)
	f.noReply()
	f.now = f.now.Add(time.Millisecond)
	l := f.leaseReply("1")
	f.same("id", l.ID, dead.ID)
	f.same("try", l.Try, 2)
	if l.Token == dead.Token {
		f.Error("two leases have one token")
	}
	f.want("delivered", f.Delivered(ctx, dead, chat.Receipt{Message: "1"}, f.now), spool.ErrLost)
	f.want("postpone", f.Postpone(ctx, dead, f.now, f.now), spool.ErrLost)
	f.want("discard", f.Discard(ctx, dead, "closed", f.now), spool.ErrLost)
	f.noReply()
	f.must(f.Delivered(ctx, l, chat.Receipt{Message: "1"}, f.now))
	f.want("delivered after another", f.Delivered(ctx, dead, chat.Receipt{Message: "1"}, f.now), spool.ErrLost)
	f.pending(0, 1)
	f.leaseReply("2")
}

// A postponed reply holds up its own place and no other.
func testPostpone(f *fixture) {
	ctx := f.Context()
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "h1"), reply("help", "h2")}})
	h1 := f.leaseReply("h1")
	f.must(f.Postpone(ctx, h1, f.now.Add(time.Minute), f.now))
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("desk", "d1"), reply("help", "h3")}})
	f.must(f.Delivered(ctx, f.leaseReply("d1"), chat.Receipt{Message: "1"}, f.now))
	f.noReply()
	f.now = f.now.Add(time.Minute)
	again := f.leaseReply("h1")
	f.same("id", again.ID, h1.ID)
	f.same("try", again.Try, 2)
	f.must(f.Delivered(ctx, again, chat.Receipt{Message: "1"}, f.now))
	f.leaseReply("h2")
}

func testReceipts(f *fixture) {
	ctx := f.Context()
	receipt := chat.Receipt{Place: reply("desk", "").Place, Message: "17.3"}
	card := reply("desk", "card")
	replace, remove := card, card
	replace.Deed, remove.Deed, remove.Blocks = chat.Replace, chat.Remove, nil
	unnamed := reply("desk", "")
	steps := []struct {
		reply chat.Reply
		sent  chat.Receipt // before
		gives chat.Receipt
	}{
		{card, chat.Receipt{}, receipt},
		{reply("desk", "another"), chat.Receipt{}, chat.Receipt{Message: "18"}},
		{replace, receipt, receipt},
		{remove, receipt, receipt},
		{replace, chat.Receipt{}, receipt}, // posted anew
		{replace, receipt, chat.Receipt{}}, // the platform cannot say
		{replace, chat.Receipt{}, receipt},
		{unnamed, chat.Receipt{}, receipt},
		{unnamed, chat.Receipt{}, receipt}, // no Key, nothing to find again
	}
	for _, step := range steps {
		f.commit(spool.Outcome{Replies: []chat.Reply{step.reply}})
		l := f.leaseReply(string(step.reply.Key))
		f.same("sent", l.Sent, step.sent)
		f.must(f.Delivered(ctx, l, step.gives, f.now))
	}
}

func testDiscard(f *fixture) {
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "1"), reply("help", "2")}})
	f.must(f.Discard(f.Context(), f.leaseReply("1"), "the channel is gone", f.now))
	f.pending(0, 1)
	f.must(f.Discard(f.Context(), f.leaseReply("2"), "the channel is gone", f.now))
	f.pending(0, 0)
	f.noReply()
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "1")}})
	l := f.leaseReply("1")
	f.same("sent", l.Sent, chat.Receipt{})
}

func testUncertain(f *fixture) {
	ctx := f.Context()
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "1"), reply("help", "2")}})
	lease := func(key string, uncertain bool) spool.Letter {
		f.Helper()
		f.now = f.now.Add(time.Second)
		l := f.leaseReply(key)
		f.same("uncertain", l.Uncertain, uncertain)
		return l
	}
	first := lease("1", false)
	f.same("since", first.Since, f.now)
	f.now = f.now.Add(hold)
	l := lease("1", true) // whoever had it never said
	f.same("since", l.Since, first.Since)
	f.must(f.Postpone(ctx, l, f.now, f.now))
	l = lease("1", true) // and nobody found out
	l.Uncertain = false
	f.must(f.Postpone(ctx, l, f.now, f.now))
	l = lease("1", false)
	f.must(f.Postpone(ctx, l, f.now, f.now))
	l = lease("1", false)
	l.Uncertain = true // an error that says nothing
	f.must(f.Postpone(ctx, l, f.now, f.now))
	l = lease("1", true)
	f.must(f.Delivered(ctx, l, chat.Receipt{}, f.now))
	l = lease("2", false)
	f.must(f.Discard(ctx, l, "closed", f.now))
	f.must(f.Replay(ctx, l.ID, f.now))
	lease("2", false)
}

func testPace(f *fixture) {
	ctx := f.Context()
	pace := chat.Pace{Place: time.Second, Platform: 100 * time.Millisecond, Burst: 3}
	var o spool.Outcome
	for _, key := range []string{"a", "b", "c", "d"} {
		o.Replies = append(o.Replies, reply(key, key+"1"), reply(key, key+"2"))
	}
	elsewhere := reply("help", "elsewhere")
	elsewhere.Place.Platform = "other"
	o.Replies = append(o.Replies, elsewhere)
	f.commit(o)
	begun := f.now
	send := func(want string) {
		f.Helper()
		l, err := f.LeaseReply(ctx, "test", pace, f.now, hold)
		if want == "" {
			f.want("lease a reply", err, spool.ErrNothing)
			return
		}
		f.must(err)
		f.same("reply", string(l.Reply.Key), want)
		f.must(f.Delivered(ctx, l, chat.Receipt{}, f.now))
	}
	at := func(d time.Duration, want ...string) {
		f.Helper()
		f.now = begun.Add(d)
		for _, key := range want {
			send(key)
		}
		send("")
	}
	at(0, "a1", "b1", "c1") // the burst
	at(99 * time.Millisecond)
	at(100*time.Millisecond, "d1")
	at(500 * time.Millisecond) // every place has had its own
	at(999 * time.Millisecond)
	at(time.Second, "a2", "b2", "c2")
	at(1099 * time.Millisecond)
	at(1100*time.Millisecond, "d2")
	l, err := f.LeaseReply(ctx, "other", pace, f.now, hold)
	f.must(err)
	f.same("reply elsewhere", l.Reply, elsewhere)
	f.pending(0, 1)

	// A place that became empty is remembered, and a postponed reply keeps its
	// later time.
	f.commit(spool.Outcome{Replies: []chat.Reply{reply("d", "d3")}})
	begun = begun.Add(1100 * time.Millisecond)
	at(900 * time.Millisecond)
	f.now = begun.Add(time.Second)
	l, err = f.LeaseReply(ctx, "test", pace, f.now, hold)
	f.must(err)
	f.must(f.Postpone(ctx, l, f.now.Add(time.Minute), f.now))
	at(60 * time.Second)
	at(61*time.Second, "d3")

	// Fractions of a millisecond count.
	o.Replies = o.Replies[:0]
	for _, key := range []string{"a", "b", "c", "d"} {
		o.Replies = append(o.Replies, reply(key, key))
	}
	f.now = f.now.Add(time.Second)
	f.commit(o)
	pace, begun = chat.Pace{Platform: time.Millisecond / 2}, f.now
	at(0, "a")
	at(time.Millisecond, "b")
}

// Threads of one channel take turns, each channel at its own pace.
func testPaceWhole(f *fixture) {
	ctx := f.Context()
	pace := chat.Pace{Place: time.Second, Whole: true}
	in := func(channel, thread, key string) chat.Reply {
		r := reply(channel, key)
		r.Place.Thread = thread
		return r
	}
	var begun time.Time
	lease := func(want string) (l spool.Letter) {
		f.Helper()
		l, err := f.LeaseReply(ctx, "test", pace, f.now, hold)
		if want == "" {
			f.want("lease a reply", err, spool.ErrNothing)
			return l
		}
		f.must(err)
		f.same("reply", string(l.Reply.Key), want)
		return l
	}
	at := func(d time.Duration, want ...string) {
		f.Helper()
		f.now = begun.Add(d)
		for _, key := range want {
			f.must(f.Delivered(ctx, lease(key), chat.Receipt{}, f.now))
		}
		lease("")
	}
	queue := func(replies ...chat.Reply) {
		f.Helper()
		f.commit(spool.Outcome{Replies: replies})
	}
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }

	queue(in("help", "9", "help 9a"), in("help", "9", "help 9b"))
	queue(in("help", "1", "help 1a"), in("help", "1", "help 1b"))
	queue(in("help", "", "help a"))
	queue(in("desk", "1", "desk 1"))
	queue(reply("@ana", "ana"))
	begun = f.now
	at(0, "help 9a", "desk 1", "ana")
	at(second(1) - time.Millisecond)
	at(second(1)+20*time.Millisecond, "help 1a") // a little late, and so is who comes next
	at(second(2))
	queue(in("desk", "2", "desk 2"), in("help", "5", "help 5"))
	at(second(2)+20*time.Millisecond, "desk 2", "help a")
	at(second(3)+20*time.Millisecond, "help 9b")

	// After a standstill they still come one by one, in the same order, each
	// after what others in the channel had waiting before it.
	queue(in("help", "7", "help 7"), in("help", "0", "help 0"))
	at(second(60), "help 1b")
	at(second(60) + 999*time.Millisecond)
	at(second(61), "help 5")
	at(second(62), "help 0")
	f.now = begun.Add(second(63))
	l := lease("help 7")
	f.must(f.Postpone(ctx, l, begun.Add(second(70)), f.now)) // it counts as sent
	queue(in("help", "8", "help 8"))
	at(second(63) + 500*time.Millisecond)
	at(second(64), "help 8")
	at(second(69))
	at(second(70), "help 7")
	f.pending(0, 0)

	// Who leaves the line keeps nobody waiting for good, nor does a crowd keep
	// others waiting at all.
	const many = 250
	var crowd []chat.Reply
	for n := range many {
		crowd = append(crowd, in("help", fmt.Sprint(1000+n), fmt.Sprint("crowd ", n)))
	}
	f.now = begun.Add(second(100))
	queue(crowd...)
	gone := in("help", "1001", "crowd 1")
	gone.Deed, gone.Blocks = chat.Remove, nil
	queue(reply("desk", "desk"))
	begun = f.now
	at(0, "crowd 0", "desk")
	queue(gone)
	f.pending(0, many-2)
	at(time.Second)
	at(second(2), "crowd 2")
	at(second(3), "crowd 3")
	for n := 4; n < many; n++ {
		f.now = begun.Add(second(n))
		f.must(f.Delivered(ctx, lease(fmt.Sprint("crowd ", n)), chat.Receipt{}, f.now))
		lease("")
	}
	f.pending(0, 0)
}

func testCoalesce(f *fixture) {
	deed := func(place, key string, d chat.Deed, text string) chat.Reply {
		r := reply(place, key)
		r.Deed = d
		r.Blocks = []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(text)}}
		if d == chat.Remove {
			r.Blocks = nil
		}
		return r
	}
	with := func(r chat.Reply, change func(*chat.Reply)) chat.Reply {
		change(&r)
		return r
	}
	private := func(r *chat.Reply) { r.Only = "test:w:bo" }
	post, replace, remove := chat.Post, chat.Replace, chat.Remove
	tests := []struct {
		name   string
		queued []chat.Reply // each by an event of its own
		sent   []chat.Reply
	}{
		{"a replace takes the place of a post",
			[]chat.Reply{deed("p", "k", post, "1"), deed("p", "other", post, "o"), deed("p", "k", replace, "2"), deed("p", "k", replace, "3")},
			[]chat.Reply{deed("p", "k", post, "3"), deed("p", "other", post, "o")}},
		{"and that of a replace",
			[]chat.Reply{deed("p", "k", replace, "1"), deed("p", "other", post, "o"), deed("p", "k", replace, "2")},
			[]chat.Reply{deed("p", "k", replace, "2"), deed("p", "other", post, "o")}},
		{"a remove drops a post",
			[]chat.Reply{deed("p", "k", post, "1"), deed("p", "other", post, "o"), deed("p", "k", remove, "")},
			[]chat.Reply{deed("p", "other", post, "o")}},
		{"the last one leaves nothing",
			[]chat.Reply{deed("p", "k", post, "1"), deed("p", "k", replace, "2"), deed("p", "k", remove, "")}, nil},
		{"a remove takes the place of a replace",
			[]chat.Reply{deed("p", "k", replace, "1"), deed("p", "k", remove, "")},
			[]chat.Reply{deed("p", "k", remove, "")}},
		{"nothing takes the place of a remove",
			[]chat.Reply{deed("p", "k", remove, ""), deed("p", "k", replace, "1"), deed("p", "k", replace, "2")},
			[]chat.Reply{deed("p", "k", remove, ""), deed("p", "k", replace, "2")}},
		{"a post never does",
			[]chat.Reply{deed("p", "k", post, "1"), deed("p", "k", post, "2"), deed("p", "k", replace, "3")},
			[]chat.Reply{deed("p", "k", post, "1"), deed("p", "k", post, "3")}},
		{"another place is another matter",
			[]chat.Reply{deed("p", "k", post, "1"), deed("q", "k", replace, "2")},
			[]chat.Reply{deed("p", "k", post, "1"), deed("q", "k", replace, "2")}},
		{"so are other eyes",
			[]chat.Reply{deed("p", "k", post, "1"), with(deed("p", "k", replace, "2"), private), deed("p", "k", replace, "3")},
			[]chat.Reply{deed("p", "k", post, "1"), with(deed("p", "k", replace, "2"), private), deed("p", "k", replace, "3")}},
		{"no Key, no end",
			[]chat.Reply{deed("p", "", post, "1"), deed("p", "", replace, "2")},
			[]chat.Reply{deed("p", "", post, "1"), deed("p", "", replace, "2")}},
	}
	for _, test := range tests {
		for _, r := range test.queued {
			f.commit(spool.Outcome{Replies: []chat.Reply{r}})
		}
		f.pending(0, len(test.sent))
		for _, want := range test.sent {
			l := f.leaseReply(string(want.Key))
			f.same(test.name, l.Reply, want)
			f.must(f.Delivered(f.Context(), l, chat.Receipt{Message: "1"}, f.now))
		}
		f.noReply()
		f.pending(0, 0)
	}
}

// What was begun is no longer changed; what was put off unsent is.
func testCoalesceBegun(f *fixture) {
	ctx := f.Context()
	post, replace := reply("help", "k"), reply("help", "k")
	replace.Deed, replace.Blocks = chat.Replace, []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("newer")}}
	queue := func(r chat.Reply) { f.Helper(); f.commit(spool.Outcome{Replies: []chat.Reply{r}}) }
	queue(post)
	l := f.leaseReply("k")
	queue(replace)
	f.pending(0, 2)
	f.must(f.Postpone(ctx, l, f.now, f.now))
	queue(replace) // joins the newest of its Key, not the oldest
	f.pending(0, 2)
	l = f.leaseReply("k")
	f.same("reply", l.Reply, post)
	f.must(f.Delivered(ctx, l, chat.Receipt{Message: "1"}, f.now))

	l = f.leaseReply("k")
	f.must(f.Postpone(ctx, l, f.now, f.now))
	replace.Blocks = []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("newest")}}
	queue(replace)
	f.pending(0, 1)
	again := f.leaseReply("k")
	f.same("reply", again.Reply, replace)
	f.same("id", again.ID, l.ID)
	again.Uncertain = true
	f.must(f.Postpone(ctx, again, f.now, f.now))
	queue(replace)
	f.pending(0, 2)
}

func testReport(f *fixture) {
	ctx := f.Context()
	asked := reply("desk", "relay")
	asked.Report = "T-1/3"
	f.commit(spool.Outcome{Replies: []chat.Reply{asked}})
	l := f.leaseReply("relay")
	for range 2 {
		f.must(f.Discard(ctx, l, "messages are closed", f.now))
	}
	f.pending(1, 0)
	w := f.lease("")
	f.same("report", w.Event, chat.Event{
		ID: w.Event.ID, Kind: chat.Undeliverable, At: f.now, Place: asked.Place, Report: "T-1/3", Cause: "messages are closed",
	})
	f.same("accepted at", w.At, f.now)
	f.finish(w, spool.Outcome{})

	// It may fail again after a replay, and is told again.
	f.now = f.now.Add(time.Minute)
	f.must(f.Replay(ctx, l.ID, f.now))
	f.must(f.Discard(ctx, f.leaseReply("relay"), "messages are closed", f.now))
	again := f.lease("")
	if again.Event.ID == w.Event.ID {
		f.Errorf("two reports are %s", w.Event.ID)
	}
}
