package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A small library: an article in two languages, one in Spanish alone, one that
// is private.
var (
	aliasArticles = []*Article{
		article("refund", "en", "Get a refund", "buyer"),
		article("refund", "pt-BR", "Pedir reembolso", "buyer"),
		article("factura", "es", "Descargar la factura", "buyer"),
		article("payroll", "en", "Payroll dates", "staff"),
		article("password", "en", "Change your password", "buyer"),
	}
	aliasRules = Rules{
		Audiences: []Audience{{Name: "buyer"}, {Name: "staff", Private: true}},
		Languages: []Lang{"en", "pt-BR", "es"},
	}
)

// first is the article that a question finds first; empty if there is none.
func first(t *testing.T, l *Library, question string, private ...string) ArticleID {
	t.Helper()
	answer, err := l.Find(t.Context(), Question{Text: question, Private: private})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Matches) == 0 {
		return ""
	}
	return answer.Matches[0].Article.ID
}

func TestWithAliases(t *testing.T) {
	before := NewLibrary(aliasArticles, aliasRules)
	const question = "zebra stripes vanished"
	if got := first(t, before, question); got != "" {
		t.Fatalf("found %s before it was learned", got)
	}
	after := before.WithAliases([]Alias{{"refund", "en", "my zebra stripes vanished"}})
	if got := first(t, after, question); got != "refund" {
		t.Errorf("found %q after it was learned", got)
	}
	if got := first(t, before, question); got != "" {
		t.Errorf("the old library found %s", got)
	}
	if after.Version() == before.Version() {
		t.Error("what was learned does not change the version")
	}
	again := after.WithAliases(nil)
	if got := first(t, again, question); got != "" || again.Version() != before.Version() {
		t.Errorf("found %q after it was unlearned; version %s, want %s", got, again.Version(), before.Version())
	}
	for i, a := range before.articles {
		if again.articles[i] != a || a.Learned != nil {
			t.Errorf("%s was made anew or changed", a.ID)
		}
	}
	if got := NewLibrary(aliasArticles, aliasRules, Alias{"refund", "en", "my zebra stripes vanished"}); got.Version() != after.Version() {
		t.Error("learned at once and learned later are not the same")
	}
}

// TestAliasLanguage: an alias goes to one language of its article.
func TestAliasLanguage(t *testing.T) {
	tests := []struct {
		name  string
		alias Alias
		want  string // id and language of the article; empty: an orphan
	}{
		{"its own", Alias{"refund", "pt-BR", "zebra"}, "refund pt-BR"},
		{"nearly its own", Alias{"refund", "pt", "zebra"}, "refund pt-BR"},
		{"the default", Alias{"refund", "es", "zebra"}, "refund en"},
		{"the only one", Alias{"factura", "en", "zebra"}, "factura es"},
		{"no such article", Alias{"gone", "en", "zebra"}, ""},
		{"part of a name", Alias{"ref", "en", "zebra"}, ""},
		{"after the last", Alias{"zzz", "en", "zebra"}, ""},
	}
	library := NewLibrary(aliasArticles, aliasRules)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := library.WithAliases([]Alias{test.alias})
			var got []string
			for _, a := range l.articles {
				for range a.Learned {
					got = append(got, fmt.Sprint(a.ID, " ", a.Lang))
				}
			}
			if joined := strings.Join(got, ", "); joined != test.want {
				t.Errorf("learned for %q, want %q", joined, test.want)
			}
			var orphans []Alias
			if test.want == "" {
				orphans = []Alias{test.alias}
			}
			if diff := cmp.Diff(orphans, l.Orphans()); diff != "" {
				t.Errorf("orphans (-want +got):\n%s", diff)
			}
			if orphaned := l.Version() == library.Version(); orphaned != (test.want == "") {
				t.Errorf("version changed: %t", !orphaned)
			}
		})
	}
}

// TestAliasesOnce: what an article says already is not learned again, and the
// order of aliases makes no difference.
func TestAliasesOnce(t *testing.T) {
	asked := *aliasArticles[0]
	asked.Questions = []string{"Where is my money?"}
	library := NewLibrary([]*Article{&asked}, aliasRules)
	aliases := []Alias{
		{"refund", "en", "where is my MONEY"}, {"refund", "en", "get a refund!"}, {"refund", "en", "?!"},
		{"refund", "en", "give it back"}, {"refund", "es", "Give it back."}, {"gone", "en", "b"}, {"gone", "en", "a"},
	}
	l := library.WithAliases(aliases)
	if diff := cmp.Diff([]string{"give it back"}, l.articles[0].Learned); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
	slices.Reverse(aliases)
	if other := library.WithAliases(aliases); other.Version() != l.Version() || !slices.Equal(other.Orphans(), l.Orphans()) {
		t.Error("another order makes another library")
	}
}

// TestPrivateAliases: what was learned for a private article finds it for those
// who may see it, and nothing for others; no door shows a learned phrasing.
func TestPrivateAliases(t *testing.T) {
	library := NewLibrary(aliasArticles, aliasRules)
	first(t, library, "anything", "staff") // the private view exists, and the next library has it, too
	library = library.WithAliases([]Alias{{"payroll", "en", "zebra stripes vanished"}, {"refund", "en", "quokka stripes vanished"}})
	if len(library.views) != 2 {
		t.Errorf("%d views are ready, want 2", len(library.views))
	}
	tests := []struct {
		question string
		private  []string
		want     ArticleID
	}{
		{"zebra", nil, ""},
		{"zebra", []string{"staff"}, "payroll"},
		{"quokka", nil, "refund"},
		{"quokka", []string{"staff"}, "refund"},
	}
	for _, test := range tests {
		if got := first(t, library, test.question, test.private...); got != test.want {
			t.Errorf("%s for %v finds %q, want %q", test.question, test.private, got, test.want)
		}
		if got := library.Suggest(test.question, "en", test.private, 5); len(got) > 0 {
			t.Errorf("%s suggests %s", test.question, got[0].ID)
		}
		answer, err := library.Find(t.Context(), Question{Text: test.question, Private: test.private})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range answer.Matches {
			if strings.Contains(m.Passage+m.Article.Title, "stripes") {
				t.Errorf("%s shows a learned phrasing: %q", test.question, m.Passage)
			}
		}
	}
}

// FuzzLearn: whatever was learned, the articles say what they said, and no
// alias gets lost or counts twice.
func FuzzLearn(f *testing.F) {
	library := NewLibrary(aliasArticles, aliasRules)
	f.Add("refund", "en", "where is my money")
	f.Add("", "", "")
	f.Add("payroll", "x-\xff", "\xff\u0301 🙂\x00 payroll")
	f.Fuzz(func(t *testing.T, id, lang, phrasing string) {
		learn := func(aliases ...Alias) *Library {
			l := &Library{loaded: library.loaded, rules: library.rules}
			l.learn(aliases)
			return l
		}
		alias := Alias{ArticleID(id), Lang(lang), phrasing}
		l := learn(alias)
		if twice := learn(alias, alias); twice.Version() != l.Version() {
			t.Error("learning twice is not learning once")
		}
		taught := 0
		for i, a := range l.articles {
			plain := *a
			plain.Learned = nil
			if diff := cmp.Diff(library.loaded[i], &plain); diff != "" {
				t.Errorf("the article changed:\n%s", diff)
			}
			if taught += len(a.Learned); len(a.Learned) > 0 && a.ID != alias.Article {
				t.Errorf("%s learned what is about %s", a.ID, id)
			}
		}
		if taught > 1 || taught == 1 && len(l.Orphans()) > 0 {
			t.Errorf("learned %d times, %d orphans", taught, len(l.Orphans()))
		}
	})
}

// BenchmarkWithAliases builds the sample with as many aliases as there may be:
// what each replica does after a change.
func BenchmarkWithAliases(b *testing.B) {
	library := sampleLibrary(b)
	var aliases []Alias
	for n := range 10_000 {
		a := library.loaded[n%len(library.loaded)]
		aliases = append(aliases, Alias{a.ID, a.Lang, fmt.Sprintf("%s for order %d", a.Title, n)})
	}
	b.ReportAllocs()
	for b.Loop() {
		library.WithAliases(aliases)
	}
}
