package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	holdScript  = script("hold")
	letGoScript = script("let_go")
)

func (s *Store) Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (fence int64, err error) {
	answer, err := s.durably(ctx, holdScript, []string{s.keys.hold(name), s.keys.holds(), s.keys.fence()},
		name, owner, now.UnixMilli(), now.Add(d).UnixMilli()).Text()
	if errors.Is(err, goredis.Nil) {
		err = spool.ErrLost
	}
	if err != nil {
		return 0, fmt.Errorf("hold %q: %w", name, err)
	}
	return strconv.ParseInt(answer, 10, 64)
}

func (s *Store) LetGo(ctx context.Context, name, owner string) error {
	err := s.run(ctx, letGoScript, []string{s.keys.hold(name), s.keys.holds()}, name, owner).Err()
	if err != nil {
		return fmt.Errorf("let go of %q: %w", name, err)
	}
	return nil
}
