package spooltest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestSpool checks the worker and the sender of [spool.Spool] on a store. open
// is that of [TestStore].
func TestSpool(t *testing.T, open func(t *testing.T) spool.Store) {
	tests := []struct {
		name string
		test func(r *rig)
	}{
		{"accept", testSpoolAccept},
		{"every event once", testEveryEventOnce},
		{"conflict", testSpoolConflict},
		{"poison", testPoison},
		{"store away", testStoreAway},
		{"replies in order", testRepliesInOrder},
		{"rate limited", testRateLimited},
		{"undeliverable", testUndeliverable},
		{"send again", testSendAgain},
		{"uncertain", testSpoolUncertain},
		{"broken connection", testBrokenConnection},
		{"confirm fails", testConfirmFails},
		{"given up", testGivenUp},
		{"report", testSpoolReport},
		{"panics", testPanics},
		{"timers", testSpoolTimers},
		{"trim", testSpoolTrim},
		{"work of another process", testOthersWork},
		{"pace", testSpoolPace},
		{"stop", testStop},
		{"stop a sender", testStopSender},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &rig{fixture: &fixture{T: t, now: start}, steps: map[string]chan struct{}{}}
			for _, step := range []string{"finish", "retry", "bury", "delivered", "postpone", "discard", "fire", "trim"} {
				r.steps[step] = make(chan struct{}, 10_000)
			}
			r.Store = &watched{Store: open(t), rig: r}
			r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
				return spool.Outcome{Replies: []chat.Reply{reply("help", "re "+string(e.Message))}}, nil
			}
			r.send = func(d chat.Delivery) (chat.Receipt, error) {
				return chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID(d.ID)}, nil
			}
			r.confirm = func(chat.Delivery) (chat.Receipt, chat.Finding, error) {
				return chat.Receipt{}, chat.Unknowable, nil
			}
			r.Spool = spool.New(r.Store, r, spool.Options{
				Now: r.clock, Log: slog.New(slog.DiscardHandler), Meter: (*meter)(r),
				Retention: spool.Retention{DeadLetters: time.Hour},
				Person:    func(a chat.AccountID) chat.PersonID { return "person of " + chat.PersonID(a) },
			})
			test.test(r)
		})
	}
}

// A rig runs a Spool between a handler and a platform that the test scripts.
type rig struct {
	*fixture
	*spool.Spool
	handle  func(chat.Event, spool.View) (spool.Outcome, error)
	send    func(chat.Delivery) (chat.Receipt, error)
	confirm func(chat.Delivery) (chat.Receipt, chat.Finding, error)
	pace    chat.Pace
	fault   func(step string) error  // nil: the store does as it is told
	halt    func()                   // set by start
	steps   map[string]chan struct{} // that were taken under a lease, by name

	mu    sync.Mutex // guards the clock and what follows
	sent  []chat.Delivery
	noted []string // by the meter
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// start runs the spool until cancel, which the test's end calls at the latest,
// and closes done when Run has returned.
func (r *rig) start() (cancel func(), done <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := r.Run(ctx, map[string]chat.Platform{"test": platform{r}}); err != nil {
			r.Errorf("Run = %v", err)
		}
	}()
	r.halt = func() {
		cancel()
		<-ended
	}
	r.Cleanup(r.halt)
	return cancel, ended
}

func (r *rig) tell(events ...chat.Event) {
	r.Helper()
	for _, e := range events {
		r.must(r.Spool.Accept(r.Context(), e))
	}
}

// quiet waits until everything is done.
func (r *rig) quiet() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	r.must(r.Quiet(ctx))
}

// step waits until a step was taken once more.
func (r *rig) step(name string) {
	r.Helper()
	select {
	case <-r.steps[name]:
	case <-time.After(time.Minute):
		r.Fatalf("no %s in a minute", name)
	}
}

// keys lists what was sent, as Keys and tries.
func (r *rig) keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := []string{}
	for _, d := range r.sent {
		keys = append(keys, fmt.Sprint(d.Reply.Key, " #", d.Try))
	}
	return keys
}

// Handle and Apologise make the rig a [spool.Handler].
func (r *rig) Handle(_ context.Context, e chat.Event, v spool.View) (spool.Outcome, error) {
	return r.handle(e, v)
}

func (r *rig) Failed(e chat.Event) []desk.Deed {
	return []desk.Deed{{At: e.At, Who: e.From.Person, Door: desk.ByMessage, What: "test.failed", Result: desk.Erred, Event: e.ID}}
}

func (r *rig) Apologise(e chat.Event) []chat.Reply {
	return []chat.Reply{reply("help", "sorry "+string(e.Message))}
}

func (r *rig) Doubt(reply chat.Reply) chat.Reply {
	reply.Key += ", perhaps twice"
	return reply
}

func (r *rig) Make(context.Context, string) ([]byte, error) {
	return nil, errors.New("nothing is made here")
}

// A meter notes failures, tries and trouble.
type meter rig

func (m *meter) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noted = append(m.noted, fmt.Sprintf(format, args...))
}

func (m *meter) Accepted(e chat.Event, fresh bool, _ time.Duration) {
	m.note("accepted %s %t", e.Message, fresh)
}
func (m *meter) Finished(e chat.Event, o spool.Outcome, waited, took time.Duration) {
	m.note("finished %s", e.Message)
}
func (m *meter) Failed(e chat.Event, buried bool) { m.note("failed %s %t", e.Message, buried) }
func (m *meter) Sent(l spool.Letter, how string, _ time.Duration) {
	m.note("%s %s", how, l.Reply.Key)
}
func (m *meter) Trouble(step string) { m.note("trouble: %s", step) }

// notes stops the spool and lists what the meter noted that begins with any of
// the words.
func (r *rig) notes(words ...string) []string {
	r.halt()
	r.mu.Lock()
	defer r.mu.Unlock()
	found := []string{}
	for _, note := range r.noted {
		if slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(note, word) }) {
			found = append(found, note)
		}
	}
	return found
}

// A platform notes what is sent and answers as the test says.
type platform struct{ *rig }

func (p platform) Run(context.Context, chat.Inbox) error { return nil }

func (p platform) Send(_ context.Context, d chat.Delivery) (chat.Receipt, error) {
	p.mu.Lock()
	p.sent = append(p.sent, d)
	p.mu.Unlock()
	return p.send(d)
}

func (p platform) Pace() chat.Pace { return p.pace }

func (platform) Limits() chat.Limits { return chat.Limits{} }

func (platform) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}

func (p platform) Confirm(_ context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	return p.confirm(d)
}

// A watched store tells the test each step that was taken, and fails when the
// test says so.
type watched struct {
	spool.Store
	rig *rig
}

func (s *watched) note(step string, do func() error) error {
	if s.rig.fault != nil {
		if err := s.rig.fault(step); err != nil {
			return err
		}
	}
	err := do()
	if err == nil {
		s.rig.steps[step] <- struct{}{}
	}
	return err
}

func (s *watched) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	return s.note("finish", func() error { return s.Store.Finish(ctx, w, o, now) })
}

func (s *watched) Retry(ctx context.Context, w spool.Work, cause string, until, now time.Time) error {
	return s.note("retry", func() error { return s.Store.Retry(ctx, w, cause, until, now) })
}

func (s *watched) Bury(ctx context.Context, w spool.Work, cause string, apology []chat.Reply, now time.Time, deeds ...desk.Deed) error {
	return s.note("bury", func() error { return s.Store.Bury(ctx, w, cause, apology, now, deeds...) })
}

func (s *watched) Delivered(ctx context.Context, l spool.Letter, r chat.Receipt, now time.Time) error {
	return s.note("delivered", func() error { return s.Store.Delivered(ctx, l, r, now) })
}

func (s *watched) Postpone(ctx context.Context, l spool.Letter, until, now time.Time) error {
	return s.note("postpone", func() error { return s.Store.Postpone(ctx, l, until, now) })
}

func (s *watched) Discard(ctx context.Context, l spool.Letter, cause string, now time.Time) error {
	return s.note("discard", func() error { return s.Store.Discard(ctx, l, cause, now) })
}

func (s *watched) Fire(ctx context.Context, now time.Time) (n int, err error) {
	err = s.note("fire", func() error { n, err = s.Store.Fire(ctx, now); return err })
	return n, err
}

func (s *watched) Trim(ctx context.Context, r spool.Retention, now time.Time) (n int, err error) {
	err = s.note("trim", func() error { n, err = s.Store.Trim(ctx, r, now); return err })
	return n, err
}

func testSpoolAccept(r *rig) {
	got := make(chan chat.Event, 10)
	r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
		got <- e
		return spool.Outcome{}, nil
	}
	e := message("ana", "1")
	e.At, e.From.Person = time.Time{}, "what an adapter says"
	r.tell(e, e)
	r.start()
	r.quiet()
	r.tell(e)
	r.quiet()
	r.same("handled", len(got), 1)
	e.At, e.From.Person = start, "person of test:w:ana"
	r.same("event", <-got, e)

	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	r.want("quiet", r.Quiet(ctx), context.Canceled)
	r.want("accept", r.Spool.Accept(ctx, message("ana", "2")), context.Canceled)
}

func testEveryEventOnce(r *rig) {
	const lanes, each = 40, 5
	var mu sync.Mutex
	handled := map[string][]string{}
	r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		handled[e.From.Name] = append(handled[e.From.Name], string(e.Message))
		return spool.Outcome{}, nil
	}
	r.start()
	want := map[string][]string{}
	for n := range each {
		for lane := range lanes {
			user := fmt.Sprint("user ", lane)
			id := fmt.Sprint(user, ", message ", n)
			want[user] = append(want[user], id)
			r.tell(message(user, id))
		}
	}
	r.quiet()
	r.same("handled", handled, want)
}

func testSpoolConflict(r *rig) {
	read := make(chan struct{})
	changed := make(chan struct{})
	var versions []int64
	r.handle = func(e chat.Event, v spool.View) (spool.Outcome, error) {
		p, err := v.Person(r.Context(), "both")
		if err != nil {
			return spool.Outcome{}, err
		}
		if e.Message == "slow" {
			versions = append(versions, p.Version)
			if len(versions) == 1 {
				close(read)
				<-changed
			}
		}
		p.Value.ID = "both"
		p.Value.Audience += string(e.Message) + " "
		return spool.Outcome{Persons: []spool.Versioned[desk.Person]{p}}, nil
	}
	r.start()
	r.tell(message("ana", "slow"))
	<-read
	r.tell(message("bo", "fast"))
	r.step("finish")
	close(changed)
	r.quiet()
	r.same("versions read", versions, []int64{0, 1})
	p, err := r.Person(r.Context(), "both")
	r.must(err)
	r.same("person", p, spool.Versioned[desk.Person]{Value: desk.Person{ID: "both", Audience: "fast slow "}, Version: 2})
}

// Errors and panics count; the fifth buries the event with an apology and
// frees its lane.
func testPoison(r *rig) {
	calls := 0
	answer := r.handle
	r.handle = func(e chat.Event, v spool.View) (spool.Outcome, error) {
		if e.Message != "poison" {
			return answer(e, v)
		}
		calls++
		if calls%2 == 0 {
			panic("boom")
		}
		return spool.Outcome{}, errors.New("boom")
	}
	r.start()
	r.tell(message("ana", "poison"), message("ana", "next"))
	for range 4 {
		r.step("retry")
		_, err := r.Lease(r.Context(), r.clock(), hold)
		r.want("lease before the time to try again", err, spool.ErrNothing)
		r.advance(time.Minute)
	}
	r.step("bury")
	r.quiet()
	r.same("calls", calls, 5)
	r.same("sent", r.keys(), []string{"sorry poison #1", "re next #1"})
}

// A store that is away counts against no event. What was leased meanwhile is
// taken again when the lease has run out.
func testStoreAway(r *rig) {
	var mu sync.Mutex
	calls, finishes := 0, 0
	tried := make(chan string, 100)
	answer := r.handle
	r.handle = func(e chat.Event, v spool.View) (spool.Outcome, error) {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls > 3 {
			return answer(e, v)
		}
		tried <- "handle"
		return spool.Outcome{}, fmt.Errorf("read ticket: %w", spool.ErrUnavailable)
	}
	r.fault = func(step string) error {
		mu.Lock()
		defer mu.Unlock()
		if step != "finish" {
			return nil
		}
		if finishes++; finishes > 3 {
			return nil
		}
		tried <- step
		return spool.ErrUnavailable
	}
	r.start()
	r.tell(message("ana", "1"))
	for range 6 {
		<-tried
		r.advance(hold + time.Second)
	}
	r.quiet()
	r.same("calls", calls, 7)
	r.same("failures", len(r.steps["retry"])+len(r.steps["bury"]), 0)
	r.same("sent", r.keys(), []string{"re 1 #1"})
}

func testRepliesInOrder(r *rig) {
	r.handle = func(e chat.Event, _ spool.View) (spool.Outcome, error) {
		var o spool.Outcome
		for _, key := range []string{"first", "second", "third"} {
			for _, place := range []string{"help", "desk"} {
				o.Replies = append(o.Replies, reply(place, fmt.Sprint(e.Message, " ", key)))
			}
		}
		return o, nil
	}
	r.start()
	want := []string{}
	for n := range 10 {
		id := fmt.Sprint(n)
		r.tell(message("ana", id))
		want = append(want, id+" first", id+" second", id+" third")
	}
	r.quiet()
	got := map[string][]string{}
	for _, d := range r.sent {
		got[d.Reply.Place.Channel] = append(got[d.Reply.Place.Channel], string(d.Reply.Key))
	}
	r.same("sent", got, map[string][]string{"help": want, "desk": want})
}

func testRateLimited(r *rig) {
	r.handle = func(chat.Event, spool.View) (spool.Outcome, error) {
		return spool.Outcome{Replies: []chat.Reply{reply("help", "1"), reply("help", "2")}}, nil
	}
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if d.Reply.Key == "1" && d.Try == 1 {
			return chat.Receipt{}, fmt.Errorf("post: %w", &chat.RateLimitedError{After: time.Hour})
		}
		return done(d)
	}
	r.start()
	r.tell(message("ana", "1"))
	r.step("finish")
	r.step("postpone")
	r.advance(time.Hour - time.Millisecond)
	_, err := r.LeaseReply(r.Context(), "test", chat.Pace{}, r.clock(), hold)
	r.want("lease before the limit ends", err, spool.ErrNothing)
	r.advance(time.Millisecond)
	r.quiet()
	r.same("sent", r.keys(), []string{"1 #1", "1 #2", "2 #1"})
	r.same("id", r.sent[1].ID, r.sent[0].ID)
}

func testUndeliverable(r *rig) {
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if d.Reply.Key == "re 1" {
			return chat.Receipt{}, fmt.Errorf("messages are closed: %w", chat.ErrUndeliverable)
		}
		return done(d)
	}
	r.start()
	r.tell(message("ana", "1"))
	r.step("finish")
	r.step("discard")
	r.tell(message("ana", "2"))
	r.quiet()
	r.same("sent", r.keys(), []string{"re 1 #1", "re 2 #1"})
}

// Any other error of the platform means sending again, for as long as it
// takes.
func testSendAgain(r *rig) {
	done := r.send
	r.send = func(d chat.Delivery) (chat.Receipt, error) {
		if d.Try < 7 {
			return chat.Receipt{}, errors.New("connection reset")
		}
		return done(d)
	}
	r.start()
	r.tell(message("ana", "1"))
	r.step("finish")
	for range 6 {
		r.step("postpone")
		r.advance(time.Minute)
	}
	r.step("delivered")
	r.quiet()
}

// What was begun is finished before Run returns, and nothing is left running.
func testStop(r *rig) {
	begun := make(chan struct{})
	let := make(chan struct{})
	answer := r.handle
	r.handle = func(e chat.Event, v spool.View) (spool.Outcome, error) {
		close(begun)
		<-let
		return answer(e, v)
	}
	cancel, done := r.start()
	r.tell(message("ana", "1"), message("ana", "2"))
	<-begun
	cancel()
	select {
	case <-done:
		r.Fatal("Run returned with an event in hand")
	case <-time.After(10 * time.Millisecond):
	}
	close(let)
	<-done
	r.step("finish")
	p, err := r.Pending(r.Context())
	r.must(err)
	r.same("left for the next process", p.Events, 1)
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; strings.Contains(string(stacks), "spool.(*Spool)") {
		r.Errorf("still running:\n%s", stacks)
	}
}
