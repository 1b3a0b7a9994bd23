package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// ask sends one request to a server's handler.
func ask(s *Server, method, target string) (int, string) {
	w := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Code, w.Body.String()
}

func TestPaths(t *testing.T) {
	tests := []struct {
		method, path string
		pprof        bool
		status       int
		body         string // part of it
	}{
		{"GET", "/healthz", false, 200, "alive\n"},
		{"HEAD", "/healthz", false, 200, ""},
		{"POST", "/healthz", false, 405, ""},
		{"GET", "/readyz", false, 200, "ready\n"},
		{"DELETE", "/readyz", false, 405, ""},
		{"GET", "/metrics", false, 200, "signpost_ready 1\n"},
		{"PUT", "/metrics", false, 405, ""},
		{"GET", "/", false, 404, ""},
		{"GET", "/healthz/", false, 404, ""},
		{"GET", "/debug/pprof/", false, 404, ""},
		{"GET", "/debug/pprof/", true, 200, "goroutine"},
		{"GET", "/debug/pprof/cmdline", true, 200, ""},
		{"POST", "/debug/pprof/symbol", true, 405, ""},
	}
	for _, test := range tests {
		s := newServer(Options{Pprof: test.pprof, Metrics: NewMetrics("dev", nil), Log: discard})
		status, body := ask(s, test.method, test.path)
		if status != test.status || !strings.Contains(body, test.body) {
			t.Errorf("%s %s (pprof %t) = %d %q, want %d and %q", test.method, test.path, test.pprof, status, body, test.status, test.body)
		}
	}
}

// TestRoutes: others may serve here, with bodies of any size that they bound
// themselves, beside what is always served.
func TestRoutes(t *testing.T) {
	var got int64
	s := newServer(Options{Log: discard, Routes: map[string]http.Handler{
		"/slack/": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got, _ = io.Copy(io.Discard, r.Body) }),
	}})
	w := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(w, httptest.NewRequest("POST", "/slack/events", strings.NewReader(strings.Repeat("x", 2*maxBody))))
	if w.Code != 200 || got != 2*maxBody || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a route got %d bytes and answered %d %v", got, w.Code, w.Header())
	}
	if status, body := ask(s, "GET", "/healthz"); status != 200 {
		t.Errorf("beside it, /healthz = %d %q", status, body)
	}
}

func TestReady(t *testing.T) {
	var trouble error
	s := newServer(Options{Ready: func(context.Context) error { return trouble }, Log: discard})
	want := func(status int, body string) {
		t.Helper()
		if got, text := ask(s, "GET", "/readyz"); got != status || text != body {
			t.Errorf("readyz = %d %q, want %d %q", got, text, status, body)
		}
	}
	want(200, "ready\n")
	trouble = errors.New("dial 10.0.0.7: refused")
	want(503, "not ready: the store does not answer\n")
	trouble = nil
	want(200, "ready\n")
	s.Drain()
	want(503, "not ready: shutting down\n")
	if status, _ := ask(s, "GET", "/healthz"); status != 200 {
		t.Errorf("healthz = %d while draining, want 200", status)
	}
}

// TestHangingStore: a probe and a scrape are answered in time though the store
// never does, and the scrape leaves out what is not known.
func TestHangingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		m := NewMetrics("dev", func(ctx context.Context) (Stats, error) { return Stats{Events: 7}, hang(ctx) })
		s := newServer(Options{Ready: hang, Metrics: m, Log: discard})
		defer s.hurry()
		for _, path := range []string{"/readyz", "/metrics"} {
			start := time.Now()
			status, body := ask(s, "GET", path)
			if took := time.Since(start); took >= time.Second {
				t.Errorf("%s took %v", path, took)
			}
			if path == "/readyz" && status != 503 {
				t.Errorf("readyz = %d, want 503", status)
			}
			if path == "/metrics" && (!strings.Contains(body, "signpost_ready 0\n") || strings.Contains(body, "signpost_events_waiting 7")) {
				t.Errorf("metrics while the store hangs:\n%s", body)
			}
		}
		if _, body := ask(s, "GET", "/metrics"); !strings.Contains(body, `signpost_store_errors_total{step="stats"} 1`) {
			t.Error("a scrape that failed was not counted")
		}
	})
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("v1", func(context.Context) (Stats, error) {
		return Stats{
			Lanes: 2, Events: 3, EventAge: 1500 * time.Millisecond, Timers: 4, DeadLetters: 5,
			Replies: map[string]int{"slack": 6}, ReplyAge: map[string]time.Duration{"slack": time.Minute},
			Tickets: map[string]int{"support": 7}, TicketAge: map[string]time.Duration{"support": time.Hour},
		}, nil
	})
	m.Asked("sure", "pt-BR", "buyer")
	m.Asked("none", "\xff", strings.Repeat("x", 65))
	m.Meant("server")
	m.Event("slack", "accepted")
	m.Took(HandleStage, 3*time.Millisecond)
	m.Took(WaitStage, -time.Second) // the clocks of two machines differ
	m.Delivery("slack", "delivered")
	m.Claimed()
	m.Trouble("accept")
	_, body := ask(newServer(Options{Metrics: m, Log: discard}), "GET", "/metrics")
	for _, line := range []string{
		`signpost_build_info{go="`,
		`signpost_questions_total{audience="buyer",language="pt-BR",level="sure"} 1`,
		`signpost_questions_total{audience="other",language="?",level="none"} 1`,
		`signpost_meanings_total{source="server"} 1`, `signpost_meanings_total{source="static"} 0`, `signpost_meanings_total{source="none"} 0`,
		`signpost_events_total{platform="slack",result="accepted"} 1`,
		`signpost_stage_seconds_bucket{stage="handle",le="0.005"} 1`,
		`signpost_stage_seconds_bucket{stage="handle",le="0.0025"} 0`,
		`signpost_stage_seconds_sum{stage="wait"} 0`,
		`signpost_deliveries_total{how="delivered",platform="slack"} 1`,
		`signpost_claims_total 1`,
		`signpost_store_errors_total{step="accept"} 1`,
		`signpost_lanes 2`, `signpost_events_waiting 3`, `signpost_event_age_seconds 1.5`,
		`signpost_outbox_replies{platform="slack"} 6`, `signpost_outbox_age_seconds{platform="slack"} 60`,
		`signpost_queue_tickets{desk="support"} 7`, `signpost_queue_age_seconds{desk="support"} 3600`,
		`signpost_timers 4`, `signpost_dead_letters 5`, `signpost_ready 1`,
		`go_goroutines `, `process_start_time_seconds `,
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("metrics have no line %s", line)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

// TestRun: over a real port, a request in hand is answered though the server is
// told to end, and one that hangs is cut off.
func TestRun(t *testing.T) {
	var asked atomic.Int32
	begun, finish := make(chan struct{}, 2), make(chan struct{})
	s, err := Listen(Options{Listen: "127.0.0.1:0", Log: discard, Ready: func(ctx context.Context) error {
		begun <- struct{}{}
		if asked.Add(1) == 1 {
			<-finish
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(Options{Listen: s.Addr(), Log: discard}); err == nil {
		t.Error("a port that is in use was taken")
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	answers := make(chan int, 2)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func() {
		response, err := client.Get("http://" + s.Addr() + "/readyz")
		if err != nil {
			answers <- 0
			return
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		answers <- response.StatusCode
	}
	go get()
	<-begun
	go get()
	<-begun
	stop()
	close(finish)
	got := []int{<-answers, <-answers}
	slices.Sort(got)
	if !slices.Equal(got, []int{200, 503}) {
		t.Errorf("requests in hand got %v, want 200 and 503", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

func TestLargeRequest(t *testing.T) {
	s, err := Listen(Options{Listen: "127.0.0.1:0", Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	request, err := http.NewRequest("GET", "http://"+s.Addr()+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X", strings.Repeat("x", 2*maxHeader))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a large header got %d", response.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

// FuzzPaths: whatever is asked for, the answer is one that the paths know, and
// nothing but GET and HEAD is taken.
func FuzzPaths(f *testing.F) {
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/", "/debug/pprof/heap", "//readyz", "/../metrics", "/%2e"} {
		f.Add("GET", path)
	}
	f.Add("POST", "/metrics")
	f.Add("CONNECT", "/healthz")
	s := newServer(Options{Metrics: NewMetrics("dev", nil), Log: discard})
	known := []int{200, 301, 307, 308, 404, 405}
	f.Fuzz(func(t *testing.T, method, path string) {
		target, err := url.ParseRequestURI(path)
		if err != nil || method == "" {
			return
		}
		r := (&http.Request{Method: method, URL: target, Host: "test", Header: http.Header{}, Body: http.NoBody}).WithContext(t.Context())
		w := httptest.NewRecorder()
		s.server.Handler.ServeHTTP(w, r)
		if !slices.Contains(known, w.Code) {
			t.Errorf("%s %s = %d", method, path, w.Code)
		}
		if w.Code == 200 && method != "GET" && method != "HEAD" {
			t.Errorf("%s %s was taken", method, path)
		}
		if w.Code == 200 && !slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, target.Path) {
			t.Errorf("%s %s was answered", method, path)
		}
	})
}
