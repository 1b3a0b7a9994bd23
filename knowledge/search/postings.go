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
// a full score, in steps of 1/full.
type list struct {
	docs  []uint32 // ascending
	whole []uint8  // in the whole document
	head  []uint8  // in title and phrasings; 0 if they lack it
	most  uint8    // of whole
	about float64  // documents that are about it; one that only mentions it counts as a fraction
}

// A raw posting is counted but not yet weighed, as long as the lengths of
// documents are not known.
type raw struct {
	term        uint32
	whole, head float32 // occurrences, fields weighted
}

// A cursor walks one list of a query.
type cursor struct {
	*list
	weight int64 // of the stem, in steps of 1/unit
	at     int
}

// seek moves to the first document that is not before doc, in steps that double.
func (c *cursor) seek(doc uint32) {
	step, low := 1, c.at
	for low+step < len(c.docs) && c.docs[low+step] < doc {
		low += step
		step *= 2
	}
	high := min(low+step+1, len(c.docs))
	found, _ := slices.BinarySearch(c.docs[low:high], doc)
	c.at = low + found
}

// none comes after all documents.
const none = math.MaxUint32

// A walker walks the lists of a slot together, as if they were one word's.
type walker struct {
	cursors []cursor
	weight  int32 // what the slot's full score is
	most    int32 // what a document can gain
	doc     uint32
}

// gain is what the present document gains: of the stems that it has, the best
// counts.
func (w *walker) gain() int32 {
	best := int64(0)
	for i := range w.cursors {
		c := &w.cursors[i]
		if c.at < len(c.docs) && c.docs[c.at] == w.doc {
			best = max(best, c.weight*int64(c.whole[c.at]))
		}
	}
	return int32(best * int64(w.weight) / (full * unit))
}

// next moves on to the first document that is not before doc.
func (w *walker) next(doc uint32) {
	w.doc = none
	for i := range w.cursors {
		c := &w.cursors[i]
		if c.at < len(c.docs) && c.docs[c.at] < doc {
			c.seek(doc)
		}
		if c.at < len(c.docs) {
			w.doc = min(w.doc, c.docs[c.at])
		}
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
