package spool

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// TestForgetOnce: who takes over the event of a forgetting that is under way lets
// it go again, rather than wait for it with everyone else.
func TestForgetOnce(t *testing.T) {
	s := New(&stub{}, nil, Options{Log: slog.New(slog.DiscardHandler)})
	w := Work{Event: chat.Event{ID: "wish"}}
	under := new(wish)
	s.wishes.Store(w.Event.ID, under)
	under.Lock()
	if err := s.forget(t.Context(), w, Forgetting{}); !errors.Is(err, ErrLost) {
		t.Errorf("forget under way = %v", err)
	}
	under.done = true
	under.Unlock()
	if err := s.forget(t.Context(), w, Forgetting{}); err != nil {
		t.Errorf("forget again = %v", err)
	}
}

// A stub store has what the test puts in, and counts how often it is asked.
type stub struct {
	Store
	mu      sync.Mutex
	work    []Work
	letters []Letter
	asked   atomic.Int32
}

func (s *stub) Accept(_ context.Context, e chat.Event, _ time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = append(s.work, Work{Event: e})
	return true, nil
}

func (s *stub) Lease(context.Context, time.Time, time.Duration) (Work, error) {
	return take(s, &s.work)
}

func (s *stub) LeaseReply(context.Context, string, chat.Pace, time.Time, time.Duration) (Letter, error) {
	return take(s, &s.letters)
}

func take[T any](s *stub, list *[]T) (first T, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked.Add(1)
	if len(*list) == 0 {
		return first, ErrNothing
	}
	first, *list = (*list)[0], (*list)[1:]
	return first, nil
}

func (s *stub) Finish(ctx context.Context, _ Work, _ Outcome, _ time.Time) error { return ctx.Err() }

func (s *stub) Postpone(context.Context, Letter, time.Time, time.Time) error { return nil }

func (s *stub) Fire(context.Context, time.Time) (int, error) {
	s.asked.Add(1)
	return 0, nil
}

func (s *stub) Trim(context.Context, Retention, time.Time) (int, error) {
	s.asked.Add(1)
	return 0, nil
}

// A stubHandler does what the test says; nobody is sorry.
type stubHandler func(ctx context.Context) error

func (h stubHandler) Handle(ctx context.Context, _ chat.Event, _ View) (Outcome, error) {
	return Outcome{}, h(ctx)
}
func (stubHandler) Apologise(chat.Event) []chat.Reply { return nil }
func (stubHandler) Failed(chat.Event) []desk.Deed     { return nil }
func (stubHandler) Doubt(r chat.Reply) chat.Reply     { return r }
func (stubHandler) Make(context.Context, string) ([]byte, error) {
	return nil, errors.New("nothing is made here")
}

type stubPlatform struct {
	chat.Platform
	send func(ctx context.Context) error
}

func (p stubPlatform) Pace() chat.Pace { return chat.Pace{} }

func (stubPlatform) Limits() chat.Limits { return chat.Limits{} }

func (stubPlatform) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}

func (p stubPlatform) Send(ctx context.Context, _ chat.Delivery) (chat.Receipt, error) {
	return chat.Receipt{}, p.send(ctx)
}

func run(t *testing.T, s *stub, h stubHandler, p stubPlatform) (spool *Spool, cancel func(), done <-chan struct{}) {
	spool = New(s, h, Options{Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := spool.Run(ctx, map[string]chat.Platform{"test": p}); err != nil {
			t.Errorf("Run = %v", err)
		}
	}()
	return spool, cancel, ended
}

// An idle process asks a few times a second, however many goroutines it has,
// and still hears its own work at once.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		var handled time.Time
		spool, cancel, done := run(t, s, func(context.Context) error { handled = time.Now(); return nil }, stubPlatform{})
		<-time.After(time.Minute)
		synctest.Wait()
		// Two crews look every poll, timers fire every second, one trim.
		most := int32(2*time.Minute/poll+time.Minute/fireEvery) + 50
		if n := s.asked.Swap(0); n > most {
			t.Errorf("an idle minute asked %d times, want at most %d", n, most)
		}
		<-time.After(poll / 3)
		came := time.Now()
		if err := spool.Accept(t.Context(), chat.Event{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !handled.Equal(came) {
			t.Errorf("handled %s after it came", handled.Sub(came))
		}
		cancel()
		<-done
	})
}

// Work that another process has stored is shared out among the whole crew.
func TestOthersWorkIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{}
		var busy atomic.Int32
		let := make(chan struct{})
		_, cancel, done := run(t, s, func(context.Context) error { busy.Add(1); <-let; return nil }, stubPlatform{})
		<-time.After(time.Minute)
		s.mu.Lock()
		s.work = make([]Work, 2*workers)
		s.mu.Unlock()
		<-time.After(poll)
		synctest.Wait()
		if n := busy.Load(); n != workers {
			t.Errorf("%d of %d are at work", n, workers)
		}
		close(let)
		cancel()
		<-done
	})
}

// What does not end when Run's context has ended is cut off after closing; the
// store, not the log, remembers it.
func TestClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{work: make([]Work, 20), letters: make([]Letter, 20)}
		stuck := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		_, cancel, done := run(t, s, stuck, stubPlatform{send: stuck})
		<-time.After(time.Second)
		cancel()
		began := time.Now()
		<-done
		if took := time.Since(began); took != closing {
			t.Errorf("Run returned after %s, want %s", took, closing)
		}
		if len(s.work) != 20-workers || len(s.letters) != 20-senders {
			t.Errorf("left: %d events and %d replies; something new was taken", len(s.work), len(s.letters))
		}
	})
}

// A platform that never answers is given up before someone else gets the reply.
func TestSendTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stub{letters: make([]Letter, 1)}
		took := make(chan time.Duration, 1)
		began := time.Now()
		_, cancel, done := run(t, s, nil, stubPlatform{send: func(ctx context.Context) error {
			<-ctx.Done()
			took <- time.Since(began)
			return errors.New("no answer")
		}})
		if d := <-took; d >= lease {
			t.Errorf("sending took %s of a lease of %s", d, lease)
		}
		cancel()
		<-done
	})
}
