package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/bot/spool/spooltest"
)

var start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

const hold = 30 * time.Second

func TestStore(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) { spooltest.TestStore(t, forTest(store.open)) })
	}
}

func TestSpool(t *testing.T) {
	for _, store := range stores {
		t.Run(store.name, func(t *testing.T) { spooltest.TestSpool(t, forTest(store.open)) })
	}
}

func TestOpenRefuses(t *testing.T) {
	const secret = "hunter2"
	tests := []struct {
		name, url, installation string
		away                    bool
	}{
		{"other scheme", "http://user:hunter2@localhost", "", false},
		{"slash in the password", "redis://user:pa/hunter2@localhost:6379", "", false},
		{"no number for the database", "redis://user:hunter2@localhost:6379/hunter2", "", false},
		{"control character", "redis://user:hunter2\n@localhost", "", false},
		{"braces in the installation", "redis://user:hunter2@localhost:1", "a}b", false},
		{"nobody there", "redis://user:hunter2@127.0.0.1:1", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := redis.Open(t.Context(), test.url, redis.Options{Installation: test.installation})
			if err == nil || errors.Is(err, spool.ErrUnavailable) != test.away {
				t.Fatalf("Open = %v, unavailable should be %t", err, test.away)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	t.Run("evicting server", func(t *testing.T) {
		s := ownServer(t, "--maxmemory-policy", "allkeys-lru")
		_, err := redis.Open(t.Context(), s.url(), redis.Options{})
		if err == nil || !strings.Contains(err.Error(), "noeviction") {
			t.Errorf("Open = %v, want a word of noeviction", err)
		}
	})
}

// What cannot be decoded again would block its lane or place for good.
func TestRefusesWhatCannotBeRead(t *testing.T) {
	s := embedded(t)
	long := event("ana", "1")
	long.Kind, long.Action = chat.Press, chat.Do("claim", strings.Repeat("x", chat.MaxAction))
	if _, err := s.Accept(t.Context(), long, start); err == nil {
		t.Error("a press with too long an action was accepted")
	}
	accept(t, s, event("ana", "2"))
	w := lease(t, s)
	o := outcome("help")
	o.Tickets = []spool.Versioned[desk.Ticket]{{Value: desk.Ticket{ID: "T-1", Number: 1}}}
	o.Replies[0].Blocks = []chat.Block{{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "does nothing"}}}}
	if err := s.Finish(t.Context(), w, o, start); err == nil {
		t.Error("a button without an action was queued")
	}
	if _, err := s.Ticket(t.Context(), "T-1"); !errors.Is(err, spool.ErrNotFound) {
		t.Errorf("ticket of a refused outcome: %v", err)
	}
}

// What was accepted outlives the server's sudden death, and the same store
// carries on when it is back.
func TestKilledServer(t *testing.T) {
	server := ownServer(t, "--appendfsync", "always")
	s := opened(t, server, "main")
	const events = 50
	for n := range events {
		accept(t, s, event("ana", fmt.Sprint(n)))
	}
	w := lease(t, s)
	o := outcome("help")
	if err := s.Finish(t.Context(), w, o, start); err != nil {
		t.Fatal(err)
	}
	server.kill()
	if _, err := s.Accept(t.Context(), event("ana", "away"), start); !errors.Is(err, spool.ErrUnavailable) {
		t.Errorf("accept on a dead server = %v, want unavailable", err)
	}
	if err := server.start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(t.Context(), w, o, start); err != nil {
		t.Errorf("repeat of a committed Finish = %v", err)
	}
	got, err := s.Pending(t.Context())
	if want := (spool.Pending{Events: events - 1, Replies: 1}); err != nil || got != want {
		t.Fatalf("pending = %+v, %v; want %+v", got, err, want)
	}
	for n := 1; n < events; n++ {
		w := lease(t, s)
		if want := chat.MessageID(fmt.Sprint(n)); w.Event.Message != want {
			t.Fatalf("leased %q, want %q", w.Event.Message, want)
		}
		if err := s.Finish(t.Context(), w, spool.Outcome{}, start); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnavailable(t *testing.T) {
	server := ownServer(t)
	s := opened(t, server, "main")
	admin := client(t, server)
	set := func(key, value string) {
		t.Helper()
		if err := admin.ConfigSet(t.Context(), key, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what string, ctx context.Context, also error) {
		t.Helper()
		_, err := s.Accept(ctx, event("ana", what), start)
		if !errors.Is(err, spool.ErrUnavailable) || !errors.Is(err, also) {
			t.Errorf("%s: accept = %v, want unavailable and %v", what, err, also)
		}
	}
	set("maxmemory", "1")
	refused("full", t.Context(), spool.ErrUnavailable)
	set("maxmemory", "0")

	admin.ReplicaOf(t.Context(), "127.0.0.1", "1")
	refused("read-only", t.Context(), spool.ErrUnavailable)
	admin.ReplicaOf(t.Context(), "NO", "ONE")

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	refused("canceled", canceled, context.Canceled)

	// A server that hangs does not hold up a caller in a hurry.
	server.cmd.Process.Signal(syscall.SIGSTOP)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	refused("hanging", short, context.DeadlineExceeded)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("accept with 50 ms took %s", took)
	}
	server.cmd.Process.Signal(syscall.SIGCONT)

	// Nothing but a mistake in a script is anybody's fault.
	admin.Set(t.Context(), "signpost:{main}:seen", "not a set", 0)
	if _, err := s.Accept(t.Context(), event("ana", "mistake"), start); err == nil || errors.Is(err, spool.ErrUnavailable) {
		t.Errorf("accept into a broken store = %v, want another error than unavailable", err)
	}
}

// When all is done, only what keys.go says stays is left.
func TestLeavesNothingBehind(t *testing.T) {
	server := ownServer(t)
	s := opened(t, server, "main")
	ctx := t.Context()
	accept(t, s, event("ana", "1"), event("ana", "2"))
	w := lease(t, s)
	if _, err := w.View.Number(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(ctx, w, outcome("help"), start); err != nil {
		t.Fatal(err)
	}
	if err := s.Bury(ctx, lease(t, s), "boom", outcome("desk").Replies, start); err != nil {
		t.Fatal(err)
	}
	deliver(t, s)
	l, err := s.LeaseReply(ctx, "test", chat.Pace{}, start, hold)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(ctx, l, "channel is gone", start); err != nil {
		t.Fatal(err)
	}
	admin := client(t, server)
	found, err := admin.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range found {
		name, inside := strings.CutPrefix(key, "signpost:{main}:")
		if !inside {
			t.Errorf("key %q is not of the installation", key)
		}
		found[i], _, _ = strings.Cut(name, ":")
	}
	slices.Sort(found)
	if want := []string{"dead", "dead", "dead", "done", "number", "pending", "posted", "receipt", "receipts", "seen"}; !slices.Equal(found, want) {
		t.Errorf("keys left = %v, want %v", found, want)
	}

	for _, id := range admin.ZRange(ctx, "signpost:{main}:dead", 0, -1).Val() {
		letter := admin.HGetAll(ctx, "signpost:{main}:dead:"+id).Val()
		cause := "boom"
		if strings.Contains(id, ".") {
			cause = "channel is gone"
		}
		if letter["cause"] != cause || letter["value"] == "" || letter["at"] != fmt.Sprint(start.UnixMilli()) {
			t.Errorf("dead letter %s = %v, want cause %q", id, letter, cause)
		}
	}

	// What is remembered for a time shrinks as new work comes.
	later := start.Add(spool.Remembered + time.Hour)
	for n := range 64 {
		if _, err := s.Accept(ctx, event("bo", fmt.Sprint("later ", n)), later); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]int64{"seen": 64, "done": 0} {
		if n := admin.ZCard(ctx, "signpost:{main}:"+key).Val(); n != want {
			t.Errorf("%s has %d members, want %d", key, n, want)
		}
	}
}

// A token that was used up or has ended is stored nowhere, and no error tells
// it. When a platform is no longer there, its cursors are all that stays.
func TestMemoryLeavesNoSecret(t *testing.T) {
	const secret = "hunter2"
	server := ownServer(t)
	s := opened(t, server, "main")
	ctx := t.Context()
	admin := client(t, server)
	stored := func() string {
		t.Helper()
		var all strings.Builder
		for _, key := range admin.Keys(ctx, "*token:*").Val() {
			fmt.Fprintln(&all, key, admin.HGetAll(ctx, key).Val())
		}
		return all.String()
	}
	keep := func(h chat.ReplyHandle, end time.Time) {
		t.Helper()
		if err := s.KeepToken(ctx, h, secret, 1, end); err != nil {
			t.Fatal(err)
		}
	}
	keep("used", start.Add(time.Hour))
	if got := stored(); !strings.Contains(got, secret) {
		t.Fatalf("stored %q, want the token", got)
	}
	if token, err := s.Token(ctx, "used", start); err != nil || token != secret {
		t.Fatalf("Token = %q, %v", token, err)
	}
	if got := stored(); strings.Contains(got, secret) {
		t.Errorf("stored %q after the last use", got)
	}
	keep("one", start)
	keep("two", start)
	if _, err := s.Token(ctx, "none", start); !errors.Is(err, chat.ErrNoToken) {
		t.Errorf("Token = %v, want none", err)
	}
	if got := stored(); strings.Contains(got, secret) {
		t.Errorf("stored %q after the end", got)
	}

	if err := s.Mark(ctx, start, event("ana", "1").Place); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(ctx, "test", map[string]string{"help": "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Trim(ctx, spool.Retention{}, start.Add(chat.Marking+time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left, want := admin.Keys(ctx, "*").Val(), []string{"signpost:{main}:cursors:test"}; !slices.Equal(left, want) {
		t.Errorf("keys left = %v, want %v", left, want)
	}

	keep("kept", start.Add(time.Hour))
	server.kill()
	_, taken := s.Token(ctx, "kept", start)
	_, cursor := s.Cursor(ctx, "test", "help")
	_, cursors := s.Cursors(ctx, "test")
	_, marked := s.Marked(ctx, "test", start, 1)
	for step, err := range map[string]error{
		"keep": s.KeepToken(ctx, "again", secret, 1, start.Add(time.Hour)), "take": taken,
		"advance": s.Advance(ctx, "test", map[string]string{"help": "2"}), "cursor": cursor, "cursors": cursors,
		"mark": s.Mark(ctx, start, event("ana", "1").Place), "marked": marked,
	} {
		if !errors.Is(err, spool.ErrUnavailable) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s on a dead server = %v, want unavailable and no secret", step, err)
		}
	}
}

// Installations share a server and nothing else.
func TestInstallations(t *testing.T) {
	server := ownServer(t)
	a, b := opened(t, server, "a"), opened(t, server, "b")
	accept(t, a, event("ana", "1"))
	if _, err := b.Lease(t.Context(), start, hold); !errors.Is(err, spool.ErrNothing) {
		t.Errorf("lease in another installation = %v, want nothing", err)
	}
	accept(t, b, event("ana", "1"))
}

func client(t testing.TB, s *server) *goredis.Client {
	t.Helper()
	options, err := goredis.ParseURL(s.url())
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(options)
	t.Cleanup(func() { c.Close() })
	return c
}

func event(user, id string) chat.Event {
	account := chat.NewAccountID("test", "w", user)
	return chat.Event{
		ID: chat.EventID("test:" + id), Kind: chat.Message, At: start,
		Place:   chat.Place{Platform: "test", Workspace: "w", Channel: "help"},
		From:    chat.Sender{Account: account, Person: chat.PersonID(account), Name: user},
		Message: chat.MessageID(id), Text: "where is my refund?",
	}
}

func outcome(channel string) spool.Outcome {
	return spool.Outcome{Replies: []chat.Reply{{
		Key: "answer", Deed: chat.Post, Purpose: chat.Answering,
		Place:  chat.Place{Platform: "test", Workspace: "w", Channel: channel},
		Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("Refunds take five days.")}},
	}}}
}

func accept(t testing.TB, s *redis.Store, events ...chat.Event) {
	t.Helper()
	for _, e := range events {
		if fresh, err := s.Accept(t.Context(), e, start); err != nil || !fresh {
			t.Fatalf("accept %s = %t, %v", e.ID, fresh, err)
		}
	}
}

func lease(t testing.TB, s *redis.Store) spool.Work {
	t.Helper()
	w, err := s.Lease(t.Context(), start, hold)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func deliver(t testing.TB, s *redis.Store) {
	t.Helper()
	l, err := s.LeaseReply(t.Context(), "test", chat.Pace{}, start, hold)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delivered(t.Context(), l, chat.Receipt{Place: l.Reply.Place, Message: "1"}, start); err != nil {
		t.Fatal(err)
	}
}
