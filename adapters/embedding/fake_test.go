package embedding

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

const hush = "sk-hush-hush-hush"

// A fake is an embedding server. It gives each text a vector of its own.
type fake struct {
	mu       sync.Mutex
	seed     string // another one is another model
	dims     int
	requests []asked
	trouble  func(w http.ResponseWriter, r *http.Request, n int) bool // has it answered? n counts requests
}

// asked is a request.
type asked struct {
	Model      string
	Input      []string
	Encoding   string `json:"encoding_format"`
	Dimensions int
	key        string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var a asked
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil || r.URL.Path != "/v1/embeddings" || r.Method != "POST" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	a.key = r.Header.Get("Authorization")
	f.mu.Lock()
	f.requests = append(f.requests, a)
	n, trouble := len(f.requests), f.trouble
	f.mu.Unlock()
	if trouble != nil && trouble(w, r, n) {
		return
	}
	f.answer(w, a.Input)
}

func (f *fake) answer(w http.ResponseWriter, texts []string) {
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var items []item
	for i, text := range texts {
		items = append([]item{{i, f.vector(text)}}, items...) // any order will do
	}
	json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": items})
}

func (f *fake) vector(text string) []float32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	dims := f.dims
	if dims == 0 {
		dims = 8
	}
	sum := sha256.Sum256([]byte(f.seed + text))
	vector := make([]float32, dims)
	for i := range vector {
		vector[i] = float32(sum[i%len(sum)]) - 127.5
	}
	return vector
}

// set changes the fake while it may be asked.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// texts are all that it was asked for, without the probe.
func (f *fake) texts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var texts []string
	for _, a := range f.requests {
		for _, text := range a.Input {
			if !strings.HasSuffix(text, probeText) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// A wire carries requests to a server without a network, so that time may stand
// still.
type wire struct{ server http.Handler }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

// silent is a server that takes requests and never answers.
func silent(_ http.ResponseWriter, r *http.Request, _ int) bool {
	<-r.Context().Done()
	return true
}

// Notes are a log that tests read.
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

func (n *notes) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(n, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// open returns a client of a fake, through a wire unless the options have an
// address of their own.
func open(t *testing.T, f *fake, o Options) *Client {
	t.Helper()
	if o.URL == "" {
		o.URL, o.Transport = "http://embed.example", wire{f}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Model, o.Key = "m", hush
	c, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func ask(c *Client, text string) ([]float32, error) {
	vectors, err := c.Embed(context.Background(), semantic.Question, []string{text})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// passages are n texts.
func passages(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("passage number %d of an article", i)
	}
	return texts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// noneLeft reports goroutines that a test leaves behind. Call it first.
func noneLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; <-ticker.C {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}
