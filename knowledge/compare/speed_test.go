package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Microsecond)
	}
	tests := []struct {
		p    int
		want float64
	}{{50, 100}, {99, 198}, {100, 200}}
	for _, test := range tests {
		if got := percentile(times, test.p); got != test.want {
			t.Errorf("percentile %d = %v µs, want %v", test.p, got, test.want)
		}
	}
}

// TestMix makes 1,600 pages of 16 and counts their words.
func TestMix(t *testing.T) {
	var pages []document
	for i := range 16 {
		own := strings.Repeat(string(rune('a'+i)), 6)
		pages = append(pages, document{lang: "en", title: "About " + own, sections: []section{{text: "Common words. Only here " + own + " stands."}}})
	}
	queries := []query{{text: "about aaaaaa", lang: "en"}, {text: "words here", lang: "en"}}
	words := func(docs []document) map[string]bool {
		seen := map[string]bool{}
		for _, d := range docs {
			for _, w := range strings.Fields(d.title + " " + d.sections[0].text) {
				seen[w] = true
			}
		}
		return seen
	}
	docs, asked := mix(pages, queries, 1600, 10)
	if len(docs) != 1600 || len(asked) != 10 {
		t.Fatalf("%d pages, %d queries", len(docs), len(asked))
	}
	before, after := len(words(pages)), len(words(docs))
	if growth := float64(after) / float64(before); growth < 2 || growth > 10 {
		t.Errorf("%d words became %d, want about the square root of 100 times as many", before, after)
	}
	again, askedAgain := mix(pages, queries, 1600, 10)
	if !reflect.DeepEqual(docs, again) || !reflect.DeepEqual(asked, askedAgain) {
		t.Error("a second time the mix is another")
	}
}

func TestTime(t *testing.T) {
	c := corpus{size: "small", docs: shop, rounds: 2}
	for i := range 60 {
		c.queries = append(c.queries, query{text: fmt.Sprint("invoice ", i), lang: "en"})
	}
	speeds, err := c.time([]system{bleveSystem{}, ours{voice: wordsAlone}, ours{voice: shipped()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range speeds {
		if s.Asked != 120 || s.Median <= 0 || s.P99 < s.Median || s.Articles != 3 {
			t.Errorf("%+v", s)
		}
		if texts := map[string]int{columnOurs: 3}[s.System]; s.Texts != texts { // each page as a whole
			t.Errorf("%s compares %d texts, want %d", s.System, s.Texts, texts)
		}
	}
	if words, own := speeds[1], speeds[2]; own.HeapMB < words.HeapMB || own.Build < words.Build {
		t.Errorf("%+v does not count what it shares with %+v", own, words)
	}
}

func TestLengthen(t *testing.T) {
	docs := []document{
		{lang: "en", sections: []section{{text: "a"}, {text: "b"}}},
		{lang: "es", sections: []section{{text: "c"}}},
		{lang: "en", sections: []section{{text: "d"}}},
	}
	for _, n := range []int{2, 4, 5, 11} {
		sum := 0
		for i, d := range lengthen(docs, n) {
			sum += len(d.sections)
			for _, s := range d.sections {
				if (s.text == "c") != (docs[i].lang == "es") {
					t.Errorf("section %q in %s", s.text, docs[i].lang)
				}
			}
		}
		if sum != n {
			t.Errorf("%d sections, want %d", sum, n)
		}
	}
	if len(docs[0].sections) != 2 {
		t.Error("the documents themselves have grown")
	}
}

func TestMedianDifference(t *testing.T) {
	a, b := []time.Duration{30e3, 20e3, 15e3}, []time.Duration{10e3, 18e3, 20e3}
	if got := medianDifference(a, b); got != 2 {
		t.Errorf("%v µs, want 2", got)
	}
}
