package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	unlistedScript = script("unlisted")
	listScript     = script("list")
)

// upgradeMost is how many tickets Upgrade looks at in one step: the server does
// nothing else meanwhile.
const upgradeMost = 200

// Upgrade puts the tickets that an older version stored where this one
// looks for them, and says how many. It changes nothing about them, may run
// beside others, and may be repeated.
func (s *Store) Upgrade(ctx context.Context, now time.Time) (int, error) {
	listed := 0
	for cursor := uint64(0); ; {
		// It misses none that is live all the time, and each comes with its score.
		pairs, next, err := s.db.ZScan(ctx, s.keys.live(), cursor, "", upgradeMost).Result()
		if err != nil {
			return listed, fmt.Errorf("look for tickets of an older version: %w", explain(ctx, err))
		}
		var members []any
		for i := 0; i < len(pairs); i += 2 {
			members = append(members, pairs[i])
		}
		for some := range slices.Chunk(members, upgradeMost) {
			n, err := s.list(ctx, some)
			if listed += n; err != nil {
				return listed, fmt.Errorf("look for tickets of an older version: %w", err)
			}
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	n, err := s.listClosed(ctx, now)
	if err != nil {
		err = fmt.Errorf("look for closed tickets of an older version: %w", err)
	}
	return listed + n, err
}

const (
	// besideOthers is how long an older version may run on beside this one, and
	// close tickets: far longer than an update takes.
	besideOthers = 24 * time.Hour
	// listedAll says that all are listed, in the place of the time when that began.
	listedAll = "all"
)

// listClosed puts closed tickets where Trim looks for them, at each start up to
// the first one that is long after the update.
func (s *Store) listClosed(ctx context.Context, now time.Time) (listed int, err error) {
	began, err := s.db.Get(ctx, s.keys.listedClosed()).Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return 0, explain(ctx, err)
	}
	if began == listedAll {
		return 0, nil
	}
	err = s.scan(ctx, func(keys []string) error {
		list, err := s.hashes(ctx, s.kind(keys, "ticket"))
		if err != nil {
			return err
		}
		tickets, err := decodeAll[desk.Ticket](list)
		if err != nil {
			return err
		}
		var members []string
		tickets = slices.DeleteFunc(tickets, func(t spool.Versioned[desk.Ticket]) bool { return t.Value.State != desk.Closed })
		for _, t := range tickets {
			members = append(members, numberMember(t.Value.Number))
		}
		if len(members) == 0 {
			return nil
		}
		there, err := s.db.ZMScore(ctx, s.keys.closed(), members...).Result()
		if err != nil {
			return explain(ctx, err)
		}
		for i, t := range tickets {
			if there[i] != 0 {
				continue
			}
			args := []any{t.Version}
			for _, e := range s.indexes(t.Value) {
				args = append(args, e.index, e.score, e.member)
			}
			n, err := s.run(ctx, listScript, []string{s.keys.ticket(t.Value.ID)}, args...).Int()
			if listed += n; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return listed, err
	}
	since, err := instant(cmp.Or(began, strconv.FormatInt(now.UnixMilli(), 10)))
	if err != nil {
		return listed, err
	}
	note := strconv.FormatInt(since.UnixMilli(), 10)
	if now.Sub(since) >= besideOthers {
		note = listedAll
	}
	return listed, explain(ctx, s.db.Set(ctx, s.keys.listedClosed(), note, 0).Err())
}

// list puts those of some live tickets into their indexes that are in none of
// their desk's.
func (s *Store) list(ctx context.Context, members []any) (listed int, err error) {
	answer, err := s.run(ctx, unlistedScript, []string{s.keys.live()}, append([]any{string(s.keys)}, members...)...).Slice()
	if err != nil {
		return 0, err
	}
	for found := range slices.Chunk(answer, 2) {
		r, err := toRecord(found)
		if err != nil {
			return listed, err
		}
		t, err := decode[desk.Ticket](r.value)
		if err != nil {
			return listed, err
		}
		args := []any{r.version}
		for _, e := range s.indexes(t) {
			args = append(args, e.index, e.score, e.member)
		}
		n, err := s.run(ctx, listScript, []string{s.keys.ticket(t.ID)}, args...).Int()
		if err != nil {
			return listed, err
		}
		listed += n
	}
	return listed, nil
}
