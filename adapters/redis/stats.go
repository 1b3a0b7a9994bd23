package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var statsScript = script("stats")

// Pending takes one round trip.
func (s *Store) Pending(ctx context.Context) (spool.Pending, error) {
	counts, err := s.db.HGetAll(ctx, s.keys.pending()).Result()
	if err != nil {
		return spool.Pending{}, fmt.Errorf("count what is pending: %w", explain(ctx, err))
	}
	var p spool.Pending
	var bad error
	for field, value := range counts {
		n, err := count(value)
		bad = errors.Join(bad, err)
		if strings.HasPrefix(field, "replies:") {
			p.Replies += n
		} else {
			p.Events += n
		}
	}
	return p, bad
}

// Stats takes one round trip. Ages come from the 64 lanes, and places of each
// platform, whose turn is first.
func (s *Store) Stats(ctx context.Context, platforms, desks []string, now time.Time) (spool.Stats, error) {
	zero := time.UnixMilli(0)
	normal, low := desk.Ticket{Priority: desk.Normal, OpenedAt: zero}, desk.Ticket{Priority: desk.Low, OpenedAt: zero}
	step := low.Rank() - normal.Rank()
	args := []any{string(s.keys), now.UnixMilli(), step, low.Rank()/step + 1}
	for _, names := range [][]string{platforms, desks} {
		args = append(args, len(names))
		for _, name := range names {
			args = append(args, name)
		}
	}
	answer, err := s.run(ctx, statsScript, []string{s.keys.ready(), s.keys.pending(), s.keys.timers(), s.keys.dead()}, args...).Slice()
	if err != nil {
		return spool.Stats{}, fmt.Errorf("stats: %w", err)
	}
	stats := spool.Stats{
		Replies: map[string]int{}, ReplyAge: map[string]time.Duration{},
		Open: map[string]int{}, OpenAge: map[string]time.Duration{},
	}
	var bad error
	number := func(answer any) int {
		if n, ok := answer.(int64); ok {
			return int(n)
		}
		n, err := count(answer)
		bad = errors.Join(bad, err)
		return n
	}
	age := func(answer any) time.Duration {
		at, err := instant(answer)
		bad = errors.Join(bad, err)
		if at.IsZero() {
			return 0
		}
		return max(0, now.Sub(at))
	}
	row := func(i int) []any { return answer[i].([]any) } // stats.lua makes nothing else
	all := row(0)
	stats.Lanes, stats.Events, stats.EventAge = number(all[0]), number(all[1]), age(all[2])
	stats.Timers, stats.DeadLetters = number(all[3]), number(all[4])
	for i, name := range platforms {
		one := row(1 + i)
		stats.Replies[name], stats.ReplyAge[name] = number(one[0]), age(one[1])
	}
	for i, name := range desks {
		one := row(1 + len(platforms) + i)
		stats.Open[name], stats.OpenAge[name] = number(one[0]), age(one[1])
	}
	return stats, bad
}
