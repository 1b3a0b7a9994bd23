package search

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Hit is a document that may answer.
type Hit struct {
	ID    int
	Part  int     // the best one, from 0
	Score float64 // about 0 to 1; what it is made of:

	Words    float64 // share of the best possible match of words, 0 to 1
	Adjacent float64 // share of it that is side by side in the query and in the document, 0 to 1
	Letters  float64 // cosine of letters, 0 to 1
	Learned  float64 // probability by the phrasings, 0 to 1; 0 without a classifier
	Alike    float64 // how alike query and document mean, 0 to 1; 0 if nothing knows

	Covered float64 // share of the query's meaning that the document has, 0 to 1
	Titled  float64 // likewise, that its title has, or its phrasings as much as a title would
	Telling float64 // how well it has the rarest idea of the query that any document has, 0 to 1
	Said    bool    // has a word of the query's own text, or a phrase or translation of one

	lift                            float64 // for what it means, where words leave all open
	taught                          bool    // by a classifier of the query's language
	logit, near, nearThree, strange float64 // of the classifier, for the first of a shelf
}

// How many documents each voice puts up. The final score is worked out for
// these; one that is among the best in no voice cannot be the best of all.
const (
	byWords    = 16
	byLetters  = 8
	byLearned  = 8
	byAlike    = 4
	byPhrasing = 8  // of those whose phrasings are liker than others', how many have each compared
	byDetails  = 5  // of all of them, how many have what they say in detail compared
	byParts    = 16 // of all of them, how many have their parts compared
)

// A scratch holds what ranking one query on one shelf needs, and is used again.
type scratch struct {
	reading reading

	walkers []walker
	cursors []stemCursor
	heap    []scored

	// For a shelf of few documents; by document, 0 between uses.
	gain, sum      []int32
	gained, summed []uint32 // documents that have some

	features []feature
	unknown  unknowns
	place    []uint32 // by feature, where it stands in features, plus 1

	weights []float64 // of features, for the letter voice
	letters []int32   // by document
	heard   []uint32  // documents with letters

	vector  []float32
	logits  []float32 // by document
	weight  []int32   // by feature; 0 between uses
	votes   []int32   // by document
	pairs   []int64   // two sums each
	learned []float32 // by document; empty without a classifier
	alike   []float32 // by document; empty if nothing knows

	believed []float32 // by document, as far as phrasings mean much the same

	seats      []uint16 // by document: its place among candidates, plus 1; before it has one, 1; 0 for others
	docs       []uint32 // that have a seat
	candidates []candidate
	order      []int     // of candidates, the best first
	has        []bool    // by slot and candidate; not of function words
	shares     []share   // by candidate
	met        []meeting // of the list at hand
}

// A candidate is a document that a voice put up.
type candidate struct {
	doc                   uint32
	whole                 float64 // tells times impact, over all slots
	covered, titled, asks float64
	telling               float64
	adjacent              float64 // tells of pairs that it has
	said                  bool
	part                  int
	best                  float64
	score, lift, lifted   float64
}

// A drawer keeps scratches for the next queries. A sync.Pool would lose them
// whenever garbage is collected, and a query is small beside what they grow to.
type drawer struct {
	mu   sync.Mutex
	kept []*scratch // as many as can be at work at a time, at most
}

// take returns a scratch that was put back, or else a new one.
func (r *drawer) take() *scratch {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == 0 {
		return &scratch{}
	}
	d := r.kept[len(r.kept)-1]
	r.kept = r.kept[:len(r.kept)-1]
	return d
}

func (r *drawer) put(d *scratch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < runtime.GOMAXPROCS(0) {
		r.kept = append(r.kept, d)
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Found is what a query found.
type Found struct {
	Hits       []Hit   // best first, the lower ID first among equals
	Signs      Signs   // by which the first hit may be told to be right
	Confidence float64 // how likely it is right, 0 to 1; 0 without one
	Taught     bool    // a classifier of its language says how likely, and the confidence heeds it
}

// Rank finds the at most n documents that fit q best.
func (x *Index) Rank(q Query, n int) Found {
	base := text.Base(q.Lang)
	d := x.drawer.take()
	defer x.drawer.put(d)
	d.reading.start()
	query, before := x.tokens(q.Text, base, &d.reading), x.tokens(q.Before, base, &d.reading)
	slots := make([][]slot, len(x.shelves))
	for i, s := range x.shelves {
		slots[i] = x.slots(query, before, base, s, &d.reading)
	}
	rarest := x.rarest(slots, len(query)+len(before))
	room := n
	if q.Alike != nil {
		room = byWords + byLetters + byLearned + byAlike
	}
	hits := make([]Hit, 0, room*len(x.shelves))
	from, to := 0, 0 // where the hits in the query's own language are
	for i, s := range x.shelves {
		if len(slots[i]) > 0 {
			had := len(hits)
			hits = x.rank(s, slots[i], query, before, base, q.Alike, rarest, n, d, hits)
			if s.base == base {
				from, to = had, len(hits)
			}
		}
	}
	if s := x.shelf(base); s != nil && s.learned != nil {
		x.doubt(hits, from, to, x.weights.learned(q.Alike != nil))
	}
	if q.Alike != nil {
		lift(hits)
	}
	hits = bestFirst(hits)
	found := Found{Hits: hits[:min(n, len(hits))]}
	ideas, unheard := 0, 1.0
	for _, list := range slots {
		ideas, unheard = max(ideas, len(list)), min(unheard, unknownShare(list))
	}
	if len(hits) > 0 {
		found.Signs = read(hits, ideas, unheard)
		found.Taught = hits[0].taught
		found.Confidence = judgement(found.Taught, q.Alike != nil).of(&found.Signs)
	}
	return found
}

// bestFirst returns hits, the best first. They are large, so their places are sorted.
func bestFirst(hits []Hit) []Hit {
	order := make([]int32, len(hits))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(hits[b].Score, hits[a].Score), cmp.Compare(hits[a].ID, hits[b].ID))
	})
	list := make([]Hit, len(hits))
	for i, at := range order {
		list[i] = hits[at]
	}
	return list
}

// lift adds to the scores of hits for what they mean, as far as everything else
// leaves open what is asked for.
func lift(hits []Hit) {
	best := 0.0
	for i := range hits {
		best = max(best, hits[i].Score)
	}
	open := leftOpen(best)
	for i := range hits {
		hits[i].Score += float64(open * hits[i].lift)
	}
}

// leftOpen is how open a question is of which the best document has the given
// score: wholly if it has nothing, and not at all from answered on.
func leftOpen(best float64) float64 {
	open := max(0, 1-best/answered)
	return open * open
}

// answered is the score of a document that everything but its meaning is for.
const answered = 0.75

// unknownShare is how much of what slots mean no document of their shelf has.
func unknownShare(slots []slot) float64 {
	unknown, all := 0.0, 0.0
	for i := range slots {
		s := &slots[i]
		if s.function {
			continue
		}
		all += s.tells
		if s.df == 0 {
			unknown += s.tells
		}
	}
	if all == 0 {
		return 0
	}
	return unknown / all
}

// doubt gives the hits of other languages a part of what the classifier adds to
// those from to to, which are of the query's own: as far as another language
// has more of the query in a title. A classifier always believes in one of the
// documents that it knows.
func (x *Index) doubt(hits []Hit, from, to int, learned float64) {
	most := titled(hits)
	if from == to || most == 0 {
		return
	}
	own := math.Pow(titled(hits[from:to])/most, x.weights.Doubt)
	best, sum := 0.0, 0.0
	for i := range hits {
		if i < from || i >= to {
			best = max(best, hits[i].Score)
		}
	}
	foreign := func(h Hit) float64 { return math.Exp((h.Score - best) * foreignSharp) }
	for i := range hits {
		if i < from || i >= to {
			sum += foreign(hits[i])
		}
	}
	for i := range hits {
		h := &hits[i]
		if i < from || i >= to {
			h.Learned = (1 - own) * foreign(*h) / sum
			h.Score += float64(learned * h.Learned)
		} else {
			h.Score -= float64(learned * h.Learned * (1 - own))
			h.Learned *= own
		}
	}
}

// foreignSharp is how sharply the documents of other languages are told apart,
// which no classifier knows, by their scores alone.
const foreignSharp = 12

func titled(hits []Hit) float64 {
	most := 0.0
	for _, h := range hits {
		most = max(most, h.Titled)
	}
	return most
}

func (x *Index) shelf(base string) *shelf {
	for _, s := range x.shelves {
		if s.base == base {
			return s
		}
	}
	return nil
}

// rarest returns where in a query of n words the idea begins that tells most of
// those that any document has. All shelves are counted together: what one
// language has no article about is what a question hangs on.
func (x *Index) rarest(slots [][]slot, n int) int {
	df, weight := make([]float64, n), make([]float64, n)
	docs := 0.0
	for i, s := range x.shelves {
		docs += float64(len(s.docs))
		for k := range slots[i] {
			slot := &slots[i][k]
			if slot.function {
				continue
			}
			df[slot.at] += slot.df
			weight[slot.at] = slot.weight
			if slot.faint {
				weight[slot.at] *= hangs
			}
		}
	}
	rarest, most := -1, 0.0
	for at := range n {
		if tells := float64(weight[at] * idf(docs, df[at])); df[at] > 0 && tells > most {
			rarest, most = at, tells
		}
	}
	return rarest
}

// hangs is how much a question hangs on a word that says little in any text.
const hangs = 0.5

// rank appends the at most n best documents of a shelf to hits.
func (x *Index) rank(s *shelf, slots []slot, query, before []token, base string, alike Likeness, rarest, n int, d *scratch, hits []Hit) []Hit {
	own := s.base == base
	d.start(s)
	s.walk(slots, d)
	if len(s.docs) <= few {
		sums(d.walkers, byWords, d)
	} else {
		d.heap = best(d.walkers, byWords, d.heap)
	}
	d.pick()
	s.read(query, before, base, d)
	s.letters.hear(d.features, d)
	d.heap = d.heap[:0]
	for _, doc := range d.heard {
		if d.letters[doc] > letterFloor {
			d.heap = push(d.heap, scored{doc, d.letters[doc]}, byLetters)
		}
	}
	d.pick()
	if alike != nil {
		d.alike = grown(d.alike, len(s.docs))
		d.heap = d.heap[:0]
		for doc, e := range s.docs {
			like := alike.Texts(e.id)
			if s.learned == nil { // or else these have been heard
				like = max(like, alike.Phrasings(e.id))
			}
			if d.alike[doc] = float32(like); d.means(uint32(doc)) {
				d.heap = push(d.heap, scored{uint32(doc), int32(d.alike[doc] * full * unit)}, byAlike)
			}
		}
		d.pick()
	}
	if s.learned != nil && own {
		s.learned.guess(d.features, x.weights.Sharp, d)
		if alike != nil {
			s.believe(alike, x.weights, d)
		}
		d.heap = d.heap[:0]
		for doc, p := range d.learned {
			d.heap = push(d.heap, scored{uint32(doc), int32(p * full * unit)}, byLearned)
		}
		d.pick()
	}
	slices.Sort(d.docs)
	for i, doc := range d.docs {
		d.candidates = append(d.candidates, candidate{doc: doc})
		d.seats[doc] = uint16(i + 1)
	}
	total := x.compare(s, slots, rarest, d)
	for i := range d.candidates {
		c := &d.candidates[i]
		c.best = c.whole
		d.score(c, x.weigh(s, c, total, own, d))
		d.order = append(d.order, i)
	}
	d.sort()
	if len(s.parts.from) > 0 || alike != nil {
		for at, i := range d.order[:min(byParts, len(d.order))] {
			c := &d.candidates[i]
			e := s.docs[c.doc]
			if e.parts > 0 && c.whole > 0 {
				s.part(c, slots)
			}
			if alike != nil && at < byDetails && (own || d.means(c.doc)) {
				// A detail that is like the query counts half of what the whole would: it may
				// only be mentioned there.
				if more := float32(alike.Details(e.id)) - d.alike[c.doc]; more > 0 {
					d.alike[c.doc] += more / 2
				}
			}
			d.score(c, x.weigh(s, c, total, own, d))
		}
		d.sort()
	}
	first := true
	if alike != nil {
		n = max(n, byParts) // how much what they mean counts, all shelves tell together
	}
	for _, i := range d.order[:min(n, len(d.order))] {
		c := &d.candidates[i]
		if c.whole == 0 && d.letters[c.doc] <= letterFloor && !d.means(c.doc) {
			continue // a classifier believes in someone, whatever is asked
		}
		hit := x.weigh(s, c, total, own, d)
		if first && s.learned != nil && own {
			hit.taught, hit.logit = true, float64(d.logits[c.doc])
			hit.strange = d.unknown.share(len(d.features))
			hit.near, hit.nearThree = s.learned.near(int(c.doc), d.features, d)
		}
		hits, first = append(hits, hit), false
	}
	d.end()
	return hits
}

// score sets what a candidate is ordered by.
func (d *scratch) score(c *candidate, h Hit) { c.score, c.lift = h.Score, h.lift }

// sort orders the candidates, the best first; of equals, the first document.
func (d *scratch) sort() {
	best := 0.0
	for i := range d.candidates {
		best = max(best, d.candidates[i].score)
	}
	open := leftOpen(best)
	for i := range d.candidates {
		c := &d.candidates[i]
		c.lifted = c.score + float64(open*c.lift)
	}
	slices.SortFunc(d.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(d.candidates[b].lifted, d.candidates[a].lifted), cmp.Compare(a, b))
	})
}

// start makes room for a shelf.
func (d *scratch) start(s *shelf) {
	d.letters = grown(d.letters, len(s.docs))
	if len(s.docs) <= few {
		d.gain, d.sum = grown(d.gain, len(s.docs)), grown(d.sum, len(s.docs))
	}
	d.seats = grown(d.seats, len(s.docs))
	d.place = grown(d.place, int(s.features.count))
	d.learned, d.alike = d.learned[:0], d.alike[:0]
	if s.learned != nil {
		d.learned = grown(d.learned, len(s.docs))
		clear(d.learned)
		d.logits = grown(d.logits, len(s.docs))
		d.weight = grown(d.weight, int(s.features.count))
	}
	d.candidates, d.docs, d.order = d.candidates[:0], d.docs[:0], d.order[:0]
	d.heard, d.features = d.heard[:0], d.features[:0]
}

// end clears what start takes to be clear.
func (d *scratch) end() {
	for _, doc := range d.heard {
		d.letters[doc] = 0
	}
	for _, doc := range d.docs {
		d.seats[doc] = 0
	}
}

// pick makes candidates of the documents on the heap.
func (d *scratch) pick() {
	for _, h := range d.heap {
		if d.seats[h.doc] == 0 {
			d.seats[h.doc] = 1
			d.docs = append(d.docs, h.doc)
		}
	}
}

// walk sets a walker up for each slot.
func (s *shelf) walk(slots []slot, d *scratch) {
	d.walkers, d.cursors = d.walkers[:0], d.cursors[:0]
	for i := range slots {
		for k := range slots[i].stems {
			if w := &slots[i].stems[k]; w.known {
				l := &s.lists[w.term]
				d.cursors = append(d.cursors, stemCursor{l.start(), l, int64(w.weight * unit)})
			}
		}
	}
	cursors := d.cursors
	for i := range slots {
		w := walker{weight: int32(slots[i].tells * unit)}
		n := 0
		for k := range slots[i].stems {
			if slots[i].stems[k].known {
				most := int64(w.weight) * cursors[n].weight * int64(cursors[n].list.most) / (full * unit)
				w.most = max(w.most, int32(most))
				n++
			}
		}
		if n > 0 {
			w.cursors = cursors[:n:n]
			cursors = cursors[n:]
			d.walkers = append(d.walkers, w)
		}
	}
}

// read extracts the features of a query into d.features, and counts those that
// no document has.
func (s *shelf) read(query, before []token, base string, d *scratch) {
	d.unknown = unknowns{}
	for i, tokens := range [][]token{query, before} {
		count := float32(1)
		if i > 0 {
			count = saidBefore
		}
		add := func(id uint32, times int, run, letters bool) {
			if d.place[id] == 0 {
				d.features = append(d.features, feature{id: id, run: run})
				d.place[id] = uint32(len(d.features))
			}
			f := &d.features[d.place[id]-1]
			f.count += float32(count * float32(times))
			f.letters = f.letters || letters
		}
		letters := func(t *token, times int) {
			if runs, ok := s.runs[t.word]; ok && base == s.base {
				for _, r := range runs {
					add(r.id(), times, true, r.heard())
				}
				return
			}
			t.spell(func(key uint64, heard bool) {
				if id, ok := s.features.find(key); ok {
					add(id, times, true, heard)
				} else {
					d.unknown.add(times, true, heard)
				}
			})
		}
		extract(tokens, letters, func(key uint64, times int) {
			if id, ok := s.features.find(key); ok {
				add(id, times, false, false)
			} else {
				d.unknown.add(times, false, false)
			}
		})
	}
	for i := range d.features {
		d.place[d.features[i].id] = 0
	}
}

// saidBefore is how often something counts as said that only the question before
// said. Weights go by 1 + log of that, so that this is half of saying it.
const saidBefore = 0.607

// unknowns counts features of a query that no document has.
type unknowns struct {
	words   int // and pairs of them
	runs    int // of letters
	letters int // those among them that the letter voice hears
}

// share is how many of all features, known ones included, are unknown.
func (u *unknowns) share(known int) float64 {
	all := u.words + u.runs
	return float64(all) / float64(max(1, all+known))
}

func (u *unknowns) add(times int, run, letters bool) {
	switch {
	case letters:
		u.letters += times
		u.runs += times
	case run:
		u.runs += times
	default:
		u.words += times
	}
}

// compare works out how much of the slots each candidate of a shelf has. It returns what
// all slots tell together.
func (x *Index) compare(s *shelf, slots []slot, rarest int, d *scratch) float64 {
	total, content := 0.0, 0.0
	d.has = grown(d.has, len(slots)*len(d.candidates))
	d.shares = grown(d.shares, len(d.candidates))
	for at := range slots {
		slot := &slots[at]
		total += slot.tells
		if !slot.function {
			content += slot.tells
		}
		clear(d.shares)
		for i := range slot.stems {
			w := &slot.stems[i]
			if !w.known {
				continue
			}
			l := &s.lists[w.term]
			for _, m := range d.meet(&l.postings) {
				share := &d.shares[m.candidate]
				share.whole = max(share.whole, w.weight*float64(l.whole[m.at]))
				share.has = max(share.has, w.weight)
				share.said = share.said || w.said
			}
			if slot.function {
				continue
			}
			for _, m := range d.meet(&l.titled) {
				share := &d.shares[m.candidate]
				share.head = max(share.head, w.weight*float64(l.head[m.at]))
			}
		}
		impact := slot.tells / full
		for i := range d.shares {
			c, share := &d.candidates[i], &d.shares[i]
			c.whole += float64(impact * share.whole)
			if slot.function {
				continue
			}
			d.has[at*len(d.candidates)+i] = share.has > 0
			if share.has == 0 {
				continue
			}
			c.covered += float64(slot.tells * share.has)
			c.titled += float64(slot.tells * min(share.has, share.head/x.titled))
			c.said = c.said || share.said
			if slot.at == rarest {
				c.telling = share.has
			}
			if slot.follows >= 0 && d.has[slot.follows*len(d.candidates)+i] && s.adjacent.has(c.doc, slot.pair) {
				c.adjacent += together(&slots[slot.follows], slot)
			}
		}
	}
	for i := range d.candidates {
		c := &d.candidates[i]
		if title := s.docs[c.doc].title; title > 0 {
			c.asks = min(c.titled/title, 1)
		}
		if content > 0 {
			c.covered /= content
			c.titled /= content
		}
	}
	return total
}

// A share is how much of a slot a candidate has.
type share struct {
	whole, head float64 // times full
	has         float64 // as far as the slot is what it is about
	said        bool
}

// A meeting is a posting of a candidate.
type meeting struct {
	candidate int
	at        int // in the list
}

// meet finds the candidates in a list. One that is not much longer is read from
// end to end.
func (d *scratch) meet(p *postings) []meeting {
	d.met = d.met[:0]
	if len(p.upTo) == 1 && len(p.low) <= muchLonger*len(d.candidates) {
		for at, doc := range p.low {
			if seat := d.seats[doc]; seat > 0 {
				d.met = append(d.met, meeting{int(seat) - 1, at})
			}
		}
		return d.met
	}
	at := p.start()
	for i := range d.candidates {
		if at.seek(d.candidates[i].doc); at.doc == d.candidates[i].doc {
			d.met = append(d.met, meeting{i, at.at})
		}
	}
	return d.met
}

// muchLonger is how many postings can be read while a candidate is sought.
const muchLonger = 8

// together is what two slots tell that stand side by side.
func together(a, b *slot) float64 { return float64((a.tells + b.tells) / 2) }

// part finds the best part of a candidate.
func (s *shelf) part(c *candidate, slots []slot) {
	e := s.docs[c.doc]
	c.part, c.best = 0, -1
	for part := range e.parts {
		from, to := s.parts.from[e.first+part], s.parts.from[e.first+part+1]
		terms, shares := s.parts.terms[from:to], s.parts.share[from:to]
		sum := 0.0
		for _, slot := range slots {
			best := 0.0
			for _, w := range slot.stems {
				if !w.known {
					continue
				}
				if at, ok := slices.BinarySearch(terms, w.term); ok {
					best = max(best, w.weight*float64(shares[at]))
				} else {
					l := &s.lists[w.term]
					titled := l.titled.start()
					if titled.seek(c.doc); titled.doc == c.doc {
						best = max(best, w.weight*float64(l.head[titled.at]))
					}
				}
			}
			sum += float64(slot.tells * best / full)
		}
		if sum > c.best {
			c.part, c.best = int(part), sum
		}
	}
}

// weigh combines the voices into a hit.
func (x *Index) weigh(s *shelf, c *candidate, total float64, own bool, d *scratch) Hit {
	w := x.weights
	h := Hit{
		ID: s.docs[c.doc].id, Part: c.part,
		Letters: float64(d.letters[c.doc]) / wholeCosine,
		Covered: min(c.covered, 1), Titled: min(c.titled, c.covered, 1), Telling: c.telling, Said: c.said,
	}
	if total > 0 {
		h.Words = (float64(w.Whole*c.whole) + float64((1-w.Whole)*c.best)) / total
		h.Adjacent = c.adjacent / total
	}
	if own && len(d.learned) > 0 {
		h.Learned = float64(d.learned[c.doc])
	}
	letters, alike := w.Letters, w.Alike
	if s.learned != nil {
		letters, alike = w.Spelled, w.Taught
	}
	h.Score = float64(h.Words*float64(1-w.Asked+float64(w.Asked*c.asks))) + float64(w.Adjacent*h.Adjacent) + float64(letters*h.Letters)
	h.Score += float64(w.learned(len(d.alike) > 0) * h.Learned)
	if len(d.alike) > 0 {
		h.Alike = float64(d.alike[c.doc])
		h.lift = float64(alike * min(h.Alike, wholly))
	}
	if !own {
		h.Score *= w.Foreign
		h.lift *= w.Foreign
	}
	return h
}

// believe makes what was learned from phrasings heed what these mean: of the
// documents, one is believed in as far as its phrasings are liker the query than
// those of others. One that has a phrasing like the query is like it, too.
func (s *shelf) believe(alike Likeness, w Weights, d *scratch) {
	d.believed = grown(d.believed, len(s.docs))
	d.heap = d.heap[:0]
	for doc, e := range s.docs {
		like := alike.Phrasings(e.id)
		if like == 0 {
			like = alike.Texts(e.id) // what it says must do for how one asks for it
		}
		d.believed[doc] = float32(like)
		d.heap = push(d.heap, scored{uint32(doc), int32(like * full * unit)}, byPhrasing)
	}
	for _, h := range d.heap {
		// One phrasing that is the query counts as much as what all have in common.
		one := float32(alike.Phrasing(s.docs[h.doc].id))
		d.believed[h.doc] = max(d.believed[h.doc], (d.believed[h.doc]+one)/2)
		if one > phrasingFloor {
			d.alike[h.doc] = max(d.alike[h.doc], one)
		}
	}
	sum := float32(0)
	for doc, like := range d.believed {
		d.believed[doc] = float32(math.Exp(float64(w.Keen * float64(like-1))))
		sum += d.believed[doc]
	}
	share := float32(w.Believed * min(1, manyPhrasings*float64(len(s.docs))/float64(max(s.phrased, 1))))
	for doc := range d.learned {
		d.learned[doc] = float32((1-share)*d.learned[doc]) + float32(share*float32(d.believed[doc]/sum))
	}
}

// manyPhrasings are so many, a document, that a classifier learns from them alone
// what there is to know.
const manyPhrasings = 10

// means reports whether a document is like enough the query in what it means to
// count without a common word.
func (d *scratch) means(doc uint32) bool { return len(d.alike) > 0 && d.alike[doc] > alikeFloor }

// wholly is how alike texts are that mean the same; those of the same words are not
// any more alike for that.
const wholly = 0.65

// alikeFloor is how alike texts are that have something to do with each other.
const alikeFloor = 0.25

// phrasingFloor is likewise how alike two questions are: they have more in common
// than a question and a page, whatever they are about.
const phrasingFloor = 0.4

// letterFloor is how much letters must agree to count without a common word, in
// the steps of the letter voice: a tenth.
const letterFloor = wholeCosine / 10
