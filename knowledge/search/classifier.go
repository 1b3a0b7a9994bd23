package search

import (
	"math"
	"slices"
	"strings"
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
	ballot  ballot    // the same, as guess reads it

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

// count is how many lessons there are.
func (l *lessonVectors) count() int { return len(l.from) - 1 }

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
	soughtFrom = 8    // classes of a feature for each that moves, from which on these are looked for
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
		w := float32(float32(dampened(f.count)) * c.ballot.facts[f.id].idf)
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
	c.remember(lessons, vectors, &lessonVectors{})
	t := newPupil(c, make([]float32, len(c.classes)))
	order := newShuffle(len(lessons))
	for pass := range passes {
		for _, i := range order.next() {
			t.study(&lessons[i], vectors[i], c.bias, stepOf(pass))
		}
	}
	c.keep(t.weights)
	return c
}

// keep keeps weights, in steps of 1/unit.
func (c *classifier) keep(weights []float32) {
	c.weights = make([]int16, len(weights))
	for i, w := range weights {
		c.weights[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(float64(w)*unit))))
	}
	c.arrange()
}

// stepOf is how far a pass goes.
func stepOf(pass int) float32 { return float32(rate * (1 - float64(pass)/passes)) }

// A pupil is a classifier that learns.
type pupil struct {
	*classifier
	weights []float32 // as they are now
	biased  bool      // biases are learned, too
	p       []float32 // by document: how likely; then how wrong that was
	moved   []uint16  // documents whose probability was wrong enough to teach something
}

func newPupil(c *classifier, weights []float32) *pupil {
	return &pupil{classifier: c, weights: weights, biased: true, p: make([]float32, len(c.bias))}
}

// vote adds what a feature of value v says for each document.
func (t *pupil) vote(id uint32, v float32, p []float32) {
	from, to := t.from[id], t.from[id+1]
	w := t.weights[from:to]
	if len(w) == len(p) { // a common feature has all, in order
		for class, w := range w {
			p[class] += float32(v * w)
		}
		return
	}
	for k, class := range t.classes[from:to] {
		p[class] += float32(v * w[k])
	}
}

// study takes a step towards a lesson, which has vector v. What is said for each
// document before its features say anything is start.
func (t *pupil) study(l *lesson, v, start []float32, step float32) {
	p := t.p
	copy(p, start)
	for j, f := range l.features {
		t.vote(f.id, v[j], p)
	}
	softmax(p)
	p[l.class]--
	t.moved = t.moved[:0]
	for class := range p {
		p[class] *= l.weight * step
		if p[class] < negligible && p[class] > -negligible {
			p[class] = 0
			continue
		}
		t.moved = append(t.moved, uint16(class))
		if t.biased {
			t.bias[class] -= float32(biasRate * p[class])
		}
	}
	for j, f := range l.features {
		from, to := t.from[f.id], t.from[f.id+1]
		t.move(t.moved, p, v[j], t.classes[from:to], t.weights[from:to])
	}
}

// move moves the weights of one feature, of value v, for the classes moved, by
// p, which is 0 for all others.
func (c *classifier) move(moved []uint16, p []float32, v float32, classes []uint16, w []float32) {
	if len(classes) == len(c.bias) { // a common feature has all, in order
		for _, class := range moved {
			w[class] -= float32(p[class] * v)
		}
		return
	}
	if len(classes) < soughtFrom*len(moved) {
		for k, class := range classes {
			w[k] -= float32(p[class] * v)
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

// counted counts in how many lessons, which come by document, each feature is,
// and lists the documents that it is seen with.
func counted(lessons []lesson, features int) (n []int, having [][]uint16) {
	n, having = make([]int, features), make([][]uint16, features)
	for _, l := range lessons {
		for _, f := range l.features {
			n[f.id]++
			if has := having[f.id]; len(has) == 0 || has[len(has)-1] != l.class {
				having[f.id] = append(has, l.class)
			}
		}
	}
	return n, having
}

// idfOf is how much a feature tells that n of all lessons have.
func idfOf(all, n int) float32 { return float32(1 + math.Log(float64(1+all)/float64(1+n))) }

// lay counts the features and makes room for their weights. Lessons come by
// document, ascending. A common feature gets a weight for every document.
func (c *classifier) lay(lessons []lesson, features int) {
	n, having := counted(lessons, features)
	all := make([]uint16, len(c.bias))
	for class := range all {
		all[class] = uint16(class)
	}
	c.from = make([]uint32, 1, features+1)
	for id, has := range having {
		c.idf[id] = idfOf(len(lessons), n[id])
		if len(has)*common >= len(all) {
			has = all
		}
		c.classes = append(c.classes, has...)
		c.from = append(c.from, uint32(len(c.classes)))
	}
	c.ballot.facts = factsOf(c.idf)
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
		l.weight = balanced(len(lessons), classes, n[l.class])
	}
}

// balanced is the weight of each of n lessons of a document.
func balanced(lessons, classes, n int) float32 {
	return float32(min(3, math.Sqrt(float64(lessons)/float64(classes)/float64(n))))
}

// remember keeps the lessons, which come by document, behind those of the same
// document that were kept before.
func (c *classifier) remember(lessons []lesson, vectors [][]float32, before *lessonVectors) {
	l := &c.lessons
	for class := range c.bias {
		l.byClass = append(l.byClass, uint32(len(l.from)))
		if len(before.byClass) > 0 {
			for i := before.byClass[class]; i < before.byClass[class+1]; i++ {
				from, to := before.from[i], before.from[i+1]
				l.from = append(l.from, uint32(len(l.ids)))
				l.ids, l.weights = append(l.ids, before.ids[from:to]...), append(l.weights, before.weights[from:to]...)
			}
		}
		for len(lessons) > 0 && int(lessons[0].class) == class {
			l.from = append(l.from, uint32(len(l.ids)))
			for j, f := range lessons[0].features {
				l.ids = append(l.ids, f.id)
				// Words and letters have length 1 each; together, the root of 2.
				l.weights = append(l.weights, uint16(math.Round(float64(vectors[0][j])/math.Sqrt2*fullWeight)))
			}
			lessons, vectors = lessons[1:], vectors[1:]
		}
	}
	l.byClass = append(l.byClass, uint32(len(l.from)))
	l.from = append(l.from, uint32(len(l.ids)))
}

// near returns how like the question, as guess has weighed it, the lessons of a
// document are: the nearest one, and the nearest three on average; 0 to 1.
// Features of the question that no lesson has make it less like any.
func (c *classifier) near(class int, question []feature, d *scratch) (nearest, three float64) {
	for i, f := range question {
		d.weight[f.id] = rounded(float64(d.vector[i]) / math.Sqrt2 * unit)
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
	width := (len(c.bias) + 1) / 2
	d.votes = append(d.votes[:0], make([]int32, 2*width)...)
	d.pairs = append(d.pairs[:0], make([]int64, width)...)
	for j, f := range question {
		v := rounded(float64(d.vector[j]) * share)
		fact := &c.ballot.facts[f.id]
		if fact.common {
			addTimes(d.pairs, c.ballot.pairs[fact.from:][:width], int64(v))
			continue
		}
		for _, vote := range c.ballot.votes[fact.from:][:fact.n] {
			d.votes[vote.class] += v * int32(vote.weight)
		}
	}
	for k, sum := range d.pairs {
		first, second := apart(sum)
		d.votes[2*k] += first
		d.votes[2*k+1] += second
	}
	for i, v := range d.votes[:len(c.bias)] {
		d.logits[i] = c.bias[i] + float32(v)/(unit*share)
		d.learned[i] = float32(float32(sharp) * d.logits[i])
	}
	softmax(d.learned)
}

// rounded rounds a number that is not negative, the same on every machine: some
// would add to a product before it is rounded.
func rounded(x float64) int32 { return int32(float64(x) + 0.5) }

// learn makes the voices that look at letters and phrasings.
//
// The classifier is trained on what does not change, and the rest is taught on
// top of that, so that a phrasing more or less costs what it costs alone. What is
// taught is read last: so the features that nothing else has are numbered last,
// and training is the same, whatever is taught.
//
// Without any Phrasings nothing is trained or taught, and what was learned counts
// for the other voices alone. A classifier that knows titles, and a few phrasings
// of a few documents, thinks that each "I" and "my" is about these: in the sample
// without its questions one learned phrasing made the first hit right for 606
// instead of 684 of 1,011 questions, and it took more than three for each article
// until a classifier was of use. Without one, these questions go up steadily with
// what is learned.
func (s *shelf) learn(docs []Document, related *concepts, settings Settings) {
	s.features = newTable()
	if len(docs) <= few {
		s.runs = map[string][]run{}
	}
	phrased := slices.ContainsFunc(docs, func(d Document) bool { return len(d.Phrasings) > 0 })
	learns := phrased && len(docs) <= maxLearned && len(docs) > 1
	reader := newReader(s, related, learns)
	var lessons, later []lesson
	letters := make([][]feature, len(docs))
	read := func(i int, lessons []lesson, fields ...string) []lesson {
		lists := [][]feature{letters[i]}
		for _, field := range fields {
			features := reader.read(field)
			lists = append(lists, features)
			if learns {
				lessons = append(lessons, lesson{class: uint16(i), features: features})
			}
		}
		letters[i] = reader.sum(lists)
		return lessons
	}
	for i, d := range docs {
		fields := append([]string{d.Title}, d.Phrasings...)
		for _, p := range d.Parts {
			if p.Heading != "" {
				fields = append(fields, p.Heading)
			}
		}
		lessons = read(i, lessons, fields...)
	}
	known := int(s.features.count)
	for i, d := range docs {
		if len(d.Learned) > 0 {
			later = read(i, later, d.Learned...)
		}
	}
	s.letters = newLetterVoice(letters, int(s.features.count))
	if !learns {
		return
	}
	s.trained = trained(lessons, len(docs), known, settings)
	s.learned = s.trained
	if len(later) > 0 {
		s.learned = s.trained.teach(later, int(s.features.count))
	}
}

// A reader turns texts into features.
type reader struct {
	*shelf
	related *concepts
	all     bool     // not just letters that are heard
	at      []uint32 // by feature, where it stands in the list at hand, plus 1
}

func newReader(s *shelf, related *concepts, all bool) *reader {
	return &reader{shelf: s, related: related, all: all}
}

func (r *reader) read(field string) []feature {
	var list []feature
	words := r.wordsIn(field)
	tokens := make([]token, len(words))
	for i, w := range words {
		tokens[i] = tokenOf(w, r.base)
	}
	r.related.mark(tokens, r.base)
	letters := func(t *token, times int) {
		for _, run := range r.runsOf(t) {
			list = r.add(list, feature{id: run.id(), count: float32(times), run: true, letters: run.heard()})
		}
	}
	extract(tokens, letters, func(key uint64, times int) {
		if r.all {
			list = r.add(list, feature{id: r.features.put(key), count: float32(times)})
		}
	})
	r.done(list)
	return list
}

// runsOf returns the runs of letters of a word, which the shelf remembers if its
// documents are few.
func (r *reader) runsOf(t *token) []run {
	if runs, ok := r.runs[t.word]; ok {
		return runs
	}
	var runs []run
	t.spell(func(key uint64, heard bool) {
		if heard || r.all {
			run := run(r.features.put(key) << 1)
			if heard {
				run |= 1
			}
			runs = append(runs, run)
		}
	})
	if r.runs != nil {
		r.runs[strings.Clone(t.word)] = slices.Clip(runs) // a part of a text would keep all of it
	}
	return runs
}

// sum returns the features of several texts together.
func (r *reader) sum(lists [][]feature) []feature {
	var all []feature
	for _, list := range lists {
		for _, f := range list {
			all = r.add(all, f)
		}
	}
	r.done(all)
	return all
}

// add adds a feature to the list at hand.
func (r *reader) add(list []feature, f feature) []feature {
	for int(f.id) >= len(r.at) {
		r.at = append(r.at, 0)
	}
	if at := r.at[f.id]; at > 0 {
		list[at-1].count += f.count
		list[at-1].letters = list[at-1].letters || f.letters
		return list
	}
	list = append(list, f)
	r.at[f.id] = uint32(len(list))
	return list
}

// done clears the places of a list, for the next one.
func (r *reader) done(list []feature) {
	for _, f := range list {
		r.at[f.id] = 0
	}
}
