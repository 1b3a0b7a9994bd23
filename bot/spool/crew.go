package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// poll is how often an idle process looks for work that another one
	// accepted, or that has become due; its own work wakes it at once.
	poll = 250 * time.Millisecond
	// pollFirst is how soon it looks again after its last work: what waits for
	// its pace is due soon. Each look in vain doubles the time, up to poll.
	pollFirst = 10 * time.Millisecond
	// trouble is how long a step waits that could not reach the store.
	trouble = time.Second
	// maxPause bounds the wait between two tries.
	maxPause = time.Minute
)

// A crew is the goroutines that take one kind of work. Work of this process
// calls them; of those who are idle one keeps watch for all other work, and the
// others sleep.
type crew struct {
	step     string
	size     int
	calls    chan struct{}
	watch    chan struct{} // full while someone keeps it
	vain     atomic.Int32  // looks in a row that found nothing
	troubled atomic.Bool
}

func newCrew(step string, size int) *crew {
	return &crew{step: step, size: size, calls: make(chan struct{}, size), watch: make(chan struct{}, 1)}
}

// call wakes n of the crew, or as many as sleep. A call to someone busy is
// heard when the work in hand is done.
func (c *crew) call(n int) {
	for range min(n, c.size) {
		select {
		case c.calls <- struct{}{}:
		default:
			return // all are called
		}
	}
}

// rest waits for a call, or for the time to look for other work; then it
// returns true.
func (c *crew) rest(ctx context.Context) (looks bool) {
	select {
	case <-c.calls:
		return false
	case <-ctx.Done():
		return false
	case c.watch <- struct{}{}:
	}
	defer func() { <-c.watch }()
	timer := time.NewTimer(min(poll, pollFirst<<min(c.vain.Load(), 10)))
	defer timer.Stop()
	select {
	case <-c.calls:
		return false
	case <-ctx.Done():
		return false
	case <-timer.C:
		c.vain.Add(1)
		return true
	}
}

// labour takes steps until ctx ends: one after the other while there is work.
// A step calls found as soon as it has some. Trouble is logged once for each
// spell of it.
func (s *Spool) labour(ctx context.Context, c *crew, step func(ctx context.Context, found func()) error) {
	looks := true
	found := func() {
		c.vain.Store(0)
		if looks {
			c.call(c.size) // there may be more where this came from
		}
		looks = false
	}
	for ctx.Err() == nil {
		err := s.attempt(ctx, func(ctx context.Context) error { return step(ctx, found) })
		switch {
		case err == nil:
			c.troubled.Store(false)
			s.progress.ring()
		case errors.Is(err, ErrNothing):
			c.troubled.Store(false)
			looks = c.rest(ctx)
		default:
			if s.troubled(ctx, c.step, err, &c.troubled) {
				pause(ctx, nil, trouble)
			}
			looks = true
		}
	}
}

// every takes a step now and then until ctx ends.
func (s *Spool) every(ctx context.Context, name string, d time.Duration, step func(context.Context) error) {
	var troubled atomic.Bool
	for ctx.Err() == nil {
		if err := s.attempt(ctx, step); err != nil {
			s.troubled(ctx, name, err, &troubled)
		} else {
			troubled.Store(false)
		}
		pause(ctx, nil, d)
	}
}

// attempt takes a step, which may be finished for a time when ctx has ended,
// and survives its panic.
func (s *Spool) attempt(ctx context.Context, step func(context.Context) error) (err error) {
	ctx, cancel := graceful(ctx, closing)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a step of the spool panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return step(ctx)
}

// troubled notes that a step failed, and reports whether ctx goes on.
func (s *Spool) troubled(ctx context.Context, step string, err error, spell *atomic.Bool) bool {
	if ctx.Err() != nil {
		return false
	}
	s.meter.Trouble(step)
	if !spell.Swap(true) {
		s.log.Error("spool is in trouble and goes on trying", "step", step, "err", err)
	}
	return true
}

// backoff is the wait after the n-th failure: 1 s, doubling, at most a minute;
// at random up to half less, so that what failed together does not come back
// together.
func backoff(n int) time.Duration {
	d := min(time.Second<<min(max(n, 1)-1, 10), maxPause)
	return d - rand.N(d/2+1)
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
