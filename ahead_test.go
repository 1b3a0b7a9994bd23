package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAheadClock checks that a clock that goes goes on after it was put forward,
// and that one that stands moves only by steps.
func TestAheadClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		going := newAheadClock(time.Time{})
		is := func(c *aheadClock, want time.Time) {
			t.Helper()
			if got := c.Now(); !got.Equal(want) {
				t.Errorf("it is %s, want %s", got, want)
			}
		}
		is(going, start)
		<-time.After(time.Minute)
		is(going, start.Add(time.Minute))
		going.Reach(start.Add(time.Hour))
		is(going, start.Add(time.Hour))
		<-time.After(time.Minute)
		is(going, start.Add(time.Hour+time.Minute))
		going.Reach(start) // it never goes back
		if got := going.Step(); !got.Equal(start.Add(time.Hour + time.Minute)) {
			t.Errorf("a step of a clock that goes is at %s", got)
		}

		at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
		still := newAheadClock(at)
		<-time.After(time.Minute)
		is(still, at)
		if first, second := still.Step(), still.Step(); !first.After(at) || !second.After(first) {
			t.Errorf("steps are at %s and %s", first, second)
		}
		still.Reach(at.Add(time.Hour))
		is(still, at.Add(time.Hour))
	})
}
