// Package web is the program's own web server: is it alive, is it ready, and
// how is it doing. Nobody has to log in for that, so it names no person and
// changes nothing. What platforms bring by HTTP comes through it too, to
// handlers of their own.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"
)

const (
	// maxHeader and maxBody are how many bytes a request may have.
	maxHeader = 16 << 10
	maxBody   = 64 << 10
	// probe is how long the store may take to answer /readyz and /metrics.
	// Kubernetes waits 1 s for a probe unless told otherwise.
	probe = 800 * time.Millisecond
	// closing is how long requests in hand may take after Run's context ended.
	closing = 2 * time.Second
)

// Options are what a Server can be given.
type Options struct {
	Listen string // host:port; port 0 picks a free one
	Pprof  bool   // offer Go's profiles under /debug/pprof/
	// Ready returns why the program could not do its work just now. It heeds
	// its context, which ends soon.
	Ready   func(context.Context) error
	Metrics *Metrics
	// Routes are what others serve here, by pattern such as /slack/. They bound
	// the bodies that they read themselves.
	Routes map[string]http.Handler
	Log    *slog.Logger // nil: slog.Default()
}

// A Server answers /healthz, /readyz, /metrics and, if asked to, /debug/pprof/.
type Server struct {
	ready    func(context.Context) error
	log      *slog.Logger
	listener net.Listener
	server   *http.Server
	hurry    context.CancelFunc // ends the contexts of all requests
	inHand   sync.WaitGroup

	mu       sync.Mutex
	draining bool
	ended    bool   // Run is about to return: no request is taken up any more
	unready  string // what /readyz said last, so that a change is logged once
}

// Listen takes the port, so that a port that is in use is known at once. The
// server answers during Run.
func Listen(o Options) (*Server, error) {
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for web requests: %w", err)
	}
	s := newServer(o)
	s.listener = listener
	return s, nil
}

func newServer(o Options) *Server {
	s := &Server{ready: o.Ready, log: o.Log}
	if s.log == nil {
		s.log = slog.Default()
	}
	mux := http.NewServeMux() // a GET pattern takes HEAD too, and refuses the rest
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	if o.Metrics != nil {
		o.Metrics.ready = s.check
		mux.Handle("GET /metrics", o.Metrics.handler(s.log))
	}
	if o.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	all := http.NewServeMux()
	all.Handle("/", bounded(mux))
	for pattern, route := range o.Routes {
		all.Handle(pattern, route)
	}
	ctx, hurry := context.WithCancel(context.Background())
	s.hurry = hurry
	s.server = &http.Server{
		Handler:           s.guard(all),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second, // profiles add their own length
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // mostly about clients that left
	}
	return s
}

// bounded bounds the bodies of requests.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// guard counts requests in hand and says what holds for every answer.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.take() {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
			return
		}
		defer s.inHand.Done()
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// take counts a request in, unless Run is about to return.
func (s *Server) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.inHand.Add(1)
	}
	return !s.ended
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Drain lets /readyz say that the program is shutting down, so that nobody
// sends it anything new.
func (s *Server) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
}

// Run answers until ctx ends. Requests in hand get 2 s more; they have ended
// when it returns.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.server.Serve(s.listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		s.server.Shutdown(late) // what it could not wait for is cut off below
		cancel()
		err = <-failed
	}
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.hurry()
	s.server.Close()
	s.inHand.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve web requests: %w", err)
	}
	return nil
}

// Close gives the port back if Run was never called.
func (s *Server) Close() error {
	s.hurry()
	return s.listener.Close()
}

func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	if why := s.check(r.Context()); why != "" {
		say(w, http.StatusServiceUnavailable, "not ready: "+why)
		return
	}
	say(w, http.StatusOK, "ready")
}

// check says why the program is not ready; empty: it is. The reason stands in
// full in the log, as it may tell where the store is.
func (s *Server) check(ctx context.Context) string {
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	if draining {
		return "shutting down"
	}
	if s.ready == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, probe)
	defer cancel()
	err := s.ready(ctx)
	why := ""
	if err != nil {
		why = "the store does not answer"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if why != s.unready {
		if s.unready = why; why != "" {
			s.log.Warn("not ready: "+why, "err", err)
		} else {
			s.log.Info("ready again")
		}
	}
	return why
}

// say answers in one line of plain text.
func say(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, line+"\n")
}
