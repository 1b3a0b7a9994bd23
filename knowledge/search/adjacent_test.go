package search

import "testing"

// TestAdjacent: of documents that have the same words, the one where they stand
// side by side as in the question comes first.
func TestAdjacent(t *testing.T) {
	tests := []struct {
		name string
		body string
		side bool // the words of the question stand side by side
	}{
		{"as asked", "The report is ready. Pay by card, the disk waits.", true},
		{"the other way round", "The report is ready. On the card pay, the disk waits.", true},
		{"in other forms", "The report is ready. Paying for cards, the disk waits.", true},
		{"a word between", "The report is ready. Pay, the disk card waits.", false},
		{"in another paragraph", "Pay the report.\n\nDisk: the card waits.", false},
	}
	apart := Document{ID: 1, Lang: "en", Title: "Something", Parts: []Part{{Body: "Pay the report and the disk. Ready, the card waits."}}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			index := New([]Document{apart, {ID: 2, Lang: "en", Title: "Something", Parts: []Part{{Body: test.body}}}}, nil)
			hits := index.Rank(Query{Text: "can I pay with my card", Lang: "en"}, 2).Hits
			if len(hits) != 2 {
				t.Fatalf("%d hits, want both", len(hits))
			}
			for _, h := range hits {
				if side := h.ID == 2 && test.side; (h.Adjacent > 0) != side {
					t.Errorf("document %d: adjacent = %v, want some: %v", h.ID, h.Adjacent, side)
				}
			}
			if test.side && hits[0].ID != 2 {
				t.Errorf("first is %d, want the one with the words side by side", hits[0].ID)
			}
		})
	}
}

// TestAdjacentParts: words at the end of one part and the beginning of the next
// are not side by side.
func TestAdjacentParts(t *testing.T) {
	index := New([]Document{
		{ID: 1, Lang: "en", Title: "Ways to pay", Parts: []Part{{Heading: "Card", Body: "Something"}, {Heading: "Else", Body: "else"}}},
		{ID: 2, Lang: "en", Title: "Other", Parts: []Part{{Body: "Other"}}},
	}, nil)
	for _, h := range index.Rank(Query{Text: "pay by card", Lang: "en"}, 2).Hits {
		if h.Adjacent > 0 {
			t.Errorf("document %d: adjacent = %v, want none", h.ID, h.Adjacent)
		}
	}
}

// TestAdjacentExplained: what counted is said, in the words of the question.
func TestAdjacentExplained(t *testing.T) {
	d := Document{ID: 1, Lang: "en", Title: "Something", Parts: []Part{{Body: "Wipe the removable disk."}}}
	index := New([]Document{d, {ID: 2, Lang: "en", Title: "Other"}}, nil)
	e := index.Explain(Query{Text: "wiping removable dsik", Lang: "en"}, d)
	if len(e.Pairs) != 2 || e.Pairs[0].Words != "removable disk" || e.Pairs[1].Words != "wiping removable" {
		t.Errorf("pairs = %v, want both, as meant", e.Pairs)
	}
	sum := 0.0
	for _, p := range e.Pairs {
		sum += p.Share
	}
	if got := e.Hit.Adjacent; got < sum-1e-9 || got > sum+1e-9 {
		t.Errorf("the hit has %v, the pairs %v together", got, sum)
	}
}
