package knowledge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A gist is a source that knows of a few words which of them mean the same: a
// number each.
type gist struct {
	name  string
	means []string        // words that mean the same, apart by spaces
	lacks map[string]bool // passages that it does not know yet
	away  bool
}

var errAway = errors.New("away")

func (g *gist) Model() semantic.Model { return semantic.Model{Name: g.name, Dims: len(g.means)} }

func (g *gist) Embed(ctx context.Context, _ semantic.Role, texts []string) ([][]float32, error) {
	if g.away {
		return nil, errAway
	}
	vectors, _ := g.vectors(texts)
	return vectors, ctx.Err()
}

func (g *gist) Known(texts []string) ([][]float32, bool) {
	return g.vectors(texts)
}

func (g *gist) vectors(texts []string) (vectors [][]float32, known bool) {
	known = true
	for _, s := range texts {
		vector := make([]float32, len(g.means))
		for i, words := range g.means {
			if slices.ContainsFunc(strings.Fields(words), func(w string) bool { return strings.Contains(strings.ToLower(s), w) }) {
				vector[i] = 1
			}
		}
		vectors, known = append(vectors, vector), known && !g.lacks[s]
	}
	return vectors, known
}

var meaningArticles = []*Article{
	{ID: "keys", Lang: "en", Title: "Handbook keys", URL: "https://help.example.com/keys", Audiences: []string{"staff"}, Sections: []Section{{Text: "They hang by the door."}}},
	{ID: "refund", Lang: "en", Title: "Get a refund", URL: "https://help.example.com/refund", Audiences: []string{"buyer"}, Sections: []Section{{Text: "Ask the seller for it."}}},
	{ID: "senha", Lang: "pt-BR", Title: "Esqueci minha senha", URL: "https://help.example.com/senha", Audiences: []string{"buyer"}, Sections: []Section{{Text: "Peça outra."}}},
	{ID: "slow", Lang: "en", Title: "Videos stutter", URL: "https://help.example.com/slow", Audiences: []string{"buyer"}, Sections: []Section{{Text: "Lower the quality."}}},
}

func meaningRules(sources ...semantic.Source) Rules {
	return Rules{Audiences: []Audience{{Name: "buyer"}, {Name: "staff", Private: true}}, Sources: sources}
}

func foundBy(t *testing.T, l *Library, question string, private ...string) (ArticleID, string) {
	t.Helper()
	ans, err := l.Find(t.Context(), Question{Text: question, Private: private})
	if err != nil {
		t.Fatal(err)
	}
	if len(ans.Matches) == 0 {
		return "", ans.Meaning
	}
	return ans.Matches[0].Article.ID, ans.Meaning
}

// TestMeaning: without a common word, an article is found by what it means; the
// first source that answers tells, and the next where it does not.
func TestMeaning(t *testing.T) {
	const question = "my kumquat"
	means := []string{"refund kumquat", "keys", "senha", "stutter", "door seller quality outra"}
	one, two := &gist{name: "one", means: means}, &gist{name: "two", means: means}
	plain := NewLibrary(meaningArticles, meaningRules())
	library := plain.WithSources(one, two)
	tests := []struct {
		name    string
		library *Library
		set     func()
		id      ArticleID
		by      string
	}{
		{"off", plain, func() {}, "", ""},
		{"the first", library, func() {}, "refund", "one"},
		{"as if made so", NewLibrary(meaningArticles, meaningRules(one, two)), func() {}, "refund", "one"},
		{"the first is away", library, func() { one.away = true }, "refund", "two"},
		{"both are", library, func() { two.away = true }, "", ""},
		{"off again", library.WithSources(), func() { one.away, two.away = false, false }, "", ""},
	}
	for _, test := range tests {
		test.set()
		if id, by := foundBy(t, test.library, question); id != test.id || by != test.by {
			t.Errorf("%s: %q is found, by %q; want %q, by %q", test.name, id, by, test.id, test.by)
		}
	}
	if answer, err := library.Find(t.Context(), Question{Text: "get videos"}); err != nil || answer.Meaning != "" || len(answer.Matches) == 0 {
		t.Errorf("told by %q, though none knows what is asked: %d matches, %v", answer.Meaning, len(answer.Matches), err)
	}
	if library.Version() != plain.Version() {
		t.Error("a source makes other articles")
	}
	e := explain(t, library, Question{Text: question})
	if e.Meaning != "one" || e.Cases[0].Alike < 0.5 || e.Answer.Meaning != "one" {
		t.Errorf("explained by %q and %q, alike %v", e.Meaning, e.Answer.Meaning, e.Cases[0].Alike)
	}
	got, want := explain(t, library.WithSources(), Question{Text: "refund"}), explain(t, plain, Question{Text: "refund"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("off is not as if there had been no source:\n%s", diff)
	}
}

// TestMeaningUnknown: a source that does not know a new phrasing yet is left out
// until it does. Private articles and learned phrasings are among what it is asked
// for, and a private view that was in use stays so.
func TestMeaningUnknown(t *testing.T) {
	means := []string{"refund kumquat", "keys unlock", "zebra", "senha", "stutter", "door seller quality outra"}
	one, two := &gist{name: "one", means: means}, &gist{name: "two", means: means}
	library := NewLibrary(meaningArticles, meaningRules(one, two))
	if id, by := foundBy(t, library, "unlock", "staff"); id != "keys" || by != "one" {
		t.Errorf("%q is found, by %q", id, by)
	}
	if id, _ := foundBy(t, library, "unlock"); id != "" {
		t.Errorf("%q is found by who may not see it", id)
	}
	one.lacks = map[string]bool{"my zebra": true}
	library = library.WithAliases([]Alias{{"refund", "en", "my zebra"}})
	for _, private := range [][]string{nil, {"staff"}} {
		if _, by := foundBy(t, library, "my kumquat", private...); by != "two" {
			t.Errorf("private %v: told by %q, want two", private, by)
		}
	}
	for _, want := range []string{"my zebra", "Handbook keys", "Esqueci minha senha"} {
		if !slices.Contains(library.Passages(), want) {
			t.Errorf("a source is not asked for %q", want)
		}
	}
	one.lacks = nil
	library = library.WithSources(one, two)
	for _, private := range [][]string{nil, {"staff"}} {
		if _, by := foundBy(t, library, "my kumquat", private...); by != "one" {
			t.Errorf("private %v: told by %q, want one", private, by)
		}
	}
	if len(library.WithAliases(nil).Passages())+1 != len(library.Passages()) {
		t.Error("the phrasing was not kept")
	}
}

// TestMeant: a long article is compared in pieces, which take whole sections and
// have the title once; its title, sections and sentences are details.
func TestMeant(t *testing.T) {
	long := strings.Repeat("It takes a while. ", 70) // of which two do not fit a piece
	a := &Article{
		Title: "Refunds", Questions: []string{"my money back"}, Learned: []string{"give it back"},
		Sections: []Section{{Text: "Ask for it."}, {Heading: "When", Text: long}, {Heading: "How", Text: "1. Open the page of the order.\nNo.\n" + long}},
	}
	got := a.Meant()
	want := semantic.Document{
		Texts:     []string{"Refunds\nAsk for it.\nWhen\n" + strings.TrimSpace(long), "How\n1. Open the page of the order.\nNo.\n" + strings.TrimSpace(long)},
		Phrasings: []string{"my money back", "give it back"},
	}
	if diff := cmp.Diff(want.Texts, got.Texts); diff != "" {
		t.Errorf("pieces:\n%s", diff)
	}
	if !slices.Equal(got.Phrasings, want.Phrasings) || len(a.Questions) != 1 {
		t.Errorf("phrasings %q", got.Phrasings)
	}
	for detail, among := range map[string]bool{
		"Refunds": true, "Ask for it.": true, "Open the page of the order": true, "It takes a while": true,
		"No": false, // too short to say anything
		"":   false,
	} {
		if slices.Contains(got.Details, detail) != among {
			t.Errorf("%q is a detail: %t", detail, !among)
		}
	}
	if short := (&Article{Title: "Refunds"}).Meant(); !slices.Equal(short.Texts, []string{"Refunds"}) {
		t.Errorf("a title alone is %q", short.Texts)
	}
}
