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
}

// Rank returns the documents that have anything in common with q, best first,
// the lower ID first among equals.
func (x *Index) Rank(q Query) []Hit {
	var hits []Hit
	base := text.Base(q.Lang)
	query, before := x.tokens(q.Text, base), x.tokens(q.Before, base)
	for _, s := range x.shelves {
		slots := x.slots(query, before, base, s)
		if len(slots) == 0 {
			continue
		}
		words := s.bm25(slots)
		letters := s.grams.scores(q.Text, base)
		for i, e := range s.docs {
			hit := Hit{ID: e.id, Covered: words.covered[i], Titled: words.titled[i], Telling: words.telling[i]}
			best := 0.0
			for p := range e.parts {
				if v := words.part[e.firstPart+p]; v > best {
					hit.Part, best = p, v
				}
			}
			best += words.head[i]
			hit.Score = wholeShare*words.whole[i] + (1-wholeShare)*best + gramShare*letters[i]
			hit.Score *= 1 - titleShare + titleShare*words.asked[i]
			if s.base != base {
				hit.Score *= foreign
			}
			if words.whole[i] > 0 || letters[i] > letterFloor {
				hits = append(hits, hit)
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits
}

// letterFloor is how much letters must agree to count without a common word.
const letterFloor = 0.1
