package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Document is what can be found. Its parts compete to be the best place in
// it; title and phrasings speak for all of them. Phrasings that change often are
// better in Learned: what an index has learned from the rest is used again.
type Document struct {
	ID        int    // unique; breaks ties, the lower first
	Lang      string // BCP 47 tag, decides stems and function words
	Title     string
	Phrasings []string // questions that should find it
	Learned   []string // phrasings that came later; they count as much, and are learned apart
	Parts     []Part
}

// A Part is a passage of a document.
type Part struct {
	Heading string
	Body    string
}

// A Concept lists, by base language (en, pt), words and phrases that mean much
// the same to a person looking for help. The first phrases of a language need
// no special order.
type Concept map[string][]string

// An Index finds documents. It is immutable and safe for concurrent use.
type Index struct {
	weights   Weights
	titled    float64  // impact of a word that the title has once, of full
	shelves   []*shelf // by language, sorted
	concepts  *concepts
	spellings map[string]*lexicon // by base language: words of documents and concepts
	drawer    drawer
}

// A shelf holds the documents of one language, with statistics of their own:
// a word that is rare in one language says nothing about another.
type shelf struct {
	base  string
	docs  []entry
	terms map[string]uint32 // stems, and known phrases as stems joined by a space
	lists []list            // by term
	parts partTerms

	adjacent adjacency
	letters  letterVoice
	learned  *classifier       // nil without phrasings
	phrased  int               // how many phrasings there are
	trained  *classifier       // what learned was before Document.Learned was taught: kept to be found again
	features *table            // what letters and classifier know, and where
	runs     map[string][]run  // the letters of words that title, headings and phrasings have; nil if documents are many
	mistyped map[string]string // in phrasings, and what was meant
	spelled  map[string]int    // words as they are spelled, and how often; only while building
}

// An entry is a document on a shelf.
type entry struct {
	id    int
	first uint32  // its parts are numbered from here
	parts uint32  // how many; 0 if one: it is the whole
	title float64 // how much the words of the title tell, their idf together
}

// partTerms says which terms a part has, for documents of several parts.
type partTerms struct {
	from  []uint32 // by part, where its terms begin; one more at the end
	terms []uint32 // ascending within a part
	share []uint8  // impact of title, phrasings and part together, of full
}

// New builds an index of docs. Concepts relate words to each other and to
// words of other languages; nil is fine.
func New(docs []Document, related []Concept) *Index {
	return Build(docs, related, Settings{})
}

// Settings are how an index is built; the zero value is as it is shipped.
type Settings struct {
	Weights *Weights // others than the shipped ones, for the program that fits them
	Cache   Cache    // where what was learned is kept; nil: nowhere but in this process
	Anew    bool     // build and learn it anew, whatever is remembered, for the program that measures it
}

// Build builds an index of docs as [New] does, with settings.
func Build(docs []Document, related []Concept, settings Settings) *Index {
	if settings.Anew || settings.Weights != nil || len(docs) > maxRemembered {
		return build(docs, related, settings)
	}
	return indexes.get(fingerprint(docs, related), func() *Index { return build(docs, related, settings) })
}

func build(docs []Document, related []Concept, settings Settings) *Index {
	w := fitted
	if settings.Weights != nil {
		w = *settings.Weights
	}
	byBase := map[string][]Document{}
	var bases []string
	for _, d := range docs {
		base := text.Base(d.Lang)
		if byBase[base] == nil {
			bases = append(bases, base)
		}
		byBase[base] = append(byBase[base], d)
	}
	slices.Sort(bases)
	x := &Index{weights: w, concepts: newConcepts(related), spellings: map[string]*lexicon{}}
	x.titled = w.Title / (w.Title + w.K1) * full
	x.shelves = make([]*shelf, len(bases))
	var group sync.WaitGroup
	for i, base := range bases {
		group.Go(func() { x.shelves[i] = newShelf(base, byBase[base], x.concepts, w, settings) })
	}
	group.Wait()
	words := x.concepts.words
	for _, s := range x.shelves {
		if words[s.base] == nil {
			words[s.base] = map[string]int{}
		}
		for w, n := range s.spelled {
			words[s.base][w] += n
		}
		s.spelled = nil
	}
	for base, counts := range words {
		x.spellings[base] = newLexicon(counts, base)
		if s := x.shelf(base); s != nil {
			x.spellings[base].mistyped = s.mistyped
		}
	}
	return x
}

// Reweigh returns an index of the same documents with other weights, for the
// program that fits them. It is much quicker than to build one, but Title,
// Phrasing, Heading, K1 and B are built in: they stay as they are in x, whatever
// w says.
func (x *Index) Reweigh(w Weights) *Index {
	return &Index{weights: w, titled: x.titled, shelves: x.shelves, concepts: x.concepts, spellings: x.spellings}
}

// A builder counts the words of a shelf's documents.
type builder struct {
	*shelf
	weights Weights
	related *concepts
	words   map[string]*spelling // most words come often, and stemming is slow
	// By term, of the present document; aside, of the present part.
	counts, head, aside []float32
	touched             []uint32 // terms with counts

	raws  []raw     // of all documents, one after the other
	upTo  []int     // by document, the end of its raws
	sizes []float64 // by document: weighted length

	pairing   bool      // documents are few enough to keep their pairs
	pairs     []uint16  // of words side by side, in the present document
	partRaws  []raw     // of all parts, head as in the document
	partUpTo  []int     // by part
	partSizes []float64 // by part: weighted length, title and phrasings included
}

func newShelf(base string, docs []Document, related *concepts, w Weights, settings Settings) *shelf {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	s := &shelf{base: base, terms: map[string]uint32{}, spelled: map[string]int{}}
	b := &builder{shelf: s, weights: w, related: related, words: map[string]*spelling{}, pairing: len(docs) <= few}
	s.mend(docs, related)
	for _, d := range docs {
		b.add(d)
	}
	b.weigh()
	for word, w := range b.words {
		if w.count > 0 {
			s.spelled[word] = w.count
		}
	}
	for i, d := range docs {
		terms := text.Terms(d.Title, base)
		slices.Sort(terms)
		for _, stem := range slices.Compact(terms) {
			s.docs[i].title += idf(float64(len(docs)), s.lists[s.terms[stem]].about)
		}
	}
	s.learn(docs, related, settings)
	return s
}

// mend finds the slips in the phrasings of docs. Whether a word of Phrasings is
// one does not depend on what was learned, which must not change how they are
// read; other texts do not have the words that can be slips.
func (s *shelf) mend(docs []Document, related *concepts) {
	phrased := phrasedIn(docs, func(d Document) []string { return d.Phrasings })
	for w, n := range phrasedIn(docs, func(d Document) []string { return d.Learned }) {
		if phrased[w] == 0 {
			phrased[w] = n
		}
	}
	if len(phrased) == 0 {
		return
	}
	plain := map[string]int{}
	for _, d := range docs {
		fields := []string{d.Title}
		for _, p := range d.Parts {
			fields = append(fields, p.Heading, p.Body)
		}
		for _, f := range fields {
			for _, w := range text.Words(f) {
				plain[w]++
			}
		}
	}
	s.mistyped = mistypedIn(phrased, plain, related.words[s.base], s.base)
}

// phrasedIn counts in how many documents' phrasings, which of returns, a word is.
func phrasedIn(docs []Document, of func(Document) []string) map[string]int {
	phrased := map[string]int{}
	once := map[string]bool{}
	for _, d := range docs {
		clear(once)
		for _, p := range of(d) {
			for _, w := range text.Words(p) {
				once[w] = true
			}
		}
		for w := range once {
			phrased[w]++
		}
	}
	return phrased
}

// wordsIn returns the words of a field as they were meant.
func (s *shelf) wordsIn(field string) []string {
	words := text.Words(field)
	for i, w := range words {
		if meant, ok := s.mistyped[w]; ok {
			words[i] = meant
		}
	}
	return words
}

// add counts the words of a document.
func (b *builder) add(d Document) {
	headSize := b.count(d.Title, b.weights.Title, true)
	b.phrased += len(d.Phrasings) + len(d.Learned)
	for _, p := range slices.Concat(d.Phrasings, d.Learned) {
		headSize += b.count(p, b.weights.Phrasing, true)
	}
	for _, t := range b.touched {
		b.head[t] = b.counts[t]
	}
	heads := slices.Clone(b.touched)
	e := entry{id: d.ID, first: uint32(len(b.partUpTo))}
	if len(d.Parts) > 1 {
		e.parts = uint32(len(d.Parts))
	}
	size := headSize
	for _, p := range d.Parts {
		partSize := b.part(p, e.parts > 0)
		size += partSize
		if e.parts > 0 {
			b.partSizes = append(b.partSizes, headSize+partSize)
		}
	}
	for _, t := range b.touched {
		b.raws = append(b.raws, raw{t, b.counts[t], b.head[t]})
		b.counts[t] = 0
	}
	for _, t := range heads {
		b.head[t] = 0
	}
	b.touched = b.touched[:0]
	if b.pairing {
		b.adjacent.add(b.pairs)
	}
	b.pairs = b.pairs[:0]
	b.docs, b.sizes, b.upTo = append(b.docs, e), append(b.sizes, size), append(b.upTo, len(b.raws))
}

// part counts the words of a part into the document, and if it is one of
// several keeps them apart as well. It returns the part's weighted length.
func (b *builder) part(p Part, several bool) float64 {
	if !several {
		return b.count(p.Heading, b.weights.Heading, false) + b.count(p.Body, 1, false)
	}
	touched := b.touched
	b.counts, b.aside, b.touched = b.aside, b.counts, nil
	size := b.count(p.Heading, b.weights.Heading, false) + b.count(p.Body, 1, false)
	b.counts, b.aside, b.touched, touched = b.aside, b.counts, touched, b.touched
	slices.Sort(touched)
	for _, t := range touched {
		n := b.aside[t]
		b.aside[t] = 0
		b.touch(t, float64(n))
		b.partRaws = append(b.partRaws, raw{t, n, b.head[t]})
	}
	b.partUpTo = append(b.partUpTo, len(b.partRaws))
	return size
}

// count adds the stems and known phrases of a field and returns its weighted
// length. Function words count in fields that say how a thing is asked for:
// they do not lengthen one.
func (b *builder) count(field string, weight float64, asked bool) float64 {
	length := 0.0
	words := b.wordsIn(field)
	spelled, stems := make([]*spelling, len(words)), make([]string, len(words))
	for i, w := range words {
		spelled[i] = b.spelling(w)
		stems[i] = spelled[i].stem
	}
	b.related.each(stems, b.base, func(key string) { b.touch(b.term(key), weight) })
	var last *spelling
	for i, w := range spelled {
		if w.function {
			if asked {
				b.touch(b.term(stems[i]), weight)
			}
			continue
		}
		w.count++
		if last != nil {
			b.pairs = append(b.pairs, pairOf(last.hash, w.hash))
		}
		last = w
		b.touch(b.term(stems[i]), weight)
		length += weight
	}
	return length
}

// A spelling is a word as it is spelled.
type spelling struct {
	stem     string
	hash     uint64 // of the stem
	function bool
	count    int
}

func (b *builder) spelling(word string) *spelling {
	w := b.words[word]
	if w == nil {
		// A part of a text, such as word is, would keep all of it in memory.
		word = strings.Clone(word)
		look := text.Look(word, b.base)
		w = &spelling{stem: look.Stem, hash: stemHash(look.Stem), function: look.Function}
		b.words[word] = w
	}
	return w
}

func (b *builder) term(key string) uint32 {
	t, ok := b.terms[key]
	if !ok {
		t = uint32(len(b.terms))
		b.terms[key] = t
	}
	return t
}

func (b *builder) touch(t uint32, weight float64) {
	for int(t) >= len(b.counts) {
		b.counts = append(b.counts, 0)
	}
	for int(t) >= len(b.head) {
		b.head = append(b.head, 0)
	}
	if b.counts[t] == 0 {
		b.touched = append(b.touched, t)
	}
	b.counts[t] += float32(weight)
}

// weigh turns counts into lists.
func (b *builder) weigh() {
	average := mean(b.sizes)
	n := make([]int, len(b.terms))
	for _, r := range b.raws {
		n[r.term]++
	}
	low, whole := make([]uint16, len(b.raws)), make([]uint8, len(b.raws))
	b.lists = make([]list, len(b.terms))
	for t, n := range n {
		b.lists[t].low, b.lists[t].whole = low[:0:n], whole[:0:n]
		low, whole = low[n:], whole[n:]
	}
	from := 0
	for i, upTo := range b.upTo {
		for _, r := range b.raws[from:upTo] {
			l := &b.lists[r.term]
			share := b.saturate(r.whole, b.sizes[i]/average)
			l.add(uint32(i))
			l.whole = append(l.whole, steps(share))
			if r.head > 0 {
				l.titled.add(uint32(i))
				l.head = append(l.head, steps(b.saturate(r.head, 1)))
			}
			l.most = max(l.most, steps(share))
			l.about += share * share
		}
		from = upTo
	}
	if len(b.partUpTo) == 0 {
		return
	}
	average = mean(b.partSizes)
	b.parts = partTerms{from: make([]uint32, 1, len(b.partUpTo)+1)}
	from = 0
	for i, upTo := range b.partUpTo {
		for _, r := range b.partRaws[from:upTo] {
			b.parts.terms = append(b.parts.terms, r.term)
			b.parts.share = append(b.parts.share, steps(b.saturate(r.whole+r.head, b.partSizes[i]/average)))
		}
		b.parts.from = append(b.parts.from, uint32(upTo))
		from = upTo
	}
}

// saturate is BM25's share of a word's full score for count occurrences in a
// text of the given length relative to the average; 0 to 1.
func (b *builder) saturate(count float32, length float64) float64 {
	k1, share := b.weights.K1, b.weights.B
	return float64(count) / (float64(count) + float64(k1*(1-share+float64(share*length))))
}

// steps rounds a share up, so that what is there is never nothing.
func steps(share float64) uint8 { return uint8(math.Ceil(float64(share * full))) }

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if sum == 0 {
		return 1
	}
	return sum / float64(len(values))
}

// idf is how much a word that df of n documents are about tells: nothing if all
// are.
func idf(n, df float64) float64 {
	return math.Log(1 + max(0, n-df+0.5)/(df+0.5))
}
