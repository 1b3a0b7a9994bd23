package search

import "github.com/signpost-bot/signpost/knowledge/text"

// A Sense is what a query means to the documents of one language: its ideas,
// typing errors mended, with the related words and phrases that may stand for
// each, and how much each tells there. It is for one goroutine.
type Sense struct {
	base    string
	slots   []slot
	related *concepts
	stemmed map[string]string // by word: texts on one subject share most
}

// Sense reads a query as [Index.Rank] does, for the documents in lang.
func (x *Index) Sense(q Query, lang string) Sense {
	base := text.Base(q.Lang)
	sense := Sense{base: text.Base(lang), related: x.concepts, stemmed: map[string]string{}}
	s := x.shelf(sense.base)
	if s == nil {
		return sense
	}
	r := &reading{}
	for _, slot := range x.slots(x.tokens(q.Text, base, r), x.tokens(q.Before, base, r), base, s, r) {
		if !slot.function {
			sense.slots = append(sense.slots, slot)
		}
	}
	return sense
}

// In tells how much of each idea a text in the sense's language has: from 0 to
// what the idea tells.
func (s Sense) In(field string) []float64 {
	words := text.Words(field)
	stems := make([]string, len(words))
	has := make(map[string]bool, len(words))
	for i, w := range words {
		stem, ok := s.stemmed[w]
		if !ok {
			stem = text.Stem(w, s.base)
			s.stemmed[w] = stem
		}
		stems[i], has[stem] = stem, true
	}
	s.related.each(stems, s.base, func(key string) { has[key] = true })
	tells := make([]float64, len(s.slots))
	for i, slot := range s.slots {
		for _, w := range slot.stems {
			if has[w.stem] {
				tells[i] = max(tells[i], slot.tells*w.weight)
			}
		}
	}
	return tells
}

// Tells is how much each idea tells.
func (s Sense) Tells() []float64 {
	tells := make([]float64, len(s.slots))
	for i, slot := range s.slots {
		tells[i] = slot.tells
	}
	return tells
}
