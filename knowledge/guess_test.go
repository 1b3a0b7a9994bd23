package knowledge

import (
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
)

func TestFindAudience(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		name, text, before string
		want               string
		why                []audience.Source
	}{
		{"their own", "how can my students download the certificate?", "", "creator", []audience.Source{audience.Words, audience.Articles}},
		{"what articles say", "how can the name of it be changed to a domain of its own for the area where the lessons are?", "", "creator", []audience.Source{audience.Words, audience.Articles}},
		{"an article for all", "how do i change my password", "", "", nil},
		{"few words", "cookies", "", "", nil},
		{"talk", "good morning everyone, how was the weekend?", "", "", nil},
		{"nothing", "", "", "", nil},
		{"after what was asked before", "and in pdf?", "how can my students download the certificate?", "creator", []audience.Source{audience.Words, audience.Articles}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := Question{Text: test.text}
			if test.before != "" {
				q.Before = []string{test.before}
			}
			answer, err := library.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var why []audience.Source
			for _, reason := range answer.Audience.Why {
				why = append(why, reason.Source)
			}
			if answer.Audience.Name != test.want || test.want != "" && !slices.Contains(test.why, why[0]) {
				t.Errorf("%q is asked by %+v, want %q because of %v", test.text, answer.Audience, test.want, test.why)
			}
		})
	}
}

// TestFindAudienceIsTheirs: articles that an asker may not see do not vote, nor
// do their words tell anything.
func TestFindAudienceIsTheirs(t *testing.T) {
	rules := Rules{Audiences: []Audience{{Name: "buyer"}, {Name: "staff", Private: true}}, Languages: []Lang{"en"}}
	phrasings := []string{"who signs off a chargeback above the limit", "how long may a chargeback wait for the second signature"}
	var articles, open []*Article
	for _, a := range []*Article{
		{ID: "1", Lang: "en", Title: "Pay with a card", Audiences: []string{"buyer"}},
		{ID: "2", Lang: "en", Title: "Sign off a chargeback", Audiences: []string{"staff"}, Questions: phrasings},
		{ID: "3", Lang: "en", Title: "File a chargeback", Audiences: []string{"staff"}, Questions: phrasings},
		{ID: "4", Lang: "en", Title: "Lose a chargeback", Audiences: []string{"staff"}, Questions: phrasings},
	} {
		a.Sections = []Section{{Text: a.Title + "."}}
		articles = append(articles, a)
		if a.Audiences[0] == "buyer" {
			open = append(open, a)
		}
	}
	q := Question{Text: "who in here signs off a chargeback that is above the limit, and how long may it wait for that?"}
	ask := func(articles []*Article, private ...string) audience.Guess {
		q.Private = private
		answer, err := NewLibrary(articles, rules).Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Audience
	}
	if got := ask(articles, "staff"); got.Name != "staff" {
		t.Errorf("of those who may see them, asked by %+v", got)
	}
	got, want := ask(articles), ask(open)
	if got.Name != want.Name || got.Confidence != want.Confidence {
		t.Errorf("asked by %+v, want %+v as without the private articles", got, want)
	}
}

// BenchmarkGuess guesses who asks a question of sixteen words, of the sample.
func BenchmarkGuess(b *testing.B) {
	const text = "hey i cant find where my students can download their certificate, they finished the course last week"
	v := sampleLibrary(b).view(nil)
	r := interpret(text, v.index.Known)
	hits := v.index.Rank(search.Query{Text: r.rest, Lang: "en"}, 64).Hits
	b.ReportAllocs()
	for b.Loop() {
		v.guess(Question{Text: text}, r, "", "en", hits)
	}
}
