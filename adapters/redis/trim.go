package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

var trimScript = script("trim")

const (
	// trimMost is how many of each kind one Trim drops: the server does nothing
	// else meanwhile.
	trimMost = 200
	// lookAgain is when Trim comes back to an old conversation or receipt with a
	// live ticket.
	lookAgain = 24 * time.Hour
)

func (s *Store) Trim(ctx context.Context, r spool.Retention, now time.Time) (int, error) {
	before := func(d time.Duration) any {
		if d <= 0 {
			return ""
		}
		return now.Add(-d).UnixMilli()
	}
	audit := ""
	if r.Audit > 0 {
		audit = now.Add(-r.Audit).UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	}
	n, err := s.run(ctx, trimScript, []string{
		s.keys.conversations(), s.keys.live(), s.keys.receipts(), s.keys.dead(), s.keys.done(), s.keys.seen(), s.keys.holds(),
		s.keys.tokens(), s.keys.marking(), s.keys.ledger(), s.keys.tallies(),
		s.keys.audit(), s.keys.auditChain(), s.keys.closed(),
	}, string(s.keys), trimMost,
		before(r.Conversations), now.Add(lookAgain-r.Conversations).UnixMilli(), before(r.Receipts), before(r.DeadLetters),
		before(repeatable), before(spool.Remembered), before(spool.Remembered),
		now.Add(lookAgain-r.Receipts).UnixMilli(), now.UnixMilli(), before(chat.Marking),
		before(r.Ledger), before(spool.TalliesKept), audit, before(r.Tickets)).Int()
	if err != nil {
		return 0, fmt.Errorf("trim: %w", err)
	}
	return n, nil
}
