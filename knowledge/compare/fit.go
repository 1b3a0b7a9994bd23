package main

import (
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// The parts of a fit, which can be run alone.
const (
	partWeights = "weights" // minutes
	partSigns   = "signs"   // seconds, once classifiers have learned
)

// A fitting is what a fit found, and how good that is.
type fitting struct {
	weights       search.Weights
	taught, plain search.Judgement
	parts         []string
	rows          []fittedRow
}

// A fittedRow is how a trial went with the numbers in use and with those found,
// on all of its queries.
type fittedRow struct {
	trial
	figures  [2]figures
	surprise [2]float64
}

// fit finds the numbers of knowledge/search/weights.go anew: those of the
// ranking first, since they decide what the confidence has to judge. Of only,
// see the parts; empty means both.
func fit(trials []trial, only string) fitting {
	var f fitting
	bench := newBench(trials)
	log.Printf("%d trials: building, learning", len(trials))
	f.weights = search.Fitted()
	bench.keep(f.weights)
	before := bench.judge()
	after := before
	if only != partSigns {
		f.parts = append(f.parts, partWeights)
		found := descend(knobs(), values(f.weights), func(at []float64) float64 { return bench.cost(weightsOf(at)) }, func(at []float64) { bench.keep(weightsOf(at)) })
		f.weights = weightsOf(found)
		after = bench.judge()
	}
	if only != partWeights {
		f.parts = append(f.parts, partSigns)
		f.taught, f.plain = regress(examples(trials, after, true)), regress(examples(trials, after, false))
		f.taught, f.plain = rounded(f.taught), rounded(f.plain)
		after = f.rejudge(after)
	}
	for i, t := range trials {
		row := fittedRow{trial: t}
		for k, list := range [][]judged{before[i], after[i]} {
			row.figures[k], row.surprise[k] = measureJudged(list)
		}
		f.rows = append(f.rows, row)
	}
	return f
}

// rejudge returns queries with the confidence that the fit gives them.
func (f fitting) rejudge(trials [][]judged) [][]judged {
	anew := make([][]judged, len(trials))
	for i, list := range trials {
		for _, j := range list {
			by := f.plain
			if j.taught {
				by = f.taught
			}
			if j.found() {
				j.confidence = logistic(by, j.signs)
			}
			anew[i] = append(anew[i], j)
		}
	}
	return anew
}

// print writes what is to be pasted into weights.go, and what it is worth.
func (f fitting) print(w io.Writer) error {
	b := &strings.Builder{}
	for _, part := range f.parts {
		switch part {
		case partWeights:
			b.WriteString("var fitted = " + literal("Weights", weightNames(), values(f.weights), "") + "\n\n")
		case partSigns:
			b.WriteString("var (\n")
			b.WriteString("\ttaught = " + literal("Judgement", signNames[:], f.taught[:], "\t") + "\n")
			b.WriteString("\tplain = " + literal("Judgement", signNames[:], f.plain[:], "\t") + "\n")
			b.WriteString(")\n\n")
		}
	}
	title := "With the numbers in use → those above, on all queries: S@1, S@3, in-scope accuracy / recall of the others at the best threshold in %, NLL in nats"
	table(b, title, "set\tqueries\tothers\tsetting\tcounts\tS@1\tS@3\tNLL\tAUROC\tat best", func(row func(...any)) {
		for _, r := range f.rows {
			cells := []any{r.set, fmt.Sprintf("%d %s", len(r.queries)-r.unanswerable(), r.split), r.unanswerable(), r.setting, r.counts}
			change := func(of func(figures) any) {
				cells = append(cells, fmt.Sprintf("%v → %v", of(r.figures[0]), of(r.figures[1])))
			}
			change(func(f figures) any { return f.S1 })
			change(func(f figures) any { return f.S3 })
			cells = append(cells, fmt.Sprintf("%.3f → %.3f", r.surprise[0], r.surprise[1]))
			if r.unanswerable() > 0 {
				change(func(f figures) any { return fmt.Sprintf("%.3f", f.AUROC) })
				change(func(f figures) any { return fmt.Sprintf("%v/%v", f.InScope, f.OOSRecall) })
			} else {
				cells = append(cells, "–", "–")
			}
			row(cells...)
		}
	})
	_, err := io.WriteString(w, b.String())
	return err
}
