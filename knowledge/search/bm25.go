package search

import "math"

// Field weights: how often a word counts where it stands.
const (
	titleWeight    = 2.5
	phrasingWeight = 2.0
	headingWeight  = 1.5
	bodyWeight     = 1.0
)

// BM25: k1 says how soon repeating a word stops to help, b how much a long
// text has to repeat it. With a high k1 a word said once in passing is worth
// much less than one that the title has.
const (
	k1 = 2.0
	b  = 0.6
)

// A scratch collects one query's scores on a shelf.
type scratch struct {
	whole   []float64 // by document
	head    []float64 // by document: what a part without a hit of its own gets
	part    []float64 // by part: what it gets beyond head
	covered []float64 // by document: share of the query's meaning, 0 to 1
	titled  []float64 // by document: likewise, of title and phrasings alone
	asked   []float64 // by document: share of the title that the query asks for, 0 to 1
	said    []bool    // by document: has a word of the query, not just what may stand for it

	has [][]float64 // by slot and document: weight of the heaviest stem that hit
	df  []float64   // by slot: documents that are about it

	touched []int // documents with the present slot
	inDoc   []float64
	inHead  []float64
	inPart  []float64
	best    []float64 // the present row of has
}

func newScratch(s *shelf, slots int) *scratch {
	docs := len(s.docs)
	v := make([]float64, (7+slots)*docs+2*s.parts)
	next := func(n int) []float64 {
		out := v[:n:n]
		v = v[n:]
		return out
	}
	c := &scratch{
		whole: next(docs), head: next(docs), covered: next(docs), titled: next(docs), asked: next(docs),
		inDoc: next(docs), inHead: next(docs),
		part: next(s.parts), inPart: next(s.parts),
		said: make([]bool, docs), df: make([]float64, slots),
	}
	for range slots {
		c.has = append(c.has, next(docs))
	}
	return c
}

// bm25 scores every document and part of s. The stems of a slot are counted
// together, as if they were one word, so that a person who happens to use a
// rare synonym gets no better hits than with the usual word. Scores are shares
// of what a perfect document would get, about 0 to 1, and so comparable
// between shelves and questions.
func (s *shelf) bm25(slots []slot) *scratch {
	c := newScratch(s, len(slots))
	total := 0.0
	for i, slot := range slots {
		c.touched, c.best = c.touched[:0], c.has[i]
		for _, stem := range slot.stems {
			if t := s.terms[stem.stem]; t != nil {
				c.count(s, t, stem)
			}
		}
		c.df[i] = c.about(s)
		idf := idf(float64(len(s.docs)), c.df[i]) * slot.weight
		total += idf
		for _, doc := range c.touched {
			c.settle(s, doc, idf)
		}
	}
	for i, e := range s.docs {
		if e.title > 0 {
			c.asked[i] = min(c.titled[i]/e.title, 1)
		}
	}
	if total > 0 {
		scale(c.whole, total)
		scale(c.head, total)
		scale(c.part, total)
		scale(c.covered, total)
		scale(c.titled, total)
	}
	return c
}

func scale(v []float64, total float64) {
	for i := range v {
		v[i] /= total
	}
}

// about counts the documents that are about the present slot. One that only
// mentions it counts as a fraction, and so does one with a word that merely may
// stand for it: half of all articles mention money, but few are about getting
// it back, and that is what makes "money back" tell so much.
func (c *scratch) about(s *shelf) float64 {
	df := 0.0
	for _, doc := range c.touched {
		best := c.best[doc]
		df += best * best * saturate(c.inDoc[doc], s.docs[doc].length/s.wholeSize)
	}
	return df
}

// idf is how much a word that df of n documents are about tells: nothing if all
// are.
func idf(n, df float64) float64 {
	return math.Log(1 + (n-df+0.5)/(df+0.5))
}

// count adds the occurrences of a stem of the present slot.
func (c *scratch) count(s *shelf, t *term, stem weighted) {
	weight := stem.weight
	for _, p := range t.postings {
		if c.inDoc[p.doc] == 0 {
			c.touched = append(c.touched, p.doc)
		}
		c.best[p.doc] = max(c.best[p.doc], weight)
		c.said[p.doc] = c.said[p.doc] || stem.said
		c.inHead[p.doc] += weight * p.head
		c.inDoc[p.doc] += weight * p.head
		for _, hit := range p.parts {
			c.inDoc[p.doc] += weight * hit.count
			c.inPart[s.docs[p.doc].firstPart+hit.part] += weight * hit.count
		}
	}
}

// settle turns the counts of a document into scores and clears them.
func (c *scratch) settle(s *shelf, doc int, idf float64) {
	e := s.docs[doc]
	head := c.inHead[doc]
	c.whole[doc] += idf * saturate(c.inDoc[doc], e.length/s.wholeSize)
	c.covered[doc] += idf * c.best[doc]
	if head > 0 {
		c.titled[doc] += idf * c.best[doc]
	}
	base := idf * saturate(head, 1)
	c.head[doc] += base
	for i, size := range e.partSizes {
		part := e.firstPart + i
		if n := c.inPart[part]; n > 0 {
			c.part[part] += idf*saturate(head+n, size/s.partSize) - base
			c.inPart[part] = 0
		}
	}
	c.inDoc[doc], c.inHead[doc] = 0, 0
}

// saturate is BM25's share of a word's full score for count occurrences in a
// text of the given length relative to the average; 0 to 1.
func saturate(count, length float64) float64 {
	return count / (count + k1*(1-b+b*length))
}
