package spool

import (
	"context"
	"time"
)

const (
	// fireEvery is how late a timer comes at most.
	fireEvery = time.Second
	// trimEvery is how often what is over is dropped.
	trimEvery = time.Minute
	// trimSpell is how many trims may follow each other: enough for any minute's
	// work, and the store gets a rest after it.
	trimSpell = 100
)

// Fire turns all due timers into events. Run does so every second; whoever puts
// a clock forward need not wait for that.
func (s *Spool) Fire(ctx context.Context) error {
	for {
		n, err := s.store.Fire(ctx, s.now())
		if err != nil || n == 0 {
			return err
		}
		s.log.Debug("timers came due", "timers", n)
		s.handling.call(n)
	}
}

// trim drops what is older than its retention.
func (s *Spool) trim(ctx context.Context) error {
	dropped := 0
	for range trimSpell {
		n, err := s.store.Trim(ctx, s.retention, s.now())
		if err != nil {
			return err
		}
		if dropped += n; n == 0 {
			break
		}
	}
	if dropped > 0 {
		s.log.Debug("trimmed the store", "dropped", dropped)
	}
	return nil
}
