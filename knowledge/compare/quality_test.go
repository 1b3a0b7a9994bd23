package main

import "testing"

var shop = []document{
	{id: "refund", lang: "en", title: "Get a refund", sections: []section{{text: "The money comes back within ten days."}}},
	{id: "refund", lang: "es", title: "Pedir un reembolso"},
	{id: "invoice", lang: "en", title: "Download an invoice", phrasings: []string{"I need a receipt"}},
}

// TestSystems asks every system something easy.
func TestSystems(t *testing.T) {
	for _, system := range []system{bleveSystem{}, fuzzySystem{}, ours{voice: wordsAlone}, ours{voice: shipped()}} {
		t.Run(system.name(), func(t *testing.T) {
			x, err := system.build(shop)
			if err != nil {
				t.Fatal(err)
			}
			outcomes, err := ask(x, shop, []query{
				{text: "invoice", lang: "en", right: []string{"invoice"}},
				{text: "receipt", lang: "en", right: []string{"invoice"}},
				{text: "reembolso", lang: "es", right: []string{"refund"}},
				{text: "xylophone", lang: "en"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range outcomes[:3] {
				if o.rank != 0 || !o.in {
					t.Errorf("query %d: %+v, want the right article first", i, o)
				}
			}
			if last := outcomes[3]; last.in || last.confidence >= outcomes[0].confidence {
				t.Errorf("%+v of what nothing answers", last)
			}
			if err := x.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRank(t *testing.T) {
	tests := []struct {
		name  string
		hits  []hit
		right []string
		want  int
	}{
		{"first", []hit{{doc: 2}, {doc: 0}}, []string{"invoice"}, 0},
		{"translations count as one", []hit{{doc: 0}, {doc: 1}, {doc: 2}}, []string{"invoice"}, 1},
		{"any is right", []hit{{doc: 1}, {doc: 2}}, []string{"invoice", "refund"}, 0},
		{"not found", []hit{{doc: 0}}, []string{"invoice"}, -1},
		{"nothing is right", []hit{{doc: 0}}, nil, -1},
	}
	for _, test := range tests {
		if got := rank(test.hits, shop, test.right); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestQualityPoolsSmallSets has two sets with few queries.
func TestQualityPoolsSmallSets(t *testing.T) {
	s := set{
		name:     "shop",
		queries:  []query{{text: "invoice", lang: "en", right: []string{"invoice"}}, {text: "weather", lang: "en"}},
		settings: []setting{{"zero", [][]document{shop}}, {"full", [][]document{shop}}},
		ours:     func(v voice) system { return ours{voice: v} },
		pool:     poolSmall,
	}
	got, err := compareQuality([]set{s, s}, []voice{wordsAlone, shipped()})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Scores) != 16 || len(got.Gains) != 2 || len(got.Adds) != 4 {
		t.Fatalf("%d scores, %d gains, %d adds; want 16, one over each other system, and 4", len(got.Scores), len(got.Gains), len(got.Adds))
	}
	for _, g := range got.Gains {
		if g.Set != "pooled small sets" || g.Queries != 2 || g.Mean != 0 || g.ok() {
			t.Errorf("gain %+v, want none in 2 queries", g)
		}
	}
	for _, r := range got.Repeats {
		if !r.ok() || r.Setting != "zero" {
			t.Errorf("repeat %+v", r)
		}
	}
}
