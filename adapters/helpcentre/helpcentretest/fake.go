// Package helpcentretest stands in for the APIs of help centres. Its servers
// page, limit and fail as their documentation says; each behaviour names its
// source.
package helpcentretest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// A Gate is what both APIs have in front of their answers: a count of requests
// in a window of time, and what tests put in their way.
type Gate struct {
	// Now tells the time; nil means the system's clock.
	Now func() time.Time
	// Limit is how many requests fit into a window; 0: any number.
	Limit int
	// Before sees each request first, with its number from 1; true means that it
	// has answered.
	Before func(n int, w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request
	opened   time.Time // when the window began
	used     int       // requests in it
}

// Requests are all that came, the refused ones too, in order.
func (g *Gate) Requests() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*http.Request(nil), g.requests...)
}

// Forget empties the list of requests.
func (g *Gate) Forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = nil
}

func (g *Gate) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

// enter counts a request. It returns the request's number, how many more fit
// into the window, negative if this one did not, and when the next one opens.
func (g *Gate) enter(r *http.Request, window time.Duration) (n, left int, reset time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r)
	at := g.now()
	if opened := at.Truncate(window); !opened.Equal(g.opened) {
		g.opened, g.used = opened, 0
	}
	g.used++
	return len(g.requests), g.Limit - g.used, g.opened.Add(window)
}

// Transport answers requests for any address with a handler, without a network.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	served.Host = r.URL.Host
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, served)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// base is the address that a request was made to.
func base(r *http.Request) string {
	switch {
	case r.URL.Scheme != "": // through Transport
		return r.URL.Scheme + "://" + r.Host
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// number is a query's whole number from low to high, or else; a greater one
// counts as high.
func number(r *http.Request, key string, low, high, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(key))
	if err != nil || n < low {
		return otherwise
	}
	return min(n, high)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // the client may be gone
}
