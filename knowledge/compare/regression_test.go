package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// TestRegress makes examples of known weights and fits them. Signs that no
// example has must come out as nothing.
func TestRegress(t *testing.T) {
	want := search.Judgement{search.Always: -1, search.Word: 3, search.Meaning: -0.5, search.Strange: -2}
	random := rand.New(rand.NewPCG(1, 2))
	var list []example
	for range 4000 {
		var s search.Signs
		for i, w := range want {
			if w != 0 {
				s[i] = random.Float64()
			}
		}
		s[search.Always] = 1
		list = append(list, example{s, logistic(want, s), 1})
	}
	for i, got := range regress(list) {
		if math.Abs(got-want[i]) > 0.01 {
			t.Errorf("%s: %.3f, want %v", signNames[i], got, want[i])
		}
	}
}

func TestRegressNothing(t *testing.T) {
	if got := regress(nil); got != (search.Judgement{}) {
		t.Errorf("weights %v of no examples", got)
	}
}

func TestExamples(t *testing.T) {
	one := func(taught bool, target, confidence float64) judged {
		return judged{outcome: outcome{confidence: confidence}, target: target, taught: taught}
	}
	bank := []query{{right: []string{"card"}}, {}}
	trials := []trial{{counts: 1, queries: bank}, {counts: 2, queries: bank}, {counts: 1, queries: bank[:1]}}
	asked := [][]judged{
		{one(true, 1, 0.5), one(true, nearlyRight, 0.5), one(true, 0, 0.5), one(true, 0, 0.5), one(false, 1, 0.5)},
		{one(false, 0, none), one(false, 0, 0)}, // nothing was found for the first
		{one(true, 1, 0.5), one(false, 1, 0.5)}, // all have an answer
	}
	counts := func(taught bool) (list []float64) {
		for _, e := range examples(trials, asked, taught) {
			list = append(list, e.counts)
		}
		return list
	}
	// Half of these have no answer, and count for the root of 2 more.
	if got := counts(true); len(got) != 4 || got[0] != 0.5 || got[1] != 0.5 || got[2] != math.Sqrt(2)*0.5 || got[3] != got[2] {
		t.Errorf("taught count %v, want two of 1/2 and two of 1/√2", got)
	}
	if got := counts(false); len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("others count %v, want 1 and 2", got)
	}
}

// TestExamplesRare: however few have no answer, each counts for four times what
// the others do at most.
func TestExamplesRare(t *testing.T) {
	asked := make([]judged, 100)
	for i := range asked {
		asked[i] = judged{target: 1, taught: true}
	}
	asked[99].target = 0
	list := examples([]trial{{counts: 1, queries: []query{{right: []string{"card"}}, {}}}}, [][]judged{asked}, true)
	if few, many := list[99].counts, list[0].counts; few != mostRarer*many {
		t.Errorf("one of a hundred counts %v, want %v times %v", few, mostRarer, many)
	}
}

func TestSolve(t *testing.T) {
	var a [len(search.Judgement{})][len(search.Judgement{})]float64
	var b, want search.Judgement
	for i := range a {
		a[i][i] = 2
		want[i] = float64(i)
		if i > 0 {
			a[i][i-1], a[i-1][i] = 0.5, 0.5
		}
	}
	for i := range a {
		for j := range a {
			b[i] += a[i][j] * want[j]
		}
	}
	for i, got := range solve(a, b) {
		if math.Abs(got-want[i]) > 1e-9 {
			t.Errorf("x[%d] = %v, want %v", i, got, want[i])
		}
	}
}
