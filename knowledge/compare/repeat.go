package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A repeat says whether we rank alike however an index is built: twice one
// after the other, and twice at the same time. Of the last two, one trains and
// the other waits for it.
type repeat struct {
	Set     string   `json:"set"`
	Setting string   `json:"setting"`
	Hashes  []string `json:"hashes"` // of all lists of the first ten with their scores, one a build
}

func (r repeat) ok() bool { return len(slices.Compact(slices.Clone(r.Hashes))) == 1 }

// repeat builds four indexes with the first seed of the setting that comes
// before full, if there is one.
func (s set) repeat() (repeat, error) {
	t := s.settings[len(s.settings)-1]
	if t.name == "full" {
		t = s.settings[len(s.settings)-2]
	}
	r := repeat{Set: s.name, Setting: t.name, Hashes: make([]string, 4)}
	errs := make([]error, len(r.Hashes))
	build := func(i int) { r.Hashes[i], errs[i] = s.hash(t.seeds[0]) }
	build(0)
	build(1)
	var group sync.WaitGroup
	group.Go(func() { build(2) })
	group.Go(func() { build(3) })
	group.Wait()
	return r, errors.Join(errs...)
}

// hash builds an index of ours and hashes what it finds for every query, bit by
// bit.
func (s set) hash(docs []document) (string, error) {
	own := s.ours(shipped())
	if o, ok := own.(ours); ok {
		o.anew = true
		own = o
	}
	x, err := own.build(docs)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, q := range s.queries {
		found, err := x.rank(q, depth)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%x\n", found.confidence)
		for _, h := range found.hits {
			fmt.Fprintf(hash, "%d %x\n", h.doc, h.score)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], x.close()
}
