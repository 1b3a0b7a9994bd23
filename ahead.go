package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/spool"
)

// An aheadClock can be put forward: whoever tries the program out need not wait
// until tomorrow. It goes as the real clock does, or stands still otherwise, so
// that what is tried can be tried again.
type aheadClock struct {
	mu    sync.Mutex
	at    time.Time
	since time.Time // by the real clock, when it was that time; zero: it stands still
}

// newAheadClock makes one that stands at a time; zero: that goes, and is right.
func newAheadClock(at time.Time) *aheadClock {
	if !at.IsZero() {
		return &aheadClock{at: at}
	}
	now := time.Now()
	return &aheadClock{at: now, since: now}
}

func (c *aheadClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *aheadClock) now() time.Time {
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.since))
}

// Step is Now, but no two steps of a clock that stands still are at one time.
func (c *aheadClock) Step() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.at = c.at.Add(time.Millisecond)
	}
	return c.now()
}

// Reach puts the clock forward to a time, if it is not that late already.
func (c *aheadClock) Reach(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait := t.Sub(c.now()); wait > 0 {
		c.at = c.at.Add(wait)
	}
}

// A reachable clock can be put forward.
type reachable interface {
	Now() time.Time
	Reach(t time.Time)
}

// mostTimers is how many times timers may come due while a clock is put
// forward: more often than the hourly ones of ten desks do in a year.
const mostTimers = 100_000

var errRestless = errors.New("timers come due without end")

// elapse puts a clock forward, from one timer that is due to the next, so that
// each is handled at its time and what comes of it may set others. It waits for
// quiet each time: nobody may be at work on what was leased before.
func elapse(ctx context.Context, d time.Duration, clock reachable, store spool.Store, events *spool.Spool, quiet func() error) error {
	if err := errors.Join(events.Fire(ctx), quiet()); err != nil { // the program may have begun just now
		return err
	}
	end := clock.Now().Add(d)
	for range mostTimers {
		due, err := store.NextTimer(ctx)
		if err != nil {
			return err
		}
		over := due.IsZero() || due.After(end)
		if over {
			due = end
		}
		clock.Reach(due)
		if err := errors.Join(events.Fire(ctx), quiet()); err != nil {
			return err
		}
		if over {
			return nil
		}
	}
	return errRestless
}
