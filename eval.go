package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/signpost-bot/signpost/knowledge"
)

type evalCommand struct {
	JSON       bool   `help:"Print JSON." name:"json"`
	Knowledge  string `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
	Out        string `help:"Write what was found for each question to this file, as JSON lines." placeholder:"FILE"`
	LocaleHint bool   `help:"Take the person's locale to be the question's language."`
	File       string `arg:"" help:"Questions as JSON lines: id, text, lang, articles, audience, kind."`
}

// evalDepth is how many matches count for MRR@10.
const evalDepth = 10

// maxEvalLine bounds a line of the questions file: 1 MiB.
const maxEvalLine = 1 << 20

// labelled is a question with its known answer.
type labelled struct {
	ID       string         `json:"id"`
	Text     string         `json:"text"`
	Lang     knowledge.Lang `json:"lang"`
	Articles []string       `json:"articles"` // best first; empty for kind none
	Audience string         `json:"audience"` // unclear if it cannot be told
	Kind     string         `json:"kind"`
}

// kindNone marks messages that deserve no article; kindCross, questions whose
// answer exists only in another language.
const (
	kindNone  = "none"
	kindCross = "cross"
	unclear   = "unclear"
)

// found is what was found for a labelled question.
type found struct {
	ID         string          `json:"id"`
	Level      knowledge.Level `json:"level"`
	Confidence float64         `json:"confidence"`
	Audience   string          `json:"audience"`
	Articles   []string        `json:"articles"`
}

// ranking says how high the right article stands: shares between 0 and 1.
type ranking struct {
	N     int     `json:"n"`
	S1    float64 `json:"s1"`
	S3    float64 `json:"s3"`
	MRR10 float64 `json:"mrr10"`
}

// A bin of the reliability table: those whose confidence lies in [From, To),
// the last bin including 1.
type bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	N          int     `json:"n"`
	Confidence float64 `json:"confidence"` // mean
	Right      float64 `json:"right"`      // share whose first article is right; of kind none, nothing is
}

// figures are what eval prints. Ranking counts the answerable questions
// whatever their level. Shares of nothing are 0.
type figures struct {
	ranking
	ByLang    map[string]ranking `json:"by_lang"`
	ByLangOwn map[string]ranking `json:"by_lang_own"` // without kind cross
	ByKind    map[string]ranking `json:"by_kind"`
	Untaught  map[string]ranking `json:"by_lang_without_questions,omitempty"` // if no article had questions of its own
	Audience  struct {
		Accuracy     float64 `json:"accuracy"` // of those with a known audience that got a name
		Coverage     float64 `json:"coverage"` // of those with a known audience
		UnclearNamed float64 `json:"unclear_named"`
	} `json:"audience"`
	None struct {
		N            int     `json:"n"`
		AUROC        float64 `json:"auroc"` // of confidence, answerable against none
		SureRate     float64 `json:"sure_rate"`
		AnsweredRate float64 `json:"answered_rate"`
	} `json:"none"`
	Levels        map[knowledge.Level]float64 `json:"levels"`         // of the answerable
	SurePrecision float64                     `json:"sure_precision"` // of all that were answered surely, none included
	Reliability   []bin                       `json:"reliability"`
}

// Run measures a file of questions.
func (o *evalCommand) Run(ctx context.Context, c *cli, s streams) error {
	list, cfg, err := openArticles(c, o.Knowledge)
	if err != nil {
		return err
	}
	questions, err := readLabelled(o.File)
	if err != nil {
		return err
	}
	server := consult(ctx, cfg, list, s.err)
	defer hangUp(server)
	results, err := o.ask(ctx, knowledge.NewLibrary(list, rules(cfg, server)), questions)
	if err != nil {
		return err
	}
	if o.Out != "" {
		if err := writeLines(o.Out, results); err != nil {
			return err
		}
	}
	f := measure(questions, results)
	if bare, some := untaught(list); some {
		if results, err = o.ask(ctx, knowledge.NewLibrary(bare, rules(cfg, server)), questions); err != nil {
			return err
		}
		f.Untaught = measure(questions, results).ByLang
	}
	if o.JSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(f)
	}
	return f.print(s.out)
}

// untaught returns the articles without their questions, and whether any has
// some.
func untaught(list []*knowledge.Article) (bare []*knowledge.Article, some bool) {
	for _, a := range list {
		some = some || len(a.Questions) > 0
		without := *a
		without.Questions = nil
		bare = append(bare, &without)
	}
	return bare, some
}

// ask puts the questions to a library.
func (o *evalCommand) ask(ctx context.Context, library *knowledge.Library, questions []labelled) ([]found, error) {
	results := make([]found, len(questions))
	for i, g := range questions {
		q := knowledge.Question{Text: g.Text, Limit: evalDepth}
		if o.LocaleHint {
			q.Locale = g.Lang
		}
		ans, err := library.Find(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", g.ID, err)
		}
		results[i] = found{ID: g.ID, Level: ans.Level, Confidence: ans.Confidence, Audience: ans.Audience.Name, Articles: []string{}}
		for _, m := range ans.Matches {
			results[i].Articles = append(results[i].Articles, string(m.Article.ID))
		}
	}
	return results, nil
}

// readLabelled reads the questions, or reports every line that is none.
func readLabelled(name string) ([]labelled, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the questions cannot be read: %w; check the name and permissions of the file", err)
	}
	defer file.Close()
	var list []labelled
	var problems []error
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxEvalLine)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var g labelled
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: not a question in JSON: %w", name, n, err))
		} else if g.ID == "" || g.Text == "" || len(g.Articles) == 0 && g.Kind != kindNone {
			problems = append(problems, fmt.Errorf("%s:%d: a question needs id, text, and articles unless its kind is none", name, n))
		}
		list = append(list, g)
	}
	if err := lines.Err(); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", name, err))
	}
	if len(list) == 0 && len(problems) == 0 {
		problems = append(problems, fmt.Errorf("%s has no questions", name))
	}
	return list, errors.Join(problems...)
}

// writeLines writes a file of JSON lines.
func writeLines[T any](name string, lines []T) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			file.Close()
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return file.Close()
}

// measure compares what was found with what is right.
func measure(questions []labelled, results []found) figures {
	f := figures{Levels: map[knowledge.Level]float64{knowledge.Sure: 0, knowledge.Unsure: 0, knowledge.None: 0}}
	var all tally
	byLang, byLangOwn, byKind := map[string]*tally{}, map[string]*tally{}, map[string]*tally{}
	var named, gotName, rightName, unclears, unclearNamed, noneSure, noneAnswered, sure, sureRight int
	var answerable, refusable []float64
	for i, g := range questions {
		r := results[i]
		if g.Audience == unclear || g.Audience == "" {
			unclears++
			unclearNamed += count(r.Audience != "")
		} else {
			named++
			gotName += count(r.Audience != "")
			rightName += count(r.Audience == g.Audience)
		}
		rank := slices.IndexFunc(r.Articles, func(id string) bool { return slices.Contains(g.Articles, id) })
		sure += count(r.Level == knowledge.Sure)
		sureRight += count(r.Level == knowledge.Sure && rank == 0 && g.Kind != kindNone)
		if g.Kind == kindNone {
			refusable = append(refusable, r.Confidence)
			noneSure += count(r.Level == knowledge.Sure)
			noneAnswered += count(r.Level != knowledge.None)
			continue
		}
		answerable = append(answerable, r.Confidence)
		f.Levels[r.Level]++
		all.add(rank)
		in(byLang, string(g.Lang)).add(rank)
		in(byKind, g.Kind).add(rank)
		if g.Kind != kindCross {
			in(byLangOwn, string(g.Lang)).add(rank)
		}
	}
	f.ranking = all.ranking()
	f.ByLang, f.ByLangOwn, f.ByKind = rankings(byLang), rankings(byLangOwn), rankings(byKind)
	f.Audience.Accuracy = share(rightName, gotName)
	f.Audience.Coverage = share(gotName, named)
	f.Audience.UnclearNamed = share(unclearNamed, unclears)
	f.None.N = len(refusable)
	f.None.AUROC = auroc(answerable, refusable)
	f.None.SureRate = share(noneSure, len(refusable))
	f.None.AnsweredRate = share(noneAnswered, len(refusable))
	for level := range f.Levels {
		f.Levels[level] /= float64(max(1, len(answerable)))
	}
	f.SurePrecision = share(sureRight, sure)
	f.Reliability = reliability(questions, results)
	return f
}

// A tally adds up ranks: 0 is first, -1 not found.
type tally struct {
	n, first, three int
	reciprocal      float64
}

func (t *tally) add(rank int) {
	t.n++
	t.first += count(rank == 0)
	t.three += count(rank >= 0 && rank < 3)
	if rank >= 0 {
		t.reciprocal += 1 / float64(rank+1)
	}
}

func (t *tally) ranking() ranking {
	return ranking{N: t.n, S1: share(t.first, t.n), S3: share(t.three, t.n), MRR10: t.reciprocal / float64(max(1, t.n))}
}

func in(tallies map[string]*tally, name string) *tally {
	if tallies[name] == nil {
		tallies[name] = &tally{}
	}
	return tallies[name]
}

func rankings(tallies map[string]*tally) map[string]ranking {
	r := map[string]ranking{}
	for name, t := range tallies {
		r[name] = t.ranking()
	}
	return r
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func share(part, whole int) float64 { return float64(part) / float64(max(1, whole)) }

// auroc is the chance that one of the yes stands above one of the no, ties
// counting half.
func auroc(yes, no []float64) float64 {
	if len(yes) == 0 || len(no) == 0 {
		return 0
	}
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
	return wins / float64(len(yes)*len(no))
}

func reliability(questions []labelled, results []found) []bin {
	bins := make([]bin, 10)
	for i := range bins {
		bins[i].From, bins[i].To = float64(i)/10, float64(i+1)/10
	}
	for i, r := range results {
		b := &bins[min(9, max(0, int(r.Confidence*10)))]
		b.N++
		b.Confidence += r.Confidence
		if g := questions[i]; g.Kind != kindNone && len(r.Articles) > 0 && slices.Contains(g.Articles, r.Articles[0]) {
			b.Right++
		}
	}
	for i := range bins {
		bins[i].Confidence /= float64(max(1, bins[i].N))
		bins[i].Right /= float64(max(1, bins[i].N))
	}
	return bins
}

// print writes the figures for a person at a terminal.
func (f figures) print(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%-24s %5s  %5s  %5s  %6s\n", "", "n", "S@1", "S@3", "MRR@10")
	line := func(name string, r ranking) {
		fmt.Fprintf(b, "%-24s %5d  %5.3f  %5.3f  %6.3f\n", name, r.N, r.S1, r.S3, r.MRR10)
	}
	line("all", f.ranking)
	group := func(title string, of map[string]ranking) {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			line(title+" "+name, of[name])
		}
	}
	group("lang", f.ByLang)
	group("lang, own articles", f.ByLangOwn)
	group("kind", f.ByKind)
	group("without questions", f.Untaught)
	fmt.Fprintf(b, "\naudience: %.3f right, %.3f named; %.3f of the unclear named\n", f.Audience.Accuracy, f.Audience.Coverage, f.Audience.UnclearNamed)
	fmt.Fprintf(b, "levels: %.3f sure (%.3f of them right), %.3f unsure, %.3f none\n",
		f.Levels[knowledge.Sure], f.SurePrecision, f.Levels[knowledge.Unsure], f.Levels[knowledge.None])
	fmt.Fprintf(b, "to refuse: %d; AUROC %.3f; %.3f answered surely, %.3f answered at all\n", f.None.N, f.None.AUROC, f.None.SureRate, f.None.AnsweredRate)
	fmt.Fprintf(b, "\n%-12s %5s  %10s  %5s\n", "confidence", "n", "mean", "right")
	for _, bin := range f.Reliability {
		fmt.Fprintf(b, "%.1f to %.1f   %5d  %10.3f  %5.3f\n", bin.From, bin.To, bin.N, bin.Confidence, bin.Right)
	}
	return b.Flush()
}
