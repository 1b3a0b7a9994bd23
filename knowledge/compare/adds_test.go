package main

import "testing"

// asks is a sample of two languages in which meaning finds one article more.
func asks() (quality, []set) {
	sets := []set{
		{name: "sample-en", queries: []query{
			{text: "money back", right: []string{"refund"}, kind: "symptom"},
			{text: "invoice", right: []string{"invoice"}, kind: "short"},
			{text: "hello", kind: "none"},
		}},
		{name: "sample-es", queries: []query{{text: "dinero", right: []string{"refund"}, kind: "symptom"}}},
		{name: "banking77", queries: []query{{text: "card", right: []string{"card"}}}},
	}
	var q quality
	for _, s := range []struct {
		set, system    string
		firsts, threes []float64
	}{
		{"sample-en", columnWords, []float64{0, 1}, []float64{1, 1}},
		{"sample-en", columnOurs, []float64{1, 1}, []float64{1, 1}},
		{"sample-es", columnWords, []float64{0}, []float64{0}},
		{"sample-es", columnOurs, []float64{0}, []float64{1}},
		{"banking77", columnWords, []float64{1}, []float64{1}},
		{"banking77", columnOurs, []float64{0}, []float64{1}},
		{"banking77", "bleve", []float64{0}, []float64{1}},
	} {
		q.Scores = append(q.Scores, score{Set: s.set, Setting: "zero", System: s.system, Answerable: len(s.firsts), firsts: s.firsts, threes: s.threes})
	}
	return q, sets
}

func TestAdds(t *testing.T) {
	q, _ := asks()
	want := []struct {
		set    string
		s1, s3 share
	}{{"sample-en", 0.5, 0}, {"sample-es", 0, 1}, {"banking77", -1, 0}}
	got := q.adds()
	if len(got) != len(want) {
		t.Fatalf("%+v, want one for each set", got)
	}
	for i, w := range want {
		if a := got[i]; a.Set != w.set || a.System != columnOurs || !near(a.S1.Mean, w.s1) || !near(a.S3.Mean, w.s3) {
			t.Errorf("%+v, want %+v", a, w)
		}
	}
}

func TestKinds(t *testing.T) {
	q, sets := asks()
	q.Kinds = q.kinds(sets)
	tests := []struct {
		lang, kind, system string
		queries            int
		s1, s3             share
	}{
		{"en", "symptom", columnWords, 1, 0, 1},
		{"en", "symptom", columnOurs, 1, 1, 1},
		{"en", allKinds, columnWords, 2, 0.5, 1},
		{allLangs, "symptom", columnOurs, 2, 0.5, 1},
		{allLangs, allKinds, columnOurs, 3, 2. / 3, 1},
	}
	for _, test := range tests {
		got, ok := q.kind(test.lang, "zero", test.kind, test.system)
		if !ok || got.Queries != test.queries || !near(got.S1, test.s1) || !near(got.S3, test.s3) {
			t.Errorf("%+v, want %+v", got, test)
		}
	}
	if _, ok := q.kind("en", "zero", "none", columnOurs); ok {
		t.Error("what nothing answers is counted")
	}
}

// TestChecksOfMeaning holds a report to what meaning must add.
func TestChecksOfMeaning(t *testing.T) {
	q, sets := asks()
	q.Adds, q.Kinds = q.adds(), q.kinds(sets)
	r := report{quality: q}
	r.Speeds = []speed{{Size: sizeDesk, System: columnWords, Median: 40}, {Size: sizeDesk, System: columnOurs, Texts: 1400, Adds: 61}}
	r.Models = []model{{System: columnOurs, Load: 20}}
	want := map[string]check{
		"sample-en zero: S@1 and S@3 >= words +7":                        {Seen: "+50.0, +0.0"},
		"sample-en zero, symptoms: S@1 >= words +12":                     {Seen: "+100.0 of 1; S@3 +0.0", OK: true},
		"every set and setting: S@1 >= words -0.5":                       {Seen: "2 of 3; not banking77 zero -100.0"},
		"banking77 zero: S@1 >= 54, S@3 >= 72":                           {Seen: "0.0, 0.0"},
		"banking77 k10: S@1 >= 79":                                       {},
		"sample zero, asked in a language that has no answer: S@3 >= 55": {},
		sizeDesk + ": meaning adds at most 60 µs to a question":          {Seen: "+61.0 µs to 40"},
		"the built-in model is ready within 100 ms":                      {Seen: "20.0 ms", OK: true},
	}
	seen := 0
	for _, c := range r.checklist() {
		if w, ok := want[c.What]; ok {
			seen++
			if c.Seen != w.Seen || c.OK != w.OK {
				t.Errorf("%s: %q, %t; want %q, %t", c.What, c.Seen, c.OK, w.Seen, w.OK)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d requirements are checked", seen, len(want))
	}
}
