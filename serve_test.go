package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

// eventually waits until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("never: %s\n%s", what, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// noneLeft reports goroutines that a test leaves behind. Call it first.
func noneLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() { eventually(t, "every goroutine ends", func() bool { return runtime.NumGoroutine() <= before }) })
}

// Notes are output that is written and read at the same time.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// A database is a Redis server of a test's own.
type database struct {
	url string
	cmd *exec.Cmd
}

// newDatabase starts one, or skips the test where there is none to be had,
// unless SIGNPOST_TEST_REDIS=require forbids that.
func newDatabase(t *testing.T, password string) *database {
	t.Helper()
	var program string
	for _, name := range []string{"redis-server", "valkey-server"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		if os.Getenv("SIGNPOST_TEST_REDIS") == "require" {
			t.Fatal("a Redis server is required: install redis-server or valkey-server")
		}
		t.Skip("no test on a real Redis: install redis-server or valkey-server")
	}
	for range 5 { // someone else may take the port before the server does
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		d := &database{url: fmt.Sprintf("redis://127.0.0.1:%d", port)}
		args := []string{"--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--dir", t.TempDir(), "--appendonly", "yes", "--appendfsync", "no", "--save", ""}
		if password != "" {
			d.url = fmt.Sprintf("redis://:%s@127.0.0.1:%d", password, port)
			args = append(args, "--requirepass", password)
		}
		d.cmd = exec.Command(program, args...)
		output, err := d.cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := func() { d.cmd.Process.Kill(); d.cmd.Wait() }
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if strings.Contains(lines.Text(), "eady to accept connections") {
				t.Cleanup(stop)
				return d
			}
		}
		stop()
	}
	t.Fatal("the Redis server does not start")
	return nil
}

// configured writes a configuration with one article and returns its path.
func configured(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	articles := filepath.Join(dir, "knowledge")
	if err := os.Mkdir(articles, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "signpost.yaml")
	for name, text := range map[string]string{
		filepath.Join(articles, "refund.md"): oneArticle,
		file:                                 fmt.Sprintf("knowledge: {dir: %q}\n%s\n", articles, more),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// A served is a `signpost serve` that runs in the test.
type served struct {
	stop func()
	code chan int
	log  *notes
	web  string // http://host:port
}

// serve starts the program as main does and waits until it runs.
func serve(t *testing.T, words ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &served{stop: stop, code: make(chan int, 1), log: &notes{}}
	go func() {
		s.code <- run(ctx, append([]string{"serve"}, words...), streams{strings.NewReader(""), s.log, s.log})
	}()
	eventually(t, "the program runs", func() bool {
		if found := webRule.FindStringSubmatch(s.log.String()); found != nil {
			s.web = "http://" + found[1]
			return true
		}
		select {
		case code := <-s.code:
			t.Fatalf("serve ended with %d:\n%s", code, s.log)
		default:
		}
		return false
	})
	return s
}

var webRule = regexp.MustCompile(`signpost runs.* web="?([0-9.:]+)`)

// end stops the program and expects it to go in peace.
func (s *served) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case code := <-s.code:
		if code != exitOK {
			t.Errorf("serve ended with %d:\n%s", code, s.log)
		}
	case <-time.After(patience):
		t.Fatalf("serve does not end:\n%s", s.log)
	}
}

func TestServeRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tests := []struct {
		name, config string
		words        []string
		want         []string
	}{
		{"no Redis", "", nil, []string{"no redis.url is set", "SIGNPOST_REDIS_URL", "--ephemeral"}},
		{"all mistakes", "log: {level: loud}\nweb: {listen: here}", nil, []string{`unknown log level "loud"`, `"here" is not host:port`}},
		{"both", "redis: {url: 'redis://127.0.0.1:1'}", []string{"--ephemeral"}, []string{"redis.url is set", "leave out one of the two"}},
		{"no Redis and bad articles", "languages: [pt-BR]", nil, []string{"no redis.url is set", "refund.md", "lang"}},
		{"Redis away", fmt.Sprintf("redis: {url: 'redis://:swordfish@%s'}", closed.Addr()), nil, []string{"start Redis, or correct redis.url"}},
		{"bad url", "redis: {url: 'http://:swordfish@x'}", nil, []string{"redis url"}},
		{"port in use", fmt.Sprintf("web: {listen: '%s'}", l.Addr()), []string{"--ephemeral"}, []string{"in use", "choose another web.listen"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			noneLeft(t)
			out := &notes{}
			words := append([]string{"--config", configured(t, test.config), "serve"}, test.words...)
			if code := run(t.Context(), words, streams{strings.NewReader(""), out, out}); code != exitBad {
				t.Errorf("serve = %d, want %d", code, exitBad)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			if strings.Contains(out.String(), "swordfish") {
				t.Errorf("it tells the password:\n%s", out)
			}
		})
	}
}

func TestServeEphemeral(t *testing.T) {
	noneLeft(t)
	s := serve(t, "--config", configured(t, "web: {listen: '127.0.0.1:0', pprof: true}"), "--ephemeral")
	for path, want := range map[string]string{"/healthz": "alive", "/readyz": "ready", "/metrics": "signpost_ready 1", "/debug/pprof/": "goroutine"} {
		if status, body := get(t, s.web+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s = %d %s", path, status, body)
		}
	}
	for _, want := range []string{"no platform is configured", "nothing is kept when the process ends"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, s.log)
		}
	}
	s.end(t)
	if !strings.Contains(s.log.String(), "signpost has stopped") {
		t.Errorf("the log does not tell the end:\n%s", s.log)
	}
}

// TestServeWithoutWeb: nothing listens, and the rest runs all the same.
func TestServeWithoutWeb(t *testing.T) {
	noneLeft(t)
	ctx, stop := context.WithCancel(t.Context())
	log, code := &notes{}, make(chan int, 1)
	words := []string{"--config", configured(t, "web: {listen: ''}\nlog: {format: json}"), "serve", "--ephemeral"}
	go func() { code <- run(ctx, words, streams{strings.NewReader(""), log, log}) }()
	eventually(t, "the program runs", func() bool { return strings.Contains(log.String(), `"msg":"signpost runs"`) })
	stop()
	if got := <-code; got != exitOK {
		t.Errorf("serve = %d\n%s", got, log)
	}
}

// TestReplicas: two run on one Redis, and one may go at any time.
func TestReplicas(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	file := configured(t, fmt.Sprintf("redis: {url: %q}\nweb: {listen: '127.0.0.1:0'}", d.url))
	one, two := serve(t, "--config", file), serve(t, "--config", file)
	one.end(t)
	if status, body := get(t, two.web+"/readyz"); status != 200 {
		t.Errorf("readyz of the other = %d %s", status, body)
	}
	two.end(t)
}

// A wire is a platform that tests hold the ends of.
type wire struct {
	events chan chat.Event // to be accepted
	taken  chan struct{}   // for each event that was
	send   func(context.Context, chat.Delivery) (chat.Receipt, error)
	left   chan struct{} // closed when Run has ended

	mu   sync.Mutex
	sent []chat.Delivery
}

func newWire() *wire {
	return &wire{events: make(chan chat.Event), taken: make(chan struct{}), left: make(chan struct{})}
}

// bring returns once an event is accepted, or nobody takes events any more.
func (w *wire) bring(e chat.Event) {
	select {
	case w.events <- e:
	case <-w.left:
	}
	select {
	case <-w.taken:
	case <-w.left:
	}
}

func (w *wire) Run(ctx context.Context, in chat.Inbox) error {
	defer close(w.left)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-w.events:
			// What was taken off the wire is not sent again.
			if err := in.Accept(context.WithoutCancel(ctx), e); err != nil {
				return err
			}
			w.taken <- struct{}{}
		}
	}
}

func (w *wire) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	w.mu.Lock()
	w.sent = append(w.sent, d)
	w.mu.Unlock()
	if w.send != nil {
		return w.send(ctx, d)
	}
	return chat.Receipt{Place: d.Reply.Place, Message: chat.MessageID("m" + d.ID)}, nil
}

func (w *wire) Confirm(context.Context, chat.Delivery) (chat.Receipt, chat.Finding, error) {
	return chat.Receipt{}, chat.Unknowable, nil
}

func (w *wire) Pace() chat.Pace { return chat.Pace{} }

func (*wire) Limits() chat.Limits { return chat.Limits{} }

func (*wire) Fetch(context.Context, chat.Attachment) (io.ReadCloser, error) {
	return nil, errors.New("there are no files here")
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

// asks is someone's question in a direct message.
func asks(id, text string) chat.Event {
	from := chat.NewAccountID("wire", "w", "u"+id)
	return chat.Event{
		ID: chat.EventID("wire:" + id), Kind: chat.Message, At: time.Now().UTC(), Place: chat.Direct(from), Private: true, Addressed: true,
		From: chat.Sender{Account: from, Name: "Ana", Locale: "en"}, Message: chat.MessageID("m" + id), Text: text,
	}
}

// A stand is the program with a wire for its platform.
type stand struct {
	*wire
	parts  *parts
	store  *redis.Store
	server *web.Server
	log    *notes
	stop   func()
	ended  chan error
}

func newStand(t *testing.T, cfg config.Config, w *wire) *stand {
	t.Helper()
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{wire: w, log: &notes{}, ended: make(chan error, 1)}
	log := newLogger(cfg.Log, s.log, secrets(cfg))
	if s.store, err = openStore(t.Context(), cfg, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	platforms := map[string]chat.Platform{"wire": w}
	metrics := web.NewMetrics("test", statsOf(s.store, platforms, cfg.Desks))
	if s.server, err = web.Listen(web.Options{Listen: "127.0.0.1:0", Metrics: metrics, Log: log}); err != nil {
		t.Fatal(err)
	}
	p, err := assemble(cfg, behaviour(cfg), newShelf(list, rules(cfg)), s.store, nil, newMeter(metrics, log), time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.parts, s.stop = p, stop
	go func() { s.ended <- p.serve(ctx, platforms, s.server, log) }()
	return s
}

func loaded(t *testing.T, more string) config.Config {
	t.Helper()
	cfg, err := config.Load(configured(t, more), nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (s *stand) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("serve = %v\n%s", err, s.log)
		}
	case <-time.After(patience):
		t.Fatalf("serve does not end:\n%s", s.log)
	}
}

// TestShutdownOrder: when told to end, the program first stops taking in, says
// that it is not ready, finishes the reply in hand, and closes the web last.
func TestShutdownOrder(t *testing.T) {
	noneLeft(t)
	sending, finish := make(chan struct{}), make(chan struct{})
	w := newWire()
	w.send = func(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
		close(sending)
		select {
		case <-finish:
		case <-ctx.Done():
			return chat.Receipt{}, ctx.Err()
		}
		return chat.Receipt{Place: d.Reply.Place, Message: "m1"}, nil
	}
	s := newStand(t, loaded(t, ""), w)
	ready := func() (int, string) { return get(t, "http://"+s.server.Addr()+"/readyz") }
	w.bring(asks("1", "how do I get a refund?"))
	<-sending
	if status, body := ready(); status != 200 {
		t.Errorf("readyz = %d %s", status, body)
	}
	eventually(t, "what serve begins with is done", func() bool {
		due, err := s.store.NextTimer(t.Context())
		p, failed := s.store.Pending(t.Context())
		return err == nil && failed == nil && p.Events == 0 && due.After(time.Now().Add(time.Minute))
	})
	s.stop()
	<-w.left
	eventually(t, "readyz says so", func() bool {
		status, body := ready()
		return status == 503 && strings.Contains(body, "shutting down")
	})
	select {
	case err := <-s.ended:
		t.Fatalf("serve ended with a reply in hand: %v", err)
	default:
	}
	close(finish)
	s.end(t)
	if p, err := s.store.Pending(t.Context()); err != nil || p != (spool.Pending{}) {
		t.Errorf("pending = %+v, %v; want nothing", p, err)
	}
	if status, body := ready(); status != 0 {
		t.Errorf("readyz = %d %s after the end", status, body)
	}
	s.store.Close()
}

// TestRollingRestart: while replicas come and go, every question is answered
// once.
func TestRollingRestart(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	cfg := loaded(t, fmt.Sprintf("redis: {url: %q}", d.url))
	const rounds, each = 3, 20
	var gone []*stand
	s := newStand(t, cfg, newWire())
	n := 0
	for range rounds {
		next := newStand(t, cfg, newWire())
		for range each {
			n++
			s.bring(asks(fmt.Sprint(n), "how do I get a refund?"))
		}
		s.end(t)
		gone = append(gone, s)
		s = next
	}
	eventually(t, "everything is done", func() bool {
		p, err := s.store.Pending(t.Context())
		return err == nil && p == (spool.Pending{})
	})
	s.end(t)
	answers := map[chat.Place]int{}
	for _, s := range append(gone, s) {
		for _, sent := range s.sent {
			answers[sent.Reply.Place]++
		}
		s.store.Close()
	}
	if len(answers) != n {
		t.Errorf("%d of %d were answered", len(answers), n)
	}
	for place, times := range answers {
		if times != 1 {
			t.Errorf("%s was answered %d times", place, times)
		}
	}
}

// TestFailingPart: a platform that fails takes the program down, in order.
func TestFailingPart(t *testing.T) {
	noneLeft(t)
	for _, err := range []error{errors.New("token expired"), nil} {
		w := &failing{wire: newWire(), err: err}
		cfg := loaded(t, "")
		log := slog.New(slog.DiscardHandler)
		store, openErr := openStore(t.Context(), cfg, log)
		if openErr != nil {
			t.Fatal(openErr)
		}
		p, assembleErr := assemble(cfg, behaviour(cfg), newShelf(nil, rules(cfg)), store, nil, spool.Unmetered{}, time.Now, log)
		if assembleErr != nil {
			t.Fatal(assembleErr)
		}
		got := p.serve(t.Context(), map[string]chat.Platform{"wire": w}, nil, log)
		if got == nil || !strings.HasPrefix(got.Error(), "wire: ") || err != nil && !errors.Is(got, err) {
			t.Errorf("serve with a platform that ends with %v = %v", err, got)
		}
		store.Close()
	}
}

type failing struct {
	*wire
	err error
}

func (f *failing) Run(context.Context, chat.Inbox) error { return f.err }

// TestMaskLog: what is a person's goes from errors, and what operators need stays.
func TestMaskLog(t *testing.T) {
	for text, want := range map[string]string{
		"dial tcp 203.0.113.7:6379: connect: connection refused":                  "",
		"Post \"https://slack.example\": dial tcp [2001:db8::7]:443: i/o timeout": "",
		"read tcp 10.0.0.5:41000->[::1]:6379: connection reset by peer":           "",
		"TLS handshake error from 203.0.113.7:5678: EOF":                          "TLS handshake error from [ip]:5678: EOF",
		"cannot read \"I am kim@example.com, at 203.0.113.7\"":                    "cannot read \"I am [e-mail], at [ip]\"",
	} {
		if want == "" {
			want = text
		}
		if got := maskLog(text); got != want {
			t.Errorf("maskLog(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestLogHides: the password of the Redis is in no line of the log, whoever
// puts it there, and what people write only where debug asks for it.
func TestLogHides(t *testing.T) {
	const password, text = "sword-fish%2F1", "zanzibar refund secret words"
	d := newDatabase(t, "sword-fish/1")
	url := strings.Replace(strings.Replace(d.url, "sword-fish/1", password, 1), "redis://:", "redis://default:", 1)
	for _, level := range []string{"info", "debug"} {
		for _, format := range []string{"text", "json"} {
			t.Run(level+" "+format, func(t *testing.T) {
				noneLeft(t)
				w := newWire()
				var tries sync.Map
				w.send = func(_ context.Context, d chat.Delivery) (chat.Receipt, error) {
					if _, again := tries.LoadOrStore(d.ID, true); !again {
						return chat.Receipt{}, errors.New("dial " + url + ": AUTH sword-fish/1 failed")
					}
					return chat.Receipt{}, fmt.Errorf("%w: the channel is gone", chat.ErrUndeliverable)
				}
				cfg := loaded(t, fmt.Sprintf("installation: %s-%s\nredis: {url: %q}\nlog: {level: %s, format: %s}", level, format, url, level, format))
				s := newStand(t, cfg, w)
				inspect(t.Context(), s.store, newLogger(cfg.Log, s.log, secrets(cfg)))
				w.bring(asks("1", text))
				w.bring(asks("2", "how do I get a refund? "+text))
				eventually(t, "two replies were tried twice", func() bool { return w.count() >= 4 })
				eventually(t, "nothing is left", func() bool {
					p, err := s.store.Pending(t.Context())
					return err == nil && p == (spool.Pending{})
				})
				s.end(t)
				s.store.Close()
				log := s.log.String()
				for _, hidden := range []string{"sword-fish", password} {
					if strings.Contains(log, hidden) {
						t.Errorf("the log tells %s:\n%s", hidden, log)
					}
				}
				if level != "debug" && strings.Contains(log, "zanzibar") {
					t.Errorf("the log tells what was written:\n%s", log)
				}
				if !strings.Contains(log, "[redacted]") || !strings.Contains(log, "conversation") || !strings.Contains(log, "wire:1") {
					t.Errorf("the log tells too little:\n%s", log)
				}
			})
		}
	}
}

func TestSecrets(t *testing.T) {
	cfg := config.Default()
	cfg.Redis.URL = config.NewSecret("rediss+sentinel://bot:p%40ss%2Fword@a:1,b:2/main?sentinel_password=guard-ian&timeout=1s")
	hide := secrets(cfg)
	for text, want := range map[string]string{
		"dial " + cfg.Redis.URL.Reveal(): "dial [redacted]",
		"AUTH p@ss/word":                 "AUTH [redacted]",
		"AUTH p%40ss%2Fword":             "AUTH [redacted]",
		"sentinel: guard-ian":            "sentinel: [redacted]",
		"timeout is 1s":                  "timeout is 1s",
	} {
		if got := hide.redact(text); got != want {
			t.Errorf("redact(%q) = %q, want %q", text, got, want)
		}
	}
	cfg.Slack = config.Slack{
		BotToken: config.NewSecret("xoxb-1-hush"), AppToken: config.NewSecret("xapp-1-hush"), SigningSecret: config.NewSecret("8f742231b10e"),
	}
	cfg.Audit.Key = config.NewSecret("0123456789abcdef0123456789abcdef")
	if got := secrets(cfg).redact("sealed with 0123456789abcdef0123456789abcdef"); got != "sealed with [redacted]" {
		t.Errorf("of the key of the audit is left %q", got)
	}
	if got := secrets(cfg).redact("xoxb-1-hush, xapp-1-hush and 8f742231b10e"); got != "[redacted], [redacted] and [redacted]" {
		t.Errorf("of Slack's secrets is left %q", got)
	}
	cfg.Discord.Token = config.NewSecret("MTE.hush.hush")
	if got := secrets(cfg).redact("Bot MTE.hush.hush"); got != "Bot [redacted]" {
		t.Errorf("of Discord's secret is left %q", got)
	}
	if hide := secrets(config.Default()); len(hide) != 0 {
		t.Errorf("without secrets there are %d", len(hide))
	}
}
