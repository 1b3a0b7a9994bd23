package search

import (
	"cmp"
	"slices"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Document is what can be found. Its parts compete to be the best place in
// it; title and phrasings speak for all of them.
type Document struct {
	ID        int    // unique; breaks ties, the lower first
	Lang      string // BCP 47 tag, decides stems and function words
	Title     string
	Phrasings []string // questions that should find it
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
	shelves   []*shelf // by language, sorted
	concepts  *concepts
	spellings map[string]*lexicon // by base language: words of documents and concepts
}

// A shelf holds the documents of one language, with statistics of their own:
// a word that is rare in one language says nothing about another.
type shelf struct {
	base  string
	docs  []entry
	parts int // of all documents together

	terms     map[string]*term
	spelled   map[string]int // words as they are spelled, and how often
	wholeSize float64        // average weighted length of a document
	partSize  float64        // average weighted length of a part with its title

	grams gramVoice
}

// An entry is a document on a shelf.
type entry struct {
	id        int
	firstPart int // its parts are numbered from here
	parts     int
	length    float64   // weighted, of the whole document
	title     float64   // how much the words of the title tell, their idf together
	partSizes []float64 // weighted, each with title and phrasings
}

// A term is a stem and where it occurs.
type term struct {
	postings []posting // by document, ascending
}

// A posting says how often a term occurs in a document, fields weighted.
type posting struct {
	doc   int
	head  float64   // in title and phrasings
	parts []partHit // ascending
}

type partHit struct {
	part  int // within the document
	count float64
}

// New builds an index of docs. Concepts relate words to each other and to
// words of other languages; nil is fine.
func New(docs []Document, related []Concept) *Index {
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
	x := &Index{concepts: newConcepts(related), spellings: map[string]*lexicon{}}
	words := x.concepts.words
	for _, base := range bases {
		s := newShelf(base, byBase[base], x.concepts)
		x.shelves = append(x.shelves, s)
		if words[base] == nil {
			words[base] = map[string]int{}
		}
		for w, n := range s.spelled {
			words[base][w] += n
		}
	}
	for base, counts := range words {
		x.spellings[base] = newLexicon(counts, base)
	}
	return x
}

func newShelf(base string, docs []Document, related *concepts) *shelf {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	s := &shelf{base: base, terms: map[string]*term{}, spelled: map[string]int{}}
	for i, d := range docs {
		s.add(i, d, related)
	}
	for _, e := range s.docs {
		s.wholeSize += e.length / float64(len(s.docs))
		for _, size := range e.partSizes {
			s.partSize += size / float64(s.parts)
		}
	}
	for i, d := range docs {
		terms := text.Terms(d.Title, base)
		slices.Sort(terms)
		for _, stem := range slices.Compact(terms) {
			s.docs[i].title += idf(float64(len(docs)), s.terms[stem].about(s))
		}
	}
	s.grams = newGramVoice(docs)
	return s
}

// add puts the i-th document on the shelf.
func (s *shelf) add(i int, d Document, related *concepts) {
	head := map[string]float64{}
	headSize := s.count(head, related, d.Title, titleWeight)
	for _, p := range d.Phrasings {
		headSize += s.count(head, related, p, phrasingWeight)
	}
	e := entry{id: d.ID, firstPart: s.parts, parts: len(d.Parts), length: headSize}
	inParts := map[string][]partHit{}
	for number, p := range d.Parts {
		counts := map[string]float64{}
		size := s.count(counts, related, p.Heading, headingWeight) + s.count(counts, related, p.Body, bodyWeight)
		for stem, n := range counts {
			inParts[stem] = append(inParts[stem], partHit{number, n})
			if _, ok := head[stem]; !ok {
				head[stem] = 0
			}
		}
		e.length += size
		e.partSizes = append(e.partSizes, headSize+size)
	}
	s.parts += len(d.Parts)
	s.docs = append(s.docs, e)
	for stem, n := range head {
		t := s.terms[stem]
		if t == nil {
			t = &term{}
			s.terms[stem] = t
		}
		t.postings = append(t.postings, posting{i, n, inParts[stem]})
	}
}

// about counts the documents that are about t. One that only mentions it counts
// as a fraction.
func (t *term) about(s *shelf) float64 {
	df := 0.0
	for _, p := range t.postings {
		count := p.head
		for _, hit := range p.parts {
			count += hit.count
		}
		df += saturate(count, s.docs[p.doc].length/s.wholeSize)
	}
	return df
}

// count adds the stems and known phrases of a field to counts and returns the field's weighted
// length.
func (s *shelf) count(counts map[string]float64, related *concepts, field string, weight float64) float64 {
	length := 0.0
	words := text.Words(field)
	related.each(words, s.base, func(key string) { counts[key] += weight })
	for _, w := range words {
		if text.IsFunction(w, s.base) {
			continue
		}
		s.spelled[w]++
		counts[text.Stem(w, s.base)] += weight
		length += weight
	}
	return length
}
