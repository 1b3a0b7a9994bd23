package search

import (
	"fmt"
	"slices"
	"testing"
)

// An alike is how alike a query and documents mean, by their IDs.
type alike struct{ texts, details, phrasings, phrasing map[int]float64 }

func (a alike) Texts(id int) float64     { return a.texts[id] }
func (a alike) Details(id int) float64   { return a.details[id] }
func (a alike) Phrasings(id int) float64 { return a.phrasings[id] }
func (a alike) Phrasing(id int) float64  { return a.phrasing[id] }

// garden are documents without a word in common.
var garden = []Document{
	{ID: 1, Lang: "en", Title: "Watering lawns", Parts: []Part{{Body: "Early in the morning."}}},
	{ID: 2, Lang: "en", Title: "Pruning roses", Parts: []Part{{Body: "Above an outward bud."}}},
	{ID: 3, Lang: "en", Title: "Feeding bees", Parts: []Part{{Body: "Sugar in autumn."}}},
	{ID: 4, Lang: "pt-BR", Title: "Podar árvores", Parts: []Part{{Body: "No inverno."}}},
}

func idsOf(hits []Hit) []int {
	var ids []int
	for _, h := range hits {
		ids = append(ids, h.ID)
	}
	return ids
}

func scoreOf(t *testing.T, hits []Hit, id int) float64 {
	t.Helper()
	at := slices.IndexFunc(hits, func(h Hit) bool { return h.ID == id })
	if at < 0 {
		t.Fatalf("%d is not among %v", id, idsOf(hits))
	}
	return hits[at].Score
}

// TestAlike: a document is found by what it means, if it means enough of it, as far
// as words leave anything open.
func TestAlike(t *testing.T) {
	x := New(garden, nil)
	tests := []struct {
		name, query string
		like        Likeness
		want        []int
	}{
		{"nothing tells", "zzz qqq", nil, nil},
		{"no word in common", "zzz qqq", alike{texts: map[int]float64{2: 0.5, 3: 0.4, 1: 0.2}}, []int{2, 3}},
		{"in whichever language", "zzz qqq", alike{texts: map[int]float64{4: 0.6, 3: 0.4}}, []int{4, 3}},
		{"a detail counts half", "zzz qqq", alike{texts: map[int]float64{1: 0.3, 2: 0.4}, details: map[int]float64{1: 0.48, 2: 0.1}}, []int{2, 1}},
		{"as it does", "zzz qqq", alike{texts: map[int]float64{1: 0.3, 2: 0.4}, details: map[int]float64{1: 0.6, 2: 0.1}}, []int{1, 2}},
		{"the same words are no more than the same meaning", "zzz qqq", alike{texts: map[int]float64{2: 0.7, 1: 1}}, []int{1, 2}},
		{"all words in a title", "pruning roses", alike{texts: map[int]float64{1: 1}}, []int{2, 1}},
		{"a phrasing, without a classifier", "zzz qqq", alike{phrasings: map[int]float64{3: 0.6}}, []int{3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := x.Rank(Query{Text: test.query, Lang: "en", Alike: test.like}, 4).Hits
			if !slices.Equal(idsOf(got), test.want) {
				t.Errorf("found %+v, want %v", got, test.want)
			}
		})
	}
	equal := x.Rank(Query{Text: "zzz qqq", Lang: "en", Alike: alike{texts: map[int]float64{2: 0.7, 1: 1}}}, 4).Hits
	if scoreOf(t, equal, 1) != scoreOf(t, equal, 2) {
		t.Errorf("more than the same meaning counts: %+v", equal)
	}
}

// TestAlikeGivesWay: the better words match, the less it counts what a document
// means.
func TestAlikeGivesWay(t *testing.T) {
	x := New(garden, nil)
	first, last := 0.0, 10.0
	for _, query := range []string{"zzz qqq", "zzz roses", "pruning roses"} {
		gain := scoreOf(t, x.Rank(Query{Text: query, Lang: "en", Alike: alike{texts: map[int]float64{1: 0.5}}}, 4).Hits, 1)
		if gain >= last {
			t.Errorf("of %q, it counts %v, before %v", query, gain, last)
		}
		first, last = max(first, gain), gain
	}
	if last > first/100 {
		t.Errorf("where words say all, it counts %v, and %v where they say nothing", last, first)
	}
}

// taughtGarden has so many phrasings a document.
func taughtGarden(n int) []Document {
	docs := slices.Clone(garden[:3])
	for i, word := range []string{"hose", "secateurs", "hive"} {
		for k := range n {
			docs[i].Phrasings = append(docs[i].Phrasings, fmt.Sprintf("%s number%d", word, k))
		}
	}
	return docs
}

// TestAlikePhrasings: what phrasings mean is a second opinion beside the classifier,
// which counts the less, the more of them it had to learn from.
func TestAlikePhrasings(t *testing.T) {
	ask := func(n int, like Likeness) map[int]float64 {
		learned := map[int]float64{}
		for _, h := range New(taughtGarden(n), nil).Rank(Query{Text: "my hose", Lang: "en", Alike: like}, 3).Hits {
			learned[h.ID] = h.Learned
		}
		return learned
	}
	other := alike{phrasings: map[int]float64{1: 0.1, 2: 0.6, 3: 0.1}, phrasing: map[int]float64{2: 0.6, 3: 0.45}}
	without, few, many := ask(5, nil), ask(5, other), ask(60, other)
	if without[1] < without[2] || few[2] < without[2]+0.3 {
		t.Errorf("with five phrasings each, the second is believed in %v, without what they mean %v", few[2], without[2])
	}
	if more := many[2] - ask(60, nil)[2]; more > 0.2 || more <= 0 {
		t.Errorf("with sixty, what they mean adds %v", more)
	}
	nearest := other
	nearest.phrasing = map[int]float64{2: 0.6, 3: 1}
	if one := ask(5, nearest); one[3] < few[3]+0.1 {
		t.Errorf("one phrasing that is the question makes it believed in %v, before %v", one[3], few[3])
	}
}

// TestAlikePhrasing: two questions are like each other from a floor on that is above
// that of a question and a page.
func TestAlikePhrasing(t *testing.T) {
	x := New(taughtGarden(5), nil)
	for like, want := range map[float64]float64{0.39: 0, 0.5: 0.5} {
		hits := x.Rank(Query{Text: "my hose", Lang: "en", Alike: alike{phrasing: map[int]float64{1: like}}}, 3).Hits
		if hits[0].ID != 1 || hits[0].Alike < want-1e-6 || hits[0].Alike > want+1e-6 {
			t.Errorf("%v alike becomes %+v, want %v", like, hits[0], want)
		}
	}
}
