package search

import (
	"slices"
)

// Features that a tenth of the documents have, and so many at least, are held
// while phrasings are taught; see teach.
const heldFrom = 4

// teach returns a classifier that has learned some lessons on top of what c
// knows; c stays as it is. They come by document, and features are numbered on
// from those that c knows. It takes the time of these lessons, not of all.
//
// Biases and common features are held, since no lesson of another document is
// there to speak against them: moved, they would make the taught documents
// likelier whatever is asked. What else the lessons have moves just as when c
// was trained. On the sample, this finds as many as training it all anew does
// within 1 %, with one phrasing taught for a third of the articles and with three
// for each; with nothing held, what was taught drew other questions away.
// To learn lessons of rival documents once more was no better and took longer.
func (c *classifier) teach(lessons []lesson, features int) *classifier {
	t := &classifier{idf: slices.Clone(c.idf), bias: slices.Clone(c.bias), rare: c.rare}
	weights := t.extend(c, lessons, features)
	t.ballot.facts = factsOf(t.idf)
	n := make([]int, len(c.bias)) // lessons, by document
	for class := range n {
		n[class] = int(c.lessons.byClass[class+1] - c.lessons.byClass[class])
	}
	for _, l := range lessons {
		n[l.class]++
	}
	all := c.lessons.count() + len(lessons)
	vectors := make([][]float32, len(lessons))
	for i := range lessons {
		l := &lessons[i]
		l.weight = balanced(all, len(n), n[l.class])
		vectors[i] = t.vector(l.features, unknowns{}, nil)
	}
	t.remember(lessons, vectors, &c.lessons)

	p := newPupil(t, weights)
	p.biased = false
	held := c.held()
	exercises := make([]exercise, len(lessons))
	for i, l := range lessons {
		exercises[i] = p.exercise(l, vectors[i], held)
	}
	order := newShuffle(len(lessons))
	for pass := range passes {
		for _, i := range order.next() {
			e := &exercises[i]
			p.study(&e.lesson, e.vector, e.start, stepOf(pass))
		}
	}
	t.keep(p.weights)
	return t
}

// An exercise is a lesson of those features that move.
type exercise struct {
	lesson
	vector []float32
	start  []float32 // by document, what biases and held features say
}

func (t *pupil) exercise(l lesson, vector []float32, held []bool) exercise {
	e := exercise{lesson: lesson{class: l.class, weight: l.weight}, start: slices.Clone(t.bias)}
	for j, f := range l.features {
		if int(f.id) < len(held) && held[f.id] {
			t.vote(f.id, vector[j], e.start)
			continue
		}
		e.features, e.vector = append(e.features, f), append(e.vector, vector[j])
	}
	return e
}

// held tells which features are so common that teaching must not move them.
func (c *classifier) held() []bool {
	n, last := make([]int, len(c.idf)), make([]int, len(c.idf)) // documents that have it, the last of them
	l := &c.lessons
	for class := range c.bias {
		for _, id := range l.ids[l.from[l.byClass[class]]:l.from[l.byClass[class+1]]] {
			if last[id] != class+1 {
				n[id], last[id] = n[id]+1, class+1
			}
		}
	}
	held := make([]bool, len(n))
	for id, n := range n {
		held[id] = n >= heldFrom && n*common >= len(c.bias)
	}
	return held
}

// extend gives t the weights of c, which it returns, with room for those that
// the lessons need besides.
func (t *classifier) extend(c *classifier, lessons []lesson, features int) []float32 {
	n, having := counted(lessons, features)
	all := c.lessons.count() + len(lessons)
	t.from, t.classes = make([]uint32, 1, features+1), make([]uint16, 0, len(c.classes))
	weights := make([]float32, 0, len(c.classes))
	for id, more := range having {
		if id == len(t.idf) {
			t.idf = append(t.idf, idfOf(all, n[id]))
		}
		var classes []uint16
		var had []int16
		if id < len(c.idf) {
			from, to := c.from[id], c.from[id+1]
			classes, had = c.classes[from:to], c.weights[from:to]
		}
		for i, class := range classes {
			for len(more) > 0 && more[0] < class {
				t.classes, weights, more = append(t.classes, more[0]), append(weights, 0), more[1:]
			}
			if len(more) > 0 && more[0] == class {
				more = more[1:]
			}
			t.classes, weights = append(t.classes, class), append(weights, float32(had[i])/unit)
		}
		t.classes, weights = append(t.classes, more...), append(weights, make([]float32, len(more))...)
		t.from = append(t.from, uint32(len(t.classes)))
	}
	return weights
}
