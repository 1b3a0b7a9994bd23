package spooltest

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// What stands at a message is known as long as it stands there.
func testPosted(f *fixture) {
	ctx := f.Context()
	card := reply("desk", "card")
	card.Ticket, card.Conversation = "T-1", "c1"
	channel, thread := card.Place, card.Place
	thread.Thread = "17"
	deliver := func(r chat.Reply, at chat.Receipt) {
		f.Helper()
		f.commit(spool.Outcome{Replies: []chat.Reply{r}})
		f.must(f.Delivered(ctx, f.leaseReply(string(r.Key)), at, f.now))
	}
	stands := func(m chat.MessageID, want chat.Key) {
		f.Helper()
		got, err := f.Posted(ctx, channel, m)
		if want == "" {
			f.want("posted", err, spool.ErrNotFound)
			return
		}
		f.must(err)
		f.same("posted", got, spool.Posted{Key: want, Ticket: "T-1", Conversation: "c1"})
	}
	stands("17", "")
	deliver(card, chat.Receipt{Place: channel, Message: "17"})
	stands("17", "card")

	words := card
	words.Key, words.Place = "words", thread
	deliver(words, chat.Receipt{Place: thread, Message: "18"})
	stands("18", "words") // found by the channel around the thread

	anew := card
	anew.Deed = chat.Replace
	deliver(anew, chat.Receipt{Place: channel, Message: "17"})
	stands("17", "card")
	deliver(anew, chat.Receipt{Place: channel, Message: "19", Missing: []chat.Missing{{Name: "x"}}})
	stands("17", "")
	stands("19", "card")

	gone := card
	gone.Deed, gone.Blocks = chat.Remove, nil
	deliver(gone, chat.Receipt{Place: channel, Message: "19"})
	stands("19", "")
	stands("18", "words")
}

// A reply comes with the newest message of the Key it stands under.
func testUnder(f *fixture) {
	ctx := f.Context()
	card, words := reply("desk", "card"), reply("desk", "words")
	words.Under = "card"
	replace := card
	replace.Deed = chat.Replace
	f.commit(spool.Outcome{Replies: []chat.Reply{words}})
	under := func(want chat.Receipt) {
		f.Helper()
		l := f.leaseReply("words")
		f.same("under", l.Under, want)
		f.must(f.Delivered(ctx, l, chat.Receipt{Place: words.Place, Message: "5"}, f.now))
	}
	under(chat.Receipt{})
	for message, deed := range map[chat.MessageID]chat.Reply{"17": card, "18": replace} {
		f.commit(spool.Outcome{Replies: []chat.Reply{deed, words}})
		at := chat.Receipt{Place: card.Place, Message: message}
		f.must(f.Delivered(ctx, f.leaseReply("card"), at, f.now))
		under(at)
	}
}

// A reply that asks for it is reported when it was delivered, once.
func testReportDelivered(f *fixture) {
	ctx := f.Context()
	asked := reply("desk", "relay")
	asked.Report = "T-1/3"
	again := asked
	again.Deed = chat.Replace
	f.commit(spool.Outcome{Replies: []chat.Reply{asked, again}}) // the second takes the place of the first
	l := f.leaseReply("relay")
	at := chat.Receipt{Place: asked.Place, Message: "17", Missing: []chat.Missing{{Name: "a.png", Cause: "too large"}}}
	for range 2 {
		f.must(f.Delivered(ctx, l, at, f.now))
	}
	f.pending(1, 0)
	w := f.lease("")
	f.same("report", w.Event, chat.Event{
		ID: w.Event.ID, Kind: chat.Delivered, At: f.now, Place: at.Place, Message: "17", Report: "T-1/3", Missing: at.Missing,
	})
	f.finish(w, spool.Outcome{})

	f.commit(spool.Outcome{Replies: []chat.Reply{again}})
	l = f.leaseReply("relay")
	f.same("sent", l.Sent, chat.Receipt{Place: at.Place, Message: "17"}) // what was missing is told once
	f.must(f.Delivered(ctx, l, chat.Receipt{}, f.now))
	w = f.lease("")
	f.same("place of one that nobody knows", w.Event.Place, asked.Place)
	f.finish(w, spool.Outcome{})

	f.commit(spool.Outcome{Replies: []chat.Reply{reply("desk", "plain")}})
	f.must(f.Delivered(ctx, f.leaseReply("plain"), at, f.now))
	f.pending(0, 0)
}

// A message that nobody is known to have deleted is an event like any other.
func testNobody(f *fixture) {
	e := chat.Event{ID: "test:1", Kind: chat.Delete, At: start, Place: reply("desk", "").Place, Message: "17"}
	f.accept(e)
	w := f.lease("17")
	f.same("event", w.Event, e)
	f.finish(w, spool.Outcome{})
}

// What a live ticket stands under is kept, however old, and goes with it.
func testTrimOfTickets(f *fixture) {
	ctx := f.Context()
	const day = 24 * time.Hour
	k := ticket(1)
	card := reply("desk", "card")
	card.Ticket = k.ID
	f.commit(spool.Outcome{Tickets: fresh(k), Replies: []chat.Reply{card}})
	f.must(f.Delivered(ctx, f.leaseReply("card"), chat.Receipt{Place: card.Place, Message: "17"}, f.now))
	trim := func() {
		f.Helper()
		for n := 1; n > 0; {
			var err error
			n, err = f.Trim(ctx, spool.Retention{Receipts: 30 * day}, f.now)
			f.must(err)
		}
	}
	f.now = start.Add(90 * day)
	trim()
	_, err := f.Posted(ctx, card.Place, "17")
	f.must(err)

	k.State = desk.Closed
	f.commit(spool.Outcome{Tickets: versioned(1, k)})
	f.now = f.now.Add(2 * day) // it looks again after a day
	trim()
	_, err = f.Posted(ctx, card.Place, "17")
	f.want("posted", err, spool.ErrNotFound)
	f.commit(spool.Outcome{Replies: []chat.Reply{card}})
	f.same("receipt", f.leaseReply("card").Sent, chat.Receipt{})
}
