package knowledge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/audience"
)

// reworded is a copy of an article, under another id, in which every n-th word
// is one of another article.
func reworded(a, other *Article, n int) *Article {
	foreign := strings.Fields(other.Sections[0].Text)
	again := *a
	again.ID, again.URL, again.Questions = a.ID+"-again", a.URL+"-again", nil
	again.Sections = slices.Clone(a.Sections)
	count := 0
	change := func(s string) string {
		lines := strings.Split(s, "\n")
		for i, line := range lines {
			words := strings.Fields(line)
			for k := range words {
				if count++; count%n == 0 {
					words[k] = foreign[count/n%len(foreign)]
				}
			}
			lines[i] = strings.Join(words, " ")
		}
		return strings.Join(lines, "\n")
	}
	again.Title = change(a.Title)
	for i := range again.Sections {
		again.Sections[i].Text = change(again.Sections[i].Text)
	}
	return &again
}

// TestTwinsOfTheSample: the sample says nothing twice, and every copy of an
// article is found, though every seventh word is another.
func TestTwinsOfTheSample(t *testing.T) {
	articles := sampleArticles(t)
	for i, list := range findTwins(articles, sketches(articles)) {
		for _, twin := range list {
			a, b := articles[i], articles[twin.article]
			if servesAll(a, b) {
				t.Errorf("%q and %q are twins: %.2f", a.Title, b.Title, twin.alike)
			}
		}
	}
	all := slices.Clone(articles)
	for i, a := range articles {
		other := (i + 7) % len(articles)
		for articles[other].Lang != a.Lang {
			other = (other + 1) % len(articles)
		}
		all = append(all, reworded(a, articles[other], 7))
	}
	slices.SortFunc(all, func(a, b *Article) int {
		return strings.Compare(string(a.ID)+string(a.Lang), string(b.ID)+string(b.Lang))
	})
	found, nearest := tally{}, 1.0
	for i, list := range findTwins(all, sketches(all)) {
		id, again := strings.CutSuffix(string(all[i].ID), "-again")
		if !again {
			continue
		}
		k := slices.IndexFunc(list, func(t twin) bool { return string(all[t.article].ID) == id && all[t.article].Lang == all[i].Lang })
		found.add(k >= 0)
		if k < 0 {
			t.Errorf("a copy of %q is not known for one", all[i].Title)
			continue
		}
		nearest = min(nearest, list[k].alike)
	}
	t.Logf("%d of %d copies are known, alike at least %.2f", found.yes, found.all, nearest)
}

// TestFindFoldsTwins: what says nearly the same is mentioned under the better of
// the two, and its place goes to the next article.
func TestFindFoldsTwins(t *testing.T) {
	const text = "A refund is possible within seven days of the purchase. Open the refund page, type the transaction number and confirm the code from the email. The money comes back the way you paid."
	long := func(id ArticleID, lang Lang, title string, audiences ...string) *Article {
		a := article(id, lang, title, audiences...)
		a.Sections = []Section{{Text: text}}
		return a
	}
	filler := []*Article{
		article("password", "en", "I forgot my password", "buyer"),
		article("card", "en", "Pay a purchase with two cards", "buyer"),
		article("late", "en", "What to do when a refund is late", "buyer"),
	}
	tests := []struct {
		name     string
		articles []*Article
		private  []string
		matches  string // ids, best first
		also     string // of the first
	}{
		{"two", []*Article{long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "buyer")}, nil, "a late password", "b"},
		{"three", []*Article{
			long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "buyer"),
			long("c", "en", "How can you get a refund of the purchase", "buyer"),
		}, nil, "a late password", "b c"},
		{"four", []*Article{
			long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "buyer"),
			long("c", "en", "How can you get a refund of the purchase", "buyer"), long("d", "en", "Get the refund of a purchase back", "buyer"),
		}, nil, "a late password", "b c"},
		{"for someone else", []*Article{long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "creator")}, nil, "a late b", ""},
		{"for some of the same", []*Article{long("a", "en", "How do I get a refund?", "buyer", "creator"), long("b", "en", "How to get your refund for a purchase", "creator")}, nil, "a late password", "b"},
		{"for more than the same", []*Article{long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "buyer", "creator")}, nil, "a b late", ""},
		{"in another language", []*Article{long("a", "en", "How do I get a refund?", "buyer"), long("b", "pt-BR", "How to get your refund for a purchase", "buyer")}, nil, "a b late", ""},
		{"private, unseen", []*Article{long("a", "en", "How do I get a refund?", "buyer"), long("b", "en", "How to get your refund for a purchase", "staff", "buyer"), long("c", "en", "How to get a refund for the purchase", "staff")}, nil, "a late password", "b"},
	}
	rules := Rules{Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "staff", Private: true}}, Languages: []Lang{"en", "pt-BR"}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			library := NewLibrary(slices.Concat(test.articles, filler), rules)
			answer, err := library.Find(t.Context(), Question{Text: "how do I get a refund?", Private: test.private})
			if err != nil {
				t.Fatal(err)
			}
			var matches, also []string
			for _, m := range answer.Matches {
				matches = append(matches, string(m.Article.ID))
			}
			for _, a := range answer.Matches[0].Also {
				also = append(also, string(a.ID))
				if slices.Contains(a.Audiences, "staff") {
					t.Errorf("%s tells that it is for staff", a.ID)
				}
			}
			if got := strings.Join(matches, " "); got != test.matches {
				t.Errorf("found %s, want %s", got, test.matches)
			}
			if got := strings.Join(also, " "); got != test.also {
				t.Errorf("also %q, want %q", got, test.also)
			}
		})
	}
}

// TestFindShowsBothAudiences: a buyer's and a creator's version of the same are
// both shown.
func TestFindShowsBothAudiences(t *testing.T) {
	answer, err := sampleLibrary(t).Find(t.Context(), Question{Text: "what taxes apply?", Known: []audience.Evidence{}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range answer.Matches {
		ids = append(ids, string(m.Article.ID))
		if len(m.Also) > 0 {
			t.Errorf("%s mentions %s", m.Article.ID, m.Also[0].ID)
		}
	}
	if !slices.Contains(ids, "360051146712") || !slices.Contains(ids, "360051614631") {
		t.Errorf("found %v, want the taxes of a sale and of a purchase", ids)
	}
}

// BenchmarkTwins reads 5,000 articles and looks for the twins among them. They
// are the sample's, over and over, but twenty at a time have words that no others
// have: the most that are compared.
func BenchmarkTwins(b *testing.B) {
	articles := sampleArticles(b)
	var all []*Article
	for i := range 5000 {
		a := *articles[i%len(articles)]
		a.ID = ArticleID(fmt.Sprintf("%05d", i))
		a.Sections = slices.Clone(a.Sections)
		for k := range a.Sections {
			words := strings.Fields(a.Sections[k].Text)
			for j := 0; j < len(words); j += 2 {
				words[j] += fmt.Sprint(i % 250)
			}
			a.Sections[k].Text = strings.Join(words, " ")
		}
		all = append(all, &a)
	}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			sketches(all)
		}
	})
	drawn := sketches(all)
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			findTwins(all, drawn)
		}
	})
}
