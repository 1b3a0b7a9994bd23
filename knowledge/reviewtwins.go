package knowledge

import (
	"cmp"
	"fmt"
	"slices"
)

// nearlyTheSame is how alike two articles are at least that are worth merging: the
// average of how much their words, their titles and their meanings agree. Twins,
// which answers fold together already, have more. In the sample one pair has it,
// two articles on reaching the same page; the next are those on when and on how
// to withdraw a commission, with 0.61.
const nearlyTheSame = 0.62

// A doublet is two articles that say nearly the same.
type doublet struct {
	kept, other *Article
	alike       float64
	folded      bool // an answer shows one of them and mentions the other
}

// reviewTwins looks for articles for the same people that say nearly the same.
// One that is like several is named once, with the one it is most like.
func (l *Library) reviewTwins() (list []Finding) {
	meant := l.meant()
	var found []doublet
	eachPair(l.loaded, l.sketches, func(i, j int, near float64, titles func() float64) {
		a, b := l.loaded[i], l.loaded[j]
		if !overlap(a, b) {
			return
		}
		titled := titles()
		likeness := (near + titled) / 2
		if meant != nil {
			likeness = (near + titled + meant(i, j)) / 3
		}
		twins := near >= theSame || near >= alike && titled >= titlesAlike
		if likeness < nearlyTheSame && !twins {
			return
		}
		kept, other := better(a, b)
		found = append(found, doublet{kept, other, max(likeness, near), twins && (servesAll(a, b) || servesAll(b, a))})
	})
	slices.SortFunc(found, func(a, b doublet) int {
		return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.other.File, b.other.File), cmp.Compare(a.kept.File, b.kept.File))
	})
	named := map[*Article]bool{}
	for _, d := range found {
		if named[d.other] {
			continue
		}
		named[d.other] = true
		f := Finding{Kind: Duplicate, File: d.other.File, Also: []string{d.kept.File}, Hurts: min(1, d.alike),
			Says: fmt.Sprintf("%s is %.0f %% the same as %s, which %s.", inQuotes(d.other.Title), 100*min(1, d.alike), inQuotes(d.kept.Title), whyKept(d.kept, d.other))}
		if d.folded {
			f.Says += " Answers show one, and the other below it as “See also”."
		}
		list = append(list, f)
	}
	return list
}

// meant returns a function that tells how alike two of the loaded articles mean,
// 0 to 1; nil if nothing tells.
func (l *Library) meant() func(i, j int) float64 {
	texts := make([]string, len(l.loaded))
	for i, a := range l.loaded {
		texts[i] = a.Meant().Texts[0]
	}
	for _, source := range l.rules.Sources {
		vectors, ok := source.Known(texts)
		if !ok {
			continue
		}
		return func(i, j int) float64 {
			sum := 0.0
			for k, x := range vectors[i] {
				sum += float64(x * vectors[j][k])
			}
			return max(0, sum)
		}
	}
	return nil
}

// better tells which of two articles to keep when they are merged: the one that
// says more of how people ask, or is newer, or longer.
func better(a, b *Article) (kept, other *Article) {
	size := func(a *Article) (n int) {
		for _, s := range a.Sections {
			n += len(s.Text)
		}
		return n
	}
	if cmp.Or(len(a.Questions)-len(b.Questions), a.Updated.Compare(b.Updated), size(a)-size(b), cmp.Compare(b.File, a.File)) >= 0 {
		return a, b
	}
	return b, a
}

// whyKept says why an article is the one to keep.
func whyKept(kept, other *Article) string {
	switch {
	case len(kept.Questions) > len(other.Questions):
		return "has more questions: keep that"
	case kept.Updated.After(other.Updated):
		return "is newer: keep that"
	}
	return "says as much or more: keep that"
}
