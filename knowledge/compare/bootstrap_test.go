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
		average, lower := bootstrap(test.differences)
		if !near(average, test.average) || lower < test.least || lower > test.lowest {
			t.Errorf("%s: mean %.3f, lower bound %.3f; want %.3f, and %.3f to %.3f", test.name, average, lower, test.average, test.least, test.lowest)
		}
		if _, again := bootstrap(test.differences); again != lower {
			t.Errorf("%s: lower bound %v, then %v", test.name, lower, again)
		}
	}
}
