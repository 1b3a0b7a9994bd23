package main

import (
	"math"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// An example is what a query looked like and how confident to be about it.
type example struct {
	signs  search.Signs
	target float64 // 0 to 1
	counts float64
}

// examples returns the queries for which something was found, those that a
// classifier had a say in or the others. A trial counts with the root of how
// many it has: more if it has more to tell, but a large one does not drown the
// others. One in which everything has an answer is left out: it would only teach
// to be confident. Where few have none, these count for more, or the trial would
// teach nearly the same.
func examples(trials []trial, asked [][]judged, taught bool) []example {
	var list []example
	for at, t := range trials {
		if t.unanswerable() == 0 {
			continue
		}
		first := len(list)
		for _, j := range asked[at] {
			if j.taught == taught && j.found() {
				list = append(list, example{signs: j.signs, target: j.target})
			}
		}
		unanswerable := 0.0
		for _, e := range list[first:] {
			if e.target == 0 {
				unanswerable++
			}
		}
		all := float64(len(list) - first)
		rarer := max(1, min(math.Sqrt(all/unanswerable), mostRarer))
		for i := range list[first:] {
			e := &list[first+i]
			if e.counts = t.counts / math.Sqrt(all); e.target == 0 {
				e.counts *= rarer
			}
		}
	}
	return list
}

// mostRarer is how many times as much a query without an answer counts at most as
// one of the same trial that has one. Below, it is the root of how rare they are.
const mostRarer = 4

// ridge keeps small what few examples speak for.
const ridge = 0.01

// regress fits a logistic regression by Newton's method, from 0, which finds the
// one best fit in some seven steps.
func regress(list []example) search.Judgement {
	var w search.Judgement
	for range 30 {
		var slope search.Judgement
		var curve [len(w)][len(w)]float64
		for i := range w {
			slope[i], curve[i][i] = -ridge*w[i], ridge
		}
		for _, e := range list {
			p := logistic(w, e.signs)
			for i, x := range e.signs {
				slope[i] += e.counts * (e.target - p) * x
				for j, y := range e.signs {
					curve[i][j] += e.counts * p * (1 - p) * x * y
				}
			}
		}
		most := 0.0
		for i, step := range solve(curve, slope) {
			w[i] += step
			most = max(most, math.Abs(step))
		}
		if most < 1e-9 {
			break
		}
	}
	return w
}

// solve returns x with a·x = b by elimination, for a symmetric and positive
// definite.
func solve(a [len(search.Judgement{})][len(search.Judgement{})]float64, b search.Judgement) search.Judgement {
	n := len(b)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < n; k++ {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	x := b
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}

// logistic is the confidence that w gives for signs.
func logistic(w search.Judgement, signs search.Signs) float64 {
	sum := 0.0
	for i, x := range signs {
		sum += w[i] * x
	}
	return 1 / (1 + math.Exp(-sum))
}

// rounded has two digits behind the point, as it is printed.
func rounded(w search.Judgement) search.Judgement {
	for i := range w {
		w[i] = math.Round(100*w[i]) / 100
	}
	return w
}
