package chat

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNoToken: a reply token has ended, was used up, or was never kept.
	ErrNoToken = errors.New("no reply token")
	// ErrHeld: someone else holds it.
	ErrHeld = errors.New("held by someone else")
)

// A Memory keeps what an adapter must know again after a restart and shares
// with its replicas. Every method is one atomic step and safe to repeat. Time
// comes in as an argument.
type Memory interface {
	// KeepToken keeps a platform's reply token under its handle until it ends,
	// for so many uses. Keeping it again changes nothing.
	KeepToken(ctx context.Context, h ReplyHandle, token string, uses int, until time.Time) error
	// Token takes one of the uses. There is none left: [ErrNoToken].
	Token(ctx context.Context, h ReplyHandle, now time.Time) (string, error)

	// Advance notes how far something on a platform has got, such as a channel
	// that was read, by its name. A cursor never goes back: the greater one is
	// the longer, or else the later in byte order, as Slack's times and
	// Discord's ids are.
	Advance(ctx context.Context, platform string, cursors map[string]string) error
	// Cursor is one of them, empty if there is none; Cursors are all.
	Cursor(ctx context.Context, platform, name string) (string, error)
	Cursors(ctx context.Context, platform string) (map[string]string, error)

	// Mark notes places where something may come from later, such as a thread
	// that the bot has written in. Marks older than [Marking] may be forgotten.
	Mark(ctx context.Context, now time.Time, places ...Place) error
	// Marked are the places of a platform that were marked since, the newest
	// first, at most limit.
	Marked(ctx context.Context, platform string, since time.Time, limit int) ([]Place, error)

	// Hold takes or keeps for d what only one replica may hold, and returns a
	// number that grows with every new holder: what a former holder does can be
	// told by its smaller one. Someone else holds it: [ErrHeld].
	Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (fence int64, err error)
	// LetGo gives it back, if owner holds it.
	LetGo(ctx context.Context, name, owner string) error
}

// Marking is how long a mark is remembered at least.
const Marking = 14 * 24 * time.Hour
