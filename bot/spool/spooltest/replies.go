package spooltest

import (
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
	l, err := f.LeaseReply(ctx, "other", f.now, hold)
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
