package knowledge

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

// A verdict is a message as it is judged, and what would have been right.
type verdict struct {
	grounds  Grounds
	deserves bool
	right    bool // the first match is
	weight   float64
}

// verdicts judges the questions of a file.
func verdicts(t *testing.T, library *Library, file string) []verdict {
	t.Helper()
	var list []verdict
	for _, q := range readQuestions(t, file) {
		v := verdict{deserves: len(q.Articles) > 0, weight: 1}
		answer, err := library.Find(t.Context(), Question{Text: q.Text, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		v.grounds = answer.Grounds
		v.right = len(answer.Matches) > 0 && slices.Contains(q.Articles, answer.Matches[0].Article.ID)
		list = append(list, v)
	}
	return list
}

// chatted judges the messages of messages.tsv that want no article. Whether its
// questions are answered by the sample is not known.
func chatted(t *testing.T, library *Library) []verdict {
	t.Helper()
	var list []verdict
	for _, m := range teaching(readMessages(t)) {
		if m.label == "asks" {
			continue
		}
		answer, err := library.Find(t.Context(), Question{Text: m.text, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, verdict{grounds: answer.Grounds, weight: talkWeight})
	}
	return list
}

// dayWeight is what a plain question counts: a bot that finds nothing for these
// is no good, whatever else it finds.
const dayWeight = 2.5

// talkWeight is what one of many messages of our own counts.
const talkWeight = 0.25

// regress fits a logistic regression of yes on the grounds by Newton's method.
func regress(list []verdict, yes func(verdict) bool, use []Ground) Grounds {
	var w Grounds
	for range 25 {
		var slope Grounds
		var curve [grounds][grounds]float64
		for i := range curve {
			slope[i], curve[i][i] = -0.3*w[i], 0.3
			if i == 0 {
				slope[i], curve[i][i] = 0, 1e-6
			}
		}
		for _, v := range list {
			miss := v.weight * (one(yes(v)) - v.grounds.weigh(&w))
			p := v.grounds.weigh(&w)
			for _, i := range use {
				slope[i] += miss * v.grounds[i]
				for _, j := range use {
					curve[i][j] += v.weight * p * (1 - p) * v.grounds[i] * v.grounds[j]
				}
			}
		}
		for i := range w { // solve by elimination; curve is positive definite
			for j := i + 1; j < len(w); j++ {
				f := curve[j][i] / curve[i][i]
				for k := i; k < len(w); k++ {
					curve[j][k] -= f * curve[i][k]
				}
				slope[j] -= f * slope[i]
			}
		}
		for i := len(w) - 1; i >= 0; i-- {
			for k := i + 1; k < len(w); k++ {
				slope[i] -= curve[i][k] * slope[k]
			}
			slope[i] /= curve[i][i]
			w[i] += slope[i]
		}
	}
	return w
}

// stale is how much more surprised the weights in use may be than fresh ones.
const stale = 1.1

func (v verdict) wanted() bool { return v.deserves }

func (v verdict) hit() bool { return v.right }

// surprise is the loss of weights, in nats by the weight of a verdict.
func surprise(list []verdict, w *Grounds, yes func(verdict) bool) float64 {
	sum, all := 0.0, 0.0
	for _, v := range list {
		p := v.grounds.weigh(w)
		if !yes(v) {
			p = 1 - p
		}
		sum -= v.weight * math.Log(max(p, 1e-9))
		all += v.weight
	}
	return sum / all
}

// TestFitJudge holds the weights of the confidence to fresh ones. With -fit it
// prints these, and how good they are on questions that they were not fitted on.
func TestFitJudge(t *testing.T) {
	t.Run("words", func(t *testing.T) { testFitJudge(t, wordLibrary(t), &deservesWeights, &rightWeights) })
	t.Run("meaning", func(t *testing.T) { testFitJudge(t, sampleLibrary(t), &deservesMeant, &rightMeant) })
}

func testFitJudge(t *testing.T, library *Library, deservesInUse, rightInUse *Grounds) {
	dev, day, none := verdicts(t, library, devQuestions(t)), verdicts(t, library, filepath.Join("testdata", "everyday.jsonl")), chatted(t, library)
	for i := range day {
		day[i].weight = dayWeight
	}
	all := slices.Concat(dev, day, none)
	deserves := []Ground{GroundAlways, GroundFound, GroundAsks, GroundFollows, GroundUnheard, GroundStrange, GroundAlike, GroundDecided, GroundForeign}
	right := []Ground{GroundAlways, GroundFound, GroundTitle, GroundMeaning, GroundRarest, GroundPhrasings, GroundDecided, GroundForeign, GroundLead, GroundMargin}
	fitBoth := func(list []verdict) (Grounds, Grounds) {
		answerable := slices.DeleteFunc(slices.Clone(list), func(v verdict) bool { return !v.deserves })
		return regress(list, verdict.wanted, deserves),
			regress(answerable, verdict.hit, right)
	}
	d, r := fitBoth(all)
	answerable := slices.DeleteFunc(slices.Clone(all), func(v verdict) bool { return !v.deserves })
	for _, loss := range []struct {
		name          string
		fitted, inUse float64
	}{
		{"deserves", surprise(all, &d, verdict.wanted), surprise(all, deservesInUse, verdict.wanted)},
		{"right", surprise(answerable, &r, verdict.hit), surprise(answerable, rightInUse, verdict.hit)},
	} {
		t.Logf("%s: loss %.4f fitted, %.4f in use", loss.name, loss.fitted, loss.inUse)
		if loss.inUse > loss.fitted*stale {
			t.Errorf("the weights for %s are stale: run with -fit -v and paste what it prints", loss.name)
		}
	}
	if !*fit {
		return
	}
	fmt.Printf("deserves = Grounds%.2f\nright    = Grounds%.2f\n", d, r)
	show := func(name string, list []verdict, d, r func(i int) *Grounds) {
		for _, at := range []float64{0.6, 0.65, 0.7, 0.75, 0.8} {
			var refused, lost tally
			for i, v := range list {
				p := v.grounds.weigh(d(i))
				if v.deserves {
					lost.add(p < at)
				} else {
					refused.add(p < at)
				}
			}
			fmt.Printf("%s deserving %.2f: refused %.3f, lost %.3f\n", name, at, refused.share(), lost.share())
		}
		for _, at := range []float64{0.65, 0.7, 0.75, 0.8, 0.85} {
			var sureOf, rightOf, noneSure tally
			for i, v := range list {
				c := v.grounds.weigh(d(i)) * v.grounds.weigh(r(i))
				if v.deserves {
					sureOf.add(c >= at)
				} else {
					noneSure.add(c >= at)
				}
				if c >= at {
					rightOf.add(v.right)
				}
			}
			fmt.Printf("%s sure %.2f: %.3f sure, right %.3f, none %.3f\n", name, at, sureOf.share(), rightOf.share(), noneSure.share())
		}
	}
	const folds = 10
	var ds, rs [folds]Grounds
	for f := range folds {
		var rest []verdict
		for i, v := range dev {
			if i%folds != f {
				rest = append(rest, v)
			}
		}
		ds[f], rs[f] = fitBoth(slices.Concat(rest, day, none))
	}
	show("dev, ten-fold:", dev, func(i int) *Grounds { return &ds[i%folds] }, func(i int) *Grounds { return &rs[i%folds] })
	show("day:", day, func(int) *Grounds { return &d }, func(int) *Grounds { return &r })
}
