package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

var fireScript = script("fire")

// fireMost is how many timers one Fire turns into events: the server does
// nothing else meanwhile.
const fireMost = 100

// setTimers lists the timers that an event sets as finish.lua takes them: how
// many, then each. The record id of the event that set it is a timer's version:
// no two settings of one name share it.
func (s *Store) setTimers(event string, timers []spool.Timer, now time.Time) ([]any, error) {
	args := []any{len(timers)}
	for _, t := range timers {
		if t.Due.IsZero() {
			args = append(args, t.Name, "", "", "", "", "")
			continue
		}
		e := t.Event
		e.ID = chat.EventID("tick/" + t.Name + "/" + event)
		e.Kind, e.Timer = chat.Tick, t.Name
		if e.At.IsZero() {
			e.At = t.Due
		}
		e, value, err := encode(e)
		if err != nil {
			return nil, fmt.Errorf("timer %q: %w", t.Name, err)
		}
		args = append(args, t.Name, t.Due.UnixMilli(), recordID(e, now), string(e.Lane()), string(e.From.Person), value)
	}
	return args, nil
}

func (s *Store) NextTimer(ctx context.Context) (time.Time, error) {
	first, err := s.db.ZRangeWithScores(ctx, s.keys.timers(), 0, 0).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("first of the timers: %w", explain(ctx, err))
	}
	if len(first) == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(first[0].Score)).UTC(), nil
}

// Fire takes at most fireMost timers at once.
func (s *Store) Fire(ctx context.Context, now time.Time) (int, error) {
	n, err := s.durably(ctx, fireScript, []string{s.keys.timers(), s.keys.ready(), s.keys.pending()},
		string(s.keys), now.UnixMilli(), fireMost).Int()
	if err != nil {
		return 0, fmt.Errorf("fire timers: %w", err)
	}
	return n, nil
}
