package main

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/signpost-bot/signpost/adapters/embedding"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A voice is what tells ours what texts mean, and names its column.
type voice struct {
	label  string
	source semantic.Source // nil: words alone
}

// The columns of ours.
const (
	columnWords   = "words"
	columnOurs    = "ours" // as it is shipped: with the built-in model
	columnServer  = "server"
	columnTeacher = "teacher"
)

// meaningColumns are those that heed what texts mean.
var meaningColumns = []string{columnOurs, columnServer, columnTeacher}

// wordsAlone and shipped are always heard.
var wordsAlone = voice{label: columnWords}

func shipped() voice { return voice{columnOurs, semantic.BuiltIn()} }

func (v voice) name() string { return v.label }

// A learner is a source that has to be told which passages it will be asked for.
type learner interface {
	learn(passages []string) error
}

// learn has the source learn what documents say, if it must.
func (v voice) learn(docs []semantic.Document) error {
	if l, ok := v.source.(learner); ok {
		return l.learn(semantic.Passages(docs))
	}
	return nil
}

// failed returns the error of a question that had none of the source's vectors.
func (v voice) failed() error {
	if m, ok := v.source.(*mindful); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.err
	}
	return nil
}

// means returns what documents mean in the eyes of the source; nil if they have
// too many texts.
func (v voice) means(docs []document) (*semantic.Index, error) {
	texts := meant(docs)
	n := 0
	for _, d := range texts {
		n += len(d.Texts)
	}
	if n > semantic.MaxTexts {
		return nil, nil
	}
	if err := v.learn(texts); err != nil {
		return nil, fmt.Errorf("%s: %w", v.label, err)
	}
	x, ok := semantic.Build(texts, v.source)
	if !ok {
		return nil, fmt.Errorf("%s: the vectors of some texts are not there", v.label)
	}
	return x, nil
}

// A mindful source asks for the vector of a question once, and remembers if there
// was none.
type mindful struct {
	semantic.Source
	mu      sync.Mutex
	vectors map[string][]float32
	err     error // the first
}

func (m *mindful) Embed(ctx context.Context, role semantic.Role, texts []string) ([][]float32, error) {
	if role != semantic.Question || len(texts) != 1 {
		return m.Source.Embed(ctx, role, texts)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.vectors[texts[0]]; ok {
		return [][]float32{v}, nil
	}
	vectors, err := m.Source.Embed(ctx, role, texts)
	if err != nil {
		if m.err == nil {
			m.err = fmt.Errorf("%s: %q: %w", m.Model().Name, texts[0], err)
		}
		return nil, err
	}
	if m.vectors == nil {
		m.vectors = map[string][]float32{}
	}
	m.vectors[texts[0]] = vectors[0]
	return vectors, nil
}

func (m *mindful) learn(passages []string) error {
	if l, ok := m.Source.(learner); ok {
		return l.learn(passages)
	}
	return nil
}

// A server is a source that asks one.
type server struct{ *embedding.Client }

func (s server) learn(passages []string) error {
	last := -1
	return s.Fill(context.Background(), passages, func(done, of int) {
		if tenth := 10 * done / max(1, of); tenth > last {
			last = tenth
			log.Printf("server: %d of %d vectors", done, of)
		}
	})
}
