package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var r report
	for _, s := range []struct {
		system string
		s1     share
	}{{"bleve", 0.6}, {"fuzzy", 0.1}, {"ours", 0.65}} {
		scored := score{Set: "banking77", Split: "dev", Setting: "k10", System: s.system, Queries: 600, Answerable: 500}
		scored.S1 = s.s1
		r.Scores = append(r.Scores, scored)
	}
	r.Gains = []gain{{"banking77", "k10", "bleve", 500, interval{0.05, -0.01, 0.1}}}
	r.Repeats = []repeat{{"banking77", "k10", []string{"a", "a", "a", "b"}}}
	r.Speeds = []speed{
		{Size: sizeLarge, System: "bleve", Median: 900, P99: 2000, HeapMB: 100},
		{Size: sizeLarge, System: columnWords, Median: 300, P99: 2100, HeapMB: 50},
		{Size: sizeLarge, System: columnOurs, Median: 450, P99: 2200, HeapMB: 80},
	}
	r.Checks = r.checklist()
	var b strings.Builder
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(b.String()) {
		lines[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, want := range []string{
		"banking77 500 dev k10 10.0 60.0 65.0 ok 0.0 0.0 0.0 0.0 0.0 0.0",
		"banking77 500 k10 bleve +5.0 -1.0 NOT ok",
		"ok every set and setting: our S@1 >= that of every other 2 of 2; least +5.0, banking77 k10 over bleve",
		"NOT ok every set and setting: lower bound of the S@1 gain > 0 (small sets pooled) 0 of 1; least -1.0, banking77 k10 over bleve",
		"ok banking77 k10: S@1 >= bleve +4 65.0 - 60.0 = +5.00",
		"– lohelp-en zero: S@1 >= bleve +9 not part of this run",
		"ok 100,000 pages: median by words at most a third of bleve's 0.33 times; with meaning 0.50",
		"NOT ok 100,000 pages: p99 by words no worse than bleve's 1.05 times; with meaning 1.10",
		"ok 100,000 pages: heap by words at most half of bleve's 0.50 times; with meaning 0.80",
		"NOT ok the same ranking from four builds of each index 0 of 1 sets; not banking77",
	} {
		if !lines[want] {
			t.Errorf("the report lacks %q:\n%s", want, &b)
		}
	}
}
