package spooltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// abandon queues replies, each in a place of its own, and takes them like
// senders that died.
func (r *rig) abandon(replies ...chat.Reply) {
	r.Helper()
	r.commit(spool.Outcome{Replies: replies})
	for range replies {
		_, err := r.LeaseReply(r.Context(), "test", chat.Pace{}, r.now, hold)
		r.must(err)
	}
	r.advance(hold)
}

// dead is why the only dead letter died.
func (r *rig) dead() string {
	r.Helper()
	letters, err := r.DeadLetters(r.Context(), 2)
	r.must(err)
	r.same("dead letters", len(letters), 1)
	return letters[0].Cause
}

// The rules for what was begun and never reported: found, absent, and the table
// for what nobody can tell.
func testSpoolUncertain(r *rig) {
	receipt := chat.Receipt{Message: "found"}
	of := func(key string, change func(*chat.Reply)) chat.Reply {
		reply := reply(strings.ReplaceAll(key, " ", "-"), key)
		change(&reply)
		return reply
	}
	private := func(reply *chat.Reply) { reply.Only = "test:w:ana" }
	tests := []struct {
		reply   chat.Reply
		finding chat.Finding
		sent    string // Key that is sent; empty: nothing is
		noted   []string
	}{
		{of("public, found", func(*chat.Reply) {}), chat.Found, "", []string{"confirmed"}},
		{of("private, absent", private), chat.Absent, "private, absent", []string{"delivered"}},
		{of("public", func(*chat.Reply) {}), chat.Unknowable, "public", []string{"uncertain", "delivered"}},
		{of("nonsense", func(*chat.Reply) {}), "?", "nonsense", []string{"uncertain", "delivered"}},
		{of("private", private), chat.Unknowable, "", []string{"uncertain", "dropped"}},
		{of("replace", func(reply *chat.Reply) { private(reply); reply.Deed = chat.Replace }),
			chat.Unknowable, "replace", []string{"uncertain", "delivered"}},
		{of("remove", func(reply *chat.Reply) { private(reply); reply.Deed = chat.Remove }),
			chat.Unknowable, "remove", []string{"uncertain", "delivered"}},
		{of("relayed", func(reply *chat.Reply) { private(reply); reply.Purpose = chat.Relaying }),
			chat.Unknowable, "relayed, perhaps twice", []string{"uncertain", "delivered"}},
		{of("news", func(reply *chat.Reply) { private(reply); reply.Purpose = chat.Notifying }),
			chat.Unknowable, "news", []string{"uncertain", "delivered"}},
	}
	var replies []chat.Reply
	for _, test := range tests {
		replies = append(replies, test.reply)
	}
	r.abandon(replies...)
	r.confirm = func(d chat.Delivery) (chat.Receipt, chat.Finding, error) {
		for _, test := range tests {
			if test.reply.Key == d.Reply.Key {
				return receipt, test.finding, nil
			}
		}
		return chat.Receipt{}, "", fmt.Errorf("no such delivery: %s", d.Reply.Key)
	}
	want, noted := []string{}, []string{}
	for _, test := range tests {
		if test.sent != "" {
			want = append(want, test.sent+" #2")
		}
		for _, how := range test.noted {
			noted = append(noted, how+" "+string(test.reply.Key))
		}
	}
	r.start()
	r.quiet()
	sorted := func(list []string) []string { slices.Sort(list); return list }
	r.same("sent", sorted(r.keys()), sorted(want))

	// What was found stands under its Key.
	r.handle = func(chat.Event, spool.View) (spool.Outcome, error) {
		return spool.Outcome{Replies: []chat.Reply{of("public, found", func(reply *chat.Reply) { reply.Deed = chat.Replace })}}, nil
	}
	r.tell(message("ana", "1"))
	r.quiet()
	r.same("found", r.sent[len(r.sent)-1].Sent, receipt)
	noted = append(noted, "delivered public, found")
	r.same("noted", sorted(r.notes("confirmed", "uncertain", "delivered", "dropped")), sorted(noted))
}

// After an error that does not say whether the reply arrived, the platform is
// asked before anything is sent again; after one that does, it is not.
func testBrokenConnection(r *rig) {
	dial := fmt.Errorf("dial: %w", chat.ErrNotSent)
	failures := []error{dial, fmt.Errorf("post: %w", errors.New("connection reset")), dial, errors.New("EOF")}
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		return chat.Receipt{}, failures[d.Try-1]
	}
	asked := []int{}
	r.confirm = func(d chat.Delivery) (chat.Receipt, chat.Finding, error) {
		asked = append(asked, d.Try)
		if d.Try == 5 {
			return chat.Receipt{Message: "m"}, chat.Found, nil
		}
		return chat.Receipt{}, chat.Absent, nil
	}
	r.start()
	r.tell(message("ana", "1"))
	for range failures {
		r.step("postpone")
		r.advance(time.Minute)
	}
	r.step("delivered")
	r.quiet()
	r.same("asked at tries", asked, []int{3, 5})
	r.same("sent", r.keys(), []string{"re 1 #1", "re 1 #2", "re 1 #3", "re 1 #4"})
}

// While the platform cannot be asked, nothing is sent, and the doubt remains.
func testConfirmFails(r *rig) {
	relayed := reply("help", "relayed")
	relayed.Purpose = chat.Relaying
	r.abandon(relayed)
	troubles := []error{errors.New("503"), &chat.RateLimitedError{After: time.Hour}, chat.ErrNotSent}
	r.confirm = func(d chat.Delivery) (chat.Receipt, chat.Finding, error) {
		if d.Try-2 < len(troubles) {
			return chat.Receipt{}, "", troubles[d.Try-2]
		}
		return chat.Receipt{}, chat.Unknowable, nil
	}
	limits := 0
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if limits++; limits == 1 {
			return chat.Receipt{}, &chat.RateLimitedError{After: time.Hour}
		}
		return done(d)
	}
	r.start()
	for range 4 {
		r.step("postpone")
		r.advance(time.Hour)
	}
	r.quiet()
	r.same("sent", r.keys(), []string{"relayed, perhaps twice #5", "relayed, perhaps twice #6"})
	r.same("noted", r.notes("limited", "failed", "uncertain", "delivered"), []string{
		"failed relayed", "limited relayed", "failed relayed",
		"uncertain relayed", "limited relayed", "uncertain relayed", "delivered relayed",
	})
}

// A reply is tried for three days, however often the platform says to wait.
func testGivenUp(r *rig) {
	limited := true
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if d.Reply.Key == "re 2" {
			return chat.Receipt{}, nil
		}
		if limited = !limited; limited {
			return chat.Receipt{}, &chat.RateLimitedError{After: time.Minute}
		}
		return chat.Receipt{}, errors.New("500")
	}
	r.start()
	r.tell(message("ana", "1"), message("ana", "2"))
	r.step("postpone")
	r.advance(3*24*time.Hour - time.Minute)
	r.step("postpone") // limited
	r.advance(time.Minute)
	r.step("discard")
	r.quiet()
	r.same("cause", r.dead(), "500")
	r.same("noted", r.notes("failed", "limited", "dropped"), []string{"failed re 1", "limited re 1", "dropped re 1"})
	r.same("sent", r.keys()[3:], []string{"re 2 #1"})
}

func testSpoolReport(r *rig) {
	reported := make(chan chat.Event, 1)
	r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
		if e.Kind == chat.Undeliverable {
			reported <- e
			return spool.Outcome{}, nil
		}
		asked := reply("desk", "relay")
		asked.Report = "T-1/3"
		return spool.Outcome{Replies: []chat.Reply{asked}}, nil
	}
	r.send = func(chat.Delivery) (chat.Receipt, error) {
		return chat.Receipt{}, fmt.Errorf("messages are closed: %w", chat.ErrUndeliverable)
	}
	r.start()
	r.tell(message("ana", "1"))
	r.quiet()
	e := <-reported
	r.same("report", e.Report, "T-1/3")
	r.same("cause", e.Cause, "messages are closed: cannot be delivered")
	r.same("place", e.Place, reply("desk", "").Place)
	r.same("noted", r.notes("undeliverable"), []string{"undeliverable relay"})
}

// A panic anywhere costs a try and nothing else.
func testPanics(r *rig) {
	relayed := reply("help", "relayed")
	relayed.Purpose = chat.Relaying
	r.abandon(relayed)
	r.confirm = func(d chat.Delivery) (chat.Receipt, chat.Finding, error) {
		if d.Try == 2 {
			panic("confirm")
		}
		return chat.Receipt{}, chat.Absent, nil
	}
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if d.Try == 3 {
			panic("send")
		}
		return done(d)
	}
	r.start()
	for range 2 {
		r.step("postpone")
		r.advance(time.Minute)
	}
	r.quiet()
	r.same("sent", r.keys(), []string{"relayed #3", "relayed #4"})
}

func testSpoolTimers(r *rig) {
	ticked := make(chan chat.Event, 10)
	r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
		if e.Kind == chat.Tick {
			ticked <- e
			return spool.Outcome{}, nil
		}
		return spool.Outcome{Timers: []spool.Timer{timer("nudge", time.Hour)}}, nil
	}
	r.start()
	r.tell(message("ana", "1"))
	r.quiet()
	r.step("fire")
	r.same("ticks", len(ticked), 0)
	r.advance(time.Hour)
	select {
	case e := <-ticked:
		r.same("timer", e.Timer, "nudge")
	case <-time.After(time.Minute):
		r.Fatal("no tick in a minute")
	}
	r.quiet()
	r.same("more ticks", len(ticked), 0)
}

func testSpoolTrim(r *rig) {
	r.commit(spool.Outcome{Replies: []chat.Reply{reply("help", "1")}})
	r.must(r.Store.Discard(r.Context(), r.leaseReply("1"), "closed", r.now))
	r.advance(time.Hour + time.Second)
	r.start()
	r.step("trim")
	letters, err := r.DeadLetters(r.Context(), 1)
	r.must(err)
	r.same("dead letters", len(letters), 0)
}

// What another process accepts and queues is found without a call.
func testOthersWork(r *rig) {
	r.start()
	r.quiet()
	fresh, err := r.Store.Accept(r.Context(), message("ana", "1"), r.clock())
	r.must(err)
	r.same("fresh", fresh, true)
	r.quiet()
	r.same("sent", r.keys(), []string{"re 1 #1"})
}

func testSpoolPace(r *rig) {
	r.pace = chat.Pace{Place: time.Hour}
	r.start()
	r.tell(message("ana", "1"))
	r.step("delivered")
	r.tell(message("ana", "2"))
	r.step("finish")
	r.step("finish")
	_, err := r.LeaseReply(r.Context(), "test", r.pace, r.clock(), hold)
	r.want("lease before the place may be written to", err, spool.ErrNothing)
	r.same("sent", r.keys(), []string{"re 1 #1"})
	r.advance(time.Hour)
	r.quiet()
	r.same("sent", r.keys(), []string{"re 1 #1", "re 2 #1"})
}

// What a sender has in hand is delivered before Run returns, and what is left
// was not begun.
func testStopSender(r *rig) {
	begun, let := make(chan struct{}, 2), make(chan struct{})
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		begun <- struct{}{}
		<-let
		return done(d)
	}
	cancel, ended := r.start()
	r.tell(message("ana", "1"), message("ana", "2"))
	r.step("finish")
	r.step("finish")
	<-begun
	cancel()
	close(let)
	<-ended
	if len(r.sent) == 2 {
		return // a sender was just about to take the second one too
	}
	r.same("sent", r.keys(), []string{"re 1 #1"})
	p, err := r.Pending(context.Background())
	r.must(err)
	r.same("left for the next process", p, spool.Pending{Replies: 1})
	r.same("uncertain", r.leaseReply("re 2").Uncertain, false)
}
