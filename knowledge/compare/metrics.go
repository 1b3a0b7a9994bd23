package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// depth is how many documents a system is asked for: what MRR@10 looks at.
const depth = 10

// An outcome is what came of a query.
type outcome struct {
	in         bool    // something answers it
	rank       int     // of the first right document, from 0; -1: not found
	confidence float64 // in the first document; -Inf: there is none
}

// A share is a figure between 0 and 1, or the difference of two. NaN: there was
// nothing to measure.
type share float64

// String prints a share as a percentage.
func (s share) String() string {
	if math.IsNaN(float64(s)) {
		return "–"
	}
	return fmt.Sprintf("%.1f", 100*float64(s))
}

// MarshalJSON writes null where there was nothing to measure.
func (s share) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(s)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(s))
}

// figures say how well queries were treated. The definitions are those of
// retrieval/README.md beside the data.
type figures struct {
	S1    share `json:"s1"` // in-scope accuracy without a threshold, too
	S3    share `json:"s3"`
	MRR10 share `json:"mrr10"`
	AUROC share `json:"auroc"`

	// At the threshold of confidence at which most queries are treated right.
	// NaN if nothing is out of scope.
	InScope   share `json:"in_scope"`   // answered and right, of the in-scope queries
	OOSRecall share `json:"oos_recall"` // refused, of the others
}

func measure(outcomes []outcome) figures {
	var f figures
	var yes, no []float64
	for _, o := range outcomes {
		if !o.in {
			no = append(no, o.confidence)
			continue
		}
		yes = append(yes, o.confidence)
		if o.rank == 0 {
			f.S1++
		}
		if o.rank >= 0 && o.rank < 3 {
			f.S3++
		}
		if o.rank >= 0 {
			f.MRR10 += 1 / share(o.rank+1)
		}
	}
	n := share(len(yes))
	f.S1, f.S3, f.MRR10 = f.S1/n, f.S3/n, f.MRR10/n
	f.AUROC = auroc(yes, no)
	f.InScope, f.OOSRecall = atBest(outcomes)
	return f
}

// mean averages figure by figure.
func mean(list []figures) figures {
	var m figures
	for _, f := range list {
		n := share(len(list))
		m.S1 += f.S1 / n
		m.S3 += f.S3 / n
		m.MRR10 += f.MRR10 / n
		m.AUROC += f.AUROC / n
		m.InScope += f.InScope / n
		m.OOSRecall += f.OOSRecall / n
	}
	return m
}

// auroc is the chance that one of the yes stands above one of the no, ties
// counting half.
func auroc(yes, no []float64) share {
	wins := 0.0
	for _, y := range yes {
		for _, n := range no {
			switch cmp.Compare(y, n) {
			case 1:
				wins++
			case 0:
				wins += 0.5
			}
		}
	}
	return share(wins / float64(len(yes)*len(no)))
}

// atBest returns in-scope accuracy and recall of what is out of scope at the
// threshold at which most queries are treated right; a query is answered if the
// confidence reaches it and there is anything to answer. Of equally good
// thresholds the lowest is taken, which answers most.
func atBest(outcomes []outcome) (inScope, recall share) {
	sorted := slices.SortedFunc(slices.Values(outcomes), func(a, b outcome) int {
		return cmp.Compare(b.confidence, a.confidence)
	})
	in := 0
	for _, o := range sorted {
		if o.in {
			in++
		}
	}
	oos := len(sorted) - in
	if oos == 0 {
		return share(math.NaN()), share(math.NaN())
	}
	right, refused := 0, oos // at a threshold that nothing reaches
	bestRight, bestRefused := right, refused
	for i, o := range sorted {
		if math.IsInf(o.confidence, -1) {
			break
		}
		switch {
		case !o.in:
			refused--
		case o.rank == 0:
			right++
		}
		tied := i+1 < len(sorted) && sorted[i+1].confidence == o.confidence
		if !tied && right+refused >= bestRight+bestRefused {
			bestRight, bestRefused = right, refused
		}
	}
	return share(bestRight) / share(in), share(bestRefused) / share(oos)
}

// drop is the share of right first places that slips of the keyboard cost.
func drop(clean, slipped share) share { return 1 - slipped/clean }
