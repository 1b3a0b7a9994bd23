package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var changeScript = script("audit", "change")

// Set takes one round trip.
func (r reader) Set(ctx context.Context, name spool.Set) (map[string]string, int64, error) {
	// It reads what aliases.lua reads of the aliases: a hash, and its version.
	answer, err := r.run(ctx, aliasesScript, []string{r.keys.set(name), r.keys.setVersion(name)}).Slice()
	if err != nil {
		return nil, 0, fmt.Errorf("list the set %q: %w", name, err)
	}
	version, err := strconv.ParseInt(text(answer[0]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("list the set %q: stored version: %w", name, err)
	}
	members := map[string]string{}
	for pair := range slices.Chunk(answer[1:], 2) {
		members[text(pair[0])] = text(pair[1])
	}
	return members, version, nil
}

func (s *Store) SetVersion(ctx context.Context, name spool.Set) (int64, error) {
	version, err := s.db.Get(ctx, s.keys.setVersion(name)).Int64()
	if errors.Is(err, goredis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("version of the set %q: %w", name, explain(ctx, err))
	}
	return version, nil
}

func (s *Store) Change(ctx context.Context, changes ...spool.SetChange) error {
	return s.ChangeWith(ctx, nil, changes...)
}

func (s *Store) ChangeWith(ctx context.Context, deeds []desk.Deed, changes ...spool.SetChange) error {
	done, err := encodedDeeds(deeds)
	if err != nil {
		return err
	}
	args := slices.Concat([]any{string(s.keys)}, members(changes), done)
	if err := s.settle(ctx, changeScript, []string{s.keys.set(changes[0].Set)}, args...); err != nil {
		return fmt.Errorf("change the set %q: %w", changes[0].Set, err)
	}
	return nil
}

func (r reader) Member(ctx context.Context, name spool.Set, member string) (string, error) {
	value, err := r.db.HGet(ctx, r.keys.set(name), member).Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return "", fmt.Errorf("%q of the set %q: %w", member, name, spool.ErrNotFound)
	case err != nil:
		return "", fmt.Errorf("%q of the set %q: %w", member, name, explain(ctx, err))
	}
	return value, nil
}

// members lists changes of sets as finish.lua takes them: how many members a set
// may have, how many changes, then each.
func members(changes []spool.SetChange) []any {
	args := []any{spool.MaxMembers, len(changes)}
	for _, c := range changes {
		deed, compare, was := "put", "", ""
		if c.Remove {
			deed = "remove"
		}
		if c.If != nil {
			compare, was = "if", *c.If
		}
		args = append(args, string(c.Set), c.Member, deed, c.Value, compare, was)
	}
	return args
}
