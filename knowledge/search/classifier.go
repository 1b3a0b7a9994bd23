package search

import (
	"math"
	"slices"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A classifier has learned from titles, headings and phrasings which document
// is meant: softmax regression on features of words and letters. A feature has
// weights for those documents only that it was seen with, so that it costs as
// much as a list of an index does.
type classifier struct {
	idf     []float32 // by feature
	from    []uint32  // by feature, where its weights begin; one more at the end
	classes []uint16  // documents, by their place on the shelf; ascending within a feature
	weights []int16   // in steps of 1/unit
	bias    []float32 // by document

	rare    float32 // idf of a feature that no lesson has
	lessons lessonVectors
}

// lessonVectors are the texts that a classifier has learned, each as a unit
// vector of its features.
type lessonVectors struct {
	byClass []uint32 // where the lessons of a document begin; one more at the end
	from    []uint32 // by lesson, where its features begin; one more at the end
	ids     []uint32
	weights []uint16 // in steps of 1/fullWeight
}

// hopeless is how far behind the likeliest class, in nats, one has no chance.
const hopeless = -16

// maxLearned is the most documents that a classifier tells apart. Beyond, it
// would take minutes to train; the other voices do without it.
const maxLearned = 1000

// How it is trained. Found on development sets; all lie on plateaus.
const (
	passes     = 12
	rate       = 2.0  // of the first step; it falls to 0 in a straight line
	biasRate   = 0.2  // of that: how often people ask for a thing is chance
	negligible = 1e-3 // gradients that are smaller teach nothing
	common     = 10   // a feature that a tenth of the documents have says something against the others
	strange    = 0.3  // of a feature's square that no lesson has, in the length of a question
)

// fullWeight is a weight of 1 in a lesson's vector.
const fullWeight = math.MaxUint16

// A lesson is a text that belongs to a document.
type lesson struct {
	class    uint16
	weight   float32
	features []feature // each once
}

// vector weighs the features of a text: the words together have length 1, and
// so have the letters.
//
// Features that no lesson has are not in the list but lengthen the text.
func (c *classifier) vector(features []feature, unknown unknowns, v []float32) []float32 {
	v = v[:0]
	words := float32(strange * c.rare * c.rare * float32(unknown.words))
	letters := float32(strange * c.rare * c.rare * float32(unknown.runs))
	for _, f := range features {
		w := float32(float32(dampened(f.count)) * c.idf[f.id])
		v = append(v, w)
		if f.run {
			letters += float32(w * w)
		} else {
			words += float32(w * w)
		}
	}
	words, letters = float32(math.Sqrt(float64(words))), float32(math.Sqrt(float64(letters)))
	for i, f := range features {
		if f.run {
			v[i] /= letters
		} else {
			v[i] /= words
		}
	}
	return v
}

// train learns from the lessons, in an order that is always the same.
func train(lessons []lesson, classes, features int) *classifier {
	c := &classifier{idf: make([]float32, features), bias: make([]float32, classes)}
	c.lay(lessons, features)
	c.rare = float32(1 + math.Log(float64(1+len(lessons))))
	balance(lessons, classes)
	vectors := make([][]float32, len(lessons))
	for i, l := range lessons {
		vectors[i] = c.vector(l.features, unknowns{}, nil)
	}
	c.remember(lessons, vectors)
	w := make([]float32, len(c.classes))
	p := make([]float32, classes)
	var moved []uint16 // classes whose probability was wrong enough to teach something
	order := newShuffle(len(lessons))
	for pass := range passes {
		step := float32(rate * (1 - float64(pass)/passes))
		for _, i := range order.next() {
			l, v := &lessons[i], vectors[i]
			copy(p, c.bias)
			for j, f := range l.features {
				from, to := c.from[f.id], c.from[f.id+1]
				w, v := w[from:to], v[j]
				if len(w) == len(p) { // a common feature has all, in order
					for class, w := range w {
						p[class] += float32(v * w)
					}
					continue
				}
				for k, class := range c.classes[from:to] {
					p[class] += float32(v * w[k])
				}
			}
			softmax(p)
			p[l.class]--
			moved = moved[:0]
			for class := range p {
				p[class] *= l.weight * step
				if p[class] >= negligible || p[class] <= -negligible {
					moved = append(moved, uint16(class))
					c.bias[class] -= float32(biasRate * p[class])
				}
			}
			for j, f := range l.features {
				from, to := c.from[f.id], c.from[f.id+1]
				c.move(moved, p, v[j], c.classes[from:to], w[from:to])
			}
		}
	}
	c.weights = make([]int16, len(w))
	for i, w := range w {
		c.weights[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(float64(w)*unit))))
	}
	return c
}

// move moves the weights of one feature, of value v, for the classes moved, by
// p.
func (c *classifier) move(moved []uint16, p []float32, v float32, classes []uint16, w []float32) {
	if len(classes) == len(c.bias) { // a common feature has all, in order
		for _, class := range moved {
			w[class] -= float32(p[class] * v)
		}
		return
	}
	for _, class := range moved {
		k, ok := slices.BinarySearch(classes, class)
		if ok {
			w[k] -= float32(p[class] * v)
		}
		classes, w = classes[k:], w[k:]
	}
}

func softmax(z []float32) {
	most, sum := z[0], float32(0)
	for _, v := range z {
		most = max(most, v)
	}
	for i, v := range z {
		if v-most < hopeless {
			z[i] = 0
			continue
		}
		z[i] = float32(math.Exp(float64(v - most)))
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
}

// lay counts the features and makes room for their weights. Lessons come by
// document, ascending. A common feature gets a weight for every document.
func (c *classifier) lay(lessons []lesson, features int) {
	n, having := make([]int, features), make([][]uint16, features)
	for _, l := range lessons {
		for _, f := range l.features {
			n[f.id]++
			if has := having[f.id]; len(has) == 0 || has[len(has)-1] != l.class {
				having[f.id] = append(has, l.class)
			}
		}
	}
	all := make([]uint16, len(c.bias))
	for class := range all {
		all[class] = uint16(class)
	}
	c.from = make([]uint32, 1, features+1)
	for id, has := range having {
		c.idf[id] = float32(1 + math.Log(float64(1+len(lessons))/float64(1+n[id])))
		if len(has)*common >= len(all) {
			has = all
		}
		c.classes = append(c.classes, has...)
		c.from = append(c.from, uint32(len(c.classes)))
	}
}

// balance weighs lessons so that a document with few phrasings is learned as
// well as one with many.
func balance(lessons []lesson, classes int) {
	n := make([]int, classes)
	for _, l := range lessons {
		n[l.class]++
	}
	for i := range lessons {
		l := &lessons[i]
		l.weight = float32(min(3, math.Sqrt(float64(len(lessons))/float64(classes)/float64(n[l.class]))))
	}
}

// remember keeps the lessons, which come by document.
func (c *classifier) remember(lessons []lesson, vectors [][]float32) {
	l := &c.lessons
	for i, lesson := range lessons {
		for len(l.byClass) <= int(lesson.class) {
			l.byClass = append(l.byClass, uint32(i))
		}
		l.from = append(l.from, uint32(len(l.ids)))
		for j, f := range lesson.features {
			l.ids = append(l.ids, f.id)
			// Words and letters have length 1 each; together, the root of 2.
			l.weights = append(l.weights, uint16(math.Round(float64(vectors[i][j])/math.Sqrt2*fullWeight)))
		}
	}
	for len(l.byClass) <= len(c.bias) {
		l.byClass = append(l.byClass, uint32(len(lessons)))
	}
	l.from = append(l.from, uint32(len(l.ids)))
}

// near returns how like the question, as guess has weighed it, the lessons of a
// document are: the nearest one, and the nearest three on average; 0 to 1.
// Features of the question that no lesson has make it less like any.
func (c *classifier) near(class int, question []feature, d *scratch) (nearest, three float64) {
	for i, f := range question {
		d.weight[f.id] = int32(math.Round(float64(d.vector[i]) / math.Sqrt2 * unit))
	}
	var best [3]int64
	for lesson := c.lessons.byClass[class]; lesson < c.lessons.byClass[class+1]; lesson++ {
		from, to := c.lessons.from[lesson], c.lessons.from[lesson+1]
		sum := int64(0)
		for i, id := range c.lessons.ids[from:to] {
			sum += int64(d.weight[id]) * int64(c.lessons.weights[int(from)+i])
		}
		for i := range best {
			if sum > best[i] {
				sum, best[i] = best[i], sum
			}
		}
	}
	for _, f := range question {
		d.weight[f.id] = 0
	}
	const whole = unit * fullWeight
	return float64(best[0]) / whole, float64(best[0]+best[1]+best[2]) / (3 * whole)
}

// A shuffle gives the numbers below n in another order each time, and always
// the same ones in the same program.
type shuffle struct {
	order []int
	state uint64
}

func newShuffle(n int) *shuffle {
	s := &shuffle{order: make([]int, n), state: 1}
	for i := range s.order {
		s.order[i] = i
	}
	return s
}

func (s *shuffle) next() []int {
	for i := len(s.order) - 1; i > 0; i-- {
		s.state = s.state*6364136223846793005 + 1442695040888963407
		j := int((s.state >> 33) % uint64(i+1))
		s.order[i], s.order[j] = s.order[j], s.order[i]
	}
	return s.order
}

// guess adds how likely each document is to d.learned, 0 to 1 together.
func (c *classifier) guess(question []feature, sharp float64, d *scratch) {
	const share = 1 << 8 // a share of 1: sums must fit 32 bits
	d.vector = c.vector(question, d.unknown, d.vector)
	d.votes = append(d.votes[:0], make([]int32, len(c.bias))...)
	for j, f := range question {
		v := int32(math.Round(float64(d.vector[j]) * share))
		from, to := c.from[f.id], c.from[f.id+1]
		weights := c.weights[from:to]
		if votes := d.votes; len(weights) == len(votes) { // a common feature has all, in order
			for class, w := range weights {
				votes[class] += v * int32(w)
			}
			continue
		}
		for k, class := range c.classes[from:to] {
			d.votes[class] += v * int32(weights[k])
		}
	}
	for i, v := range d.votes {
		d.logits[i] = c.bias[i] + float32(v)/(unit*share)
		d.learned[i] = float32(float32(sharp) * d.logits[i])
	}
	softmax(d.learned)
}

// learn makes the voices that look at letters and phrasings.
func (s *shelf) learn(docs []Document, related *concepts, settings Settings) {
	s.features = newTable()
	phrased := 0
	for _, d := range docs {
		if len(d.Phrasings) > 0 {
			phrased++
		}
	}
	learns := phrased > 0 && len(docs) <= maxLearned && len(docs) > 1
	reader := newReader(s, related, learns)
	var lessons []lesson
	letters := make([][]feature, len(docs))
	for i, d := range docs {
		fields := append([]string{d.Title}, d.Phrasings...)
		for _, p := range d.Parts {
			if p.Heading != "" {
				fields = append(fields, p.Heading)
			}
		}
		if learns {
			for _, f := range fields {
				lessons = append(lessons, lesson{class: uint16(i), features: reader.read(f)})
			}
		}
		letters[i] = reader.read(fields...)
	}
	s.letters = newLetterVoice(letters, int(s.features.count))
	if learns {
		s.learned = trained(lessons, len(docs), int(s.features.count), settings)
	}
}

// A reader turns texts into features.
type reader struct {
	*shelf
	related *concepts
	all     bool // not just letters that are heard
	at      map[uint32]int
}

func newReader(s *shelf, related *concepts, all bool) *reader {
	return &reader{s, related, all, map[uint32]int{}}
}

func (r *reader) read(fields ...string) []feature {
	var list []feature
	clear(r.at)
	for _, field := range fields {
		words := r.wordsIn(field)
		stems := make([]string, len(words))
		for i, w := range words {
			stems[i] = text.Stem(w, r.base)
		}
		r.related.extract(words, stems, r.base, func(key uint64, run, letters bool) {
			if !letters && !r.all {
				return
			}
			id := r.features.put(key)
			at, ok := r.at[id]
			if !ok {
				at = len(list)
				r.at[id] = at
				list = append(list, feature{id: id, run: run})
			}
			list[at].count++
			list[at].letters = list[at].letters || letters
		})
	}
	return list
}
