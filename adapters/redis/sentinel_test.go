package redis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/bot/spool/spooltest"
)

// watched is a master and its replica under a sentinel, and the URL of a user
// with the least rights.
func watched(t *testing.T) (master *server, sentinel *goredis.SentinelClient, url string) {
	t.Helper()
	args := []string{"--requirepass", "data", "--masterauth", "data"}
	master = ownServer(t, args...)
	replica := replicaOf(t, master, args...)
	admin := goredis.NewClient(&goredis.Options{Addr: master.addr(), Password: "data"})
	t.Cleanup(func() { admin.Close() })
	follows(t, admin, 1)

	guard, err := makeServer()
	need(t, guard, err)
	t.Cleanup(guard.remove)
	settings := filepath.Join(guard.dir, "sentinel.conf")
	text := fmt.Sprintf(`requirepass guard
sentinel monitor mymaster 127.0.0.1 %d 1
sentinel auth-pass mymaster data
sentinel down-after-milliseconds mymaster 1000
sentinel failover-timeout mymaster 5000
`, master.port)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	guard.args = []string{settings, "--sentinel"}
	if err := guard.start(); err != nil {
		t.Fatal(err)
	}
	sentinel = goredis.NewSentinelClient(&goredis.Options{Addr: guard.addr(), Password: "guard"})
	t.Cleanup(func() { sentinel.Close() })
	letIn(t, admin, 0)
	behind := goredis.NewClient(&goredis.Options{Addr: replica.addr(), Password: "data"})
	t.Cleanup(func() { behind.Close() })
	letIn(t, behind, 0)
	letIn(t, sentinel, 1)
	// The first sentinel is not there.
	return master, sentinel, "redis+sentinel://signpost:PASSWORD@127.0.0.1:1," + guard.addr() +
		"/mymaster/0?sentinel_user=signpost&sentinel_password=PASSWORD"
}

func TestSentinel(t *testing.T) {
	master, sentinel, url := watched(t)
	t.Run("store", func(t *testing.T) { spooltest.TestStore(t, forTest(anew(url))) })

	s := openedAt(t, url+"&replicas=1", "main")
	if amiss, err := s.Check(t.Context(), time.Now()); err != nil || len(amiss) != 0 {
		t.Errorf("Check = %v, %v; want nothing amiss", amiss, err)
	}
	const events = 200
	for n := range events / 2 {
		accept(t, s, event("ana", fmt.Sprint(n)))
	}
	eventually(t, "failover", func(ctx context.Context) error { return sentinel.Failover(ctx, "mymaster").Err() })
	// What is refused meanwhile is sent again, as a platform would.
	for n := events / 2; n < events; n++ {
		eventually(t, "accept during a failover", func(ctx context.Context) error {
			_, err := s.Accept(ctx, event("ana", fmt.Sprint(n)), start)
			if err != nil && !errors.Is(err, spool.ErrUnavailable) {
				t.Fatalf("accept = %v, want unavailable at most", err)
			}
			return err
		})
	}
	eventually(t, "another master", func(ctx context.Context) error {
		addr, err := sentinel.GetMasterAddrByName(ctx, "mymaster").Result()
		if err == nil && addr[1] == fmt.Sprint(master.port) {
			err = errors.New("the old one is the master")
		}
		return err
	})
	// The store may still hold connections to the old master, which follows now.
	eventually(t, "a step on the new master", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", "0"), start)
		return err
	})
	for n := range events {
		var w spool.Work
		eventually(t, "lease", func(ctx context.Context) (err error) {
			w, err = s.Lease(ctx, start, hold)
			return err
		})
		if want := fmt.Sprint(n); string(w.Event.Message) != want {
			t.Fatalf("leased %q, want %q", w.Event.Message, want)
		}
		eventually(t, "finish", func(ctx context.Context) error { return s.Finish(ctx, w, spool.Outcome{}, start) })
	}

	if _, err := redis.Open(t.Context(), strings.Replace(url, "mymaster", "yours", 1), redis.Options{}); !errors.Is(err, spool.ErrUnavailable) {
		t.Errorf("open an unknown master = %v, want unavailable", err)
	}
}
