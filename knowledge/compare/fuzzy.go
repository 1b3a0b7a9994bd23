package main

import (
	"strings"

	"github.com/sahilm/fuzzy"
)

// fuzzySystem is sahilm/fuzzy, a subsequence matcher, over titles and phrasings
// joined.
type fuzzySystem struct{}

func (fuzzySystem) name() string { return "fuzzy" }

func (fuzzySystem) build(docs []document) (index, error) {
	x := make(fuzzyIndex, len(docs))
	for i, d := range docs {
		x[i] = strings.Join(append([]string{d.title}, d.phrasings...), "\n")
	}
	return x, nil
}

type fuzzyIndex []string

func (x fuzzyIndex) rank(q query, k int) (found, error) {
	matches := fuzzy.Find(q.text, x)
	var out found
	for _, m := range matches[:min(k, len(matches))] {
		out.hits = append(out.hits, hit{m.Index, float64(m.Score)})
	}
	if len(matches) > 0 {
		out.confidence = float64(matches[0].Score)
	}
	return out, nil
}

func (fuzzyIndex) close() error { return nil }
