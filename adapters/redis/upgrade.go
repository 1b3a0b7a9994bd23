package redis

import (
	"context"
	"fmt"
	"slices"

	"github.com/signpost-bot/signpost/bot/desk"
)

var (
	unlistedScript = script("unlisted")
	listScript     = script("list")
)

// upgradeMost is how many tickets Upgrade looks at in one step: the server does
// nothing else meanwhile.
const upgradeMost = 200

// Upgrade puts the live tickets that an older version stored where this one
// looks for them, and says how many. It changes nothing about them, may run
// beside others, and may be repeated.
func (s *Store) Upgrade(ctx context.Context) (int, error) {
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
			return listed, nil
		}
	}
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
