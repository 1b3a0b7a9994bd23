package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	testToken  = "a-secret-token"
	firstHost  = "gateway.test"
	resumeHost = "resume.test"
	interval   = 40 * time.Second
)

// A memoryOfShards is a memory of this process that a test may break.
type memoryOfShards struct {
	chat.Memory // the rest of it is not asked

	mu      sync.Mutex
	failed  error
	cursors map[string]string
	holds   map[string]hold
	fence   int64
}

type hold struct {
	owner string
	until time.Time
	fence int64
}

func newMemoryOfShards() *memoryOfShards {
	return &memoryOfShards{cursors: map[string]string{}, holds: map[string]hold{}}
}

func (m *memoryOfShards) Advance(ctx context.Context, platform string, cursors map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.broken(ctx); err != nil {
		return err
	}
	for name, value := range cursors {
		old := m.cursors[platform+" "+name]
		if len(value) > len(old) || len(value) == len(old) && value > old {
			m.cursors[platform+" "+name] = value
		}
	}
	return nil
}

func (m *memoryOfShards) Cursor(ctx context.Context, platform, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[platform+" "+name], m.broken(ctx)
}

func (m *memoryOfShards) Hold(ctx context.Context, name, owner string, now time.Time, d time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.broken(ctx); err != nil {
		return 0, err
	}
	h := m.holds[name]
	if h.owner != owner {
		if h.until.After(now) {
			return 0, chat.ErrHeld
		}
		m.fence++
		h = hold{owner: owner, fence: m.fence}
	}
	h.until = now.Add(d)
	m.holds[name] = h
	return h.fence, nil
}

func (m *memoryOfShards) LetGo(ctx context.Context, name, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.broken(ctx); err != nil {
		return err
	}
	if m.holds[name].owner == owner {
		delete(m.holds, name)
	}
	return nil
}

func (m *memoryOfShards) broken(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return m.failed
}

func (m *memoryOfShards) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed = err
}

// stored is the session of shard 0.
func (m *memoryOfShards) stored() gatewaySession {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, _, err := parseSession(m.cursors[sessions+" session/0/1/4609"])
	if err != nil {
		return gatewaySession{}
	}
	return s
}

// A scene is Discord's gateway, played by the test on lines inside the process
// and by the clock of synctest.
type scene struct {
	*testing.T
	memory *memoryOfShards
	lines  chan net.Conn
	opened chan *line
	closed chan struct{}

	mu         sync.Mutex
	log        bytes.Buffer
	away       bool // nobody can be reached
	silent     bool // lines are taken, and nothing is said
	refuse     func(label string) error
	dispatched []string // labels
	fresh      int
	identified []int // shards
}

// play runs a test inside synctest, which fails if a goroutine is left.
func play(t *testing.T, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{
			T: t, memory: newMemoryOfShards(), lines: make(chan net.Conn), opened: make(chan *line, 100), closed: make(chan struct{}),
			refuse: func(string) error { return nil },
		}
		server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(s) }()
		t.Cleanup(func() {
			server.Close()
			<-ended
			s.mu.Lock()
			defer s.mu.Unlock()
			if text := s.log.String(); strings.Contains(text, testToken) || strings.Contains(text, confidence) {
				t.Errorf("the log tells too much:\n%s", text)
			}
		})
		test(s)
	})
}

// Write takes the log.
func (s *scene) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *scene) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// Accept, Close and Addr implement [net.Listener].
func (s *scene) Accept() (net.Conn, error) {
	select {
	case c := <-s.lines:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *scene) Close() error {
	close(s.closed)
	return nil
}

func (s *scene) Addr() net.Addr { return &net.TCPAddr{} }

func (s *scene) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	s.mu.Lock()
	away, silent := s.away, s.silent
	s.mu.Unlock()
	if away || strings.HasPrefix(addr, "nowhere.") {
		return nil, errors.New("no route to host")
	}
	ours, theirs := net.Pipe()
	if silent {
		s.Cleanup(func() { ours.Close() })
		return theirs, nil
	}
	select {
	case s.lines <- ours:
		return theirs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// set changes how Discord behaves.
func (s *scene) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// options are those of a gateway on the scene.
func (s *scene) options() gatewayOptions {
	return gatewayOptions{
		Token: testToken, Intents: 4609, Shards: 1, URL: "ws://" + firstHost, Memory: s.memory, Now: time.Now, Dial: s.dial,
		Log: slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Identify: func(ctx context.Context, shard int) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.identified = append(s.identified, shard)
			return ctx.Err()
		},
		Dispatch: func(ctx context.Context, kind string, data json.RawMessage) error {
			var message struct{ Content string }
			if err := json.Unmarshal(data, &message); err != nil {
				return err
			}
			label := kind
			if message.Content != "" {
				label = strings.TrimPrefix(message.Content, confidence)
			}
			s.mu.Lock()
			refuse := s.refuse
			s.mu.Unlock()
			if err := refuse(label); err != nil {
				return err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.dispatched = append(s.dispatched, label)
			return nil
		},
		Fresh: func(context.Context) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fresh++
		},
	}
}

// run starts a gateway. Stop ends it and returns what Run did.
func (s *scene) run(o gatewayOptions) (stop func() error) {
	return s.start(newGateway(o).Run)
}

func (s *scene) start(run func(ctx context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	s.Cleanup(func() { stop() })
	return stop
}

// saw checks what was dispatched so far.
func (s *scene) saw(want ...string) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.dispatched); diff != "" {
		s.Errorf("dispatched (-want +got):\n%s", diff)
	}
}

// began checks how many new sessions the adapter was told of.
func (s *scene) began(want int) {
	s.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh != want {
		s.Errorf("was told %d times that something may have been missed, want %d", s.fresh, want)
	}
}

// patience is how long something may take to happen.
const patience = 30 * time.Minute

// take takes the next from a channel, which must come.
func take[T any](s *scene, what string, from <-chan T) (got T) {
	s.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		s.Fatalf("no %s\n%s", what, s.logged())
	}
	return got
}

// pass lets time go by.
func pass(d time.Duration) { <-time.After(d) }

// quiet checks that nobody connects for a time.
func (s *scene) quiet(d time.Duration) {
	s.Helper()
	select {
	case l := <-s.opened:
		s.Errorf("someone connected to %s", l.host)
	case <-time.After(d):
	}
}

// A line is one connection, on Discord's side.
type line struct {
	*scene
	conn  *websocket.Conn
	host  string
	query url.Values
	out   chan func() error // what to write, in order
	said  chan packet       // what came, but for heartbeats
	left  chan int          // with which code they closed it

	mu    sync.Mutex
	beats []beat
	deaf  bool // heartbeats are not answered
}

type packet struct {
	Op   int
	Data json.RawMessage `json:"d"`
}

type beat struct {
	at  time.Time
	seq string
}

func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the line broke
	}
	l := &line{
		scene: s, conn: conn, host: r.Host, query: r.URL.Query(),
		out: make(chan func() error, 2000), said: make(chan packet, 10), left: make(chan int, 1),
	}
	done := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case write := <-l.out:
				if write() != nil {
					return
				}
			case <-done:
				return
			}
		}
	})
	s.opened <- l
	for {
		var p packet
		if err := conn.ReadJSON(&p); err != nil {
			code := websocket.CloseAbnormalClosure
			if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) {
				code = closed.Code
			}
			l.left <- code
			break
		}
		if p.Op != opHeartbeat {
			l.said <- p
			continue
		}
		l.mu.Lock()
		l.beats = append(l.beats, beat{time.Now(), string(p.Data)})
		if !l.deaf {
			l.send(`{"op":11,"t":null,"s":null}`)
		}
		l.mu.Unlock()
	}
	close(done)
	conn.Close()
	writing.Wait()
}

// send writes a frame, once those before it are read.
func (l *line) send(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.out <- func() error { return l.conn.WriteMessage(websocket.TextMessage, []byte(text)) }
}

func (l *line) hello() {
	l.send(`{"op":10,"t":null,"s":null,"d":{"heartbeat_interval":%d}}`, interval.Milliseconds())
}

// ready begins a session, which is to be resumed at another host.
func (l *line) ready(id string) {
	l.send(`{"op":0,"t":"READY","s":1,"d":{"session_id":%q,"resume_gateway_url":"ws://%s"}}`, id, resumeHost)
}

func (l *line) resumed(seq int) { l.send(`{"op":0,"t":"RESUMED","s":%d,"d":{}}`, seq) }

const confidence = "said in confidence: "

// event tells what a person wrote.
func (l *line) event(seq int, label string) {
	l.send(`{"op":0,"t":"MESSAGE_CREATE","s":%d,"d":{"content":%q}}`, seq, confidence+label)
}

// close closes the line, with a code or, if that is 0, without a word.
func (l *line) close(code int) {
	if code == 0 {
		l.conn.Close()
		return
	}
	l.out <- func() error {
		l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "said so"), time.Now().Add(time.Second))
		return l.conn.Close()
	}
}

// wantIdentify checks that a session is to begin.
func (l *line) wantIdentify() {
	l.Helper()
	if p := take(l.scene, "IDENTIFY", l.said); p.Op != opIdentify {
		l.Fatalf("said %d %s, want IDENTIFY\n%s", p.Op, p.Data, l.logged())
	}
}

// wantResume checks that a session is to go on.
func (l *line) wantResume(id string, seq int) {
	l.Helper()
	p := take(l.scene, "RESUME", l.said)
	want := fmt.Sprintf(`{"token":%q,"session_id":%q,"seq":%d}`, testToken, id, seq)
	if p.Op != opResume || string(p.Data) != want {
		l.Fatalf("said %d %s, want RESUME %s\n%s", p.Op, p.Data, want, l.logged())
	}
}

// wantLeft checks that the line was closed, and the session not ended by it.
func (l *line) wantLeft() {
	l.Helper()
	if code := take(l.scene, "end of the line", l.left); code == websocket.CloseNormalClosure || code == websocket.CloseGoingAway {
		l.Errorf("left with %d, which ends the session", code)
	}
}

func (l *line) beaten() []beat {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.beats)
}

// next is the next connection.
func (s *scene) next() *line {
	s.Helper()
	return take(s, "connection", s.opened)
}

// connect starts a gateway and begins the session s1.
func (s *scene) connect() (l *line, stop func() error) {
	s.Helper()
	stop = s.run(s.options())
	l = s.next()
	l.hello()
	l.wantIdentify()
	l.ready("s1")
	s.saw("READY")
	return l, stop
}
