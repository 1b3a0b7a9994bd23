package knowledge

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
)

// TestFitAudience fits the weights of the audience guess anew, prints them to
// be pasted, rounded, into [audience.Fitted], and says how well the method does
// on questions that it was not fitted to: each tenth of the development
// questions is guessed with weights fitted to the other nine.
//
//	go test ./knowledge -run TestFitAudience -v
func TestFitAudience(t *testing.T) {
	dev := askers(t, devQuestions(t))
	fitted := fitAudience(dev)
	t.Logf("fitted %+v", fitted)
	t.Logf("in use %+v", audience.Fitted())
	t.Logf("loss per question %.4f fitted, %.4f in use", askerLoss(dev, fitted)/float64(len(dev)), askerLoss(dev, audience.Fitted())/float64(len(dev)))
	got := named{}
	got.add(dev, audience.Fitted())
	got.log(t, "in use")
	got = named{}
	got.add(askers(t, filepath.Join("testdata", "everyday.jsonl")), audience.Fitted())
	got.log(t, "in use, everyday questions")

	const folds = 10
	got = named{}
	for fold := range folds {
		var learned, held []asker
		for i, e := range dev {
			if i%folds == fold {
				held = append(held, e)
			} else {
				learned = append(learned, e)
			}
		}
		got.add(held, fitAudience(learned))
	}
	got.log(t, "ten-fold")
	for _, f := range []floor{{"audience right, ten-fold", got.right, 0.91}, {"audience named, ten-fold", got.named, 0.84}, {"unclear left unclear, ten-fold", got.unclear, 0.75}} {
		if f.got.share() < f.want {
			t.Errorf("%s: %.3f, want at least %.2f", f.name, f.got.share(), f.want)
		}
	}
}

// An asker is a question as it is measured, and who asks: a place in the
// model's names, or behind them all if it is unclear.
type asker struct {
	signs audience.Measures
	who   int
}

// askers reads the questions of a file as Find does.
func askers(t *testing.T, file string) []asker {
	t.Helper()
	l := sampleLibrary(t)
	v := l.view(nil)
	var list []asker
	for _, q := range readQuestions(t, file) {
		asked := Question{Text: q.Text}
		found, _ := l.language(v, asked)
		lang := string(found)
		r := interpret(q.Text, v.index.Known)
		hits := v.index.Rank(search.Query{Text: r.rest, Lang: lang}, 64).Hits
		who := slices.Index(v.names, q.Audience)
		if who < 0 {
			who = len(v.names)
		}
		list = append(list, asker{v.model.Measure(v.asked(asked, r, "", lang, hits)), who})
	}
	return list
}

// loss is how surprised the weights are, in nats, with a little for their size.
func askerLoss(list []asker, w audience.Weights) float64 {
	sum := 0.0
	for _, e := range list {
		totals := w.Totals(e.signs)
		all := 0.0
		for _, n := range totals {
			all += math.Exp(n)
		}
		sum += math.Log(all) - totals[e.who]
	}
	for _, n := range audienceWeights(&w) {
		sum += 0.02 * *n * *n
	}
	return sum
}

func audienceWeights(w *audience.Weights) []*float64 {
	return []*float64{&w.Cue, &w.Words, &w.Votes, &w.Doubt, &w.Brief, &w.Idle, &w.Shared}
}

// fitAudience seeks the weights of least loss: step by step along each, with
// ever smaller steps.
func fitAudience(list []asker) audience.Weights {
	best := audience.Weights{Cue: 1, Words: 1, Votes: 1, Doubt: 1, Brief: 1, Idle: 1, Shared: 1}
	least := askerLoss(list, best)
	for step := 1.0; step > 0.01; {
		better := false
		for i := range audienceWeights(&best) {
			for _, by := range []float64{step, -step} {
				next := best
				*audienceWeights(&next)[i] += by
				if n := askerLoss(list, next); n < least {
					best, least, better = next, n, true
				}
			}
		}
		if !better {
			step /= 2
		}
	}
	return best
}

// named are the figures of eval.
type named struct{ right, named, unclear tally }

func (g *named) add(list []asker, w audience.Weights) {
	for _, e := range list {
		totals := w.Totals(e.signs)
		nobody := len(totals) - 1
		sorted := slices.Sorted(slices.Values(totals[:nobody]))
		likeliest := slices.Index(totals, sorted[nobody-1])
		named := sorted[nobody-1] >= totals[nobody] && sorted[nobody-1]-sorted[nobody-2] >= 0.6
		if e.who == nobody {
			g.unclear.add(!named)
			continue
		}
		g.named.add(named)
		if named {
			g.right.add(likeliest == e.who)
		}
	}
}

func (g named) log(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: right %.3f, named %.3f, unclear named %.3f", what, g.right.share(), g.named.share(), 1-g.unclear.share())
}
