package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
)

// A redisServer is a Redis of our own on loopback, with its files in a temporary
// folder.
type redisServer struct {
	dir  string
	port int // the same after a restart
	args []string
	cmd  *exec.Cmd
}

// redisProgram is the server to run, empty if there is none.
func redisProgram() string {
	for _, program := range []string{"redis-server", "valkey-server"} {
		if _, err := exec.LookPath(program); err == nil {
			return program
		}
	}
	return ""
}

// needRedis skips a test where there is no server, unless
// SIGNPOST_TEST_REDIS=require forbids that.
func needRedis(t testing.TB) {
	t.Helper()
	if redisProgram() != "" {
		return
	}
	if os.Getenv("SIGNPOST_TEST_REDIS") == "require" {
		t.Fatal("a Redis server is required")
	}
	t.Skip("no Redis; install redis-server or valkey-server")
}

// startRedis runs a server until the test ends. Arguments are settings.
func startRedis(t testing.TB, args ...string) *redisServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "signpost-redis-")
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{dir: dir, args: args}
	ours.Store(s, nil)
	t.Cleanup(func() { s.remove(); ours.Delete(s) })
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// shared is the server of all stages; see [stored].
var shared struct {
	once sync.Once
	redisServer
	err error
}

// stages counts those that are stored.
var stages atomic.Int64

// stored returns a store on a server that all stages share, under a name of its
// own: to ask the one inside the process takes the race detector longer than all
// else that a stage does. Where there is no server, it is that one.
func stored(t testing.TB, installation string, log *slog.Logger) *redis.Store {
	t.Helper()
	o := redis.Options{Installation: fmt.Sprintf("%s-%d", cmp.Or(installation, "main"), stages.Add(1)), Log: log}
	if redisProgram() == "" && os.Getenv("SIGNPOST_TEST_REDIS") != "require" {
		s, err := redis.Embedded(o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	needRedis(t)
	shared.once.Do(func() {
		shared.args = []string{"--appendonly", "no"}
		ours.Store(&shared.redisServer, nil)
		if shared.dir, shared.err = os.MkdirTemp("", "signpost-redis-"); shared.err == nil {
			shared.err = shared.start()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	s, err := redis.Open(context.Background(), "redis://"+shared.addr()+"?timeout=1m", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ours are the servers that run, for a test that is told to end.
var ours sync.Map

// endWithUs stops the servers when this process is told to end. What else it
// starts ends by itself.
func endWithUs() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-told
		ours.Range(func(s, _ any) bool { s.(*redisServer).remove(); return true })
		os.RemoveAll(learned())
		os.Exit(1)
	}()
}

func (s *redisServer) remove() {
	s.kill()
	os.RemoveAll(s.dir)
}

// start returns once the server is ready. Further arguments are for this time
// only.
func (s *redisServer) start(more ...string) error {
	var output strings.Builder
	for range 5 { // someone else may take the port before the server does
		for s.port == 0 || s.port > 55_000 { // a node of a cluster also takes port + 10000
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			s.port = l.Addr().(*net.TCPAddr).Port
			l.Close()
		}
		args := []string{"--bind", "127.0.0.1", "--port", fmt.Sprint(s.port), "--dir", s.dir}
		if slices.Contains(s.args, "--sentinel") { // its settings come first, from the file that it writes to
			args = append(slices.Clone(s.args), args...)
		} else {
			args = append(args, "--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0")
			args = append(append(args, s.args...), more...)
		}
		s.cmd = exec.Command(redisProgram(), args...)
		stdout, err := s.cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := s.cmd.Start(); err != nil {
			return err
		}
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			fmt.Fprintln(&output, lines.Text())
			if strings.Contains(lines.Text(), "eady to accept connections") || strings.Contains(lines.Text(), "+monitor master") {
				go io.Copy(io.Discard, stdout) // until kill: a full pipe would halt it
				return nil
			}
		}
		s.kill()
		s.port = 0
	}
	return fmt.Errorf("redis does not start:\n%s", output.String())
}

func (s *redisServer) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// kill is kill -9: the server has no moment to save anything.
func (s *redisServer) kill() {
	if s.cmd != nil && s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// mend takes what a killed server had written of a script back, as docs/redis.md
// tells who runs one. A server itself keeps the beginning of it in the file, and
// carries it out at the next start but one.
// Source: https://github.com/valkey-io/valkey/pull/4342
func (s *redisServer) mend() error {
	check := strings.TrimSuffix(redisProgram(), "server") + "check-aof"
	if _, err := exec.LookPath(check); err != nil {
		return nil // it comes with the server, most of the time
	}
	manifests, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.manifest"))
	if len(manifests) == 0 {
		return err
	}
	fix := exec.Command(check, "--fix", manifests[0])
	fix.Stdin = strings.NewReader("y\n")
	if out, err := fix.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", check, err, out)
	}
	return nil
}

// admin is a client that asks this very server.
func (s *redisServer) admin(t testing.TB) *goredis.Client {
	c := goredis.NewClient(&goredis.Options{Addr: s.addr()})
	t.Cleanup(func() { c.Close() })
	return c
}

// until tries until it succeeds, for two minutes at most: what a killed process
// had in hand comes back after half a minute, and what a platform did not take
// after a minute.
func until(ctx context.Context, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// wants returns an error until a server's answer to INFO or the like has all parts.
func wants(answer *goredis.StringCmd, parts ...string) error {
	text, err := answer.Result()
	for _, part := range parts {
		if err == nil && !strings.Contains(text, part) {
			err = errors.New("no " + part)
		}
	}
	return err
}

// A pair is a master and its replica, which take each other's place.
type pair struct {
	servers  [2]*redisServer
	admins   [2]*goredis.Client
	master   int
	sentinel *goredis.SentinelClient // nil: there is none
}

// ready waits until one follows the other, and the sentinel knows. On a busy
// machine, a sentinel may have changed its mind meanwhile.
func (p *pair) ready(ctx context.Context) error {
	return until(ctx, "replica", func(ctx context.Context) error {
		err := wants(p.admins[p.master].Info(ctx, "replication"), "role:master", "state=online")
		if err != nil && p.sentinel != nil && wants(p.admins[1-p.master].Info(ctx, "replication"), "role:master", "state=online") == nil {
			p.master, err = 1-p.master, nil
		}
		if err != nil || p.sentinel == nil {
			return err
		}
		replicas, err := p.sentinel.Replicas(ctx, "mymaster").Result()
		if err == nil && !slices.ContainsFunc(replicas, func(r map[string]string) bool {
			return r["flags"] == "slave" && r["port"] == fmt.Sprint(p.servers[1-p.master].port)
		}) {
			err = errors.New("the sentinel knows no replica")
		}
		return err
	})
}

// succeed waits until the replica has taken the master's place, and whoever made
// it do so is done with that.
func (p *pair) succeed(ctx context.Context) error {
	heir := 1 - p.master
	err := until(ctx, "another master", func(ctx context.Context) error {
		err := wants(p.admins[heir].Info(ctx, "replication"), "role:master")
		if err != nil || p.sentinel == nil {
			return err
		}
		addr, err := p.sentinel.GetMasterAddrByName(ctx, "mymaster").Result()
		if err == nil && addr[1] != fmt.Sprint(p.servers[heir].port) {
			err = errors.New("the sentinel has the old one")
		}
		return err
	})
	if err == nil {
		p.master = heir
	}
	return err
}

// killMaster kills the master, waits until the replica has taken its place, and
// starts it again as a replica.
func (p *pair) killMaster(ctx context.Context, args func(master *redisServer) []string) error {
	old, heir := p.master, 1-p.master
	p.servers[old].kill()
	if err := p.succeed(ctx); err != nil {
		return err
	}
	if err := p.servers[old].start(args(p.servers[heir])...); err != nil {
		return err
	}
	return p.ready(ctx)
}

func replicaOf(master *redisServer) []string {
	return []string{"--replicaof", fmt.Sprintf("127.0.0.1 %d", master.port)}
}

// startSentinel runs a master and a replica under a sentinel.
func startSentinel(t testing.TB) (p *pair, guard *redisServer) {
	t.Helper()
	p = &pair{}
	p.servers[0] = startRedis(t)
	p.servers[1] = startRedis(t)
	for i, s := range p.servers {
		p.admins[i] = s.admin(t)
	}
	if err := p.admins[1].ReplicaOf(t.Context(), "127.0.0.1", fmt.Sprint(p.servers[0].port)).Err(); err != nil {
		t.Fatal(err)
	}
	if err := p.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor mymaster 127.0.0.1 %d 1\nsentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 3000\n", p.servers[0].port)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	guard = startRedis(t, settings, "--sentinel")
	p.sentinel = goredis.NewSentinelClient(&goredis.Options{Addr: guard.addr()})
	t.Cleanup(func() { p.sentinel.Close() })
	if err := p.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, guard
}

// startCluster runs three masters and a replica of the one that has the
// installation.
func startCluster(t testing.TB) (p *pair, addrs []string) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var nodes []*redisServer
	var admins []*goredis.Client
	for range 4 {
		s := startRedis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
		nodes, admins, addrs = append(nodes, s), append(admins, s.admin(t)), append(addrs, s.addr())
	}
	const slots = 16384
	for i := range 3 {
		must(admins[i].ClusterAddSlotsRange(ctx, i*slots/3, (i+1)*slots/3-1).Err())
		must(admins[i].Do(ctx, "cluster", "set-config-epoch", i+1).Err())
	}
	for i := range 3 {
		must(admins[i+1].ClusterMeet(ctx, "127.0.0.1", fmt.Sprint(nodes[0].port)).Err())
	}
	slot, err := admins[0].ClusterKeySlot(ctx, prefix).Result()
	must(err)
	owner := int(slot) * 3 / slots
	id, err := admins[owner].ClusterMyID(ctx).Result()
	must(err)
	must(until(ctx, "replicate", func(ctx context.Context) error { return admins[3].ClusterReplicate(ctx, id).Err() }))
	p = &pair{servers: [2]*redisServer{nodes[owner], nodes[3]}, admins: [2]*goredis.Client{admins[owner], admins[3]}}
	must(p.ready(ctx))
	for _, a := range admins {
		must(until(ctx, "cluster", func(ctx context.Context) error {
			return wants(a.ClusterInfo(ctx), "cluster_state:ok", "cluster_known_nodes:4")
		}))
	}
	return p, addrs
}

// TestMend: a server that was killed in the middle of a script's lines carries
// none of them out, at whichever start.
func TestMend(t *testing.T) {
	needRedis(t)
	s := startRedis(t, "--appendfsync", "always")
	run := func(script string) {
		t.Helper()
		if err := s.admin(t).Eval(t.Context(), script, nil).Err(); err != nil && !errors.Is(err, goredis.Nil) {
			t.Fatal(err)
		}
	}
	again := func() {
		t.Helper()
		s.kill()
		if err := errors.Join(s.mend(), s.start()); err != nil {
			t.Fatal(err)
		}
	}
	run(`redis.call("SET", "whole", "1")`)
	run(`redis.call("SET", "half", "1"); redis.call("SET", "other half", "1")`)
	s.kill()
	files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	cut := strings.Index(string(data), "other half")
	if err := os.WriteFile(files[0], data[:cut], 0o644); err != nil {
		t.Fatal(err)
	}
	again()
	run(`redis.call("SET", "later", "1"); redis.call("SET", "later too", "1")`)
	again()
	got, err := s.admin(t).Exists(t.Context(), "whole", "half", "later", "later too").Result()
	if err != nil || got != 3 {
		t.Errorf("%d of the four are there: %v; want all but the half", got, err)
	}
}
