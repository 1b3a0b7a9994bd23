package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/bot/spool/spooltest"
)

// A clusterNode is one server of a cluster.
type clusterNode struct {
	*server
	admin *goredis.Client
	id    string
}

// newCluster starts three masters that share the slots, and a replica of the
// one that holds an installation. It returns that one first.
func newCluster(t *testing.T, installation string) (nodes []clusterNode, replica clusterNode) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	node := func() clusterNode {
		s := ownServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
		n := clusterNode{server: s, admin: client(t, s)}
		var err error
		n.id, err = n.admin.ClusterMyID(ctx).Result()
		must(err)
		letIn(t, n.admin, 0)
		return n
	}
	const slots = 16384
	for i := range 3 {
		n := node()
		must(n.admin.ClusterAddSlotsRange(ctx, i*slots/3, (i+1)*slots/3-1).Err())
		must(n.admin.Do(ctx, "cluster", "set-config-epoch", i+1).Err())
		nodes = append(nodes, n)
	}
	replica = node()
	for _, n := range append(nodes[1:], replica) {
		must(n.admin.ClusterMeet(ctx, "127.0.0.1", fmt.Sprint(nodes[0].port)).Err())
	}
	slot, err := nodes[0].admin.ClusterKeySlot(ctx, "signpost:{"+installation+"}:").Result()
	must(err)
	owner := int(slot) * 3 / slots
	nodes[0], nodes[owner] = nodes[owner], nodes[0]
	eventually(t, "replicate", func(ctx context.Context) error { return replica.admin.ClusterReplicate(ctx, nodes[0].id).Err() })
	follows(t, nodes[0].admin, 1)
	for _, n := range append(nodes, replica) {
		stable(t, n.admin, 4)
	}
	return nodes, replica
}

// stable waits until a node knows so many and takes commands.
func stable(t *testing.T, node *goredis.Client, nodes int) {
	t.Helper()
	eventually(t, "cluster", func(ctx context.Context) error {
		info, err := node.ClusterInfo(ctx).Result()
		known := fmt.Sprintf("cluster_known_nodes:%d\r", nodes)
		if err == nil && !(strings.Contains(info, "cluster_state:ok") && strings.Contains(info, known)) {
			err = errors.New(info)
		}
		return err
	})
}

func TestCluster(t *testing.T) {
	nodes, replica := newCluster(t, "main")
	// One node is enough to find the others; another is not there.
	url := "redis+cluster://signpost:PASSWORD@127.0.0.1:1," + nodes[1].addr()
	t.Run("store", func(t *testing.T) { spooltest.TestStore(t, forTest(anew(url))) })

	s := openedAt(t, url+"?replicas=1&timeout=1s", "main")
	if amiss, err := s.Check(t.Context(), time.Now()); err != nil || len(amiss) != 0 {
		t.Errorf("Check = %v, %v; want nothing amiss", amiss, err)
	}
	const events = 50
	for n := range events {
		accept(t, s, event("ana", fmt.Sprint(n)))
	}

	// A planned failover: the old master says MOVED, and the store follows.
	eventually(t, "planned failover", func(ctx context.Context) error { return replica.admin.ClusterFailover(ctx).Err() })
	master := func(n clusterNode) {
		t.Helper()
		eventually(t, "another master", func(ctx context.Context) error {
			info, err := n.admin.Info(ctx, "replication").Result()
			if err == nil && !strings.Contains(info, "role:master") {
				err = errors.New(info)
			}
			return err
		})
	}
	master(replica)
	follows(t, replica.admin, 1)
	eventually(t, "accept after a planned failover", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", fmt.Sprint(events)), start)
		return err
	})

	// The new master dies, and the old one takes over.
	replica.kill()
	if _, err := s.Accept(t.Context(), event("ana", "lost"), start); !errors.Is(err, spool.ErrUnavailable) {
		t.Errorf("accept with a dead master = %v, want unavailable", err)
	}
	master(nodes[0])
	if err := replica.start(); err != nil {
		t.Fatal(err)
	}
	letIn(t, replica.admin, 0)
	eventually(t, "accept after a failover", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", fmt.Sprint(events+1)), start)
		return err
	})
	finishAll(t, s, events+2)

	// Most masters are dead.
	nodes[1].kill()
	nodes[2].kill()
	eventually(t, "the cluster is down", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", "down"), start)
		if err == nil {
			return errors.New("accepted")
		}
		if !errors.Is(err, spool.ErrUnavailable) {
			t.Fatalf("accept = %v, want unavailable", err)
		}
		return nil
	})
	for _, n := range nodes[1:] {
		if err := n.start(); err != nil {
			t.Fatal(err)
		}
		letIn(t, n.admin, 0)
	}
	eventually(t, "the cluster is back", func(ctx context.Context) error {
		_, err := s.Accept(ctx, event("ana", "back"), start)
		return err
	})
}

// A cluster without replicas works, and says what is amiss.
func TestClusterAlone(t *testing.T) {
	s := ownServer(t, "--cluster-enabled", "yes")
	if err := client(t, s).ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	url := "redis+cluster://" + s.addr()
	var store *redis.Store
	eventually(t, "open", func(ctx context.Context) (err error) {
		store, err = redis.Open(ctx, url, redis.Options{})
		return err
	})
	defer store.Close()
	amiss, err := store.Check(t.Context(), time.Now())
	if err != nil || len(amiss) != 1 || !strings.Contains(amiss[0].What, "take over") {
		t.Errorf("Check = %v, %v; want a word of a replica", amiss, err)
	}
}
