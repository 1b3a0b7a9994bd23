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
	"testing"
)

// A labelled question is a line of questions/dev.jsonl.
type labelled struct {
	Text     string
	Lang     Lang
	Articles []ArticleID // right answers, best first
	Audience string      // buyer, creator, affiliate or unclear
	Kind     string      // plain, messy, symptom, short, cross, none
}

// readQuestions reads the development questions, which are kept outside the
// repository, at $SIGNPOST_SHARED or beside it. Without them the test is
// skipped, except in CI.
func readQuestions(t *testing.T) []labelled {
	t.Helper()
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared") // the repository's neighbour
	}
	f, err := os.Open(filepath.Join(shared, "questions", "dev.jsonl"))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("no development questions: set SIGNPOST_SHARED to the folder that holds questions/dev.jsonl")
	}
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

// TestQuality asks the development questions, without any hint of language or
// audience, and holds the answers to the floors we promise.
func TestQuality(t *testing.T) {
	first, third := map[string]*tally{}, map[string]*tally{}
	var named, audienceRight, unclear, refused, lost, sureOf, sureRight, lang tally
	library := sampleLibrary(t)
	for _, q := range readQuestions(t) {
		answer, err := library.Find(t.Context(), Question{Text: q.Text})
		if err != nil {
			t.Fatal(err)
		}
		lang.add(answer.Lang == q.Lang)
		switch {
		case q.Audience == "unclear":
			unclear.add(answer.Audience.Name == "")
		case answer.Audience.Name == "":
			named.add(false)
		default:
			named.add(true)
			audienceRight.add(answer.Audience.Name == q.Audience)
		}
		rank := slices.IndexFunc(answer.Matches, func(m Match) bool {
			return slices.Contains(q.Articles, m.Article.ID)
		})
		sureOf.add(answer.Level == Sure)
		if answer.Level == Sure {
			sureRight.add(rank == 0)
		}
		if q.Kind == "none" {
			refused.add(answer.Level == None)
			continue
		}
		lost.add(answer.Level == None)
		for _, group := range []string{string(q.Lang), string(q.Lang) + " " + q.Kind} {
			if first[group] == nil {
				first[group], third[group] = &tally{}, &tally{}
			}
			first[group].add(rank == 0)
			third[group].add(rank >= 0)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(first)) {
		t.Logf("%-14s S@1 %.3f  S@3 %.3f  of %d", group, first[group].share(), third[group].share(), first[group].all)
	}
	t.Logf("language right %.3f", lang.share())
	t.Logf("audience named %.3f, of these right %.3f; unclear left unclear %.3f", named.share(), audienceRight.share(), unclear.share())
	t.Logf("refused of those without an article %.3f, of the others %.3f", refused.share(), lost.share())
	t.Logf("sure %.3f, of these right %.3f", sureOf.share(), sureRight.share())

	floors := []struct {
		name       string
		got, floor float64
	}{
		{"S@3 in English", third["en"].share(), 0.58},
		{"audience right", audienceRight.share(), 0.75},
		{"audience named", named.share(), 0.60},
		{"refused without an article", refused.share(), 0.60},
		{"not refused with one", 1 - lost.share(), 0.90},
		{"sure and right", sureRight.share(), 0.80},
	}
	for _, f := range floors {
		if f.got < f.floor {
			t.Errorf("%s: %.3f, want at least %.2f", f.name, f.got, f.floor)
		}
	}
}

// sampleRules are those of the sample.
var sampleRules = Rules{
	Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
	Languages: []Lang{"en", "pt-BR", "es"},
}

func sampleArticles(tb testing.TB) []*Article {
	tb.Helper()
	articles, err := Load(Sample(), sampleRules)
	if err != nil {
		tb.Fatal(err)
	}
	return articles
}

func sampleLibrary(tb testing.TB) *Library {
	tb.Helper()
	return NewLibrary(sampleArticles(tb), sampleRules)
}
