package knowledge

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge/text"
)

func explain(t *testing.T, l *Library, q Question) Explanation {
	t.Helper()
	e, err := l.Explain(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestExplainAnswers: the explanation is of the answer that Find gives.
func TestExplainAnswers(t *testing.T) {
	library := sampleLibrary(t)
	for _, s := range []string{
		"", "hello", "how can i get my mony back i bouhgt the wrong corse", "esqueci minha senha", "how do I connect to kafka?",
		"quiero hablar con una persona", "how do I close my account?",
	} {
		for _, limit := range []int{0, 1, 5} {
			q := Question{Text: s, Limit: limit}
			found, err := library.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			e := explain(t, library, q)
			got := e.Answer
			got.Matches = got.Matches[:min(len(got.Matches), len(found.Matches))]
			if diff := cmp.Diff(found, got); diff != "" {
				t.Errorf("%q, limit %d: explains another answer:\n%s", s, limit, diff)
			}
			want := map[Level]int{Sure: 1, Unsure: len(found.Matches), None: 0}[found.Level]
			if e.Shown != want || len(e.Cases) != len(e.Answer.Matches) {
				t.Errorf("%q, limit %d: %d shown, want %d; %d cases for %d matches", s, limit, e.Shown, want, len(e.Cases), len(e.Answer.Matches))
			}
			for i, c := range e.Cases {
				if c.ID != e.Answer.Matches[i].Article.ID {
					t.Errorf("%q: case %d is of %s", s, i, c.ID)
				}
			}
			if e.Held != found.Held || (e.Held != "") != (found.Level == Unsure && found.Confidence >= e.Sure) {
				t.Errorf("%q is %s and held by %q", s, found.Level, e.Held)
			}
			if (e.Missed != "") != (found.Intent == Asks && found.Level == None) {
				t.Errorf("%q is %s and missed %q", s, found.Level, e.Missed)
			}
			for _, c := range []Chance{e.Deserves, e.Right} {
				nats := 0.0
				for _, p := range c.Parts {
					nats += p.Nats
				}
				if diff := logistic(nats) - c.Likely; max(diff, -diff) > 1e-9 {
					t.Errorf("%q: the parts make %v of %v", s, logistic(nats), c.Likely)
				}
			}
			if both := e.Deserves.Likely * e.Right.Likely; len(e.Cases) > 0 && found.Intent == Asks && both != found.Confidence {
				t.Errorf("%q: the chances make %v of %v", s, both, found.Confidence)
			}
		}
	}
}

// TestExplainMissed: a question without an answer says what it failed.
func TestExplainMissed(t *testing.T) {
	library := sampleLibrary(t)
	small := NewLibrary([]*Article{{ID: "refund", Lang: "en", Title: "Refunds", URL: "https://help.example.com/refund", Audiences: []string{"buyer"}, Sections: []Section{{Text: "Ask the seller."}}}}, Rules{})
	strict := NewLibrary(sampleArticles(t), Rules{Unsure: 0.9998, Sure: 0.9999})
	tests := []struct {
		name string
		of   *Library
		text string
		want Bar
	}{
		{"an answer", library, "how do I request a refund?", ""},
		{"nothing asked", library, "hello", ""},
		{"no article has it", small, "how do I pay by zloty?", NotFound},
		{"not for us", library, "how do I connect to kafka?", NotForUs},
		{"not likely enough", strict, "how do I request a refund?", NotLikely},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := explain(t, test.of, Question{Text: test.text})
			if e.Missed != test.want {
				t.Errorf("missed %q, want %q; %.2f by %.2f", e.Missed, test.want, e.Deserves.Likely, e.Right.Likely)
			}
		})
	}
	if e := explain(t, strict, Question{Text: "refund"}); e.Sure != 0.9999 || e.Unsure != 0.9998 {
		t.Errorf("the levels begin at %v and %v", e.Unsure, e.Sure)
	}
}

func TestExplainLanguage(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		name string
		q    Question
		want Clue
	}{
		{"its words", Question{Text: "quero meu dinheiro de volta"}, ByWords},
		{"the question before", Question{Text: "pix", Before: []string{"quero meu dinheiro de volta"}}, ByBefore},
		{"the locale", Question{Text: "xyzzy", Locale: "es"}, ByLocale},
		{"nothing", Question{Text: "xyzzy"}, ByDefault},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if e := explain(t, library, test.q); e.LangBy != test.want {
				t.Errorf("known to be %s by %s, want %s", e.Answer.Lang, e.LangBy, test.want)
			}
		})
	}
}

func TestCorrected(t *testing.T) {
	tests := []struct {
		typed, meant, want string
		typos              []Typo
	}{
		{"wrong", "", "wrong", nil},
		{"bouhgt", "bought", "bought", []Typo{{"bouhgt", "bought"}}},
		{"get my mony back", "money", "get my money back", []Typo{{"mony", "money"}}},
		{"chnage my pasword", "change password", "change my password", []Typo{{"chnage", "change"}, {"pasword", "password"}}},
		{"", "more", "", nil},
	}
	for _, test := range tests {
		got, typos := corrected(test.typed, test.meant)
		if diff := cmp.Diff(test.typos, typos); got != test.want || diff != "" {
			t.Errorf("%q meant as %q is %q, want %q\n%s", test.typed, test.meant, got, test.want, diff)
		}
	}
}

// TestExplainPlaces counts where an article has the words of a question, in
// whatever form, and what was learned apart from what it says.
func TestExplainPlaces(t *testing.T) {
	library := NewLibrary([]*Article{{
		ID: "refund", Lang: "en", Title: "Asking for a refund", URL: "https://help.example.com/refund", Audiences: []string{"buyer"},
		Questions: []string{"refunds please", "return my course", "a refund or a refund"},
		Sections:  []Section{{Text: "Press the button."}, {Heading: "Courses", Text: "Every course."}},
	}}, Rules{}, Alias{Article: "refund", Lang: "en", Text: "my boss Gisela wants the refund"})
	e := explain(t, library, Question{Text: "how do I refund courses by telegraph?"})
	if len(e.Cases) != 1 {
		t.Fatalf("%d cases", len(e.Cases))
	}
	got := map[string][]Place{}
	for _, idea := range e.Cases[0].Ideas {
		got[idea.Words] = idea.Places
	}
	want := map[string][]Place{
		"refund": {
			{Field: InTitle, As: "refund", Count: 1, Of: 1}, {Field: InQuestions, As: "refunds", Count: 2, Of: 3},
			{Field: InLearned, Count: 1, Of: 1},
		},
		"courses": {
			{Field: InQuestions, As: "course", Count: 1, Of: 3}, {Field: InHeadings, As: "courses", Count: 1, Of: 2},
			{Field: InText, As: "course", Count: 1, Of: 2},
		},
		"telegraph": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	data, err := json.Marshal(e)
	if err != nil || strings.Contains(strings.ToLower(string(data)), "gisela") {
		t.Errorf("what someone else asked is told (%v): %s", err, data)
	}
}

// TestExplainMistyped: a slip in the question is put right though an example
// question has it, too, and that one counts.
func TestExplainMistyped(t *testing.T) {
	library := NewLibrary([]*Article{
		{
			ID: "watch", Lang: "en", Title: "How do I watch it?", URL: "https://help.example.com/watch", Audiences: []string{"buyer"},
			Questions: []string{"watch my corse"}, Sections: []Section{{Text: "Open the app."}},
		},
		{
			ID: "courses", Lang: "en", Title: "What is a course?", URL: "https://help.example.com/courses", Audiences: []string{"buyer"},
			Sections: []Section{{Text: strings.Repeat("A course has lessons. ", 6)}},
		},
	}, Rules{})
	e := explain(t, library, Question{Text: "how do I watch a corse"})
	if diff := cmp.Diff([]Typo{{"corse", "course"}}, e.Typos); diff != "" {
		t.Error(diff)
	}
	for _, c := range e.Cases {
		for _, idea := range c.Ideas {
			if c.ID == "watch" && idea.Words == "course" {
				if diff := cmp.Diff([]Place{{Field: InQuestions, Count: 1, Of: 1}}, idea.Places); diff != "" {
					t.Error(diff)
				}
			}
		}
	}
}

// FuzzExplain: an explanation of anything at all names no private article to
// those who may not see it, and can be printed.
func FuzzExplain(f *testing.F) {
	library := NewLibrary([]*Article{
		{ID: "refund", Lang: "en", Title: "How do I get a refund?", URL: "https://help.example.com/r", Audiences: []string{"buyer"}, Sections: []Section{{Text: "Ask the seller."}}},
		{ID: "senha", Lang: "pt-BR", Title: "Esqueci minha senha", URL: "https://help.example.com/s", Audiences: []string{"buyer", "staff"}, Sections: []Section{{Text: "Peça outra."}}},
		{ID: "vault", Lang: "en", Title: "Zyxvault of the refund", URL: "https://help.example.com/v", Audiences: []string{"staff"}, Sections: []Section{{Text: "The zyxkey opens the zyxvault."}}},
	}, Rules{Audiences: []Audience{{Name: "buyer"}, {Name: "staff", Private: true}}}, Alias{Article: "vault", Lang: "en", Text: "refund by zyxhand"})
	e, err := library.Explain(f.Context(), Question{Text: "refund", Private: []string{"staff"}})
	if data, _ := json.Marshal(e); err != nil || !strings.Contains(string(data), "Zyxvault") {
		f.Fatalf("who may see it is not told (%v): %s", err, data)
	}
	for _, s := range []string{"refund", "reffund the mony", "esqueci", "\xff\xfe?", "", "how do I get a refund of the vault and the key by hand?", "¿¿¿", "a b c d e f g"} {
		f.Add(s, "", "")
		f.Add("and?", s, "pt")
	}
	f.Fuzz(func(t *testing.T, s, before, locale string) {
		q := Question{Text: s, Before: []string{before}, Locale: Lang(locale)}
		e, err := library.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		echo := strings.Contains(strings.Join(text.Words(s+" "+before), " "), "zyx")
		if !echo && strings.Contains(strings.ToLower(string(data)), "zyx") {
			t.Errorf("%q is told of what is hidden: %s", s, data)
		}
		for _, c := range e.Cases {
			if c.ID == "vault" || slices.Contains(c.For, "staff") {
				t.Errorf("%q is told of %s for %v", s, c.ID, c.For)
			}
		}
	})
}
