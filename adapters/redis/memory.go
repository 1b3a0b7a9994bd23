package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
)

var (
	keepTokenScript = script("keep_token")
	tokenScript     = script("token")
	advanceScript   = script("advance")
	markScript      = script("mark")
	markedScript    = script("marked")
	holdScript      = script("hold")
	letGoScript     = script("let_go")
)

// KeepToken, like Token, never puts the token into an error: it is a secret.
func (s *Store) KeepToken(ctx context.Context, h chat.ReplyHandle, token string, uses int, until time.Time) error {
	err := s.durably(ctx, keepTokenScript, []string{s.keys.token(h), s.keys.tokens()},
		string(h), token, uses, until.UnixMilli()).Err()
	if err != nil {
		return fmt.Errorf("keep token of %q: %w", h, err)
	}
	return nil
}

// Token costs a use even if its answer is lost: better one too few than one
// too many.
func (s *Store) Token(ctx context.Context, h chat.ReplyHandle, now time.Time) (string, error) {
	token, err := s.durably(ctx, tokenScript, []string{s.keys.token(h), s.keys.tokens()},
		string(s.keys), now.UnixMilli()).Text()
	if errors.Is(err, goredis.Nil) {
		err = chat.ErrNoToken
	}
	if err != nil {
		return "", fmt.Errorf("token of %q: %w", h, err)
	}
	return token, nil
}

func (s *Store) Advance(ctx context.Context, platform string, cursors map[string]string) error {
	if len(cursors) == 0 {
		return nil
	}
	var args []any
	for name, value := range cursors {
		args = append(args, name, value)
	}
	err := s.durably(ctx, advanceScript, []string{s.keys.cursors(platform)}, args...).Err()
	if err != nil {
		return fmt.Errorf("advance cursors of %s: %w", platform, err)
	}
	return nil
}

func (s *Store) Cursor(ctx context.Context, platform, name string) (string, error) {
	value, err := s.db.HGet(ctx, s.keys.cursors(platform), name).Result()
	if errors.Is(err, goredis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cursor %q of %s: %w", name, platform, explain(ctx, err))
	}
	return value, nil
}

func (s *Store) Cursors(ctx context.Context, platform string) (map[string]string, error) {
	all, err := s.db.HGetAll(ctx, s.keys.cursors(platform)).Result()
	if err != nil {
		return nil, fmt.Errorf("cursors of %s: %w", platform, explain(ctx, err))
	}
	return all, nil
}

// Mark refuses a place that cannot be read again, and then marks none.
func (s *Store) Mark(ctx context.Context, now time.Time, places ...chat.Place) error {
	if len(places) == 0 {
		return nil
	}
	keys := []string{s.keys.marking()}
	args := []any{now.UnixMilli(), now.Add(-chat.Marking).UnixMilli()}
	for _, p := range places {
		if again, err := chat.ParsePlace(p.String()); err != nil || again != p {
			return fmt.Errorf("mark: %q is no place", p)
		}
		keys = append(keys, s.keys.marks(p.Platform))
		args = append(args, p.Platform, p.String())
	}
	if err := s.durably(ctx, markScript, keys, args...).Err(); err != nil {
		return fmt.Errorf("mark: %w", err)
	}
	return nil
}

// Marked lists places that were marked at one time in reverse order of their
// names.
func (s *Store) Marked(ctx context.Context, platform string, since time.Time, limit int) ([]chat.Place, error) {
	if limit < 1 {
		return nil, nil
	}
	found, err := s.run(ctx, markedScript, []string{s.keys.marks(platform)}, since.UnixMilli(), limit).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("marked on %s: %w", platform, err)
	}
	var places []chat.Place
	for _, one := range found {
		p, err := chat.ParsePlace(one)
		if err != nil {
			return nil, fmt.Errorf("marked on %s: %w", platform, err)
		}
		places = append(places, p)
	}
	return places, nil
}

func (s *Store) Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (fence int64, err error) {
	answer, err := s.durably(ctx, holdScript, []string{s.keys.hold(name), s.keys.holds(), s.keys.fence()},
		name, owner, now.UnixMilli(), now.Add(d).UnixMilli()).Text()
	if errors.Is(err, goredis.Nil) {
		err = chat.ErrHeld
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
