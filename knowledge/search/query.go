package search

import (
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Query is what to look for.
type Query struct {
	Text   string
	Before string   // what was asked before; "" unless Text goes on from it
	Lang   string   // BCP 47 tag of the text
	Alike  Likeness // what knows how alike the query and documents mean; nil if nothing does
}

// A Likeness knows how alike a query and the documents mean, whatever their words.
// All of it is 0 to 1.
type Likeness interface {
	Texts(id int) float64     // the query and the document, or a piece of it if that is long
	Details(id int) float64   // the query and a detail of it, a part or sentence, which takes longer to tell
	Phrasings(id int) float64 // the query and the phrasings of it, taken together; 0 if there are none
	Phrasing(id int) float64  // the query and the likest of these, which takes longer to tell
}

// maxWords is how many words of a query count, and maxSlots how many ideas. The
// subject of a longer message is nearly always named before.
const (
	maxWords = 80
	maxSlots = 2 * maxWords
)

// A slot is one idea of a query: a word, or a phrase that is known to mean one
// thing, and the stems that may stand for it on a shelf.
type slot struct {
	at       int     // which word of the query it begins at, on every shelf
	words    int     // how many it takes
	weight   float64 // how much the idea counts
	function bool    // a function word: says how a thing is asked for, not what
	faint    bool    // says little in any text: no question hangs on it
	follows  int     // the slot said just before it, function words aside; -1 if none is
	pair     uint16  // of those two
	stems    []weighted

	tells float64 // weight times idf on the shelf
	df    float64 // documents of the shelf that are about it
}

type weighted struct {
	stem   string
	term   uint32
	known  bool    // the shelf has it, as term
	weight float64 // 1 for the word itself, less for what only may be meant
	said   bool    // the query has the very word, or a phrase or translation of it
}

// A token is a word of a query as it was probably meant.
type token struct {
	typed string
	word  string
	stem  string  // in the language of the query
	trust float64 // 1, or less if another word was typed

	function bool // a function word of the language of the query
	faint    bool // says little about a subject

	// Of a word that begins an idea, as tokens are read one idea after the other:
	concepts []int // that the idea expresses, if it is a known one
	takes    int   // how many words
}

// A reading is what a query is read into: room that is used again.
type reading struct {
	tokens []token
	slots  []slot
	stems  []weighted
}

// start makes room for another query.
func (r *reading) start() { r.tokens, r.slots, r.stems = r.tokens[:0], r.slots[:0], r.stems[:0] }

// tokens reads a text in the given language. A word that nobody knows is taken
// for the nearest known one.
func (x *Index) tokens(s, base string, r *reading) []token {
	words := text.Words(s)
	from, known := len(r.tokens), x.spellings[base]
	for _, w := range words[:min(len(words), maxWords)] {
		t := tokenOf(w, base)
		if !t.function && !known.has(t.stem) {
			if meant, ok := known.nearest(w); ok {
				t = tokenOf(meant, base)
				t.typed, t.trust = w, x.weights.Typo
			}
		}
		r.tokens = append(r.tokens, t)
	}
	out := r.tokens[from:len(r.tokens):len(r.tokens)]
	x.concepts.mark(out, base)
	return out
}

// A Reader reads words, and makes nothing of mistyped ones.
type Reader interface {
	Knows(word string) bool
	Guess(word string) (meant string, ok bool) // what is probably meant by one that it does not know
}

// Mend returns a text in the given language as r can read it: with what was probably
// meant by each word that neither the documents have nor r knows. It returns the
// text itself if all are right.
func (x *Index) Mend(s, lang string, r Reader) string {
	base := text.Base(lang)
	known := x.spellings[base]
	words := text.Words(s)
	mended := false
	for i, w := range words[:min(len(words), maxWords)] {
		if t := tokenOf(w, base); t.function || known.has(t.stem) || r.Knows(w) {
			continue
		}
		meant, ok := r.Guess(w) // it knows more words than the documents have
		if !ok {
			meant, ok = known.nearest(w)
		}
		if ok {
			words[i], mended = meant, true
		}
	}
	if !mended {
		return s
	}
	return strings.Join(words, " ")
}

// tokenOf reads a word that was meant as it is.
func tokenOf(word, base string) token {
	look := text.Look(word, base)
	return token{typed: word, word: word, stem: look.Stem, trust: 1, function: look.Function, faint: look.Faint || isNumber(word)}
}

// slots reads a query in the given language, and what was asked before, for a
// shelf. The same idea counts once.
func (x *Index) slots(query, before []token, base string, s *shelf, r *reading) []slot {
	from := len(r.slots)
	place := func(stem string) int {
		for i := range r.slots[from:] { // a slot is large: none is copied
			if r.slots[from+i].stems[0].stem == stem {
				return i
			}
		}
		return -1
	}
	at := 0
	add := func(tokens []token, weight float64, said bool) {
		last := neighbour{slot: -1}
		for len(tokens) > 0 {
			found, n := tokens[0].concepts, tokens[0].takes
			next := x.slot(tokens[:n], found, base, s, r)
			next.at, next.words, next.weight = at, n, weight
			next.faint = len(found) == 0 && tokens[0].faint
			if next.function {
				next.weight *= x.weights.Function
			}
			if next.faint {
				next.weight *= x.weights.Faint
			}
			if next.faint || !said || next.function {
				for i := range next.stems {
					next.stems[i].said = false
				}
			}
			next.follows = -1
			first, end, ok := ends(tokens[:n])
			if ok && last.slot >= 0 && base == s.base {
				next.follows, next.pair = last.slot, pairOf(last.hash, first)
			}
			at += n
			tokens = tokens[n:]
			if len(next.stems) == 0 {
				continue
			}
			in := place(next.stems[0].stem)
			if in < 0 {
				in = len(r.slots) - from
				r.slots = append(r.slots, next)
			}
			if ok {
				last = neighbour{in, end}
			}
		}
	}
	add(query, 1, true)
	add(before, x.weights.Before, false)
	slots := r.slots[from:len(r.slots):len(r.slots)]
	for i := range slots {
		s.weigh(&slots[i])
	}
	return slots
}

// A neighbour is the last word of a query that is not a function word, and
// the slot that it is in.
type neighbour struct {
	slot int
	hash uint64
}

// ends returns the first and the last of tokens, function words aside.
func ends(tokens []token) (first, last uint64, ok bool) {
	for _, t := range tokens {
		if t.function {
			continue
		}
		last = stemHash(t.stem)
		if !ok {
			first, ok = last, true
		}
	}
	return first, last, ok
}

func stemsOf(tokens []token) []string {
	stems := make([]string, len(tokens))
	for i, t := range tokens {
		stems[i] = t.stem
	}
	return stems
}

// isNumber reports whether a normalised word is but digits: how many days, how
// much money. Which article is wanted seldom hangs on that.
func isNumber(word string) bool { return strings.Trim(word, "0123456789") == "" }

// slot collects what may stand on s for the tokens, which express the given
// concepts. A slot without a stem says nothing on s; one whose only stem is
// unknown to the shelf is something that the shelf does not have.
func (x *Index) slot(tokens []token, found []int, base string, s *shelf, r *reading) slot {
	var out slot
	from := len(r.stems)
	trust := 1.0
	for _, t := range tokens {
		trust = min(trust, t.trust)
	}
	add := func(stem string, weight float64, said bool) {
		for _, w := range out.stems {
			if w.stem == stem {
				return
			}
		}
		term, known := s.terms[stem]
		r.stems = append(r.stems, weighted{stem, term, known, weight * trust, said})
		out.stems = r.stems[from:len(r.stems):len(r.stems)]
	}
	if len(tokens) == 1 && len(found) == 0 && base == s.base && tokens[0].function {
		if _, ok := s.terms[tokens[0].stem]; ok {
			out.function = true
			add(tokens[0].stem, 1, false)
		}
		return out
	}
	key := tokens[0].stem
	if len(tokens) > 1 {
		key = strings.Join(stemsOf(tokens), " ")
		if base == s.base && s.has(key) {
			add(key, 1, true)
		}
	}
	for _, t := range tokens {
		// A function word of one language may have a meaning in the other.
		if t.function && (len(found) == 0 || base == s.base) || base != s.base && text.IsFunction(t.word, s.base) {
			continue
		}
		stem := t.stem
		if base != s.base {
			stem = text.Stem(t.word, s.base)
		}
		switch {
		case len(tokens) == 1:
			add(stem, 1, true)
		case s.has(stem) && !t.function:
			add(stem, x.weights.Phrase, false)
		}
	}
	related := x.weights.Related
	if base != s.base {
		related = x.weights.Translated
	}
	for _, i := range found {
		for _, stem := range x.concepts.stems[i][s.base] {
			if s.has(stem) {
				add(stem, related, len(tokens) > 1 || base != s.base)
			}
		}
	}
	if len(found) > 0 && len(out.stems) == 0 {
		add(key, 1, true) // an idea that the shelf has nothing about is an idea all the same
	}
	// Related languages spell many words nearly the same.
	if base != s.base && len(found) == 0 && len(out.stems) == 1 && !out.stems[0].known {
		if w, ok := x.spellings[s.base].nearest(tokens[0].word); ok {
			add(text.Stem(w, s.base), x.weights.Typo, true)
		}
	}
	return out
}

func (s *shelf) has(stem string) bool {
	_, ok := s.terms[stem]
	return ok
}

// weigh finds out how many documents are about a slot, and so how much it
// tells. A document with a word that merely may stand for it counts as a
// fraction: half of all articles mention money, but few are about getting it
// back, and that is what makes "money back" tell so much.
func (s *shelf) weigh(slot *slot) {
	n := float64(len(s.docs))
	rest := 1.0 // share of documents that have none of the stems
	for _, w := range slot.stems {
		if w.known {
			rest *= 1 - float64(float64(w.weight*w.weight)*s.lists[w.term].about)/n
		}
	}
	slot.df = n * (1 - rest)
	slot.tells = slot.weight * idf(n, slot.df)
}

// Known reports whether any document, of whatever language, has a word, be it
// mistyped in a phrasing.
func (x *Index) Known(word string) bool {
	for _, s := range x.shelves {
		if s.mistyped[word] != "" || s.has(text.Stem(word, s.base)) {
			return true
		}
	}
	return false
}
