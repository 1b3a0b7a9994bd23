package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/signpost-bot/signpost/adapters/embedding"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// sources tell what questions and articles mean, the best first: embedding servers
// that are at hand, if any, and the model in the program; nothing if that is off.
func sources(cfg config.Config, servers ...*embedder) []semantic.Source {
	if !cfg.Knowledge.Meaning {
		return nil
	}
	var list []semantic.Source
	for _, s := range servers {
		if s != nil {
			list = append(list, s)
		}
	}
	return append(list, semantic.BuiltIn())
}

// An embedder is an embedding server whose model is known.
type embedder struct {
	*embedding.Client
	outdated atomic.Bool // it has another model now
	notice   func()      // called when it has; nil: nobody cares
}

// Embed asks the server.
func (e *embedder) Embed(ctx context.Context, role semantic.Role, texts []string) ([][]float32, error) {
	vectors, err := e.Client.Embed(ctx, role, texts)
	if errors.Is(err, embedding.ErrChanged) && !e.outdated.Swap(true) && e.notice != nil {
		e.notice()
	}
	return vectors, err
}

// openEmbedder asks the configured server for its model.
func openEmbedder(ctx context.Context, cfg config.Config, log *slog.Logger) (*embedder, error) {
	c := cfg.Knowledge.Embedder
	client, err := embedding.Open(ctx, embedding.Options{
		URL: c.URL, Model: c.Model, Key: c.Key.Reveal(), Timeout: c.Timeout, QuestionPrefix: c.QuestionPrefix, PassagePrefix: c.PassagePrefix,
		Dimensions: c.Dimensions, Folder: cfg.Knowledge.Cache, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &embedder{Client: client}, nil
}

// consult has the configured embedding server tell what articles mean, and waits
// for it. It returns nil if there is none, and tells w if it cannot be had.
func consult(ctx context.Context, cfg config.Config, list []*knowledge.Article, w io.Writer) *embedder {
	if !cfg.Knowledge.Asks() {
		return nil
	}
	progress := &bar{w: w, what: "articles", unit: "passages", on: isTerminal(w)}
	log := newLogger(config.Log{Level: "warn"}, progress, secrets(cfg))
	passages := knowledge.Passages(list)
	progress.show(0, len(passages)) // it may take a while to answer at all
	defer progress.clear()
	for again := true; ; again = false {
		e, err := openEmbedder(ctx, cfg, log)
		if err == nil {
			if err = e.Fill(ctx, passages, progress.show); err == nil {
				return e
			}
			e.Close()
		}
		if again && errors.Is(err, embedding.ErrChanged) {
			continue
		}
		if ctx.Err() == nil {
			progress.clear()
			fmt.Fprintln(w, "signpost: the embedding server cannot be used, so questions are answered without it:", secrets(cfg).redact(err.Error()))
		}
		return nil
	}
}

// hangUp lets an embedder go; nil is none.
func hangUp(e *embedder) {
	if e != nil {
		e.Close()
	}
}

const (
	// firstRetry is the wait before an embedding server that could not be used is
	// tried again; each later one is twice as long, up to longestRetry.
	firstRetry   = time.Second
	longestRetry = time.Minute
)

// An interpreter has an embedding server tell what articles mean, in the
// background: at first, and whenever articles, phrasings or the server's model
// change. Until it has told, questions are answered without it.
type interpreter struct {
	cfg   config.Config
	shelf *shelf
	log   *slog.Logger

	hint   chan struct{} // something has changed
	server *embedder     // nil: not known yet
	ready  bool          // it has told what all articles mean, when it was asked last
	away   bool          // it could not be used, when it was tried last
}

func newInterpreter(cfg config.Config, s *shelf, log *slog.Logger) *interpreter {
	i := &interpreter{cfg: cfg, shelf: s, log: log, hint: make(chan struct{}, 1)}
	s.changed = i.soon
	return i
}

// with begins with a server that the shelf goes by already. Nobody may have asked
// it yet.
func (i *interpreter) with(server *embedder) {
	server.notice = i.soon
	i.server, i.ready = server, true
}

// run keeps the shelf up to date until ctx ends. The server is let go then, and
// whoever asks after that does without it.
func (i *interpreter) run(ctx context.Context) {
	defer func() { hangUp(i.server) }()
	if i.server == nil {
		i.log.Info("the embedding server is asked what the articles mean; questions do not wait for that", "model", i.cfg.Knowledge.Embedder.Model)
	}
	wait := firstRetry
	for {
		var retry <-chan time.Time
		if err := i.interpret(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			if !i.away {
				i.log.Warn("the embedding server cannot tell what all articles mean, and is asked again later; questions are answered without it", "err", err)
			}
			i.away = true
			retry = time.After(wait/2 + rand.N(wait/2)) // so that replicas do not come all at once
			wait = min(2*wait, longestRetry)
		} else {
			wait, i.away = firstRetry, false
		}
		hint := i.hint
		if retry != nil {
			hint = nil // it is asked soon enough
		}
		select {
		case <-ctx.Done():
			return
		case <-hint:
		case <-retry:
		}
	}
}

// interpret brings the shelf up to date.
func (i *interpreter) interpret(ctx context.Context) error {
	if i.server != nil && i.server.outdated.Load() {
		i.forget()
	}
	if i.server == nil {
		server, err := openEmbedder(ctx, i.cfg, i.log)
		if err != nil {
			return err
		}
		server.notice = i.soon
		i.server = server
	}
	passages := i.shelf.library().Passages()
	began := time.Now()
	if err := i.server.Fill(ctx, passages, nil); err != nil {
		if errors.Is(err, embedding.ErrChanged) {
			i.forget()
		}
		i.ready = false
		return err
	}
	i.shelf.interpret(sources(i.cfg, i.server)...)
	if !i.ready {
		i.log.Info("the embedding server has told what the articles mean", "passages", len(passages), "took", time.Since(began).Round(time.Millisecond))
	}
	i.ready = true
	return nil
}

// forget lets go of a server whose vectors are of no more use.
func (i *interpreter) forget() {
	i.shelf.interpret(sources(i.cfg)...)
	i.server.Close()
	i.server, i.ready = nil, false
}

// soon makes run look at once.
func (i *interpreter) soon() {
	select {
	case i.hint <- struct{}{}:
	default: // it is about to
	}
}

// A bar shows at a terminal how far something has come. What is written to it
// takes its place.
type bar struct {
	w          io.Writer
	what, unit string
	on         bool // w is a terminal
	width      int  // of what is shown
}

// barWidth is how many characters a full bar has.
const barWidth = 24

// show shows how far it has come, unless there is nothing to do; of how many is 0
// if nobody knows.
func (b *bar) show(done, of int) {
	if !b.on || done == of {
		b.clear()
		return
	}
	full := barWidth * done / max(of, 1)
	line := fmt.Sprintf("%s: %d of %d %s [%-*s]", b.what, done, of, b.unit, barWidth, strings.Repeat("#", min(full, barWidth)))
	if of == 0 {
		line = fmt.Sprintf("%s: %d %s", b.what, done, b.unit)
	}
	fmt.Fprintf(b.w, "\r%-*s", b.width, line)
	b.width = len(line)
}

// clear takes the bar away.
func (b *bar) clear() {
	if b.width > 0 {
		fmt.Fprintf(b.w, "\r%*s\r", b.width, "")
		b.width = 0
	}
}

// Write writes to the terminal in place of the bar.
func (b *bar) Write(p []byte) (int, error) {
	b.clear()
	return b.w.Write(p)
}

// isTerminal reports whether w is one, or something else that keeps nothing.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
