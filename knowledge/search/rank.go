package search

import (
	"cmp"
	"slices"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// How the parts are combined. Every number is a share of a full hit, chosen on
// development questions as the middle of a plateau, not at a peak.
const (
	phraseWeight  = 0.1  // a word of a phrase that means something as a whole
	relatedWeight = 0.75 // a related word instead of the word itself
	typoWeight    = 0.8  // the nearest known word instead of an unknown one
	faintWeight   = 0.5  // a word that says little in any text, or a number
	beforeWeight  = 0.5  // a word of the question before
	wholeShare    = 0.6  // the whole document against its best part
	gramShare     = 0.1  // letters against words
	titleShare    = 0.15 // what a title loses of which nothing was asked: special cases come after plain ones
	foreign       = 0.85 // a document in another language than the question's
)

// A Hit is a document that may answer.
type Hit struct {
	ID      int
	Part    int     // the best one, from 0
	Score   float64 // about 0 to 1
	Covered float64 // share of the query's meaning that the document has, 0 to 1
	Titled  float64 // likewise, that its title and phrasings have
	Telling float64 // how well it has the rarest idea of the query that any document has, 0 to 1
	Said    bool    // has a word of the query's own text, or a phrase or translation of one
}

// Rank returns the documents that have anything in common with q, best first,
// the lower ID first among equals.
func (x *Index) Rank(q Query) []Hit {
	base := text.Base(q.Lang)
	query, before := x.tokens(q.Text, base), x.tokens(q.Before, base)
	slots := make([][]slot, len(x.shelves))
	words := make([]*scratch, len(x.shelves))
	for i, s := range x.shelves {
		slots[i] = x.slots(query, before, base, s)
		words[i] = s.bm25(slots[i])
	}
	rarest := x.rarest(slots, words, len(query)+len(before))
	var hits []Hit
	for i, s := range x.shelves {
		if len(slots[i]) > 0 {
			hits = append(hits, s.hits(words[i], s.grams.scores(q.Text, base), words[i].row(slots[i], rarest), s.base == base)...)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits
}

// rarest returns where in a query of n words the idea begins that tells most of
// those that any document has. All shelves are counted together: what one
// language has no article about is what a question hangs on.
func (x *Index) rarest(slots [][]slot, words []*scratch, n int) int {
	df, weight := make([]float64, n), make([]float64, n)
	docs := 0.0
	for i, s := range x.shelves {
		docs += float64(len(s.docs))
		for j, slot := range slots[i] {
			df[slot.at] += words[i].df[j]
			weight[slot.at] = slot.weight
		}
	}
	rarest, most := -1, 0.0
	for at := range n {
		if tells := weight[at] * idf(docs, df[at]); df[at] > 0 && tells > most {
			rarest, most = at, tells
		}
	}
	return rarest
}

// row returns how well each document has the slot that begins at a word of the
// query; nil if there is no such slot.
func (c *scratch) row(slots []slot, at int) []float64 {
	for i, slot := range slots {
		if slot.at == at {
			return c.has[i]
		}
	}
	return nil
}

// hits combines the voices for the documents of a shelf.
func (s *shelf) hits(words *scratch, letters, telling []float64, own bool) []Hit {
	var hits []Hit
	for i, e := range s.docs {
		if words.whole[i] == 0 && letters[i] <= letterFloor {
			continue
		}
		hit := Hit{ID: e.id, Covered: words.covered[i], Titled: words.titled[i], Said: words.said[i]}
		if telling != nil {
			hit.Telling = telling[i]
		}
		best := 0.0
		for p := range e.parts {
			if v := words.part[e.firstPart+p]; v > best {
				hit.Part, best = p, v
			}
		}
		best += words.head[i]
		hit.Score = wholeShare*words.whole[i] + (1-wholeShare)*best + gramShare*letters[i]
		hit.Score *= 1 - titleShare + titleShare*words.asked[i]
		if !own {
			hit.Score *= foreign
		}
		hits = append(hits, hit)
	}
	return hits
}

// letterFloor is how much letters must agree to count without a common word.
const letterFloor = 0.1
