package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A bench tries weights on all trials.
type bench struct {
	trials  []trial
	all     [][]asked // by trial
	some    [][]asked // by trial: those that weights are tried on
	related []search.Concept
	cache   search.Cache

	weights search.Weights // of the indexes
	indexes []*search.Index
}

// An asked query is one of a trial, and how alike it and the documents mean.
type asked struct {
	query
	like search.Likeness // nil: nothing tells
}

// mostTried is how many queries of a trial weights are tried on.
const mostTried = 500

// What weights cost is by how much the right articles surprise, which changes
// smoothly and sees a third place that nearly is a second, less what counts in
// the end: the share of right articles that are first, and among the first
// three.
const (
	firstSaves = 0.5
	threeSaves = 0.25
)

// newBench returns a bench of trials with weights, whose documents mean something in
// the eyes of a source.
func newBench(trials []trial, source semantic.Source, w search.Weights) (*bench, error) {
	b := &bench{trials: trials, related: knowledge.Glossary(), cache: &memory{byKey: map[string][]byte{}}}
	b.all, b.some = make([][]asked, len(trials)), make([][]asked, len(trials))
	b.indexes = make([]*search.Index, len(trials))
	b.keep(w)
	errs := make([]error, len(trials))
	b.each(func(i int) { errs[i] = b.read(i, source) })
	return b, errors.Join(errs...)
}

// read compares the queries of a trial with its documents.
func (b *bench) read(i int, source semantic.Source) error {
	t := b.trials[i]
	x, ok := semantic.Build(meant(t.docs), source)
	if !ok {
		return fmt.Errorf("%s %s: too many texts to compare", t.set, t.setting)
	}
	var in []asked
	for _, q := range t.queries {
		like, err := freeze(x, b.indexes[i].Mend(q.text, q.lang, x), len(t.docs))
		if err != nil {
			return fmt.Errorf("%s: compare %q: %w", t.set, q.text, err)
		}
		b.all[i] = append(b.all[i], asked{q, like})
		if len(q.right) > 0 {
			in = append(in, asked{q, like})
		}
	}
	b.some[i] = spread(in, mostTried)
	return nil
}

// spread returns at most n of a list, at even distances.
func spread[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}

// keep makes w the weights of the indexes.
func (b *bench) keep(w search.Weights) {
	b.each(func(i int) { b.indexes[i] = b.index(i, w) })
	b.weights = w
}

// index returns one of a trial with other weights. It is built only if it must.
func (b *bench) index(i int, w search.Weights) *search.Index {
	if b.indexes[i] != nil && builtIn(w) == builtIn(b.weights) {
		return b.indexes[i].Reweigh(w)
	}
	return search.Build(searchable(b.trials[i].docs), b.related, search.Settings{Weights: &w, Cache: b.cache})
}

// builtIn are the weights that [search.Index.Reweigh] cannot change.
func builtIn(w search.Weights) [5]float64 {
	return [...]float64{w.Title, w.Phrasing, w.Heading, w.K1, w.B}
}

// cost is what weights cost, on the mean of the trials, with or without what the
// queries mean.
func (b *bench) cost(w search.Weights, meaning bool) float64 {
	costs := make([]float64, len(b.trials))
	b.each(func(i int) {
		x := b.index(i, w)
		list := make([]judged, len(b.some[i]))
		for k, q := range b.some[i] {
			list[k] = b.trials[i].ask(x, q, meaning)
		}
		f, surprise := measureJudged(list)
		costs[i] = surprise - firstSaves*float64(f.S1) - threeSaves*float64(f.S3)
	})
	sum, n := 0.0, 0.0
	for i, t := range b.trials { // in order: a sum depends on it
		sum += t.counts * costs[i]
		n += t.counts
	}
	return sum / n
}

// judge asks all queries of every trial, with or without what they mean.
func (b *bench) judge(meaning bool) [][]judged {
	lists := make([][]judged, len(b.trials))
	b.each(func(i int) {
		for _, q := range b.all[i] {
			lists[i] = append(lists[i], b.trials[i].ask(b.indexes[i], q, meaning))
		}
	})
	return lists
}

// each does something for every trial, as many at a time as there are cores.
func (b *bench) each(do func(i int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range b.trials {
		next <- i
	}
	close(next)
	group.Wait()
}

// memory is a cache of what classifiers have learned. The process remembers
// some by itself, but a fit has more.
type memory struct {
	sync.Mutex
	byKey map[string][]byte
}

func (m *memory) Get(key string) ([]byte, bool) {
	m.Lock()
	defer m.Unlock()
	data, ok := m.byKey[key]
	return data, ok
}

func (m *memory) Put(key string, data []byte) {
	m.Lock()
	defer m.Unlock()
	m.byKey[key] = data
}
