package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	aliasesScript = script("aliases")
	learnScript   = script("audit", "learn")
	unlearnScript = script("audit", "unlearn")
)

func (s *Store) AddAlias(ctx context.Context, a desk.Alias, deeds ...desk.Deed) (fresh bool, err error) {
	a, value, err := encode(a)
	if err != nil {
		return false, err
	}
	done, err := encodedDeeds(deeds)
	if err != nil {
		return false, err
	}
	answer, err := s.durably(ctx, learnScript, []string{s.keys.aliases(), s.keys.aliasVersion()},
		append([]any{string(a.ID), value, desk.MaxAliases, string(s.keys)}, done...)...).Text()
	if err == nil && answer == "full" {
		err = spool.ErrFull
	}
	if err != nil {
		return false, fmt.Errorf("add alias %s: %w", a.ID, err)
	}
	return answer == "fresh", nil
}

func (s *Store) RemoveAlias(ctx context.Context, id desk.AliasID, deeds ...desk.Deed) (found bool, err error) {
	done, err := encodedDeeds(deeds)
	if err != nil {
		return false, err
	}
	n, err := s.durably(ctx, unlearnScript, []string{s.keys.aliases(), s.keys.aliasVersion()},
		append([]any{string(id), string(s.keys)}, done...)...).Int()
	if err != nil {
		return false, fmt.Errorf("remove alias %q: %w", id, err)
	}
	return n == 1, nil
}

// Aliases takes one round trip.
func (s *Store) Aliases(ctx context.Context) ([]desk.Alias, int64, error) {
	answer, err := s.run(ctx, aliasesScript, []string{s.keys.aliases(), s.keys.aliasVersion()}).Slice()
	if err != nil {
		return nil, 0, fmt.Errorf("list aliases: %w", err)
	}
	version, err := strconv.ParseInt(text(answer[0]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("list aliases: stored version: %w", err)
	}
	var list []desk.Alias
	for pair := range slices.Chunk(answer[1:], 2) {
		a, err := decode[desk.Alias](text(pair[1]))
		if err == nil && string(a.ID) != text(pair[0]) {
			err = fmt.Errorf("its id is %q", a.ID)
		}
		if err != nil {
			// One that a newer version wrote, say, must not cost us the others.
			s.link.log.Warn("an alias cannot be read and is left out", "alias", text(pair[0]), "err", err)
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b desk.Alias) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list, version, nil
}

func (r reader) Alias(ctx context.Context, id desk.AliasID) (desk.Alias, error) {
	value, err := r.db.HGet(ctx, r.keys.aliases(), string(id)).Result()
	if errors.Is(err, goredis.Nil) {
		n, err := r.db.HLen(ctx, r.keys.aliases()).Result()
		switch {
		case err != nil:
			return desk.Alias{}, fmt.Errorf("alias %q: %w", id, explain(ctx, err))
		case n >= desk.MaxAliases:
			return desk.Alias{}, fmt.Errorf("alias %q: %w; %w", id, spool.ErrNotFound, spool.ErrFull)
		}
		return desk.Alias{}, fmt.Errorf("alias %q: %w", id, spool.ErrNotFound)
	}
	if err != nil {
		return desk.Alias{}, fmt.Errorf("alias %q: %w", id, explain(ctx, err))
	}
	a, err := decode[desk.Alias](value)
	if err != nil {
		return a, fmt.Errorf("alias %q: %w", id, err)
	}
	return a, nil
}

func (s *Store) AliasVersion(ctx context.Context) (int64, error) {
	version, err := s.db.Get(ctx, s.keys.aliasVersion()).Int64()
	if errors.Is(err, goredis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("version of the aliases: %w", explain(ctx, err))
	}
	return version, nil
}

// taught lists what an outcome teaches as finish.lua takes it: how many aliases
// there may be; how many to add, then each; how many to remove, then each.
func taught(b *batch, o spool.Outcome) []any {
	args := []any{desk.MaxAliases, len(o.Learned)}
	for _, a := range o.Learned {
		a, value := encodeInto(b, a)
		args = append(args, string(a.ID), value)
	}
	args = append(args, len(o.Unlearned))
	for _, id := range o.Unlearned {
		args = append(args, string(id))
	}
	return args
}
