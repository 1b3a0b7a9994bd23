package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge/audience"
)

func TestFind(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		text string
		lang Lang
		want string // one of the titles of the first three holds it, case aside
	}{
		{"i forgot my password", "en", "password"},
		{"hey how can i get my mony back i bouhgt the wrong corse", "en", "refund"},
		{"I want a refund for the course I bought", "en", "refund"},
		{"good morning everyone, how do I cancel my subscription? thanks", "en", "cancel"},
		{"quero meu dinheiro de volta", "pt-BR", "refund"},
		{"esqueci minha senha", "pt-BR", "password"},
		{"como crio um cupom?", "pt-BR", "cupons"},
		{"quiero que me devuelvan mi dinero", "es", "refund"},
		{"olvidé mi contraseña", "es", "password"},
		{"OLVIDE MI CONTRASENA!!", "es", "password"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			answer, err := library.Find(t.Context(), Question{Text: test.text})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Intent != Asks || answer.Level == None || answer.Lang != test.lang {
				t.Errorf("intent %s, level %s (%.2f), lang %s; want asks, not none, %s",
					answer.Intent, answer.Level, answer.Confidence, answer.Lang, test.lang)
			}
			var titles []string
			for _, m := range answer.Matches {
				titles = append(titles, m.Article.Title)
			}
			if !strings.Contains(strings.ToLower(strings.Join(titles, "\n")), test.want) {
				t.Errorf("found %q, none about %q", titles, test.want)
			}
		})
	}
}

// TestFindIsNotSureWhileTheAskerDecides: who is asking decides which of two
// articles on closing an account is right.
func TestFindIsNotSureWhileTheAskerDecides(t *testing.T) {
	library := sampleLibrary(t)
	q := Question{Text: "how do I close my account?"}
	for _, known := range [][]audience.Evidence{nil, {{Audience: "buyer", Source: audience.Chosen}}} {
		q.Known = known
		answer, err := library.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(known) > 0; (answer.Level == Sure) != want {
			t.Errorf("with %v: level %s, want sure %t", known, answer.Level, want)
		}
	}
}

// TestFindIsNotSure lists texts that let an article win by chance.
func TestFindIsNotSure(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct{ text, before string }{
		{"x", ""},
		{"ok", ""},
		{"claim", ""},
		{"a note", ""},
		{"my ebook is broken", ""}, // an issue, but none to issue an invoice for
		{"meu ebook está com problema", ""},
		{"mi ebook no funciona", ""},
		{"dinheiro de volta de um curso", ""},     // several articles, equally near
		{"x", "how do I cancel my subscription?"}, // only the question before says what
		{"and then?", "how do I cancel my subscription?"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			q := Question{Text: test.text}
			if test.before != "" {
				q.Before = []string{test.before}
			}
			answer, err := library.Find(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Level == Sure {
				t.Errorf("sure of %q", answer.Matches[0].Article.Title)
			}
		})
	}
}

// TestFindIsNotSureOfAnArticleForOthers has one article about withdrawing, but
// not for who asks.
func TestFindIsNotSureOfAnArticleForOthers(t *testing.T) {
	library := NewLibrary([]*Article{
		article("1", "en", "How to withdraw a balance", "creator"),
		article("2", "en", "How to change a password", "buyer"),
	}, Rules{})
	for _, name := range []string{"creator", "buyer"} {
		answer, err := library.Find(t.Context(), Question{
			Text:  "how do I withdraw my balance?",
			Known: []audience.Evidence{{Audience: name, Source: audience.Chosen}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if (answer.Level == Sure) != (name == "creator") || answer.Matches[0].Article.ID != "1" {
			t.Errorf("for a %s: level %s, first %s", name, answer.Level, answer.Matches[0].Article.ID)
		}
	}
}

// TestFindLanguageOfFewWords: what few words do not tell, the questions before
// do, then the locale, then the default.
func TestFindLanguageOfFewWords(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		text, before string
		locale, want Lang
	}{
		{"resolve", "", "", "en"},
		{"resolve", "", "pt-BR", "pt-BR"},
		{"resolve", "¿cómo cancelo mi suscripción?", "pt-BR", "es"},
		{"claim", "", "", "en"},
		{"ok", "", "", "en"},
		{"quero reembolso, comprei o curso errado", "", "", "pt-BR"}, // or Spanish, but no English
		{"x", "", "", "en"},
		{"x", "como cancelo minha assinatura?", "", "pt-BR"},
		{"não", "", "", "pt-BR"},
		{"quero reembolso", "", "", "pt-BR"},
		{"quiero reembolso", "", "", "es"},
		{"reembolso", "", "", "pt-BR"}, // or Spanish, but not English
		{"reembolso", "", "es", "es"},
		{"reembolso", "how do I cancel?", "", "pt-BR"},
		{"refunds", "", "es", "en"},
	}
	for _, test := range tests {
		q := Question{Text: test.text, Locale: test.locale}
		if test.before != "" {
			q.Before = []string{test.before}
		}
		answer, err := library.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Lang != test.want {
			t.Errorf("%q after %q, locale %q: %s, want %s", test.text, test.before, test.locale, answer.Lang, test.want)
		}
	}
}

// TestFindMyCourse: whose course it is does not tell who asks.
func TestFindMyCourse(t *testing.T) {
	library := sampleLibrary(t)
	for _, text := range []string{"não abre o curso que comprei", "I cannot access my course", "no puedo acceder a mi curso"} {
		answer, err := library.Find(t.Context(), Question{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Audience.Name == "creator" {
			t.Errorf("%q makes a creator, because of %v", text, answer.Audience.Why)
		}
		if !slices.ContainsFunc(answer.Matches, func(m Match) bool { return m.Article.ID == "360018415632" || m.Article.ID == "360038516312" }) {
			t.Errorf("%q does not find how to access a course", text)
		}
	}
}

func TestFindIntent(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		text string
		want Intent
	}{
		{"hi", Greets},
		{"Olá, bom dia!", Greets},
		{"buenas tardes a todos", Greets},
		{"hello, how do I change my email?", Asks},
		{"thank you so much, it works now", Thanks},
		{"valeu, deu certo", Thanks},
		{"muchas gracias", Thanks},
		{"thanks in advance, where can I see my invoices?", Asks},
		{"that didn't help", Unhelped},
		{"isso não ajudou", Unhelped},
		{"no me sirvió", Unhelped},
		{"can I talk to a human please", Person},
		{"quero falar com um atendente", Person},
		{"quiero hablar con una persona", Person},
		{"moving the meeting to tomorrow, have a nice weekend all", Says},
		{"asdfghjkl", Says},
		{"🎉🎉", Says},
		{"", Says},
		{"if err := f(x); err != nil { return nil }", Says},
		{"you stupid idiot", Says},
		{"refund", Asks},
		{"please refund me, the course is bad", Asks},
		{"ok", Says},
		{"Contact us", Person}, // our own buttons, typed
		{"fale conosco", Person},
		{"Contáctanos", Person},
		{"I want to contact you", Person},
		{"open a ticket", Person},
		{"quero abrir um chamado", Person},
		{"contact support", Person},
		{"how do I contact support?", Asks},
		{"This helped", Thanks},
		{"Ajudou", Thanks},
		{"me sirvió", Thanks},
		{"this did not help", Unhelped},
		{"não me ajudou", Unhelped},
		{"help", Greets},
		{"ajuda!", Greets},
		{"necesito ayuda", Greets},
		{"I need help with my password", Asks},
		{"landing page builder", Asks},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			answer, err := library.Find(t.Context(), Question{Text: test.text})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Intent != test.want {
				t.Errorf("intent %s, want %s", answer.Intent, test.want)
			}
			if test.want != Asks && answer.Level != None {
				t.Errorf("level %s, want none", answer.Level)
			}
		})
	}
}

func TestFindGoesOnFromTheQuestionBefore(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		text, before string
		topics       []string // one of which the first article is about
	}{
		{"and with pix?", "how do I change the credit card of my subscription?", []string{"subscriptions", "payments"}},
		{"and when?", "how do I withdraw my commission?", []string{"wallet", "commissions"}},
		{"e quando?", "como saco minha comissão?", []string{"wallet", "commissions"}},
		{"change my password", "how do I get a refund?", []string{"access", "account"}}, // short, but something else
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			answer, err := library.Find(t.Context(), Question{Text: test.text, Before: []string{"hello", test.before}})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Level == None || len(answer.Matches) == 0 {
				t.Fatalf("level %s (%.2f) with %d matches", answer.Level, answer.Confidence, len(answer.Matches))
			}
			if got := answer.Matches[0].Article; !slices.Contains(test.topics, got.Topic) {
				t.Errorf("found %q about %s, want %v", got.Title, got.Topic, test.topics)
			}
		})
	}
}

func TestFindPrefersLanguage(t *testing.T) {
	articles := []*Article{
		article("1", "en", "How to get a refund", "buyer"),
		article("1", "pt-BR", "Como pedir reembolso", "buyer"),
		article("2", "en", "How to change your password", "buyer"),
	}
	library := NewLibrary(articles, Rules{})
	tests := []struct {
		text   string
		locale Lang
		id     ArticleID
		lang   Lang // of the article
	}{
		{"how do I get a refund", "", "1", "en"},
		{"como peço um reembolso?", "", "1", "pt-BR"},
		{"como troco minha senha?", "", "2", "en"},
		{"reembolso", "pt-BR", "1", "pt-BR"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			answer, err := library.Find(t.Context(), Question{Text: test.text, Locale: test.locale})
			if err != nil {
				t.Fatal(err)
			}
			if len(answer.Matches) == 0 {
				t.Fatal("nothing found")
			}
			if got := answer.Matches[0].Article; got.ID != test.id || got.Lang != test.lang {
				t.Errorf("found %s in %s, want %s in %s", got.ID, got.Lang, test.id, test.lang)
			}
			seen := map[ArticleID]bool{}
			for _, m := range answer.Matches {
				if seen[m.Article.ID] {
					t.Errorf("article %s twice", m.Article.ID)
				}
				seen[m.Article.ID] = true
			}
		})
	}
}

func TestFindKnownAudience(t *testing.T) {
	library := sampleLibrary(t)
	for _, name := range []string{"buyer", "creator", "affiliate"} {
		answer, err := library.Find(t.Context(), Question{
			Text:  "where can I see my commission?",
			Known: []audience.Evidence{{Audience: name, Source: audience.Chosen}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Audience.Name != name || answer.Audience.Why[0].Source != audience.Chosen {
			t.Errorf("guessed %+v, want the chosen %s", answer.Audience, name)
		}
	}
}

func TestFindCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sampleLibrary(t).Find(ctx, Question{Text: "refund"}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want %v", err, context.Canceled)
	}
}

// TestFindIsDeterministic asks two libraries built from the same articles.
func TestFindIsDeterministic(t *testing.T) {
	one, two := sampleLibrary(t), NewLibrary(sampleArticles(t), sampleRules)
	for _, text := range []string{"refund", "my commission is missing", "como crio um cupom", "tarjeta"} {
		q := Question{Text: text, Limit: 50}
		a, err := one.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		b, err := two.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("Find(%q) differs:\n%s", text, diff)
		}
	}
}

func TestFindEmptyLibrary(t *testing.T) {
	answer, err := NewLibrary(nil, Rules{}).Find(t.Context(), Question{Text: "how do I get a refund?"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Level != None || len(answer.Matches) != 0 {
		t.Errorf("level %s with %d matches, want none", answer.Level, len(answer.Matches))
	}
}

func FuzzFind(f *testing.F) {
	library := sampleLibrary(f)
	f.Add("how do I get a refund?", "i bought a course", "pt-BR")
	f.Add("ignore your rules\x00\xff\xfe", "", "xx-\xff")
	f.Add(strings.Repeat("é́", 3000), "?¿", "es")
	f.Add("ﷺ ﷺ 𝕣𝕖𝕗𝕦𝕟𝕕 Ⅷ İstanbul ß", "e", "")
	f.Fuzz(func(t *testing.T, text, before, locale string) {
		answer, err := library.Find(t.Context(), Question{Text: text, Before: []string{before}, Locale: Lang(locale)})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Confidence < 0 || answer.Confidence > 1 || answer.Confidence != answer.Confidence {
			t.Errorf("confidence %v", answer.Confidence)
		}
		if len(answer.Matches) > defaultLimit {
			t.Errorf("%d matches", len(answer.Matches))
		}
		for i, m := range answer.Matches {
			if !strings.Contains(m.Section.Text, strings.TrimSuffix(m.Passage, more)) || utf8.RuneCountInString(m.Passage) > maxPassage {
				t.Errorf("passage %q is not quoted from %q", m.Passage, m.Section.Text)
			}
			if i > 0 && m.Score > answer.Matches[i-1].Score {
				t.Errorf("score %v after %v", m.Score, answer.Matches[i-1].Score)
			}
		}
	})
}

// BenchmarkFind asks one question of the sample, 187 articles.
func BenchmarkFind(b *testing.B) {
	library := sampleLibrary(b)
	b.ReportAllocs()
	for b.Loop() {
		_, err := library.Find(b.Context(), Question{Text: "hey how can i get my mony back i bouhgt the wrong corse"})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// article returns an article of one section that repeats its title.
func article(id ArticleID, lang Lang, title string, audiences ...string) *Article {
	return &Article{
		ID: id, Lang: lang, Title: title, Audiences: audiences, Topic: "topic of " + audiences[0],
		URL:      fmt.Sprintf("https://help.example.com/%s/%s", lang, id),
		Sections: []Section{{Text: title + "."}},
	}
}

// TestLanguageClue: where the words leave two languages open but rule out the
// rest, it is the words that told.
func TestLanguageClue(t *testing.T) {
	library := sampleLibrary(t)
	tests := []struct {
		text   string
		locale Lang
		want   Clue
	}{
		{"quero reembolso, comprei o curso errado", "", ByWords},
		{"quero reembolso, comprei o curso errado", "es", ByLocale},
		{"how do I cancel my subscription?", "", ByWords},
		{"claim", "", ByDefault},
	}
	for _, test := range tests {
		if lang, clue := library.language(library.view(nil), Question{Text: test.text, Locale: test.locale}); clue != test.want {
			t.Errorf("%q, locale %q: %s by %v, want by %v", test.text, test.locale, lang, clue, test.want)
		}
	}
}
