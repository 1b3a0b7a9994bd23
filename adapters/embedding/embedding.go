// Package embedding has texts turned into vectors by a server that speaks
// OpenAI's embeddings API, as Ollama, TEI, vLLM and llama.cpp do.
//
// Such a server may be slow, sick, gone, or have another model than yesterday
// under the same name. So a question waits for it only a moment, and not at all
// while it fails; vectors of passages are computed once and kept; and a sentence
// whose vector is known goes along, so that vectors of two models never meet.
package embedding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

var (
	// ErrResting means that the server has failed, and is not asked until it has
	// shown that it is well again. It costs no time.
	ErrResting = errors.New("the embedding server is left alone for a while, since it failed")

	// ErrChanged means that the server has another model than the vectors that
	// are kept come from. The Client is of no more use; [Open] another one.
	ErrChanged = errors.New("the embedding server has another model now")
)

const (
	// defaultTimeout is how long a question waits unless it is told.
	defaultTimeout = 300 * time.Millisecond
	// warmUp is how long the first word of a server may take: some load the
	// model only when they are asked for it.
	warmUp = 30 * time.Second
	// greeting is how long it may take if we can go on without.
	greeting = 2 * time.Second
)

// probeText is the probe: a sentence whose vector tells models apart, also those
// that differ in the languages they know.
const probeText = "How do I get my money back? Como recebo meu dinheiro de volta? ¿Cómo recupero mi dinero?"

// Options are what a Client can be given.
type Options struct {
	URL            string            // the base of the server's API, with or without /v1 or /v1/embeddings
	Model          string            // as the server calls it
	Key            string            // empty: the server asks for none
	Timeout        time.Duration     // how long a question waits; 0: 300 ms
	QuestionPrefix string            // what the model wants before a question
	PassagePrefix  string            // and before a passage
	Dimensions     int               // numbers to ask for in a vector; 0: as many as the model has
	Folder         string            // where vectors of passages are kept; empty: in memory
	Transport      http.RoundTripper // nil: the usual one
	Log            *slog.Logger      // nil: slog.Default()
}

// A Client is a [semantic.Embedder] that asks a server.
type Client struct {
	o        Options
	endpoint string
	http     *http.Client
	log      *slog.Logger
	model    semantic.Model
	known    []float32 // the vector of the probe
	cache    cache
	filling  chan struct{} // holds one token while passages are computed

	breaker *gobreaker.CircuitBreaker[[][]float32] // of questions
	ctx     context.Context                        // ends with Close
	end     context.CancelFunc
	checks  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	checking bool
	checked  time.Time // when the probe had its vector last; zero: not since the server failed
	changed  bool      // it had another one
}

var _ semantic.Embedder = (*Client)(nil)

// Open asks the server for the vector of one sentence, which tells its model.
// A server that does not answer is taken to have the model that it had last, if
// vectors of that are kept; else there is an error, and a later Open may do.
func Open(ctx context.Context, o Options) (*Client, error) {
	endpoint, err := endpointOf(o.URL)
	if err != nil {
		return nil, err
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	c := &Client{o: o, endpoint: endpoint, log: o.Log, filling: make(chan struct{}, 1)}
	if c.log == nil {
		c.log = slog.Default()
	}
	c.http = &http.Client{Transport: o.Transport, CheckRedirect: stay}
	if o.Transport == nil {
		c.http.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	c.ctx, c.end = context.WithCancel(context.WithoutCancel(ctx))
	c.breaker = newBreaker(c)

	settings := fingerprint(endpoint, o.Model, o.QuestionPrefix, o.PassagePrefix, fmt.Sprint(o.Dimensions))
	kept, err := keptModels(o.Folder, settings)
	if err != nil {
		c.log.Warn("vectors that were kept cannot be used", "err", err)
	}
	patience := warmUp
	if len(kept) > 0 {
		patience = greeting
	}
	vector, err := c.askProbe(ctx, patience)
	if err != nil && (len(kept) == 0 || ctx.Err() != nil) {
		c.Close()
		return nil, fmt.Errorf("learn which model the embedding server has: %w", err)
	}
	if err != nil {
		c.log.Warn("the embedding server does not answer; vectors of articles are those that are kept", "err", err)
		c.take(kept[0])
		return c, nil
	}
	for _, model := range kept {
		if same(model.probe, vector) {
			c.take(model)
			c.checked = time.Now()
			return c, nil
		}
	}
	if len(kept) > 0 {
		c.log.Info("the embedding server has another model than before; vectors of articles are computed anew", "model", o.Model)
	}
	c.take(newModel(o.Folder, settings, vector))
	c.checked = time.Now()
	return c, nil
}

// take makes a model that of the client.
func (c *Client) take(m keptModel) {
	c.model = semantic.Model{Name: c.o.Model, Version: m.version, Dims: len(m.probe)}
	c.known = m.probe
	if c.o.Folder == "" {
		c.cache = &memory{}
		return
	}
	f := &file{path: m.path, probe: m.probe}
	if err := f.use(); err != nil {
		c.log.Warn("vectors of articles cannot be kept", "err", err)
	}
	forget(c.o.Folder)
	c.cache = f
}

// Model is that of the server. Its Version depends on the address, the name, the
// prefixes and the vector of one sentence.
func (c *Client) Model() semantic.Model { return c.model }

// Embed asks the server. Questions go together, and wait for Options.Timeout at
// most, and for nothing while the server fails, which is [ErrResting]. Passages
// go many at a time, and again if that fails. Texts without a word have vectors
// without length.
func (c *Client) Embed(ctx context.Context, role semantic.Role, texts []string) ([][]float32, error) {
	if role == semantic.Passage {
		return c.passages(ctx, texts)
	}
	return c.questions(ctx, texts)
}

// Close ends what goes on in the background.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.checks.Wait()
	c.http.CloseIdleConnections()
}
