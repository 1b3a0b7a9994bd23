package main

import (
	"go/format"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

func TestTrials(t *testing.T) {
	s := set{name: "bank", split: "dev"}
	one := [][]document{{{id: "card"}}}
	for _, name := range []string{"zero", "k1", "k5", "k10", "full"} {
		s.settings = append(s.settings, setting{name, one})
	}
	s.typos = &typos{setting: "k10", slips: [2][]query{{{text: "crad"}}, nil}}
	help := set{name: "help", settings: s.settings[:1]}
	tests := []struct {
		set  set
		want string
	}{
		{s, "zero 1, k5 1, k10 1, k10 slip 1, full 1"},
		{help, "zero 2"},
	}
	for _, test := range tests {
		var got []string
		for _, trial := range test.set.trials() {
			got = append(got, trial.setting+map[float64]string{1: " 1", 2: " 2"}[trial.counts])
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %q, want %q", test.set.name, got, test.want)
		}
	}
}

func TestSpread(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6}
	tests := []struct {
		n    int
		want []int
	}{
		{3, []int{0, 2, 4}},
		{7, list},
		{9, list},
		{1, []int{0}},
	}
	for _, test := range tests {
		if got := spread(list, test.n); !slices.Equal(got, test.want) {
			t.Errorf("%d of them are %v, want %v", test.n, got, test.want)
		}
	}
}

// TestBench tries weights on two articles, built anew and reweighed.
func TestBench(t *testing.T) {
	docs := []document{
		{id: "card", lang: "en", title: "Lost card", phrasings: []string{"my card is gone"}},
		{id: "pin", lang: "en", title: "New PIN", phrasings: []string{"forgot my pin"}},
	}
	queries := []query{{text: "lost my card", lang: "en", right: []string{"card"}}, {text: "a new pin", lang: "en", right: []string{"pin"}}, {text: "hello", lang: "en"}, {text: "a number for my card", lang: "en", right: []string{"pin"}}}
	open := func(trials []trial) *bench {
		b, err := newBench(trials, semantic.BuiltIn(), search.Fitted())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := open([]trial{{"bank", "dev", "k1", 1, docs, queries}})
	w := search.Fitted()
	costs := func(b *bench, w search.Weights) [2]float64 { return [2]float64{b.cost(w, false), b.cost(w, true)} }
	shipped := costs(b, w)
	if shipped[0] <= 0 || shipped[1] <= 0 {
		t.Errorf("costs %v with an article that is not first, want them above 0", shipped)
	}
	for _, change := range []func(*search.Weights){
		func(w *search.Weights) { w.Adjacent *= 2 }, // counts in a query
		func(w *search.Weights) { w.K1 *= 2 },       // is built in
		func(w *search.Weights) { w.Both *= 2 },     // counts with meaning alone
	} {
		other := w
		change(&other)
		tried := costs(b, other)
		if tried[1] == shipped[1] || (tried[0] == shipped[0]) != (other.Both != w.Both) {
			t.Errorf("%+v cost %v, those shipped %v", other, tried, shipped)
		}
		if costs(b, w) != shipped {
			t.Error("a try that was not kept changed the cost")
		}
		anew := open(b.trials)
		anew.keep(other)
		if got := costs(anew, other); got != tried {
			t.Errorf("cost %v where they are kept, %v where they are tried", got, tried)
		}
	}
	list := b.judge(false)[0]
	if with := b.judge(true)[0]; list[0].signs[search.Semantic] != 0 || with[0].signs[search.Semantic] == 0 {
		t.Errorf("signs %v without meaning, %v with it", list[0].signs, with[0].signs)
	}
	if list[0].target != 1 || list[2].target != 0 || !list[0].taught {
		t.Errorf("targets %v and %v, taught %v; want 1, 0 and true", list[0].target, list[2].target, list[0].taught)
	}
}

func TestMeasureJudged(t *testing.T) {
	list := []judged{
		{outcome: outcome{in: true, rank: 0, confidence: 0.9}, surprise: [len(sharpness)]float64{1, 3, 3, 3, 3}},
		{outcome: outcome{in: true, rank: 2, confidence: 0.1}, surprise: [len(sharpness)]float64{3, 2, 3, 3, 3}},
		{outcome: outcome{in: false, confidence: 0.5}, surprise: [len(sharpness)]float64{9, 9, 9, 9, 9}},
	}
	f, surprise := measureJudged(list)
	if surprise != 2 || f.S1 != 0.5 || f.S3 != 1 || f.AUROC != 0.5 {
		t.Errorf("surprise %v, %+v", surprise, f)
	}
}

func TestLiteral(t *testing.T) {
	long, numbers := slices.Repeat([]string{"Word"}, 30), slices.Repeat([]float64{0.25}, 30)
	tests := []struct {
		name   string
		names  []string
		values []float64
		indent string
		want   string
	}{
		{"short", []string{"A", "B", "C"}, []float64{1, 0, -0.5}, "", "x = T{\n\tA: 1, C: -0.5,\n}\n"},
		{"indented", []string{"A"}, []float64{2}, "\t", "x = T{\n\t\tA: 2,\n\t}\n"},
		{"long", long, numbers, "", ""},
	}
	for _, test := range tests {
		got := "x = " + literal("T", test.names, test.values, test.indent) + "\n"
		if test.want != "" && got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if test.indent != "" {
			continue
		}
		source := "package p\n\nvar " + got
		if clean, err := format.Source([]byte(source)); err != nil || string(clean) != source {
			t.Errorf("%s: gofmt makes of\n%s%s(%v)", test.name, source, clean, err)
		}
		for line := range strings.Lines(got) {
			if len(line) > lineLength+len("\n")+1 {
				t.Errorf("%s: %d characters in %q", test.name, len(line), line)
			}
		}
	}
}

func TestSignNames(t *testing.T) {
	for i, name := range signNames {
		if name == "" {
			t.Errorf("sign %d has no name", i)
		}
	}
}

func TestLogistic(t *testing.T) {
	w := search.Judgement{search.Always: -1, search.Word: 2}
	if got := logistic(w, search.Signs{search.Always: 1, search.Word: 0.5}); math.Abs(got-0.5) > 1e-12 {
		t.Errorf("confidence %v, want 0.5", got)
	}
}
