package knowledge

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLibraryArticle(t *testing.T) {
	library := NewLibrary([]*Article{
		article("1", "en", "Refund", "buyer"),
		article("1", "pt-BR", "Reembolso", "buyer"),
		article("2", "es", "Factura", "buyer"),
		article("3", "en", "Payroll", "staff"),
	}, Rules{
		Audiences: []Audience{{Name: "buyer"}, {Name: "staff", Private: true}},
		Languages: []Lang{"en", "pt-BR", "es"},
	})
	tests := []struct {
		id      ArticleID
		lang    Lang
		private []string
		want    string // title; empty if there is none
	}{
		{"1", "en", nil, "Refund"},
		{"1", "pt-BR", nil, "Reembolso"},
		{"1", "pt", nil, "Reembolso"},
		{"1", "es", nil, "Refund"}, // the default language
		{"2", "en", nil, "Factura"},
		{"3", "en", nil, ""},
		{"3", "en", []string{"staff"}, "Payroll"},
		{"4", "en", nil, ""},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.id, test.lang, test.private), func(t *testing.T) {
			got, ok := library.Article(test.id, test.lang, test.private)
			if ok != (test.want != "") || ok && got.Title != test.want {
				t.Errorf("Article = %v, %v, want %q", got, ok, test.want)
			}
		})
	}
}

func TestLibraryVersion(t *testing.T) {
	a, b := article("1", "en", "Refund", "buyer"), article("2", "en", "Password", "buyer")
	version := NewLibrary([]*Article{a, b}, Rules{}).Version()
	if got := NewLibrary([]*Article{b, a}, Rules{}).Version(); got != version {
		t.Errorf("another order gives %s, want %s", got, version)
	}
	changed := *b
	changed.Title = "Passwords"
	if got := NewLibrary([]*Article{a, &changed}, Rules{}).Version(); got == version {
		t.Errorf("another title gives the same version %s", got)
	}
}

func TestLibraryTakesAudiencesAndLanguagesFromArticles(t *testing.T) {
	library := NewLibrary([]*Article{
		article("1", "es", "Factura", "seller"),
		article("2", "en", "Refund", "buyer"),
		article("3", "en", "Password", "buyer"),
	}, Rules{})
	if diff := cmp.Diff([]Audience{{Name: "buyer"}, {Name: "seller"}}, library.Audiences(nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Lang{"en", "es"}, library.Languages()); diff != "" {
		t.Error(diff)
	}
}

func TestBrowse(t *testing.T) {
	library := sampleLibrary(t)
	total := 0
	for _, topic := range library.Topics("buyer", "en", nil) {
		articles := library.Browse("buyer", topic.Name, "en", nil)
		if len(articles) != topic.Count {
			t.Errorf("%s has %d articles, counted %d", topic.Name, len(articles), topic.Count)
		}
		for _, a := range articles {
			if !slices.Contains(a.Audiences, "buyer") || a.Topic != topic.Name {
				t.Errorf("%s for %v on %s listed for buyers on %s", a.ID, a.Audiences, a.Topic, topic.Name)
			}
		}
		total += topic.Count
	}
	if all := len(library.Browse("buyer", "", "en", nil)); total != all || all == 0 {
		t.Errorf("topics add up to %d of %d articles", total, all)
	}
}

func TestSuggest(t *testing.T) {
	library := NewLibrary([]*Article{
		article("1", "en", "How do I request a refund?", "buyer"),
		article("2", "en", "Reasons for understanding fees", "buyer"), // r-e-f-u-n-d, scattered
		article("3", "pt-BR", "Métodos de pagamento aceitos", "buyer"),
		article("4", "en", "Change your password", "buyer"),
	}, Rules{})
	tests := []struct {
		typed string
		limit int
		want  ArticleID // the first; empty if there is none
	}{
		{"refund", 5, "1"},
		{"REFUND req", 5, "1"},
		{"metodos", 5, "3"},
		{"Métodos", 5, "3"},
		{"pass", 5, "4"},
		{"pssw", 5, "4"}, // letters left out
		{"how ref", 5, "1"},
		{"hereif", 5, ""}, // scattered over the words of 1
		{"und fee", 5, "2"},
		{"zzz", 5, ""},
		{"refund", 0, ""},
		{"refund", -1, ""},
		{"", 1, "4"},
	}
	for _, test := range tests {
		t.Run(test.typed, func(t *testing.T) {
			got := library.Suggest(test.typed, "en", nil, test.limit)
			switch {
			case len(got) > max(test.limit, 0):
				t.Errorf("%d suggestions, limit %d", len(got), test.limit)
			case len(got) == 0 && test.want != "":
				t.Errorf("nothing suggested, want %s", test.want)
			case len(got) > 0 && got[0].ID != test.want:
				t.Errorf("suggested %s first, want %q", got[0].ID, test.want)
			}
		})
	}
}

func init() {
	// Each check builds libraries. More: go test ./knowledge -rapid.checks=1000
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
}

// TestPrivateArticlesDoNotExist compares a library that has private articles
// with one that was never given any: whoever may not see them must get exactly
// the same from every door.
func TestPrivateArticlesDoNotExist(t *testing.T) {
	words := []string{"refund", "password", "payroll", "secret", "course", "zebra", "reembolso", "senha"}
	names := []string{"buyer", "creator", "staff", "legal"}
	rules := Rules{
		Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "staff", Private: true}, {Name: "legal", Private: true}},
		Languages: []Lang{"en", "pt-BR"},
	}
	rapid.Check(t, func(t *rapid.T) {
		sentence := rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprint(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5).Draw(t, "words"))
		})
		private := rapid.SliceOfDistinct(rapid.SampledFrom(names[2:]), rapid.ID).Draw(t, "private")
		may := append([]string{"buyer", "creator"}, private...)

		var all, visible []*Article
		for i := range rapid.IntRange(0, 12).Draw(t, "articles") {
			audiences := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 3, rapid.ID).Draw(t, "audiences")
			lang := rapid.SampledFrom(rules.Languages).Draw(t, "lang")
			a := article(ArticleID(fmt.Sprint(i/2)), lang, sentence.Draw(t, "title"), audiences...)
			if len(all) > 0 && all[len(all)-1].ID == a.ID && all[len(all)-1].Lang == a.Lang {
				continue
			}
			all = append(all, a)
			shown := *a
			shown.Audiences = slices.DeleteFunc(slices.Clone(audiences), func(name string) bool { return !slices.Contains(may, name) })
			if len(shown.Audiences) > 0 {
				visible = append(visible, &shown)
			}
		}
		open := rules
		open.Audiences = slices.DeleteFunc(slices.Clone(rules.Audiences), func(a Audience) bool { return !slices.Contains(may, a.Name) })
		// What was learned for an article goes with it: those who may not see
		// the one get as much of the other as if it had never been learned.
		var learned, seen []Alias
		for range rapid.IntRange(0, 4).Draw(t, "aliases") {
			if len(all) == 0 {
				break
			}
			a := rapid.SampledFrom(all).Draw(t, "of")
			alias := Alias{a.ID, a.Lang, sentence.Draw(t, "phrasing")}
			learned = append(learned, alias)
			if slices.ContainsFunc(visible, func(v *Article) bool { return v.ID == a.ID && v.Lang == a.Lang }) {
				seen = append(seen, alias)
			}
		}
		with, without := NewLibrary(all, rules, learned...), NewLibrary(visible, open, seen...)
		if rapid.Bool().Draw(t, "learned later") {
			with = NewLibrary(all, rules).WithAliases(learned)
		}

		same := func(door string, got, want any) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s shows what is private:\n%s", door, diff)
			}
		}
		// Asking is cheap beside building: four questions a library.
		for range 4 {
			q := Question{Text: sentence.Draw(t, "question"), Private: private, Limit: 20}
			a, err := with.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			b, err := without.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			same("Find", a, b)
		}
		same("Suggest", with.Suggest("e", "en", private, 20), without.Suggest("e", "en", private, 20))
		same("Audiences", with.Audiences(private), without.Audiences(private))
		for _, name := range append(names, "") {
			same("Browse", with.Browse(name, "", "en", private), without.Browse(name, "", "en", private))
			same("Topics", with.Topics(name, "en", private), without.Topics(name, "en", private))
		}
		for _, article := range all {
			got, _ := with.Article(article.ID, article.Lang, private)
			want, _ := without.Article(article.ID, article.Lang, private)
			same("Article", got, want)
		}
	})
}
