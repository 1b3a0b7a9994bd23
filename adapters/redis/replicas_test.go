package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Two replicas of the bot fire each timer once between them, share one pace, and
// only one holds what one may hold.
func TestReplicas(t *testing.T) {
	server := ownServer(t)
	a, b := opened(t, server, "main"), opened(t, server, "main")
	ctx := t.Context()

	const timers = 30
	var o spool.Outcome
	for n := range timers {
		o.Timers = append(o.Timers, spool.Timer{Name: fmt.Sprint(n), Due: start, Event: event("ana", "")})
		o.Replies = append(o.Replies, outcome(fmt.Sprint("channel", n)).Replies...)
	}
	accept(t, a, event("ana", "1"))
	if err := a.Finish(ctx, lease(t, a), o, start); err != nil {
		t.Fatal(err)
	}
	fired := make(chan int)
	for _, s := range []*redis.Store{a, b} {
		go func() {
			n, err := s.Fire(ctx, start)
			if err != nil {
				t.Errorf("fire: %v", err)
			}
			fired <- n
		}()
	}
	if n := <-fired + <-fired; n != timers {
		t.Errorf("%d timers fired, want %d", n, timers)
	}
	if p, err := b.Pending(ctx); err != nil || p.Events != timers {
		t.Errorf("pending = %+v, %v; want %d events", p, err, timers)
	}

	pace := chat.Pace{Platform: 100 * time.Millisecond, Burst: 2}
	sent := 0
	for ms := range 1001 {
		s := a
		if ms%2 == 1 {
			s = b
		}
		_, err := s.LeaseReply(ctx, "test", pace, start.Add(time.Duration(ms)*time.Millisecond), hold)
		switch {
		case err == nil:
			sent++
		case !errors.Is(err, spool.ErrNothing):
			t.Fatal(err)
		}
	}
	if sent != 12 { // the burst, and one each 100 ms
		t.Errorf("%d replies in a second, want 12", sent)
	}

	if _, err := a.Hold(ctx, "shard", "a", start, hold); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Hold(ctx, "shard", "b", start, hold); !errors.Is(err, chat.ErrHeld) {
		t.Errorf("hold by another replica = %v, want held", err)
	}
}

// A lease that never reached the sender does not make the reply uncertain.
func TestLostLease(t *testing.T) {
	master := ownServer(t)
	plain := opened(t, master, "main")
	accept(t, plain, event("ana", "1"))
	if err := plain.Finish(t.Context(), lease(t, plain), outcome("help"), start); err != nil {
		t.Fatal(err)
	}
	strict := openedAt(t, master.url()+"?replicas=1&timeout=400ms", "main") // there is none
	for range 2 {
		if _, err := strict.LeaseReply(t.Context(), "test", chat.Pace{}, start, hold); !errors.Is(err, spool.ErrUnavailable) {
			t.Fatalf("lease without a replica = %v, want unavailable", err)
		}
	}
	l, err := plain.LeaseReply(t.Context(), "test", chat.Pace{}, start, hold)
	if err != nil {
		t.Fatal(err)
	}
	if l.Uncertain || l.Try != 1 {
		t.Errorf("uncertain = %t at try %d, want neither", l.Uncertain, l.Try)
	}
}

// One event, accepted to delivered, takes five steps, each a round trip.
func TestRoundTrips(t *testing.T) {
	server := ownServer(t)
	s := opened(t, server, "main")
	admin := client(t, server)
	once := func(n int) {
		t.Helper()
		accept(t, s, event("ana", fmt.Sprint(n)))
		if err := s.Finish(context.Background(), lease(t, s), outcome("help"), start); err != nil {
			t.Fatal(err)
		}
		deliver(t, s)
	}
	once(0) // the scripts are loaded
	admin.ConfigResetStat(t.Context())
	once(1)
	calls := commandCalls(t, admin.Info(t.Context(), "commandstats").Val())
	if calls["evalsha"] != 5 {
		t.Errorf("%d steps, want 5", calls["evalsha"])
	}
}

// commandCalls reads how often each command was called, also inside scripts.
func commandCalls(t testing.TB, info string) map[string]int {
	t.Helper()
	calls := map[string]int{}
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		n := 0
		if _, err := fmt.Sscan(strings.Split(rest, ",")[0], &n); err != nil {
			t.Fatal(err)
		}
		calls[name] = n
	}
	return calls
}
