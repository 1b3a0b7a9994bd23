package search

import (
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Query is what to look for.
type Query struct {
	Text   string
	Before string // what was asked before; "" unless Text goes on from it
	Lang   string // BCP 47 tag of the text
}

// maxWords is how many words of a query count. The subject of a longer message
// is nearly always named before.
const maxWords = 80

// A slot is one idea of a query: a word, or a phrase that is known to mean one
// thing, and the stems that may stand for it on a shelf.
type slot struct {
	at     int     // which word of the query it begins at, on every shelf
	weight float64 // how much the idea counts
	stems  []weighted
}

type weighted struct {
	stem   string
	weight float64 // 1 for the word itself, less for what only may be meant
	said   bool    // the query has the very word, or a phrase or translation of it
}

// A token is a word of a query as it was probably meant.
type token struct {
	word  string
	stem  string  // in the language of the query
	trust float64 // 1, or less if another word was typed
}

// tokens reads a text in the given language. A word that nobody knows is taken
// for the nearest known one.
func (x *Index) tokens(s, base string) []token {
	words := text.Words(s)
	out := make([]token, 0, min(len(words), maxWords))
	for _, w := range words[:min(len(words), maxWords)] {
		t := token{w, text.Stem(w, base), 1}
		if known := x.spellings[base]; !text.IsFunction(w, base) && !known.has(t.stem) {
			if meant, ok := known.nearest(w); ok {
				t = token{meant, text.Stem(meant, base), typoWeight}
			}
		}
		out = append(out, t)
	}
	return out
}

// slots reads a query in the given language, and what was asked before, for a
// shelf. The same idea counts once.
func (x *Index) slots(query, before []token, base string, s *shelf) []slot {
	var slots []slot
	seen := map[string]bool{}
	at := 0
	add := func(tokens []token, weight float64, said bool) {
		for len(tokens) > 0 {
			found, n := x.concepts.at(tokens, base)
			next := x.slot(tokens[:max(n, 1)], found, base, s)
			next.at, next.weight = at, weight
			faint := n == 0 && (text.IsFaint(tokens[0].word, base) || isNumber(tokens[0].word))
			if faint {
				next.weight *= faintWeight
			}
			if faint || !said {
				for i := range next.stems {
					next.stems[i].said = false
				}
			}
			at += max(n, 1)
			tokens = tokens[max(n, 1):]
			if len(next.stems) > 0 && !seen[next.stems[0].stem] {
				seen[next.stems[0].stem] = true
				slots = append(slots, next)
			}
		}
	}
	add(query, 1, true)
	add(before, beforeWeight, false)
	return slots
}

// isNumber reports whether a normalised word is but digits: how many days, how
// much money. Which article is wanted seldom hangs on that.
func isNumber(word string) bool { return strings.Trim(word, "0123456789") == "" }

// slot collects what may stand on s for the tokens, which express the given
// concepts. A slot without a stem is a function word; one whose only stem is
// unknown to the shelf is something that the shelf does not have.
func (x *Index) slot(tokens []token, found []int, base string, s *shelf) slot {
	var out slot
	trust := 1.0
	add := func(stem string, weight float64, said bool) {
		for _, w := range out.stems {
			if w.stem == stem {
				return
			}
		}
		out.stems = append(out.stems, weighted{stem, weight * trust, said})
	}
	stems := make([]string, len(tokens))
	for i, t := range tokens {
		stems[i] = t.stem
		trust = min(trust, t.trust)
	}
	if key := strings.Join(stems, " "); len(tokens) > 1 && base == s.base && s.terms[key] != nil {
		add(key, 1, true)
	}
	for _, t := range tokens {
		// A function word of one language may have a meaning in the other.
		if len(found) == 0 && text.IsFunction(t.word, base) || text.IsFunction(t.word, s.base) {
			continue
		}
		stem := t.stem
		if base != s.base {
			stem = text.Stem(t.word, s.base)
		}
		switch {
		case len(tokens) == 1:
			add(stem, 1, true)
		case s.terms[stem] != nil && !text.IsFunction(t.word, base):
			add(stem, phraseWeight, false)
		}
	}
	for _, i := range found {
		for _, stem := range x.concepts.stems[i][s.base] {
			if s.terms[stem] != nil {
				add(stem, relatedWeight, len(tokens) > 1 || base != s.base)
			}
		}
	}
	if key := strings.Join(stems, " "); len(found) > 0 && len(out.stems) == 0 {
		add(key, 1, true) // an idea that the shelf has nothing about is an idea all the same
	}
	// Related languages spell many words nearly the same.
	if base != s.base && len(found) == 0 && len(out.stems) == 1 && s.terms[out.stems[0].stem] == nil {
		if w, ok := x.spellings[s.base].nearest(tokens[0].word); ok {
			add(text.Stem(w, s.base), typoWeight, true)
		}
	}
	return out
}

// Known reports whether any document, of whatever language, has a word.
func (x *Index) Known(word string) bool {
	for _, s := range x.shelves {
		if s.terms[text.Stem(word, s.base)] != nil {
			return true
		}
	}
	return false
}
