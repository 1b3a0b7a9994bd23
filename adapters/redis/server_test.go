package redis_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/spool"
)

// A server is a Redis of our own, with its files in a temporary folder.
type server struct {
	program string
	dir     string
	port    int // the same after a restart
	secure  bool
	args    []string
	cmd     *exec.Cmd
}

// newServer finds a program and starts it. Further arguments are settings.
func newServer(args ...string) (*server, error) {
	s, err := makeServer(args...)
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// makeServer finds a program and does not start it.
func makeServer(args ...string) (*server, error) {
	for _, program := range []string{"redis-server", "valkey-server"} {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		dir, err := os.MkdirTemp("", "signpost-redis-")
		if err != nil {
			return nil, err
		}
		return &server{program: program, dir: dir, args: args}, nil
	}
	return nil, exec.ErrNotFound
}

// start runs the server until kill. It returns once the server is ready.
func (s *server) start() error {
	var output strings.Builder
	for range 5 { // someone else may take the port before the server does
		for s.port == 0 || s.port > 55_000 { // a cluster's node also takes port + 10000
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			s.port = l.Addr().(*net.TCPAddr).Port
			l.Close()
		}
		port := "--port"
		if s.secure {
			port = "--tls-port"
		}
		args := []string{"--bind", "127.0.0.1", port, fmt.Sprint(s.port), "--dir", s.dir}
		if !slices.Contains(s.args, "--sentinel") {
			args = append(args, "--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0")
		}
		s.cmd = exec.Command(s.program, append(args, s.args...)...)
		if slices.Contains(s.args, "--sentinel") { // its settings come first, from the file that it writes to
			s.cmd = exec.Command(s.program, append(slices.Clone(s.args), args...)...)
		}
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
	return fmt.Errorf("%s does not start:\n%s", s.program, output.String())
}

func (s *server) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

func (s *server) url() string { return "redis://" + s.addr() + "/0" }

// kill is kill -9: the server has no moment to save anything.
func (s *server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

func (s *server) remove() {
	s.kill()
	for range 50 { // a child that was saving may still write
		if os.RemoveAll(s.dir) == nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// shared is the one server for tests that leave it running.
var shared = sync.OnceValues(func() (*server, error) {
	s, err := newServer("--appendfsync", "no")
	if err == nil {
		stop = s.remove
	}
	return s, err
})

var stop = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stop()
	os.Exit(code)
}

// need skips the test if there is no server to be had, unless
// SIGNPOST_TEST_REDIS=require forbids that.
func need(t testing.TB, s *server, err error) *server {
	t.Helper()
	if err != nil {
		if os.Getenv("SIGNPOST_TEST_REDIS") == "require" {
			t.Fatalf("a Redis server is required: %v", err)
		}
		t.Skipf("no test on a real Redis, install redis-server or valkey-server: %v", err)
	}
	return s
}

// ownServer is a server for one test, which may harm it.
func ownServer(t testing.TB, args ...string) *server {
	t.Helper()
	s, err := newServer(args...)
	need(t, s, err)
	t.Cleanup(s.remove)
	return s
}

var installations atomic.Int64

// onServer opens an empty installation on the shared server.
func onServer(t testing.TB) *redis.Store {
	t.Helper()
	s, err := shared()
	return opened(t, need(t, s, err), fmt.Sprintf("test-%d", installations.Add(1)))
}

func opened(t testing.TB, s *server, installation string) *redis.Store {
	t.Helper()
	return openedAt(t, s.url(), installation)
}

// anew opens an empty installation at a URL.
func anew(url string) func(t testing.TB) *redis.Store {
	return func(t testing.TB) *redis.Store {
		t.Helper()
		return openedAt(t, url, fmt.Sprintf("test-%d", installations.Add(1)))
	}
}

func openedAt(t testing.TB, url, installation string) *redis.Store {
	t.Helper()
	store, err := redis.Open(t.Context(), url, redis.Options{Installation: installation, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func embedded(t testing.TB) *redis.Store {
	t.Helper()
	store, err := redis.Embedded(redis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// stores are the ways to run the adapter.
var stores = []struct {
	name string
	open func(t testing.TB) *redis.Store
}{
	{"embedded", embedded},
	{"server", onServer},
}

func forTest(open func(t testing.TB) *redis.Store) func(t *testing.T) spool.Store {
	return func(t *testing.T) spool.Store { return open(t) }
}

// eventually waits until try succeeds, and fails the test if it does not within
// 20 s.
func eventually(t testing.TB, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
}
