// Package redis is the store: events, records and replies in Redis. Rules live
// in Go; each step that must be atomic is one script in lua, which compares,
// saves and keeps the indexes. The same code runs on a server and, for tests
// and the console, on a Redis inside the process.
package redis

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/spool"
)

// repeatable is how long a step that was taken is known again: longer than any
// caller repeats one whose answer was lost.
const repeatable = 10 * time.Minute

// A Store is a [spool.Store] in Redis. It is safe for concurrent use.
type Store struct {
	reader
	link   *link
	server *miniredis.Miniredis // nil unless embedded
}

var _ spool.Store = (*Store)(nil)

// Close ends the connections, and the server if it is embedded.
func (s *Store) Close() error {
	err := s.link.close()
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
	finishScript     = script("audit", "finish")
	retryScript      = script("retry")
	buryScript       = script("audit", "bury")
	numberScript     = script("number")
	headScript       = script("head")
	queueScript      = script("queue")
	aheadScript      = script("ahead")
	ticketsScript    = script("tickets")
	someScript       = script("some")
	crewScript       = script("crew")
	leaseReplyScript = script("lease_reply")
	deliveredScript  = script("delivered")
	postponeScript   = script("postpone")
	discardScript    = script("discard")
)

// script is a script by its name; before it may stand parts that it uses.
func script(names ...string) *goredis.Script {
	var source []byte
	for _, name := range names {
		part, err := lua.ReadFile("lua/" + name + ".lua")
		if err != nil {
			panic(err) // a name is mistyped
		}
		source = append(source, part...)
	}
	return goredis.NewScript(string(source))
}

// run takes one atomic step. A nil answer is [goredis.Nil].
func (r reader) run(ctx context.Context, script *goredis.Script, keys []string, args ...any) *goredis.Cmd {
	cmd := script.Run(ctx, r.db, keys, args...)
	cmd.SetErr(explain(ctx, cmd.Err()))
	return cmd
}

// durably is run for a step that must survive the loss of the master: where
// replicas are configured, it waits for them. If too few confirm in time, the
// step was taken but counts as not taken: the error is [spool.ErrUnavailable],
// and the caller repeats the step. All steps are safe to repeat.
func (r reader) durably(ctx context.Context, script *goredis.Script, keys []string, args ...any) *goredis.Cmd {
	cmd := script.Run(ctx, durableScripter{r.db}, keys, args...)
	cmd.SetErr(explain(ctx, cmd.Err()))
	return cmd
}

// settle takes a durable step that answers ok, lost or conflict.
func (r reader) settle(ctx context.Context, script *goredis.Script, keys []string, args ...any) error {
	answer, err := r.durably(ctx, script, keys, args...).Text()
	what, conflict := strings.CutPrefix(answer, "conflict ")
	switch {
	case err != nil:
		return err
	case answer == "lost":
		return spool.ErrLost
	case conflict:
		return fmt.Errorf("%w: %s", spool.ErrConflict, what)
	}
	return nil
}

// A durable is a command that [link] has confirmed by replicas.
type durable struct{ *goredis.Cmd }

// A durableScripter runs scripts as durable commands.
type durableScripter struct{ goredis.UniversalClient }

func (s durableScripter) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	return s.run(ctx, "evalsha", sha, keys, args)
}

func (s durableScripter) Eval(ctx context.Context, source string, keys []string, args ...any) *goredis.Cmd {
	return s.run(ctx, "eval", source, keys, args)
}

func (s durableScripter) run(ctx context.Context, name, script string, keys []string, args []any) *goredis.Cmd {
	all := []any{name, script, len(keys)}
	for _, key := range keys {
		all = append(all, key)
	}
	cmd := goredis.NewCmd(ctx, append(all, args...)...)
	_ = s.Process(ctx, durable{cmd}) // cmd has the error
	return cmd
}

// A link is the way to the master that holds the installation. It is a hook of
// front, so whoever uses front need not know how Redis is run.
//
// All keys of an installation lie in one slot. In a cluster, link therefore
// sends every command to that slot's master, and not through the cluster
// client, which repeats a command whose answer was lost.
type link struct {
	front     *goredis.Client
	cluster   *goredis.ClusterClient // nil: front reaches the master by itself
	key       string                 // a key of the installation
	replicas  int                    // how many a durable step waits for
	patience  time.Duration          // how long; less than the time to read an answer
	takesOver bool                   // replicas are there to replace the master
	log       *slog.Logger
}

var _ goredis.Hook = (*link)(nil)

func (l *link) close() error {
	err := l.front.Close()
	if l.cluster != nil {
		err = errors.Join(err, l.cluster.Close())
	}
	return err
}

func (l *link) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (l *link) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		step, ok := cmd.(durable)
		if ok && l.replicas > 0 {
			return l.confirmed(ctx, step.Cmd)
		}
		if ok {
			cmd = step.Cmd
		}
		if l.cluster == nil {
			return next(ctx, cmd)
		}
		return l.toMaster(ctx, func(master *goredis.Client) error { return master.Process(ctx, cmd) })
	}
}

func (l *link) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		if l.cluster == nil {
			return next(ctx, cmds)
		}
		sent := false
		err := l.toMaster(ctx, func(master *goredis.Client) error {
			sent = true
			_, err := master.Pipelined(ctx, func(p goredis.Pipeliner) error { return p.BatchProcess(ctx, cmds...) })
			return err
		})
		if !sent {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

// confirmed sends step and waits for replicas, on one connection: WAIT is about
// what its own connection wrote last. A step that is repeated may find nothing
// to write, though what it wrote the first time is not confirmed yet; so a
// write follows each step. A replica that has the write has all before it.
// Source: https://redis.io/docs/latest/commands/wait/
func (l *link) confirmed(ctx context.Context, step *goredis.Cmd) error {
	mark := goredis.NewStatusCmd(ctx, "set", l.key, "")
	wait := goredis.NewIntCmd(ctx, "wait", l.replicas, l.patience.Milliseconds())
	_, _ = l.front.Pipelined(ctx, func(p goredis.Pipeliner) error {
		return p.BatchProcess(ctx, step, mark, wait)
	}) // each command has its own error
	if err := step.Err(); err != nil && err != goredis.Nil {
		return err
	}
	if err := cmp.Or(mark.Err(), wait.Err()); err != nil {
		// Not %w: the step itself was answered.
		return fmt.Errorf("wait for replicas: %v", err)
	}
	if got := int(wait.Val()); got < l.replicas {
		return fmt.Errorf("%d of %d replicas confirmed", got, l.replicas)
	}
	return step.Err()
}

// confirmed (string): nothing. Each durable step writes it where replicas are
// configured; see [link.confirmed].
func (k keys) confirmed() string { return string(k) + "confirmed" }

// toMaster calls send with the master of the installation. A node that says
// MOVED has done nothing, so what was sent may be sent again to another. ASK is
// not followed: while the slot is on its way, a script would find some of its
// keys here and some there.
func (l *link) toMaster(ctx context.Context, send func(*goredis.Client) error) error {
	const tries = 3
	for try := 1; ; try++ {
		master, err := l.cluster.MasterForKey(ctx, l.key)
		if err != nil {
			return err
		}
		err = send(master)
		if to, moved := goredis.IsMovedError(err); moved && try < tries {
			l.log.Info("redis cluster: the installation has another master", "address", to)
			// Unlike ReloadState, this reads the slots before it returns.
			if err := l.cluster.ForEachMaster(ctx, func(context.Context, *goredis.Client) error { return nil }); err != nil {
				return err
			}
			continue
		}
		var answer goredis.Error
		if err != nil && (!errors.As(err, &answer) || goredis.IsReadOnlyError(err)) {
			l.cluster.ReloadState(ctx) // the master may be gone; the next command finds its successor
		}
		return err
	}
}

// explain marks what is nobody's fault as [spool.ErrUnavailable]: no
// connection, a server that is full, loading, read-only or refuses us, too few
// replicas. What is left are mistakes in our scripts.
func explain(ctx context.Context, err error) error {
	if err == nil || err == goredis.Nil {
		return err
	}
	if errors.Is(err, goredis.Nil) {
		// Sentinels answer nil for a master they do not know. It must not be
		// taken for the answer to a step.
		err = errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	var answer goredis.Error
	if errors.As(err, &answer) {
		text := answer.Error()
		ours := strings.HasPrefix(text, "ERR ") || strings.HasPrefix(text, "WRONGTYPE ")
		theirs := func(part string) bool { return strings.Contains(text, part) }
		if ours && !slices.ContainsFunc(notOurs, theirs) {
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

// notOurs are parts of answers that begin like a mistake in a script and are
// none.
var notOurs = []string{
	"max number of clients",
	"ACL failure in script",  // the user lacks a right
	"access a non local key", // the slot is being moved
	"Script killed by user",
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
