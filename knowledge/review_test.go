package knowledge

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestReviewSample: what is said of the built-in articles. Who changes a rule
// reads here what that does to 187 articles.
func TestReviewSample(t *testing.T) {
	list, err := sampleLibrary(t).Review(t.Context(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for i, f := range list {
		if i == 0 || list[i-1].Kind != f.Kind {
			fmt.Fprintf(&b, "# %s\n", f.Kind.Title())
		}
		fmt.Fprintf(&b, "%.2f %s %s\n", f.Hurts, f.File, f.Says)
	}
	golden := filepath.Join("testdata", "review.txt")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s differs; if intended, go test -run TestReviewSample ./knowledge -update\n%s", golden, diff)
	}
}

// about is an article whose text is made of its title.
func about(id, lang, audience, title string, questions ...string) *Article {
	return &Article{
		ID: ArticleID(id), Lang: Lang(lang), Title: title, URL: "https://help.example.com/" + id, Audiences: strings.Fields(audience), Topic: "general",
		Questions: questions, Sections: []Section{{Text: title + "."}}, File: lang + "/" + id + ".md",
	}
}

// says lists what a review of one kind says.
func says(t *testing.T, articles []*Article, rules Rules, kind Kind) []string {
	t.Helper()
	list, err := NewLibrary(articles, rules).Review(t.Context(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	said := []string{}
	for _, f := range list {
		if f.Kind == kind {
			said = append(said, strings.TrimPrefix(f.File+": "+f.Says, ": "))
		}
	}
	return said
}

// TestReviewTitles judges titles of a help centre that names its product, Acme, in
// every other one.
func TestReviewTitles(t *testing.T) {
	shelves := map[string][]string{
		"en": {
			"How do I get a refund from Acme?", "How do I cancel my Acme subscription?", "Why was my card declined by Acme?", "Where do I find my Acme invoice?",
			"How do I change my Acme password?", "How do I download my certificate?", "How do I track my refund?", "How long does a refund take?", "What if my refund has not arrived?",
		},
		"pt": {
			"Como peço reembolso na Acme?", "Como cancelo minha assinatura Acme?", "Por que meu cartão foi recusado pela Acme?", "Onde encontro minha nota fiscal Acme?",
			"Como troco minha senha da Acme?", "Como baixo meu certificado?", "Como acompanho meu reembolso?", "Quanto tempo leva o reembolso?", "E se o reembolso não chegou?",
		},
		"es": {
			"¿Cómo pido un reembolso en Acme?", "¿Cómo cancelo mi suscripción a Acme?", "¿Por qué Acme rechazó mi tarjeta?", "¿Dónde encuentro mi factura de Acme?",
			"¿Cómo cambio mi contraseña de Acme?", "¿Cómo descargo mi certificado?", "¿Cómo sigo mi reembolso?", "¿Cuánto tarda el reembolso?", "¿Y si el reembolso no llegó?",
		},
	}
	const (
		anywhere = "could stand above any article."
		worn     = "says no more than most titles do."
		wordless = "has no word in it."
		thing    = "names a thing, and not what one learns about it."
	)
	tests := []struct{ lang, title, want string }{
		{"en", "FAQ", anywhere}, {"pt", "Perguntas frequentes", anywhere}, {"es", "Preguntas frecuentes", anywhere},
		{"en", "How it works", anywhere}, {"pt", "Como funciona", anywhere}, {"es", "Cómo funciona", anywhere},
		{"en", "Overview", anywhere}, {"pt", "Visão geral", anywhere}, {"es", "Información", anywhere},
		{"es", "FAQ", anywhere}, {"pt", "Getting Started", anywhere},
		{"en", "Acme", worn}, {"pt", "A Acme", worn}, {"es", "¿Qué es Acme?", worn}, {"en", "How Acme works", worn},
		{"en", "2026", wordless}, {"pt", "10.2", wordless}, {"es", "¿?", wordless},
		{"en", "Certificates", thing}, {"pt", "Afiliados", thing}, {"es", "Cupones", thing},
		{"en", "Refund", "says nothing that 4 other titles do not say, too, such as “How do I get a refund from Acme?”."},
		{"pt", "Reembolso", "says nothing that 4 other titles do not say, too, such as “Como peço reembolso na Acme?”."},
		{"es", "Reembolsos", "says nothing that 4 other titles do not say, too, such as “¿Cómo pido un reembolso en Acme?”."},
		{"en", "How do I download my certificate", "is the title of en/5.md, too."}, {"pt", "como baixo meu certificado", "is the title of pt/5.md, too."},
		{"en", "What is a chargeback?", ""}, {"pt", "O que é um chargeback?", ""}, {"es", "¿Qué es un contracargo?", ""},
		{"en", "I forgot my password", ""}, {"pt", "Política de privacidade", ""}, {"es", "Actualizar mi dirección", ""},
		{"de", "FAQ", anywhere}, {"de", "Wie bekomme ich mein Geld zurück?", ""}, {"ja", "返金を受け取る方法", ""},
	}
	for _, test := range tests {
		t.Run(test.lang+" "+test.title, func(t *testing.T) {
			var articles []*Article
			for i, title := range shelves[test.lang] {
				articles = append(articles, about(fmt.Sprint(i), test.lang, "buyer", title))
			}
			articles = append(articles, about("it", test.lang, "buyer", test.title))
			var want []string
			if test.want != "" {
				want = []string{test.lang + "/it.md: “" + test.title + "” " + test.want}
			}
			var got []string
			for _, said := range says(t, articles, Rules{}, HollowTitle) {
				if strings.HasPrefix(said, test.lang+"/it.md") {
					got = append(got, said)
				} else if !strings.Contains(said, test.lang+"/it.md") {
					t.Errorf("another title: %s", said)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	others := []*Article{about("a", "en", "buyer", "How do I pay?"), about("b", "en", "creator", "How do I pay?")}
	if said := says(t, others, Rules{}, HollowTitle); len(said) > 0 {
		t.Errorf("the same title for other people: %q", said)
	}
}

func TestReviewTwins(t *testing.T) {
	texts := map[string][]string{
		"en": {"Open your purchases and choose the product. Press refund, write why, and confirm. The money is back on your card within ten working days.", "Refunds"},
		"pt": {"Abra suas compras e escolha o produto. Aperte reembolso, escreva o motivo e confirme. O dinheiro volta ao cartão em dez dias úteis.", "Reembolsos"},
		"es": {"Abre tus compras y elige el producto. Pulsa reembolso, escribe el motivo y confirma. El dinero vuelve a tu tarjeta en diez días hábiles.", "Reembolsos"},
	}
	for lang, words := range texts {
		t.Run(lang, func(t *testing.T) {
			first, again, others := about("first", lang, "buyer", words[1]), about("again", lang, "buyer creator", words[1]+" 2"), about("others", lang, "affiliate", words[1])
			for _, a := range []*Article{first, again, others} {
				a.Sections = []Section{{Text: words[0]}}
			}
			first.Questions = []string{"x"}
			said := says(t, []*Article{first, again, others, about("z", lang, "buyer", "Zebra zoo")}, sampleRules, Duplicate)
			if len(said) != 1 || !strings.HasPrefix(said[0], lang+"/again.md: ") || !strings.Contains(said[0], "“"+words[1]+"”, which has more questions: keep that") || !strings.Contains(said[0], "“See also”") {
				t.Errorf("says %q, want that again is like first", said)
			}
			again.Audiences = []string{"affiliate"}
			first.ID, others.Audiences = "again", []string{"creator"} // a translation, and others' own
			if said := says(t, []*Article{first, again, others}, sampleRules, Duplicate); len(said) > 0 {
				t.Errorf("for other people: %q", said)
			}
		})
	}
	// Every copy of an article of the sample is found, though every seventh word is another.
	articles := slices.DeleteFunc(sampleArticles(t), func(a *Article) bool { return a.Lang == "en" })
	n := len(articles)
	for i, a := range articles[:n] {
		again := reworded(a, articles[(i+1)%n], 7)
		again.File += ".again"
		articles = append(articles, again)
	}
	l := NewLibrary(articles, sampleRules)
	found := map[string]bool{}
	for _, f := range l.reviewTwins() {
		found[f.File] = strings.TrimSuffix(f.File, ".again") == f.Also[0]
	}
	for _, a := range articles[:n] {
		if !found[a.File+".again"] {
			t.Errorf("the copy of %s is not found", a.File)
		}
	}
}

// TestReviewFinding has each language's article named after one thing, and a
// question about another's.
func TestReviewFinding(t *testing.T) {
	languages := map[string]struct {
		titles  []string
		wrong   string // asked of the first, answered by the second
		instead string
		talk    string
		title   string // of an article that it does not find
	}{
		"en": {
			[]string{"How do I get a refund?", "How do I change my password?", "How do I withdraw my commission?", "How do I download my certificate?"},
			"how do I change my password", "finds “How do I change my password?”", "good morning everyone", "Hello",
		},
		"pt-BR": {
			[]string{"Como peço reembolso?", "Como troco minha senha?", "Como saco minha comissão?", "Como baixo meu certificado?"},
			"como troco minha senha", "finds “Como troco minha senha?”", "bom dia pessoal", "Olá",
		},
		"es": {
			[]string{"¿Cómo pido un reembolso?", "¿Cómo cambio mi contraseña?", "¿Cómo retiro mi comisión?", "¿Cómo descargo mi certificado?"},
			"cómo cambio mi contraseña", "finds “¿Cómo cambio mi contraseña?”", "buenos días a todos", "Hola",
		},
	}
	for lang, test := range languages {
		t.Run(lang, func(t *testing.T) {
			var articles []*Article
			for i, title := range test.titles {
				articles = append(articles, about(fmt.Sprint(i), lang, "buyer", title))
			}
			articles[0].Questions = []string{test.wrong, test.talk}
			articles = append(articles, about("hello", lang, "buyer", test.title))
			said := says(t, articles, sampleRules, Unfound)
			if len(said) == 0 || !strings.HasPrefix(said[0], lang+"/hello.md: Its own title “"+test.title+"” is taken for talk") {
				t.Errorf("of a title: %q", said)
			}
			own := said[min(1, len(said)-1):]
			talk := "“" + test.talk + "” is taken for talk"
			if len(own) != 1 || !strings.Contains(own[0], talk) {
				t.Errorf("of questions: %q, want %q", own, talk)
			}
		})
	}
	// A question that a better article has, and one that only a private audience may ask.
	rules := sampleRules
	rules.Audiences = []Audience{{Name: "buyer"}, {Name: "staff", Private: true}}
	articles := []*Article{about("badge", "en", "staff", "How do I renew my badge?", "my badge has expired"), about("pay", "en", "buyer", "How do I pay by card?", "pay with my card")}
	if said := says(t, articles, rules, Unfound); len(said) > 0 {
		t.Errorf("of private articles: %q", said)
	}
}

// TestReviewWording: an article is told whose questions are put in the words of
// others.
func TestReviewWording(t *testing.T) {
	tests := []struct{ lang, title, own string }{
		{"en", "How do I request reimbursement?", "request reimbursement"},
		{"pt-BR", "Como solicito restituição?", "solicitar restituição"},
		{"es", "¿Cómo solicito una restitución?", "solicitar restitución"},
	}
	for _, test := range tests {
		t.Run(test.lang, func(t *testing.T) {
			others := slices.DeleteFunc(sampleArticles(t), func(a *Article) bool { return a.Lang != Lang(test.lang) || !slices.Contains(a.Audiences, "creator") })
			others = others[:8]
			it := about("it", test.lang, "creator", test.title, test.own, test.title)
			for _, other := range others[:4] {
				it.Questions = append(it.Questions, other.Title)
			}
			said := says(t, append(others, it), sampleRules, OtherWords)
			if want := test.lang + "/it.md: 4 of the 6 questions of “" + test.title + "”"; !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("says %q", said)
			}
			it.Questions = it.Questions[:3]
			if said := says(t, append(others, it), sampleRules, OtherWords); slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "/it.md") }) {
				t.Errorf("of too few questions: %q", said)
			}
		})
	}
}

func TestReviewQuestions(t *testing.T) {
	shared := map[string][2]string{"en": {"where is my money", "Money, where is it?"}, "pt-BR": {"cadê meu dinheiro", "Dinheiro, cadê?"}, "es": {"dónde está mi dinero", "¿Dinero, dónde?"}}
	for lang, q := range shared {
		t.Run(lang, func(t *testing.T) {
			articles := []*Article{
				about("a", lang, "buyer", "Alpha one", q[0]), about("b", lang, "buyer creator", "Beta two", q[1]),
				about("c", lang, "affiliate", "Gamma three", q[0]), about("d", lang, "affiliate", "Delta four"),
			}
			want := []string{lang + "/a.md: “" + q[0] + "” is a question of “Alpha one” and of “Beta two”."}
			if diff := cmp.Diff(want, says(t, articles, Rules{}, SharedAsk)); diff != "" {
				t.Error(diff)
			}
			want = []string{lang + "/d.md: “Delta four” has none."}
			if diff := cmp.Diff(want, says(t, articles, Rules{}, NoQuestions)); diff != "" {
				t.Error(diff)
			}
			for _, a := range articles {
				a.Questions = nil
			}
			want = []string{"None of the 4 articles in " + lang + " has questions."}
			if diff := cmp.Diff(want, says(t, articles, Rules{}, NoQuestions)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReviewReadersAndLanguages(t *testing.T) {
	rules := Rules{
		Audiences: []Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "affiliate"}},
		Languages: []Lang{"en", "pt-BR", "es", "de"}, Topics: []string{"general", "wallet", "taxes"},
	}
	var articles []*Article
	for i := range 4 {
		articles = append(articles, about(fmt.Sprint(i), "en", "buyer creator", fmt.Sprintf("Number %c", 'a'+i)))
		if i < 3 {
			articles = append(articles, about(fmt.Sprint(i), "pt-BR", "buyer creator", fmt.Sprintf("Número %c", 'a'+i)))
		}
	}
	articles = append(articles, about("0", "es", "buyer", "Número a"))
	articles[0].Topic, articles[1].Topic, articles[7].Topic = "wallet", "wallet", "wallet"
	want := []string{
		"No article is for affiliate.", "No article for creator is in es, where others have 1.", "No article is on the topic taxes.",
		"The topic wallet has one article; browsing is easier with few topics of several.",
	}
	if diff := cmp.Diff(want, says(t, articles, rules, NoArticle)); diff != "" {
		t.Error(diff)
	}
	want = []string{
		"No article is in de, which the configuration names: write some, or remove it there.",
		"es has 1 of 4 articles; who asks in it is shown the others in another language.",
		"en/3.md: “Number d” is not in pt-BR.",
	}
	if diff := cmp.Diff(want, says(t, articles, rules, NoLanguage)); diff != "" {
		t.Error(diff)
	}
	if said := says(t, articles[:1], Rules{Languages: []Lang{"en"}}, NoLanguage); len(said) > 0 {
		t.Errorf("of one language: %q", said)
	}
}

func TestReviewText(t *testing.T) {
	for lang, word := range map[string]string{"en": "word ", "pt-BR": "ação ", "es": "niño "} {
		t.Run(lang, func(t *testing.T) {
			opening, long, fine := about("opening", lang, "buyer", "Opening one"), about("long", lang, "buyer", "Long two"), about("fine", lang, "buyer", "Fine three")
			opening.Sections = []Section{{Text: strings.Repeat(word, 500)}}
			long.Sections = []Section{{Heading: "One", Text: strings.Repeat(word, 3000)}, {Heading: "Two", Text: strings.Repeat(word, 1)}}
			fine.Sections = []Section{{Text: strings.Repeat(word, 400)}, {Heading: "Two", Text: strings.Repeat(word, 600)}}
			fine.Updated, long.Updated = time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 31, 0, 0, 0, 0, time.UTC)
			fine.Bare = []Bare{{"Soon", 12}}
			articles := []*Article{opening, long, fine}
			want := []string{
				lang + "/long.md: “Long two” has 15,005 characters in all; several articles would each be found better.",
				lang + "/opening.md: “Opening one” has 2,500 characters under no heading.",
			}
			if diff := cmp.Diff(want, says(t, articles, Rules{}, TooLong)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{lang + "/fine.md: “Soon” has no text."}, says(t, articles, Rules{}, NothingHere)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{lang + "/long.md: “Long two” was updated on 2020-01-31."}, says(t, articles, Rules{}, Old)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReviewProgress: it is told to the end, and a review that is called off ends.
func TestReviewProgress(t *testing.T) {
	articles := []*Article{about("a", "en", "buyer", "Alpha one", "a b c"), about("b", "en", "buyer", "Beta two")}
	last := 0
	if _, err := NewLibrary(articles, Rules{}).Review(t.Context(), time.Time{}, func(done, of int) {
		if done != last+1 || of != 3 {
			t.Errorf("%d of %d, after %d", done, of, last)
		}
		last = done
	}); err != nil || last != 3 {
		t.Errorf("ends at %d, %v", last, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if list, err := NewLibrary(articles, Rules{}).Review(ctx, time.Time{}, nil); err != context.Canceled || list != nil {
		t.Errorf("called off: %v, %v", list, err)
	}
}

func TestKindsOfFindings(t *testing.T) {
	for _, k := range kinds {
		if k.kind.Title() == "" || !strings.HasSuffix(k.kind.Mend(), ".") {
			t.Errorf("%s: %q, %q", k.kind, k.kind.Title(), k.kind.Mend())
		}
	}
}

// FuzzReview: whatever folder can be loaded can be reviewed, and what is said
// names files of it and has the words it needs.
func FuzzReview(f *testing.F) {
	f.Add("FAQ", "How do I pay?", "where is it", "## Empty\n## Next\nText [x](/y) <https://z.example/#q>", byte(0))
	f.Add("2026", "2026", "2026", "a\n\n- b\n", byte(7))
	f.Add("Überblick: \"x\"", "como funciona", "?", "<a href=\"//a/b\">c</a>", byte(3))
	f.Fuzz(func(t *testing.T, title, other, question, body string, mix byte) {
		lang := func(bit byte) string {
			return []string{"en", "pt-BR", "es", "ja"}[mix>>bit&3]
		}
		write := func(id, lang, title, body string) *fstest.MapFile {
			return &fstest.MapFile{Data: fmt.Appendf(nil, "---\ntitle: %q\nurl: https://help.example.com/%s\nid: %s\nlang: %s\naudience: [buyer, x]\ntopic: t\nquestions: [%q, %q]\n---\n%s\n",
				title, id, id, lang, question, title, body)}
		}
		folder := fstest.MapFS{
			"a.md": write("a", lang(0), title, body), "b.md": write("b", lang(2), other, body), "c.md": write("a", lang(4), other, title), "d.md": write("d", lang(0), title, other),
		}
		articles, _ := Load(folder, Rules{}) // those that are sound
		list, err := NewLibrary(articles, Rules{Sources: []semantic.Source{semantic.BuiltIn()}}).Review(t.Context(), time.Unix(1e9, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range list {
			if found.Says == "" || found.Hurts < 0 || found.Hurts > 1 {
				t.Errorf("%+v", found)
			}
			for _, file := range append(found.Also, found.File) {
				if _, there := folder[file]; !there && file != "" {
					t.Errorf("%+v names %q", found, file)
				}
			}
		}
		for _, a := range articles {
			for _, link := range a.Links {
				if !strings.HasPrefix(link.URL, "http") {
					t.Errorf("leads to %q", link.URL)
				}
			}
		}
	})
}

// BenchmarkReview looks at 1,000 articles of a language with ten questions each,
// the most that a classifier learns. The library is there already.
func BenchmarkReview(b *testing.B) {
	articles, _ := manyArticles(b)
	library := NewLibrary(articles, sampleRules)
	for b.Loop() {
		if _, err := library.Review(b.Context(), time.Time{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
