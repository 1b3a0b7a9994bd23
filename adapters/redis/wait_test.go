package redis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/bot/spool/spooltest"
)

// replicaOf starts a replica.
func replicaOf(t testing.TB, master *server, args ...string) *server {
	t.Helper()
	return ownServer(t, append([]string{"--replicaof", fmt.Sprintf("127.0.0.1 %d", master.port)}, args...)...)
}

// follows waits until a master has so many replicas on line.
func follows(t testing.TB, master *goredis.Client, replicas int) {
	t.Helper()
	eventually(t, "replicas", func(ctx context.Context) error {
		info, err := master.Info(ctx, "replication").Result()
		if n := strings.Count(info, "state=online"); err == nil && n < replicas {
			err = fmt.Errorf("%d of %d are there", n, replicas)
		}
		return err
	})
}

func TestStoreWithReplica(t *testing.T) {
	master := ownServer(t)
	replicaOf(t, master)
	follows(t, client(t, master), 1)
	spooltest.TestStore(t, forTest(anew(master.url()+"?replicas=1")))
}

// A step that no replica confirms counts as not taken. It is repeated until one
// does, and is then known to have been taken.
func TestWait(t *testing.T) {
	master := ownServer(t)
	replica := replicaOf(t, master)
	follows(t, client(t, master), 1)
	s := openedAt(t, master.url()+"?replicas=1&timeout=400ms", "main")
	ctx := t.Context()
	eventually(t, "first accept", func(ctx context.Context) error { // the replica may still be loading
		_, err := s.Accept(ctx, event("ana", "1"), start)
		return err
	})
	w := lease(t, s)

	// The replica hangs. A repeat writes nothing, and is not confirmed either.
	replica.cmd.Process.Signal(syscall.SIGSTOP)
	for range 2 {
		if _, err := s.Accept(ctx, event("ana", "2"), start); !errors.Is(err, spool.ErrUnavailable) {
			t.Fatalf("accept with a hanging replica = %v, want unavailable", err)
		}
		if err := s.Finish(ctx, w, outcome("help"), start); !errors.Is(err, spool.ErrUnavailable) {
			t.Fatalf("finish with a hanging replica = %v, want unavailable", err)
		}
	}
	replica.cmd.Process.Signal(syscall.SIGCONT)
	eventually(t, "finish again", func(ctx context.Context) error { return s.Finish(ctx, w, outcome("help"), start) })
	if fresh, err := s.Accept(ctx, event("ana", "2"), start); fresh || err != nil {
		t.Errorf("accept again = %t, %v; want it known", fresh, err)
	}

	replica.kill()
	if _, err := s.Accept(ctx, event("ana", "3"), start); !errors.Is(err, spool.ErrUnavailable) {
		t.Errorf("accept with a dead replica = %v, want unavailable", err)
	}
	// Reading, and steps that may be lost, do not wait.
	if _, err := s.Pending(ctx); err != nil {
		t.Errorf("pending with a dead replica: %v", err)
	}
	if err := replica.start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "accept again", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", "3"), start)
		return err
	})
	got, err := s.Pending(ctx)
	if want := (spool.Pending{Events: 2, Replies: 1}); err != nil || got != want {
		t.Errorf("pending = %+v, %v; want %+v", got, err, want)
	}
}

// What a replica confirmed is there when it takes the master's place.
func TestConfirmedOutlivesMaster(t *testing.T) {
	master := ownServer(t)
	replica := replicaOf(t, master)
	follows(t, client(t, master), 1)
	s := openedAt(t, master.url()+"?replicas=1", "main")
	const events = 100
	for n := range events {
		accept(t, s, event("ana", fmt.Sprint(n)))
	}
	master.kill()
	if err := client(t, replica).ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	finishAll(t, opened(t, replica, "main"), events)
}

// finishAll takes ana's events 0, 1, 2 and so on, and wants nothing left.
func finishAll(t *testing.T, s *redis.Store, events int) {
	t.Helper()
	for n := range events {
		w := lease(t, s)
		if want := fmt.Sprint(n); string(w.Event.Message) != want {
			t.Fatalf("leased %q, want %q", w.Event.Message, want)
		}
		if err := s.Finish(t.Context(), w, spool.Outcome{}, start); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Lease(t.Context(), start, hold); !errors.Is(err, spool.ErrNothing) {
		t.Errorf("lease = %v, want nothing", err)
	}
}

// A cutter passes on what clients and a server say to each other. Once told to,
// it swallows one answer and hangs up.
type cutter struct {
	net.Listener
	to  *server
	cut atomic.Bool
}

func newCutter(t *testing.T) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &cutter{Listener: l}
}

// run serves until the test ends.
func (c *cutter) run(t *testing.T, to *server) {
	c.to = to
	var all sync.WaitGroup
	t.Cleanup(func() { c.Close(); all.Wait() })
	all.Go(func() {
		for {
			client, err := c.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", c.to.addr())
			if err != nil {
				client.Close()
				continue
			}
			all.Go(func() { io.Copy(server, client); server.Close() })
			all.Go(func() {
				defer client.Close()
				defer server.Close()
				buffer := make([]byte, 64<<10)
				for {
					n, err := server.Read(buffer)
					if err != nil || c.cut.Swap(false) {
						return
					}
					if _, err := client.Write(buffer[:n]); err != nil {
						return
					}
				}
			})
		}
	})
}

// Nothing between the store and the server sends a step again whose answer was
// lost. The caller does, and the step counts once.
func TestLostAnswer(t *testing.T) {
	tests := []struct {
		name, scheme, settings string
	}{
		{"alone", "redis", ""},
		{"alone, with a replica", "redis", "?replicas=1&timeout=200ms"},
		{"cluster", "redis+cluster", ""},
		{"cluster, with a replica", "redis+cluster", "?replicas=1&timeout=200ms"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			between := newCutter(t)
			var args []string
			if test.scheme == "redis+cluster" {
				args = []string{"--cluster-enabled", "yes", "--cluster-announce-port", fmt.Sprint(between.Addr().(*net.TCPAddr).Port)}
			}
			server := ownServer(t, args...)
			between.run(t, server)
			admin := client(t, server)
			if args != nil {
				if err := admin.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
					t.Fatal(err)
				}
				stable(t, admin, 1)
			}
			var s *redis.Store
			eventually(t, "open", func(ctx context.Context) (err error) {
				s, err = redis.Open(ctx, test.scheme+"://"+between.Addr().String()+test.settings, redis.Options{})
				return err
			})
			defer s.Close()
			// Now the server knows the script; that no replica confirms does not matter.
			_, _ = s.Accept(t.Context(), event("ana", "1"), start)
			if err := admin.ConfigResetStat(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			between.cut.Store(true)
			if _, err := s.Accept(t.Context(), event("ana", "2"), start); !errors.Is(err, spool.ErrUnavailable) {
				t.Errorf("accept = %v, want unavailable", err)
			}
			stats, err := admin.Info(t.Context(), "commandstats").Result()
			if err != nil || !strings.Contains(stats, "cmdstat_evalsha:calls=1,") || strings.Contains(stats, "cmdstat_eval:") {
				t.Errorf("the step was not sent exactly once: %v\n%s", err, stats)
			}
			if test.settings != "" {
				return
			}
			if fresh, err := s.Accept(t.Context(), event("ana", "2"), start); fresh || err != nil {
				t.Errorf("accept again = %t, %v; want it known", fresh, err)
			}
		})
	}
}
