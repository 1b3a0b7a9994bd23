// Package redis is the store: events, records and replies in Redis. Rules live
// in Go; each step that must be atomic is one script in lua, which compares,
// saves and keeps the indexes. The same code runs on a server and, for tests
// and the console, on a Redis inside the process.
package redis

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/signpost-bot/signpost/bot/spool"
)

// repeatable is how long a step that was taken is known again: longer than any
// caller repeats one whose answer was lost.
const repeatable = 10 * time.Minute

// Options are what a Store can be given.
type Options struct {
	// Installation keeps several bots apart in one Redis: letters, digits and
	// . _ -. Empty: main.
	Installation string
	Log          *slog.Logger // nil: slog.Default()
}

// A Store is a [spool.Store] in Redis. It is safe for concurrent use.
type Store struct {
	reader
	server *miniredis.Miniredis // nil unless embedded
}

var _ spool.Store = (*Store)(nil)

// Open connects to redis://[user:password@]host:port[/db], or rediss:// for
// TLS. It refuses a server that would throw records away when it is full, and
// warns of one that would forget them when it stops.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	options, err := goredis.ParseURL(url)
	if err != nil {
		// The cause may quote the password.
		return nil, errors.New("redis url is not redis://[user:password@]host:port[/db]; special characters in a password are written like %40")
	}
	s, err := open(options, o)
	if err != nil {
		return nil, err
	}
	if err := s.inspect(ctx, o.Log); err != nil {
		s.Close()
		return nil, fmt.Errorf("open redis at %s: %w", options.Addr, err)
	}
	return s, nil
}

// Embedded starts a Redis inside the process, reachable from nowhere else.
// What it stores ends with Close.
func Embedded(o Options) (*Store, error) {
	server := miniredis.NewMiniRedis()
	s, err := open(&goredis.Options{
		Addr:   "embedded",
		Dialer: func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
	}, o)
	if err != nil {
		return nil, err
	}
	s.server = server
	return s, nil
}

var installationName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func open(options *goredis.Options, o Options) (*Store, error) {
	if o.Installation == "" {
		o.Installation = "main"
	}
	if !installationName.MatchString(o.Installation) {
		return nil, fmt.Errorf("installation %q has other characters than letters, digits and . _ -", o.Installation)
	}
	// A command whose answer was lost is never repeated behind our back, and a
	// context's end is heeded while waiting for an answer.
	options.MaxRetries = -1
	options.ContextTimeoutEnabled = true
	// What fails comes back as an error; the client's own log would tell it again.
	logging.Disable()
	// Only Redis Enterprise sends these.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Store{reader: reader{db: goredis.NewClient(options), keys: newKeys(o.Installation)}}, nil
}

// inspect checks that the server answers and keeps what it is given. A server
// that does not let us look is taken as it is.
func (s *Store) inspect(ctx context.Context, log *slog.Logger) error {
	if err := s.db.Ping(ctx).Err(); err != nil {
		return explain(ctx, err)
	}
	if log == nil {
		log = slog.Default()
	}
	if policy, err := s.db.ConfigGet(ctx, "maxmemory-policy").Result(); err == nil {
		if p := policy["maxmemory-policy"]; p != "" && p != "noeviction" {
			return fmt.Errorf("maxmemory-policy is %s and would lose tickets; set it to noeviction", p)
		}
	}
	if info, err := s.db.Info(ctx, "persistence").Result(); err == nil && strings.Contains(info, "aof_enabled:0") {
		log.Warn("redis keeps no append-only file: a crash loses what came since its last snapshot; set appendonly yes")
	}
	return nil
}

// Close ends the connections, and the server if it is embedded.
func (s *Store) Close() error {
	err := s.db.Close()
	if s.server != nil {
		s.server.Close()
	}
	return err
}

//go:embed lua/*.lua
var lua embed.FS

var (
	acceptScript     = script("accept")
	leaseScript      = script("lease")
	finishScript     = script("finish")
	retryScript      = script("retry")
	buryScript       = script("bury")
	numberScript     = script("number")
	headScript       = script("head")
	queueScript      = script("queue")
	aheadScript      = script("ahead")
	ticketsScript    = script("tickets")
	leaseReplyScript = script("lease_reply")
	deliveredScript  = script("delivered")
	postponeScript   = script("postpone")
	discardScript    = script("discard")
)

func script(name string) *goredis.Script {
	source, err := lua.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // a name above is mistyped
	}
	return goredis.NewScript(string(source))
}

// run takes one atomic step. A nil answer is [goredis.Nil].
func (r reader) run(ctx context.Context, script *goredis.Script, keys []string, args ...any) *goredis.Cmd {
	cmd := script.Run(ctx, r.db, keys, args...)
	cmd.SetErr(explain(ctx, cmd.Err()))
	return cmd
}

// settle takes a step that answers ok, lost or conflict.
func (r reader) settle(ctx context.Context, script *goredis.Script, keys []string, args ...any) error {
	answer, err := r.run(ctx, script, keys, args...).Text()
	switch {
	case err != nil:
		return err
	case answer == "lost":
		return spool.ErrLost
	case answer == "conflict":
		return spool.ErrConflict
	}
	return nil
}

// explain marks what is nobody's fault as [spool.ErrUnavailable]: no
// connection, a server that is full, loading, read-only or refuses us. What is
// left are mistakes in our scripts.
func explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, goredis.Nil) {
		return err
	}
	var answer goredis.Error
	if errors.As(err, &answer) {
		text := answer.Error()
		ours := strings.HasPrefix(text, "ERR ") || strings.HasPrefix(text, "WRONGTYPE ")
		if ours && !strings.HasPrefix(text, "ERR max number of clients") {
			return fmt.Errorf("redis: %w", err)
		}
	}
	// A read that the context's deadline ended calls itself a network timeout,
	// and may do so a moment before the context knows.
	ended := ctx.Err()
	if deadline, ok := ctx.Deadline(); ok && ended == nil && !time.Now().Before(deadline) {
		ended = context.DeadlineExceeded
	}
	if ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w: %w", spool.ErrUnavailable, ended, err)
	}
	return fmt.Errorf("%w: %w", spool.ErrUnavailable, err)
}

// encode makes JSON of v, and returns v as it will be read again: letters that
// are no UTF-8 have been replaced. What cannot be read again is refused, such as
// an action longer than a platform carries: stored, it would block its lane or
// place for good.
func encode[T any](v T) (T, string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return v, "", fmt.Errorf("encode %T: %w", v, err)
	}
	again, err := decode[T](string(text))
	return again, string(text), err
}

func decode[T any](text string) (v T, err error) {
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("decode stored %T: %w", v, err)
	}
	return v, nil
}
