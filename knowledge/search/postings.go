package search

import (
	"math"
	"slices"
)

// Scores are integers, so that they are the same on every machine: a compiler
// may round a sum of products of floating-point numbers once or twice.
const (
	full = 255     // an impact of 1: a word that a document could not have more of
	unit = 1 << 10 // a weight of 1
)

// A list says which documents have a stem, and how much of it: BM25's share of
// a full score, in steps of 1/full. A document takes three bytes, and three
// more if its title or phrasings have the stem.
type list struct {
	postings
	whole  []uint8  // by posting: in the whole document
	titled postings // documents whose title or phrasings have it
	head   []uint8  // by posting of titled: in title and phrasings
	most   uint8    // of whole
	about  float64  // documents that are about it; one that only mentions it counts as a fraction
}

// postings are documents, ascending. Most numbers share their high half with
// those before, so only the low halves are kept, and where the high one changes.
type postings struct {
	low  []uint16
	upTo []uint32 // by high half, how many postings there are up to its end
}

func (p *postings) add(doc uint32) {
	for int(doc>>16) >= len(p.upTo) {
		p.upTo = append(p.upTo, uint32(len(p.low)))
	}
	p.low = append(p.low, uint16(doc))
	p.upTo[doc>>16] = uint32(len(p.low))
}

// A cursor walks postings.
type cursor struct {
	*postings
	at   int
	high int    // half of the document at
	doc  uint32 // the document at, or none
}

func (p *postings) start() cursor {
	c := cursor{postings: p}
	c.read()
	return c
}

// read reads the document at.
func (c *cursor) read() {
	if c.at >= len(c.low) {
		c.doc = none
		return
	}
	for uint32(c.at) >= c.upTo[c.high] {
		c.high++
	}
	c.doc = uint32(c.high)<<16 | uint32(c.low[c.at])
}

// seek moves on to the first document that is not before doc, in steps that
// double.
func (c *cursor) seek(doc uint32) {
	if c.doc >= doc {
		return
	}
	if high := int(doc >> 16); high > c.high {
		if high >= len(c.upTo) {
			c.at, c.doc = len(c.low), none
			return
		}
		c.at, c.high = int(c.upTo[high-1]), high
		if c.read(); c.doc >= doc {
			return
		}
	}
	low, end := uint16(doc), int(c.upTo[c.high])
	for near := min(c.at+nearby, end); c.at < near; c.at++ {
		if c.low[c.at] >= low {
			c.doc = doc&^0xFFFF | uint32(c.low[c.at])
			return
		}
	}
	step, from := 1, c.at
	for from+step < end && c.low[from+step] < low {
		from += step
		step *= 2
	}
	found, _ := slices.BinarySearch(c.low[from:min(from+step+1, end)], low)
	c.at = from + found
	c.read()
}

// nearby is how many postings a seek looks at one by one, before it takes steps.
const nearby = 8

// A raw posting is counted but not yet weighed, as long as the lengths of
// documents are not known.
type raw struct {
	term        uint32
	whole, head float32 // occurrences, fields weighted
}

// none comes after all documents.
const none = math.MaxUint32

// A stemCursor walks the list of a stem that may stand for an idea.
type stemCursor struct {
	cursor
	list   *list
	weight int64 // of the stem, in steps of 1/unit
}

// A walker walks the lists of a slot together, as if they were one word's.
type walker struct {
	cursors []stemCursor
	weight  int32 // what the slot's full score is
	most    int32 // what a document can gain
	doc     uint32
}

// gain is what the present document gains: of the stems that it has, the best
// counts.
func (w *walker) gain() int32 {
	best := int64(0)
	for i := range w.cursors {
		if c := &w.cursors[i]; c.doc == w.doc {
			best = max(best, c.weight*int64(c.list.whole[c.at]))
		}
	}
	return int32(best * int64(w.weight) / (full * unit))
}

// next moves on to the first document that is not before doc.
func (w *walker) next(doc uint32) {
	w.doc = none
	for i := range w.cursors {
		c := &w.cursors[i]
		c.seek(doc)
		w.doc = min(w.doc, c.doc)
	}
}

// A scored document of a shelf.
type scored struct {
	doc   uint32
	score int32
}

// best returns the at most n documents with the highest sums, in no order; of
// equals, those that come first. It is MaxScore: the lists that even together
// cannot lift a document among the best are only looked into for documents that
// another list has. Source: Turtle and Flood, Query Evaluation, 1995.
func best(walkers []walker, n int, heap []scored) []scored {
	heap = heap[:0]
	slices.SortStableFunc(walkers, func(a, b walker) int { return int(a.most) - int(b.most) })
	var upTo [maxSlots + 1]int32 // what the first i lists give at most
	for i := range walkers {
		upTo[i+1] = upTo[i] + walkers[i].most
		walkers[i].next(0)
	}
	needed := int32(0) // a document must have more
	first := 0         // lists before it cannot reach needed
	for {
		doc := uint32(none)
		for i := first; i < len(walkers); i++ {
			doc = min(doc, walkers[i].doc)
		}
		if doc == none {
			return heap
		}
		sum := int32(0)
		for i := first; i < len(walkers); i++ {
			if w := &walkers[i]; w.doc == doc {
				sum += w.gain()
				w.next(doc + 1)
			}
		}
		for i := first - 1; i >= 0 && sum+upTo[i+1] > needed; i-- {
			w := &walkers[i]
			if w.doc < doc {
				w.next(doc)
			}
			if w.doc == doc {
				sum += w.gain()
			}
		}
		if sum <= needed {
			continue
		}
		if heap = push(heap, scored{doc, sum}, n); len(heap) == n {
			needed = heap[0].score
			for first < len(walkers) && upTo[first+1] <= needed {
				first++
			}
		}
	}
}

// few is how many documents a shelf has at most that is added up instead:
// looking at every posting once is quicker than deciding which to look at.
const few = 16384

// sums is best for few documents.
func sums(walkers []walker, n int, d *scratch) {
	d.heap, d.summed = d.heap[:0], d.summed[:0]
	for i := range walkers {
		w := &walkers[i]
		if len(w.cursors) == 1 { // nearly always
			c := &w.cursors[0]
			weight := c.weight * int64(w.weight)
			for k, doc := range c.low {
				if d.sum[doc] == 0 {
					d.summed = append(d.summed, uint32(doc))
				}
				d.sum[doc] += int32(weight * int64(c.list.whole[k]) / (full * unit))
			}
			continue
		}
		d.gained = d.gained[:0]
		for j := range w.cursors {
			c := &w.cursors[j]
			weight := c.weight * int64(w.weight)
			for k, doc := range c.low { // few documents share a high half of 0
				gain := int32(weight * int64(c.list.whole[k]) / (full * unit))
				if d.gain[doc] == 0 {
					d.gained = append(d.gained, uint32(doc))
				}
				d.gain[doc] = max(d.gain[doc], gain)
			}
		}
		for _, doc := range d.gained {
			if d.sum[doc] == 0 {
				d.summed = append(d.summed, doc)
			}
			d.sum[doc] += d.gain[doc]
			d.gain[doc] = 0
		}
	}
	for _, doc := range d.summed {
		if d.sum[doc] > 0 {
			d.heap = push(d.heap, scored{doc, d.sum[doc]}, n)
		}
		d.sum[doc] = 0
	}
}

// push adds s to a heap of the n best, the least of them at its root.
func push(heap []scored, s scored, n int) []scored {
	if len(heap) < n {
		heap = append(heap, s)
		for i := len(heap) - 1; i > 0 && less(heap[i], heap[(i-1)/2]); i = (i - 1) / 2 {
			heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
		}
		return heap
	}
	if !less(heap[0], s) {
		return heap
	}
	heap[0] = s
	for i := 0; ; {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < n && less(heap[child], heap[least]) {
				least = child
			}
		}
		if least == i {
			return heap
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}

// less orders by score; of equals, the later document is less.
func less(a, b scored) bool {
	return a.score < b.score || a.score == b.score && a.doc > b.doc
}
