package main

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/search"
)

func TestTurn(t *testing.T) {
	tests := []struct {
		name                string
		most, value, factor float64
		want                float64
	}{
		{"up", math.Inf(1), 2, 1.3, 2.6},
		{"down", math.Inf(1), 2, 1 / 1.3, 1.54},
		{"three digits", math.Inf(1), 0.07, 1.07, 0.0749},
		{"to the bound", 1, 0.9, 1.3, 1},
		{"at the bound", 1, 1, 1.3, 1},
		{"from the bound", 1, 1, 1 / 1.15, 0.87},
		{"nothing stays nothing", 1, 0, 1.3, 0},
	}
	for _, test := range tests {
		if got := (knob{name: "x", most: test.most}).turn(test.value, test.factor); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestDescend looks for the bottom of a bowl, one side of which is out of
// bounds.
func TestDescend(t *testing.T) {
	knobs := []knob{{name: "free", most: math.Inf(1)}, {name: "share", most: 1}, {name: "idle", most: 1}, {name: "held", most: 9, held: true}}
	bottom := []float64{3, 1.5}
	descent := func() (end []float64, kept [][]float64) {
		cost := func(at []float64) float64 {
			if at[1] > 1 || at[3] != 4 {
				t.Errorf("tried a share of %v, and %v of what is held at 4", at[1], at[3])
			}
			return math.Pow(at[0]-bottom[0], 2) + math.Pow(at[1]-bottom[1], 2)
		}
		return descend(knobs, []float64{1, 0.5, 0.2, 4}, cost, func(at []float64) { kept = append(kept, at) }), kept
	}
	end, kept := descent()
	if math.Abs(end[0]-3) > 0.2 || end[1] != 1 || end[2] != 0.2 {
		t.Errorf("ended at %v, want about 3, 1 and 0.2", end)
	}
	if len(kept) == 0 || !slices.Equal(kept[len(kept)-1], end) {
		t.Errorf("kept %v, want the end last", kept)
	}
	if again, _ := descent(); !slices.Equal(again, end) {
		t.Errorf("ended at %v, then at %v", end, again)
	}
}

// TestKnobs holds the names of shares to those of fields, and the shipped
// weights to their bounds.
func TestKnobs(t *testing.T) {
	names, shipped := weightNames(), values(search.Fitted())
	for _, name := range slices.Concat(shares, ofMeaning) {
		if !slices.Contains(names, name) {
			t.Errorf("there is no weight %s", name)
		}
	}
	for i, k := range knobs(false) {
		if meaning := knobs(true)[i]; k.held == meaning.held || meaning.held == slices.Contains(ofMeaning, k.name) {
			t.Errorf("%s is held: %t, with meaning: %t", k.name, k.held, meaning.held)
		}
		if shipped[i] <= 0 || shipped[i] > k.most {
			t.Errorf("%s is %v, want above 0 and at most %v", k.name, shipped[i], k.most)
		}
	}
	if got := weightsOf(shipped); !reflect.DeepEqual(got, search.Fitted()) {
		t.Errorf("%+v went through values, became %+v", search.Fitted(), got)
	}
}
