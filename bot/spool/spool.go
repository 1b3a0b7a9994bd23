package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// workers is how many lanes are handled side by side in one process.
	workers = 8
	// senders is how many places of one platform are served side by side.
	senders = 4
	// lease is how long a worker or sender may take. What is found leased for
	// longer belonged to a process that died.
	lease = 30 * time.Second
	// poll is how often a process looks for work that another one accepted, or
	// that has become due; its own work wakes it at once.
	poll = 250 * time.Millisecond
	// closing is how long work in hand may take after Run's context ended.
	closing = 10 * time.Second
	// maxTries is how many failures bury an event.
	maxTries = 5
	// maxConflicts is far more than ever meet on one record.
	maxConflicts = 1000
	// maxPause bounds the wait between two tries.
	maxPause = time.Minute
)

// A Spool moves events from Accept to their delivered replies.
type Spool struct {
	store   Store
	handler Handler
	person  func(chat.AccountID) chat.PersonID
	now     func() time.Time
	log     *slog.Logger
	bell    bell
}

// Options are what a Spool can be given.
type Options struct {
	// Person says whose account it is. Nil: everyone has one account.
	Person func(chat.AccountID) chat.PersonID
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default()
}

// New joins a store and a handler.
func New(store Store, handler Handler, o Options) *Spool {
	s := &Spool{store: store, handler: handler, person: o.Person, now: o.Now, log: o.Log}
	if s.person == nil {
		s.person = func(a chat.AccountID) chat.PersonID { return chat.PersonID(a) }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	return s
}

// Accept stores an event. It implements [chat.Inbox].
func (s *Spool) Accept(ctx context.Context, e chat.Event) error {
	e.From.Person = s.person(e.From.Account)
	if e.At.IsZero() {
		e.At = s.now().UTC()
	}
	fresh, err := s.store.Accept(ctx, e, s.now())
	if err != nil {
		return fmt.Errorf("accept event %s: %w", e.ID, err)
	}
	if !fresh {
		s.log.Debug("event came again", "event", e.ID, "kind", e.Kind)
		return nil
	}
	s.bell.ring()
	return nil
}

// Run handles events and delivers replies until ctx ends. Work in hand is
// finished before it returns, at most 10 s later; the rest stays stored.
func (s *Spool) Run(ctx context.Context, platforms map[string]chat.Platform) error {
	var group errgroup.Group
	for range workers {
		group.Go(func() error { s.loop(ctx, "handle", s.work); return nil })
	}
	for name, platform := range platforms {
		for range senders {
			group.Go(func() error {
				s.loop(ctx, "deliver", func(ctx context.Context) error { return s.deliver(ctx, name, platform) })
				return nil
			})
		}
	}
	return group.Wait()
}

// Quiet blocks until everything accepted so far is handled and its replies
// are delivered, or ctx ends.
func (s *Spool) Quiet(ctx context.Context) error {
	for {
		heard := s.bell.listen()
		p, err := s.store.Pending(ctx)
		if err != nil {
			return fmt.Errorf("wait for quiet: %w", err)
		}
		if p == (Pending{}) {
			return nil
		}
		if !pause(ctx, heard, poll) {
			return ctx.Err()
		}
	}
}

// loop calls step until ctx ends: again at once while there is work, else when
// the bell rings or a poll is due. Trouble with the store is logged once for
// each spell of it.
func (s *Spool) loop(ctx context.Context, what string, step func(context.Context) error) {
	troubled := false
	for ctx.Err() == nil {
		heard := s.bell.listen()
		// What was begun is finished even if ctx ends meanwhile.
		stepCtx, cancel := graceful(ctx, closing)
		err := step(stepCtx)
		cancel()
		switch {
		case err == nil:
			troubled = false
			s.bell.ring()
		case errors.Is(err, ErrNothing):
			troubled = false
			pause(ctx, heard, poll)
		default:
			if !troubled && ctx.Err() == nil {
				s.log.Error("spool is in trouble and goes on trying", "step", what, "err", err)
			}
			troubled = true
			pause(ctx, nil, time.Second)
		}
	}
}

// work handles one event. It returns nil if there was one, however it went.
func (s *Spool) work(ctx context.Context) error {
	w, err := s.store.Lease(ctx, s.now(), lease)
	if err != nil {
		return err
	}
	log := s.log.With("event", w.Event.ID, "kind", w.Event.Kind)
	err = s.finish(ctx, w)
	var failed *failure
	if errors.As(err, &failed) {
		if w.Tries+1 < maxTries {
			log.Error("event failed and will be tried again", "tries", w.Tries+1, "err", err)
			err = s.store.Retry(ctx, w, err.Error(), s.now().Add(backoff(w.Tries+1)), s.now())
		} else {
			log.Error("event is buried", "tries", w.Tries+1, "err", err)
			err = s.store.Bury(ctx, w, err.Error(), s.handler.Apologise(w.Event), s.now())
		}
	}
	if errors.Is(err, ErrLost) {
		log.Warn("another worker took the event over")
		return nil
	}
	return err
}

// finish handles an event until its outcome is committed. A conflict means
// that someone else got ahead, so it is handled again; that many in a row are
// a mistake of the handler's.
func (s *Spool) finish(ctx context.Context, w Work) error {
	for range maxConflicts {
		o, err := s.handle(ctx, w)
		if err == nil {
			err = s.store.Finish(ctx, w, o, s.now())
		}
		var failed *failure
		switch {
		case errors.Is(err, ErrConflict):
			w.View = s.store.Fresh(w)
		case err == nil, errors.As(err, &failed), errors.Is(err, ErrLost), errors.Is(err, ErrUnavailable), ctx.Err() != nil:
			return err
		default:
			return &failure{fmt.Errorf("finish: %w", err)} // the outcome was refused
		}
	}
	return &failure{ErrConflict}
}

// A failure is an error of the handler's own, which counts towards burying.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (s *Spool) handle(ctx context.Context, w Work) (o Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("handler panicked", "event", w.Event.ID, "panic", p, "stack", string(debug.Stack()))
			err = &failure{fmt.Errorf("panic: %v", p)}
		}
	}()
	o, err = s.handler.Handle(ctx, w.Event, w.View)
	ours := errors.Is(err, ErrUnavailable) || errors.Is(err, ErrLost) || errors.Is(err, ErrConflict)
	if err != nil && !ours && ctx.Err() == nil {
		err = &failure{err}
	}
	return o, err
}

// deliver sends one reply. It returns nil if there was one, however it went.
func (s *Spool) deliver(ctx context.Context, name string, platform chat.Platform) error {
	l, err := s.store.LeaseReply(ctx, name, s.now(), lease)
	if err != nil {
		return err
	}
	log := s.log.With("reply", l.ID, "key", l.Reply.Key)
	receipt, err := s.send(ctx, platform, l.Delivery)
	var limited *chat.RateLimitedError
	switch {
	case err == nil:
		err = s.store.Delivered(ctx, l, receipt, s.now())
	case errors.Is(err, chat.ErrUndeliverable):
		log.Warn("reply cannot be delivered", "err", err)
		err = s.store.Discard(ctx, l, err.Error(), s.now())
	case errors.As(err, &limited):
		err = s.store.Postpone(ctx, l, s.now().Add(limited.After), s.now())
	default:
		log.Warn("reply will be sent again", "try", l.Try, "err", err)
		err = s.store.Postpone(ctx, l, s.now().Add(backoff(l.Try)), s.now())
	}
	if errors.Is(err, ErrLost) {
		log.Warn("another sender took the reply over")
		return nil
	}
	return err
}

// send survives an adapter that panics: its reply waits, the others go on.
func (s *Spool) send(ctx context.Context, platform chat.Platform, d chat.Delivery) (r chat.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("adapter panicked", "reply", d.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return platform.Send(ctx, d)
}

// backoff is the wait after the n-th failure: 1 s, doubling, at most a minute.
func backoff(n int) time.Duration {
	return min(time.Second<<min(n-1, 10), maxPause)
}

// graceful is ctx, ending d after it does.
func graceful(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, cancel)
		context.AfterFunc(late, func() { timer.Stop() })
	})
	return late, func() { stop(); cancel() }
}

// pause waits until the bell was heard, d is over or ctx ends, and reports
// whether ctx goes on.
func pause(ctx context.Context, heard <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-heard:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// A bell wakes everyone who listened before it rang.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
