package knowledge

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A labelled question is a line of questions/dev.jsonl or everyday.jsonl.
type labelled struct {
	Text     string
	Lang     Lang
	Articles []ArticleID // right answers, best first
	Audience string      // buyer, creator, affiliate or unclear
	Kind     string      // plain, messy, symptom, short, cross, none
}

// devQuestions returns the file of the development questions, which are kept
// outside the repository, at $SIGNPOST_SHARED or beside it. Without them the
// test is skipped, except in CI.
func devQuestions(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared") // the repository's neighbour
	}
	name := filepath.Join(shared, "questions", "dev.jsonl")
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("no development questions: set SIGNPOST_SHARED to the folder that holds questions/dev.jsonl")
	}
	return name
}

func readQuestions(t *testing.T, name string) []labelled {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var questions []labelled
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var q labelled
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, q)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return questions
}

// A tally counts how often something was so.
type tally struct{ yes, all int }

func (t *tally) add(yes bool) {
	t.all++
	if yes {
		t.yes++
	}
}

func (t tally) share() float64 { return float64(t.yes) / float64(max(t.all, 1)) }

// TestQuality asks the development questions and holds the answers to the
// floors we promise, with meaning and by words alone.
func TestQuality(t *testing.T) {
	t.Run("meaning", func(t *testing.T) { testQuality(t, sampleLibrary(t), 0.82, 0.92) })
	t.Run("words", func(t *testing.T) { testQuality(t, wordLibrary(t), 0.78, 0.90) })
}

func testQuality(t *testing.T, library *Library, first, third float64) {
	got := ask(t, library, devQuestions(t))
	got.hold(t, []floor{
		{"S@1 in English", *got.first["en"], first},
		{"S@3 in English", *got.third["en"], third},
		{"audience right", got.audienceRight, 0.94},
		{"audience named", got.named, 0.85},
		{"unclear left unclear", got.unclear, 0.75},
		{"refused without an article", got.refused, 0.85},
		{"not refused with one", got.kept, 0.90},
		{"sure and right", got.sureRight, 0.92},
	})
}

// TestEveryday asks plain questions that anyone might type, in the words that
// come to mind first, and messages that want no article. They were written
// from the titles of the sample alone.
func TestEveryday(t *testing.T) {
	t.Run("meaning", func(t *testing.T) { testEveryday(t, sampleLibrary(t)) })
	t.Run("words", func(t *testing.T) { testEveryday(t, wordLibrary(t)) })
}

func testEveryday(t *testing.T, library *Library) {
	got := ask(t, library, filepath.Join("testdata", "everyday.jsonl"))
	got.hold(t, []floor{
		{"S@3 in English", *got.third["en"], 0.86},
		{"S@3 in Portuguese", *got.third["pt-BR"], 0.86},
		{"S@3 in Spanish", *got.third["es"], 0.93},
		{"S@1 in English", *got.first["en"], 0.86},
		{"audience right", got.audienceRight, 0.96},
		{"audience named", got.named, 0.81},
		{"unclear left unclear", got.unclear, 0.94},
		{"refused without an article", got.refused, 0.96},
		{"not refused with one", got.kept, 0.94},
		{"sure and right", got.sureRight, 0.94},
	})
}

// results are what came of asking. By language, and by language and kind, first
// and third count the right article in the first place and among the first
// three.
type results struct {
	first, third                                                          map[string]*tally
	named, audienceRight, unclear, refused, kept, sureOf, sureRight, lang tally
}

// ask puts the questions of a file to the sample, without any hint of language
// or audience.
func ask(t *testing.T, library *Library, file string) results {
	t.Helper()
	got := results{first: map[string]*tally{}, third: map[string]*tally{}}
	for _, q := range readQuestions(t, file) {
		answer, err := library.Find(t.Context(), Question{Text: q.Text})
		if err != nil {
			t.Fatal(err)
		}
		got.lang.add(answer.Lang == q.Lang)
		switch {
		case q.Audience == "unclear":
			got.unclear.add(answer.Audience.Name == "")
		case answer.Audience.Name == "":
			got.named.add(false)
		default:
			got.named.add(true)
			got.audienceRight.add(answer.Audience.Name == q.Audience)
		}
		rank := slices.IndexFunc(answer.Matches, func(m Match) bool {
			return slices.Contains(q.Articles, m.Article.ID)
		})
		got.sureOf.add(answer.Level == Sure)
		if answer.Level == Sure {
			got.sureRight.add(rank == 0)
		}
		if q.Kind == "none" {
			got.refused.add(answer.Level == None)
			continue
		}
		got.kept.add(answer.Level != None)
		for _, group := range []string{string(q.Lang), string(q.Lang) + " " + q.Kind} {
			if got.first[group] == nil {
				got.first[group], got.third[group] = &tally{}, &tally{}
			}
			got.first[group].add(rank == 0)
			got.third[group].add(rank >= 0)
		}
	}
	return got
}

// A floor is what a share must not fall below.
type floor struct {
	name string
	got  tally
	want float64
}

// hold logs the results and compares them with floors.
func (got results) hold(t *testing.T, floors []floor) {
	t.Helper()
	for _, group := range slices.Sorted(maps.Keys(got.first)) {
		first, third := got.first[group], got.third[group]
		t.Logf("%-14s S@1 %.3f  S@3 %.3f  of %d", group, first.share(), third.share(), first.all)
	}
	t.Logf("language right %.3f", got.lang.share())
	t.Logf("audience named %.3f, of these right %.3f; unclear left unclear %.3f", got.named.share(), got.audienceRight.share(), got.unclear.share())
	t.Logf("refused of those without an article %.3f, of the others %.3f", got.refused.share(), 1-got.kept.share())
	t.Logf("sure %.3f, of these right %.3f", got.sureOf.share(), got.sureRight.share())
	for _, f := range floors {
		if f.got.share() < f.want {
			t.Errorf("%s: %.3f, want at least %.2f", f.name, f.got.share(), f.want)
		}
	}
}

// sampleRules are those of the sample.
var sampleRules = Rules{
	Sources:   []semantic.Source{semantic.BuiltIn()},
	Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
	Languages: []Lang{"en", "pt-BR", "es"},
}

// The sample is read and learned once: what tests have of it is immutable.
var (
	loadSample  = sync.OnceValues(func() ([]*Article, error) { return Load(Sample(), sampleRules) })
	learnSample = sync.OnceValue(func() *Library {
		articles, _ := loadSample()
		return NewLibrary(articles, sampleRules)
	})
)

// wordLibrary is the sample library in which nothing tells what texts mean.
func wordLibrary(tb testing.TB) *Library { return sampleLibrary(tb).WithSources() }

func sampleArticles(tb testing.TB) []*Article {
	tb.Helper()
	articles, err := loadSample()
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Clone(articles)
}

func sampleLibrary(tb testing.TB) *Library {
	tb.Helper()
	sampleArticles(tb) // or why there are none
	return learnSample()
}
