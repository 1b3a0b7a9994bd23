package main

import (
	"math"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/signpost-bot/signpost/knowledge/search"
)

// A trial is a set in a setting, as numbers are tried on it.
type trial struct {
	set     string
	split   string
	setting string
	counts  float64 // what it weighs among the trials
	docs    []document
	queries []query
}

// What a trial counts. Sets with phrasings are commands and intents, asked in
// one line, and come in several settings each. Help pages and the sample are
// what the bot is for, whole articles that people look for help in, and there
// are fewer of them: they count double.
const (
	countsOnce   = 1
	countsDouble = 2
)

// fittedSettings are those that are fitted on. One phrasing an article is as
// none, or as five, and takes as long.
var fittedSettings = []string{"zero", "k5", "k10", "full"}

// readTrials returns the trials of the sets, and of the sample with each file of
// questions whose name matches.
func readTrials(sets []set, root, shared string, match *regexp.Regexp) ([]trial, error) {
	var trials []trial
	for _, s := range sets {
		trials = append(trials, s.trials()...)
	}
	_, settings, err := sampleSettings()
	if err != nil {
		return nil, err
	}
	for _, file := range []struct{ set, name string }{
		{"sample-dev", filepath.Join(shared, "questions", "dev.jsonl")},
		{"sample-everyday", filepath.Join(root, "knowledge", "testdata", "everyday.jsonl")},
	} {
		if !match.MatchString(file.set) {
			continue
		}
		queries, err := readQuestions(file.name)
		if err != nil {
			return nil, err
		}
		for _, t := range settings {
			trials = append(trials, trial{file.set, "dev", t.name, countsDouble, t.seeds[0], queries})
		}
	}
	return trials, nil
}

// trials returns those of a set. Of each setting the first seed is taken: others
// say much the same. Where queries also exist with a slip of the keyboard, these
// are a trial, too; without them nothing would speak for mending words.
func (s set) trials() []trial {
	counts := float64(countsOnce)
	if len(s.settings) == 1 { // nobody wrote phrasings: help pages
		counts = countsDouble
	}
	var trials []trial
	for _, t := range s.settings {
		if slices.Contains(fittedSettings, t.name) {
			trials = append(trials, trial{s.name, s.split, t.name, counts, t.seeds[0], s.queries})
		}
		if s.typos != nil && s.typos.setting == t.name && s.typos.slips[0] != nil {
			trials = append(trials, trial{s.name, s.split, t.name + " slip", counts, t.seeds[0], s.typos.slips[0]})
		}
	}
	return trials
}

// unanswerable is how many of its queries nothing answers.
func (t trial) unanswerable() int {
	n := 0
	for _, q := range t.queries {
		if len(q.right) == 0 {
			n++
		}
	}
	return n
}

// A judged query is how one went.
type judged struct {
	outcome
	target   float64 // what its confidence should be
	signs    search.Signs
	taught   bool // judged by the numbers for a classifier
	surprise [len(sharpness)]float64
}

// nearlyRight is how confident to be in a first document that is not right, of
// a question that another one answers. The bot shows several, and what is first
// matters less than not to answer what nothing answers.
const nearlyRight = 0.6

// sharpness are the factors that make probabilities of scores; a trial takes
// the one that suits it best. Scores need no scale, since confidence has its own
// fit.
var sharpness = [...]float64{4, 6, 9, 13, 19}

// What a probability is left for documents that are not among the hits, and for
// the right one being among those: a miss must not cost everything.
const (
	elsewhere      = 0.02
	rightElsewhere = elsewhere / 10
)

// ask asks an index of the trial's documents a query of it, with or without what
// it means.
func (t *trial) ask(x *search.Index, q asked, meaning bool) judged {
	asks := search.Query{Text: q.text, Lang: q.lang}
	if meaning {
		asks.Alike = q.like
	}
	got := x.Rank(asks, depth)
	j := judged{
		outcome: outcome{in: len(q.right) > 0, confidence: got.Confidence},
		signs:   got.Signs,
		taught:  got.Taught,
	}
	if len(got.Hits) == 0 {
		j.confidence = math.Inf(-1)
	}
	hits := make([]hit, len(got.Hits))
	for i, h := range got.Hits {
		hits[i] = hit{h.ID, h.Score}
	}
	j.rank = rank(hits, t.docs, q.right)
	switch {
	case !j.in:
	case j.rank == 0:
		j.target = 1
	default:
		j.target = nearlyRight
	}
	for k, sharp := range sharpness {
		right, all := rightElsewhere, elsewhere
		for _, h := range hits {
			p := math.Exp(sharp * (h.score - hits[0].score))
			all += p
			if slices.Contains(q.right, t.docs[h.doc].id) {
				right += p
			}
		}
		j.surprise[k] = -math.Log(right / all)
	}
	return j
}

// found reports whether anything was.
func (j judged) found() bool { return !math.IsInf(j.confidence, -1) }

// measureJudged returns the figures of a trial, and by how many nats the right
// articles surprise.
func measureJudged(list []judged) (figures, float64) {
	outcomes := make([]outcome, len(list))
	var sums [len(sharpness)]float64
	n := 0.0
	for i, j := range list {
		outcomes[i] = j.outcome
		if j.in {
			n++
			for k, s := range j.surprise {
				sums[k] += s
			}
		}
	}
	return measure(outcomes), slices.Min(sums[:]) / n
}
