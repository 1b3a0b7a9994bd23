// Package spooltest holds what every [spool.Store] must do, as tests: of the
// store alone, and of the worker and sender on top of it.
package spooltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// start is when every test begins.
var start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// hold is how long tests lease for.
const hold = 30 * time.Second

// TestStore checks every promise of [spool.Store]. open returns an empty store
// each time, and closes it when its test ends.
func TestStore(t *testing.T, open func(t *testing.T) spool.Store) {
	tests := []struct {
		name string
		test func(f *fixture)
	}{
		{"accept once", testAcceptOnce},
		{"lanes", testLanes},
		{"fairness", testFairness},
		{"lease runs out", testLeaseRunsOut},
		{"retry", testRetry},
		{"bury", testBury},
		{"repeat", testRepeat},
		{"conflict", testConflict},
		{"records", testRecords},
		{"here", testHere},
		{"number", testNumber},
		{"head", testHead},
		{"heads", testHeads},
		{"claim each once", testClaimEachOnce},
		{"queue", testQueue},
		{"queue order", testQueueOrder},
		{"held and asked", testHeldAndAsked},
		{"live", testLive},
		{"idle", testIdle},
		{"on call", testOnCall},
		{"merged", testMerged},
		{"outbox order", testOutboxOrder},
		{"reply lease runs out", testReplyLeaseRunsOut},
		{"postpone", testPostpone},
		{"receipts", testReceipts},
		{"discard", testDiscard},
		{"uncertain", testUncertain},
		{"pace", testPace},
		{"pace of a whole channel", testPaceWhole},
		{"coalesce", testCoalesce},
		{"coalesce begun", testCoalesceBegun},
		{"report", testReport},
		{"report delivered", testReportDelivered},
		{"posted", testPosted},
		{"under", testUnder},
		{"nobody", testNobody},
		{"timers", testTimers},
		{"timers replaced", testTimersReplaced},
		{"fire once", testFireOnce},
		{"aliases", testAliases},
		{"aliases of an outcome", testAliasesFinish},
		{"limit of aliases", testAliasLimit},
		{"sets", testSets},
		{"sets if", testSetsIf},
		{"sets change", testSetsChange},
		{"limit of sets", testSetsFull},
		{"ledger", testLedger},
		{"asked lately", testLately},
		{"tallies", testTallies},
		{"waits", testWaits},
		{"audit", testAudit},
		{"audit of errands", testAuditErrands},
		{"audit in a crowd", testAuditCrowd},
		{"trim of the audit", testTrimAudit},
		{"dead letters", testDeadLetters},
		{"tokens", testTokens},
		{"token uses", testTokenUses},
		{"cursors", testCursors},
		{"marks", testMarks},
		{"hold", testHold},
		{"trim of memory", testTrimMemory},
		{"trim", testTrim},
		{"trim bounds", testTrimBounds},
		{"trim of tickets", testTrimOfTickets},
		{"trim of the ledger", testTrimLedger},
		{"trim of closed tickets", testTrimClosed},
		{"forget", testForget},
		{"forget what is in hand", testForgetBusy},
		{"forget and keep", testForgetKeeps},
		{"forget in a crowd", testForgetCrowd},
		{"stats", testStats},
		{"odd text", testOddText},
		{"bad UTF-8", testBadUTF8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.test(&fixture{T: t, Store: open(t), now: start})
		})
	}
}

// A fixture is an empty store and a clock that the test moves.
type fixture struct {
	*testing.T
	spool.Store
	now     time.Time
	aliases int64 // their version when the test last looked
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) want(what string, err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("%s: error = %v, want %v", what, err, want)
	}
}

func (f *fixture) same(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// message is an event of a user, each in a lane of their own.
func message(user, id string) chat.Event {
	account := chat.NewAccountID("test", "w", user)
	return chat.Event{
		ID: chat.EventID("test:" + id), Kind: chat.Message, At: start,
		Place:   chat.Place{Platform: "test", Workspace: "w", Channel: "help"},
		From:    chat.Sender{Account: account, Person: chat.PersonID(account), Name: user},
		Message: chat.MessageID(id), Text: "where is my refund?",
	}
}

// reply is a reply in a channel.
func reply(channel, key string) chat.Reply {
	return chat.Reply{
		Key: chat.Key(key), Deed: chat.Post, Purpose: chat.Answering,
		Place:  chat.Place{Platform: "test", Workspace: "w", Channel: channel},
		Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("text of " + key)}},
	}
}

// ticket is an open ticket of normal priority, opened n seconds after start.
func ticket(n int64) desk.Ticket {
	return desk.Ticket{
		ID: desk.NewID(n), Number: n, Desk: "support", State: desk.Open,
		Asker:    chat.Sender{Account: "test:w:ana", Person: "ana", Name: "Ana"},
		Question: fmt.Sprintf("question %d", n), OpenedAt: start.Add(time.Duration(n) * time.Second),
	}
}

func (f *fixture) accept(events ...chat.Event) {
	f.Helper()
	for _, e := range events {
		fresh, err := f.Accept(f.Context(), e, f.now)
		f.must(err)
		if !fresh {
			f.Fatalf("event %s was known already", e.ID)
		}
	}
}

// lease takes an event, which must be the one named if any is.
func (f *fixture) lease(want string) spool.Work {
	f.Helper()
	w, err := f.Lease(f.Context(), f.now, hold)
	f.must(err)
	if got := string(w.Event.Message); want != "" && got != want {
		f.Fatalf("leased event %q, want %q", got, want)
	}
	return w
}

func (f *fixture) idle() {
	f.Helper()
	_, err := f.Lease(f.Context(), f.now, hold)
	f.want("lease", err, spool.ErrNothing)
}

func (f *fixture) finish(w spool.Work, o spool.Outcome) {
	f.Helper()
	f.must(f.Finish(f.Context(), w, o, f.now))
}

// commit finishes an event of its own with the outcome.
func (f *fixture) commit(o spool.Outcome) {
	f.Helper()
	f.now = f.now.Add(time.Millisecond)
	f.accept(message("setup", fmt.Sprint("setup ", f.now.UnixMilli())))
	f.finish(f.lease(""), o)
}

func (f *fixture) leaseReply(want string) spool.Letter {
	f.Helper()
	l, err := f.LeaseReply(f.Context(), "test", chat.Pace{}, f.now, hold)
	f.must(err)
	if got := string(l.Reply.Key); got != want {
		f.Fatalf("leased reply %q, want %q", got, want)
	}
	return l
}

func (f *fixture) noReply() {
	f.Helper()
	_, err := f.LeaseReply(f.Context(), "test", chat.Pace{}, f.now, hold)
	f.want("lease a reply", err, spool.ErrNothing)
}

func (f *fixture) pending(events, replies int) {
	f.Helper()
	got, err := f.Pending(f.Context())
	f.must(err)
	f.same("pending", got, spool.Pending{Events: events, Replies: replies})
}

func fresh[T any](values ...T) []spool.Versioned[T] { return versioned(0, values...) }

func versioned[T any](version int64, values ...T) []spool.Versioned[T] {
	var list []spool.Versioned[T]
	for _, v := range values {
		list = append(list, spool.Versioned[T]{Value: v, Version: version})
	}
	return list
}

func numbers(tickets []desk.Ticket) []int64 {
	list := []int64{}
	for _, t := range tickets {
		list = append(list, t.Number)
	}
	return list
}

func begin(e chat.Event) conversation.Conversation {
	c := conversation.Begin(e, false)
	c.Ask(conversation.Asked{At: e.At, Message: e.Message, Text: e.Text, Level: "none"})
	return c
}
