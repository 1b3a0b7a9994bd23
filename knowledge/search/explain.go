package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Field is a place in a document.
type Field string

const (
	InTitle     Field = "title"
	InPhrasings Field = "phrasings"
	InHeadings  Field = "headings"
	InBody      Field = "body"
)

// An Explanation is why a document fits a query as well as it does.
type Explanation struct {
	Hit    Hit     // as Rank weighs it; the zero Hit if it is not among the candidates
	Ideas  []Idea  // of the query, in its order
	Votes  []Vote  // of the classifier, the strongest first; none without one
	Pairs  []Pair  // words side by side in both, the most telling first
	Weight Weights // by which the parts of the hit were added up
}

// An Idea is a word of a query, or a phrase that is known to mean one thing,
// and where a document has it.
type Idea struct {
	Typed  string  // as the query has it, normalised
	Meant  string  // the known word it was taken for; "" if it was typed right
	Share  float64 // of what the query tells, 0 to 1
	Before bool    // said in the question before
	Found  []Place // where the document has it; none if it lacks it
	Known  bool    // some document has it
}

// A Place says that a field has an idea.
type Place struct {
	Field Field
	As    string // the word or words there
	Same  bool   // the word itself, in whatever form; else one that means much the same
	Times int
}

// A Vote is what a word of the query, with its letters and neighbours, says for
// or against a document in the classifier's eyes, in nats.
type Vote struct {
	Word string
	Nats float64
}

// A Pair is two ideas of a query that stand side by side in it and in a document,
// in whichever order, function words aside.
type Pair struct {
	Words string  // as they were probably meant, in the order of the query
	Share float64 // of what the query tells, as it counts for the score
}

// Explain says why d, which the index has, fits q as well as it does. It costs
// some hundred times what ranking does.
func (x *Index) Explain(q Query, d Document) Explanation {
	e := Explanation{Weight: x.weights}
	for _, h := range x.Rank(q, byWords+byLetters+byLearned+byAlike).Hits {
		if h.ID == d.ID {
			e.Hit = h
		}
	}
	s := x.shelf(text.Base(d.Lang))
	if s == nil {
		return e
	}
	base := text.Base(q.Lang)
	r := &reading{}
	query, before := x.tokens(q.Text, base, r), x.tokens(q.Before, base, r)
	fields := s.fields(d, x.concepts)
	total := 0.0
	tokens := append(slices.Clone(query), before...)
	slots := x.slots(query, before, base, s, r)
	for _, slot := range slots {
		total += slot.tells
		if !slot.function {
			e.Ideas = append(e.Ideas, idea(slot, tokens, len(query), fields))
		}
	}
	e.Pairs = s.pairs(slots, tokens, d.ID)
	content := 0.0
	for _, i := range e.Ideas {
		content += i.Share
	}
	for i := range e.Ideas {
		if content > 0 {
			e.Ideas[i].Share /= content
		}
	}
	for i := range e.Pairs {
		e.Pairs[i].Share /= total
	}
	if s.learned != nil && s.base == base {
		e.Votes = s.votes(query, d.ID, x.concepts)
	}
	return e
}

// pairs finds the slots that stand side by side in a document, with what they
// tell as their share.
func (s *shelf) pairs(slots []slot, tokens []token, id int) []Pair {
	doc, ok := s.place(id)
	if !ok {
		return nil
	}
	var pairs []Pair
	meant := func(slot slot) string {
		var words []string
		for _, t := range tokens[slot.at : slot.at+slot.words] {
			words = append(words, t.word)
		}
		return strings.Join(words, " ")
	}
	for _, slot := range slots {
		if slot.follows < 0 || !s.adjacent.has(uint32(doc), slot.pair) {
			continue
		}
		if last := slots[slot.follows]; s.mentions(uint32(doc), last) && s.mentions(uint32(doc), slot) {
			pairs = append(pairs, Pair{meant(last) + " " + meant(slot), together(&last, &slot)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(b.Share, a.Share) })
	return pairs
}

// mentions reports whether a document has a stem of a slot.
func (s *shelf) mentions(doc uint32, slot slot) bool {
	return slices.ContainsFunc(slot.stems, func(w weighted) bool {
		if !w.known {
			return false
		}
		in := s.lists[w.term].start()
		in.seek(doc)
		return in.doc == doc
	})
}

// place returns where on the shelf a document stands.
func (s *shelf) place(id int) (int, bool) {
	return slices.BinarySearchFunc(s.docs, id, func(e entry, id int) int { return cmp.Compare(e.id, id) })
}

// idea finds the places of a slot, whose stems come best first.
func idea(slot slot, tokens []token, before int, fields []field) Idea {
	out := Idea{Share: slot.tells, Before: slot.at >= before}
	for _, t := range tokens[slot.at : slot.at+slot.words] {
		out.Typed = strings.TrimSpace(out.Typed + " " + t.typed)
		if t.word != t.typed {
			out.Meant = strings.TrimSpace(out.Meant + " " + t.word)
		}
	}
	for i, w := range slot.stems {
		out.Known = out.Known || w.known
		for _, f := range fields {
			found := f.stems[w.stem]
			if len(found) == 0 || slices.ContainsFunc(out.Found, func(p Place) bool { return p.Field == f.name }) {
				continue
			}
			out.Found = append(out.Found, Place{f.name, found[0], i == 0 || w.said, len(found)})
		}
	}
	return out
}

// A field is the words of one kind of text of a document, by their stem. Known
// phrases are there as their stems joined by a space.
type field struct {
	name  Field
	stems map[string][]string
}

func (s *shelf) fields(d Document, related *concepts) []field {
	list := []field{
		{InTitle, map[string][]string{}}, {InPhrasings, map[string][]string{}},
		{InHeadings, map[string][]string{}}, {InBody, map[string][]string{}},
	}
	add := func(to field, texts ...string) {
		for _, t := range texts {
			words := s.wordsIn(t)
			stems := make([]string, len(words))
			for i, w := range words {
				stems[i] = text.Stem(w, s.base)
				to.stems[stems[i]] = append(to.stems[stems[i]], w)
			}
			related.each(stems, s.base, func(key string) { to.stems[key] = append(to.stems[key], key) })
		}
	}
	add(list[0], d.Title)
	add(list[1], d.Phrasings...)
	add(list[1], d.Learned...)
	for _, p := range d.Parts {
		add(list[2], p.Heading)
		add(list[3], p.Body)
	}
	return list
}

// votes adds up, for each word of a query, what its features say for a
// document compared with all documents on average.
func (s *shelf) votes(query []token, id int, related *concepts) []Vote {
	class, ok := s.place(id)
	if !ok {
		return nil
	}
	d := &scratch{}
	d.start(s)
	s.read(query, nil, s.base, d)
	vector := s.learned.vector(d.features, d.unknown, nil)
	weight := map[uint32]float64{} // by feature, what one occurrence says
	for i, f := range d.features {
		from, to := s.learned.from[f.id], s.learned.from[f.id+1]
		sum, own := 0.0, 0.0
		for k, c := range s.learned.classes[from:to] {
			w := float64(s.learned.weights[int(from)+k]) / unit
			sum += w
			if int(c) == class {
				own = w
			}
		}
		weight[f.id] = float64(vector[i]) * (own - sum/float64(len(s.docs))) / float64(f.count)
	}
	var votes []Vote
	for i, t := range query {
		v := Vote{Word: t.word}
		alone := []token{t}
		related.mark(alone, s.base)
		count := func(key uint64, _ int) {
			if id, ok := s.features.find(key); ok {
				v.Nats += weight[id]
			}
		}
		extract(alone, func(t *token, _ int) {
			t.spell(func(key uint64, _ bool) { count(key, 1) })
		}, count)
		for _, pair := range []int{i - 1, i} { // half of what each pair says
			if pair >= 0 && pair+1 < len(query) {
				if id, ok := s.features.find(pairKey(query[pair].stem, query[pair+1].stem)); ok {
					v.Nats += weight[id] / 2
				}
			}
		}
		votes = append(votes, v)
	}
	slices.SortStableFunc(votes, func(a, b Vote) int { return cmp.Compare(b.Nats, a.Nats) })
	return votes
}
