package main

import "testing"

func TestBootstrap(t *testing.T) {
	repeated := func(values ...float64) []float64 {
		var list []float64
		for range 100 {
			list = append(list, values...)
		}
		return list
	}
	tests := []struct {
		name          string
		differences   []float64
		average       share
		least, lowest share // between which the lower bound must lie
	}{
		{"always better", repeated(1), 1, 1, 1},
		{"always the same", repeated(0), 0, 0, 0},
		{"clearly better", repeated(1, 0, 0, 0), 0.25, 0.18, 0.25}, // 0.25 - 1.645 * 0.0217 = 0.214
		{"by chance", []float64{1, -1, 0, 1, 0}, 0.2, -1, 0},
	}
	for _, test := range tests {
		got := bootstrap(test.differences)
		if !near(got.Mean, test.average) || got.Lower < test.least || got.Lower > test.lowest {
			t.Errorf("%s: mean %.3f, lower bound %.3f; want %.3f, and %.3f to %.3f", test.name, got.Mean, got.Lower, test.average, test.least, test.lowest)
		}
		if got.Upper < got.Mean || got.Mean-got.Lower > 2*(got.Upper-got.Mean)+1e-9 {
			t.Errorf("%s: upper bound %.3f of %.3f", test.name, got.Upper, got.Mean)
		}
		if again := bootstrap(test.differences); again != got {
			t.Errorf("%s: %v, then %v", test.name, got, again)
		}
	}
}
