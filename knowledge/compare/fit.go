package main

import (
	"fmt"
	"io"
	"log"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// The parts of a fit, which can be run alone.
const (
	partWeights = "weights" // minutes
	partMeaning = "meaning" // a minute or two
	partSigns   = "signs"   // seconds, once classifiers have learned
)

var parts = []string{partWeights, partMeaning, partSigns}

// A fitting is what a fit found, and how good that is.
type fitting struct {
	weights        search.Weights
	words, meaning judges // without and with what queries mean
	parts          []string
	rows           []fittedRow
}

// judges are what signs count, with a classifier and without.
type judges struct{ taught, plain search.Judgement }

// A fittedRow is how a trial went with the numbers in use and with those found,
// on all of its queries.
type fittedRow struct {
	trial
	meaning  bool
	figures  [2]figures
	surprise [2]float64
}

// fit finds the numbers of knowledge/search/weights.go anew: those of the
// ranking first, since they decide what the confidence has to judge, and among
// them those that count without meaning, so that these do not lean on it. Of
// only, see the parts; empty means all.
func fit(trials []trial, source semantic.Source, only string) (fitting, error) {
	var f fitting
	log.Printf("%d trials: building, learning, comparing what queries and documents mean", len(trials))
	f.weights = search.Fitted()
	bench, err := newBench(trials, source, f.weights)
	if err != nil {
		return f, err
	}
	before := [2][][]judged{bench.judge(false), bench.judge(true)}
	after := before
	for _, part := range parts {
		if only != "" && only != part {
			continue
		}
		f.parts = append(f.parts, part)
		if part == partSigns {
			f.words, f.meaning = judgesOf(trials, after[0]), judgesOf(trials, after[1])
			after = [2][][]judged{f.words.rejudge(after[0]), f.meaning.rejudge(after[1])}
			continue
		}
		meaning := part == partMeaning
		found := descend(knobs(meaning), values(f.weights),
			func(at []float64) float64 { return bench.cost(weightsOf(at), meaning) },
			func(at []float64) { bench.keep(weightsOf(at)) })
		f.weights = weightsOf(found)
		after = [2][][]judged{bench.judge(false), bench.judge(true)}
	}
	for k := range after {
		for i, t := range trials {
			row := fittedRow{trial: t, meaning: k == 1}
			row.figures[0], row.surprise[0] = measureJudged(before[k][i])
			row.figures[1], row.surprise[1] = measureJudged(after[k][i])
			f.rows = append(f.rows, row)
		}
	}
	return f, nil
}

// judgesOf fits what signs count to how queries went.
func judgesOf(trials []trial, asked [][]judged) judges {
	return judges{rounded(regress(examples(trials, asked, true))), rounded(regress(examples(trials, asked, false)))}
}

// rejudge returns queries with the confidence that j gives them.
func (j judges) rejudge(trials [][]judged) [][]judged {
	anew := make([][]judged, len(trials))
	for i, list := range trials {
		for _, q := range list {
			by := j.plain
			if q.taught {
				by = j.taught
			}
			if q.found() {
				q.confidence = logistic(by, q.signs)
			}
			anew[i] = append(anew[i], q)
		}
	}
	return anew
}

// print writes what is to be pasted into weights.go, and what it is worth.
func (f fitting) print(w io.Writer) error {
	b := &strings.Builder{}
	if slices.Contains(f.parts, partWeights) || slices.Contains(f.parts, partMeaning) {
		b.WriteString("var fitted = " + literal("Weights", weightNames(), values(f.weights), "") + "\n\n")
	}
	if slices.Contains(f.parts, partSigns) {
		b.WriteString("var (\n")
		for _, j := range []struct {
			name string
			search.Judgement
		}{{"taught", f.words.taught}, {"plain", f.words.plain}, {"taughtAlike", f.meaning.taught}, {"plainAlike", f.meaning.plain}} {
			b.WriteString("\t" + j.name + " = " + literal("Judgement", signNames[:], j.Judgement[:], "\t") + "\n")
		}
		b.WriteString(")\n\n")
	}
	title := "With the numbers in use → those above, on all queries: S@1, S@3, in-scope accuracy / recall of the others at the best threshold in %, NLL in nats"
	table(b, title, "set\tqueries\tothers\tsetting\tmeaning\tcounts\tS@1\tS@3\tNLL\tAUROC\tat best", func(row func(...any)) {
		for _, r := range f.rows {
			cells := []any{r.set, fmt.Sprintf("%d %s", len(r.queries)-r.unanswerable(), r.split), r.unanswerable(), r.setting, map[bool]string{false: "off", true: "on"}[r.meaning], r.counts}
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
