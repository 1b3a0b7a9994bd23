package main

import (
	"encoding/json"
	"math"
	"testing"
)

var none = math.Inf(-1)

func near(got, want share) bool {
	return math.Abs(float64(got-want)) < 1e-9 || math.IsNaN(float64(got)) && math.IsNaN(float64(want))
}

func TestMeasure(t *testing.T) {
	got := measure([]outcome{
		{true, 0, 5}, {true, 1, 4}, {true, 3, 3}, {true, -1, none}, // in scope
		{false, -1, 3}, {false, -1, none},
	})
	tests := []struct {
		name      string
		got, want share
	}{
		{"S@1", got.S1, 1. / 4},
		{"S@3", got.S3, 2. / 4},
		{"MRR@10", got.MRR10, (1 + 1./2 + 1./4) / 4},
		{"AUROC", got.AUROC, (2 + 2 + 1.5 + 0.5) / 8}, // each in-scope query against both others
		{"in-scope accuracy", got.InScope, 1. / 4},
		{"OOS recall", got.OOSRecall, 1},
	}
	for _, test := range tests {
		if !near(test.got, test.want) {
			t.Errorf("%s = %v, want %v", test.name, float64(test.got), float64(test.want))
		}
	}
}

func TestAUROC(t *testing.T) {
	nan := share(math.NaN())
	tests := []struct {
		name    string
		yes, no []float64
		want    share
	}{
		{"all above", []float64{2, 3}, []float64{0, 1}, 1},
		{"all below", []float64{0}, []float64{1, 2}, 0},
		{"ties", []float64{1, 1}, []float64{1}, 0.5},
		{"nothing found is a tie, too", []float64{none}, []float64{none}, 0.5},
		{"above, tied, below", []float64{2}, []float64{1, 2, 3}, 0.5},
		{"nothing out of scope", []float64{1}, nil, nan},
	}
	for _, test := range tests {
		if got := auroc(test.yes, test.no); !near(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, float64(got), float64(test.want))
		}
	}
}

func TestAtBest(t *testing.T) {
	nan := share(math.NaN())
	tests := []struct {
		name            string
		outcomes        []outcome
		inScope, recall share
	}{
		{"they part", []outcome{{true, 0, 3}, {true, 0, 2}, {false, -1, 1}}, 1, 1},
		{"refuse all", []outcome{{true, 0, 1}, {false, -1, 2}, {false, -1, 3}}, 0, 1},
		{"a wrong answer is as bad as none", []outcome{{true, 0, 3}, {true, 4, 2}, {false, -1, 1}}, 0.5, 1},
		{"of equal ones the lowest", []outcome{{true, 0, 3}, {false, -1, 2}, {true, 0, 1}}, 1, 0},
		{"ties stay together", []outcome{{true, 0, 1}, {false, -1, 1}, {false, -1, 1}}, 0, 1},
		{"nothing to answer with", []outcome{{true, 0, 1}, {false, -1, none}}, 1, 1},
		{"nothing out of scope", []outcome{{true, 0, 1}}, nan, nan},
	}
	for _, test := range tests {
		if inScope, recall := atBest(test.outcomes); !near(inScope, test.inScope) || !near(recall, test.recall) {
			t.Errorf("%s: %v / %v, want %v / %v", test.name, inScope, recall, test.inScope, test.recall)
		}
	}
}

func TestDrop(t *testing.T) {
	tests := []struct{ clean, slipped, want share }{
		{0.8, 0.6, 0.25},
		{0.5, 0.5, 0},
		{0.4, 0.5, -0.25}, // a slip may help
		{0, 0, share(math.NaN())},
	}
	for _, test := range tests {
		if got := drop(test.clean, test.slipped); !near(got, test.want) {
			t.Errorf("drop(%v, %v) = %v, want %v", test.clean, test.slipped, got, test.want)
		}
	}
}

func TestMean(t *testing.T) {
	got := mean([]figures{{S1: 0.2, AUROC: 1}, {S1: 0.6, AUROC: share(math.NaN())}})
	if !near(got.S1, 0.4) || !near(got.AUROC, share(math.NaN())) {
		t.Errorf("mean = %+v", got)
	}
}

func TestShare(t *testing.T) {
	if got := share(0.12345).String(); got != "12.3" {
		t.Errorf("prints as %q", got)
	}
	nothing := share(math.NaN())
	data, err := json.Marshal(nothing)
	if err != nil || string(data) != "null" || nothing.String() != "–" {
		t.Errorf("nothing is %s in JSON (%v) and prints as %q", data, err, nothing)
	}
}
