package knowledge

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var fit = flag.Bool("fit", false, "print the weights for weights.go, fitted anew, and how good they are")

// A message is a line of testdata/messages.tsv.
type message struct {
	label, lang, text string
	reading           reading
}

func readMessages(tb testing.TB) []message {
	tb.Helper()
	const name = "testdata/messages.tsv"
	data, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	known := sampleLibrary(tb).view(nil).index.Known
	var messages []message
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(columns) != 3 {
			tb.Fatalf("%s: %q has %d columns, want 3", name, line, len(columns))
		}
		m := message{label: columns[0], lang: columns[1], text: strings.ReplaceAll(columns[2], `\n`, "\n")}
		m.reading = interpret(m.text, known)
		messages = append(messages, m)
	}
	return messages
}

// teaching returns the messages for [fitWeights]: those who want help some other way than by an
// article teach nothing about it.
func teaching(messages []message) []message {
	return slices.DeleteFunc(slices.Clone(messages), func(m message) bool {
		return m.label == "unhelped" || m.label == "person"
	})
}

// ridge keeps weights small that few messages speak for.
const ridge = 1.0

// fitWeights fits a logistic regression by Newton's method. The bias comes last.
func fitWeights(messages []message) []float64 {
	const n = traitCount + 1
	w := make([]float64, n)
	for range 12 {
		var slope [n]float64
		var curve [n][n]float64
		for i := range traitCount {
			slope[i] = -ridge * w[i]
			curve[i][i] = ridge
		}
		curve[n-1][n-1] = 1e-6
		for _, m := range messages {
			x := append(slices.Clone(m.reading.traits[:]), 1)
			sum := 0.0
			for i := range x {
				sum += w[i] * x[i]
			}
			p := logistic(sum)
			for i := range x {
				slope[i] += (one(m.label == "asks") - p) * x[i]
				for j := range x {
					curve[i][j] += p * (1 - p) * x[i] * x[j]
				}
			}
		}
		for i, step := range solve(curve, slope) {
			w[i] += step
		}
	}
	return w
}

// solve returns x with a·x = b, for a symmetric and positive definite.
func solve(a [traitCount + 1][traitCount + 1]float64, b [traitCount + 1]float64) []float64 {
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
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		x[i] = b[i]
		for k := i + 1; k < n; k++ {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}

func wants(w []float64, r reading) float64 {
	sum := w[traitCount]
	for i, x := range r.traits {
		sum += w[i] * x
	}
	return logistic(sum)
}

// TestFitIntent holds the weights in use to what they are worth on
// testdata/messages.tsv. With -fit it prints the weights that fit it best, and
// how they do on messages that they were not fitted on.
func TestFitIntent(t *testing.T) {
	messages := readMessages(t)
	best := fitWeights(teaching(messages))
	var used, fitted []judged
	for _, m := range messages {
		used = append(used, judged{m.label, m.reading.wants})
		fitted = append(fitted, judged{m.label, wants(best, m.reading)})
	}
	if *fit {
		var b strings.Builder
		fmt.Fprintf(&b, "const bias = %.2f\n\nvar weights = [traitCount]float64{\n", best[traitCount])
		for i, trait := range traits {
			fmt.Fprintf(&b, "\t%.2f, // %s\n", best[i], trait.name)
		}
		t.Logf("\n%s}\n\nOn messages not fitted on:\n%s", &b, measure(crossed(messages)))
	}
	got := measure(used)
	t.Logf("weights in use:\n%s", got)
	for _, floor := range []struct {
		name      string
		got, want float64
	}{
		{"questions told", got.asks.share(), 0.95},
		{"others told", got.others.share(), 0.90},
		{"AUROC", got.auroc, 0.97},
	} {
		if floor.got < floor.want {
			t.Errorf("%s: %.3f, want at least %.2f", floor.name, floor.got, floor.want)
		}
	}
	if best := measure(fitted).loss; got.loss > best*1.1 {
		t.Errorf("log loss %.3f, and %.3f with weights fitted anew: run with -fit and put them into weights.go", got.loss, best)
	}
}

// A judged message has been told apart by weights that were not fitted on it,
// or by those in use.
type judged struct {
	label string
	wants float64
}

// folds is how many parts the messages are cut into: each part is judged by
// weights that fit the others.
const folds = 10

func crossed(messages []message) []judged {
	var all []judged
	for fold := range folds {
		var others []message
		for i, m := range messages {
			if i%folds != fold {
				others = append(others, m)
			}
		}
		w := fitWeights(teaching(others))
		for i, m := range messages {
			if i%folds == fold {
				all = append(all, judged{m.label, wants(w, m.reading)})
			}
		}
	}
	return all
}

// auroc is how often one of asked is taken to want an article rather than one
// of others.
func auroc(asked, others []float64) float64 {
	slices.Sort(asked)
	sum := 0.0
	for _, x := range others {
		below, _ := slices.BinarySearch(asked, x)
		above, _ := slices.BinarySearchFunc(asked, x, func(a, b float64) int {
			if a <= b {
				return -1
			}
			return 1
		})
		sum += float64(len(asked)-above) + float64(above-below)/2
	}
	return sum / float64(max(len(asked)*len(others), 1))
}

// measured says how well messages were told apart.
type measured struct {
	asks, others tally // told right
	auroc, loss  float64
	lines        string // by label, and by how likely they were said to want an article
}

func (m measured) String() string { return m.lines }

func measure(messages []judged) measured {
	var m measured
	byLabel := map[string][]float64{}
	var others []float64
	type bin struct {
		said, asked float64
		n           int
	}
	var bins [10]bin
	for _, j := range messages {
		byLabel[j.label] = append(byLabel[j.label], j.wants)
		asks := one(j.label == "asks")
		switch j.label {
		case "unhelped", "person":
			continue
		case "asks":
			m.asks.add(j.wants >= 0.5)
		default:
			m.others.add(j.wants < 0.5)
			others = append(others, j.wants)
		}
		m.loss -= math.Log(max(asks*j.wants+(1-asks)*(1-j.wants), 1e-9))
		b := &bins[min(int(j.wants*10), 9)]
		b.said += j.wants
		b.asked += asks
		b.n++
	}
	m.loss /= float64(max(m.asks.all+m.others.all, 1))
	m.auroc = auroc(byLabel["asks"], others)

	var out strings.Builder
	line := func(name string, values []float64) {
		var low, talks tally
		for _, x := range values {
			low.add(x < 0.5)
			talks.add(x < talk)
		}
		fmt.Fprintf(&out, "%-14s %4d  below 0.5 %.3f  talk %.3f  AUROC %.3f\n", name, len(values), low.share(), talks.share(), auroc(byLabel["asks"], values))
	}
	line("no questions", others)
	for _, label := range slices.Sorted(maps.Keys(byLabel)) {
		line(label, byLabel[label])
	}
	fmt.Fprintf(&out, "log loss %.3f\n", m.loss)
	for i, b := range bins {
		if b.n > 0 {
			fmt.Fprintf(&out, "%.1f to %.1f %4d  said %.2f  asked %.2f\n", float64(i)/10, float64(i+1)/10, b.n, b.said/float64(b.n), b.asked/float64(b.n))
		}
	}
	m.lines = out.String()
	return m
}
