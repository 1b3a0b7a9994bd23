package search

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func document(id int, lang, title string, bodies ...string) Document {
	d := Document{ID: id, Lang: lang, Title: title}
	for _, body := range bodies {
		d.Parts = append(d.Parts, Part{Body: body})
	}
	return d
}

var library = []Document{
	document(1, "en", "Refunds", "Ask for a refund within seven days.", "The bank needs ten days to pay."),
	document(2, "en", "Passwords", "Choose a new password.", "A link comes by email."),
	document(3, "en", "Invoices", "Download the invoice.", "Taxes are listed in the invoice."),
	document(4, "pt-BR", "Boletos", "O boleto vence em três dias."),
	document(5, "en", "Certificates", "Students download a certificate."),
}

var related = []Concept{
	{"en": {"refund", "money back"}, "pt": {"reembolso", "dinheiro de volta"}},
	{"en": {"student", "learner"}},
}

func TestRank(t *testing.T) {
	tests := []struct {
		name, text, lang string
		id, part         int // of the best hit; id 0 if there is none
	}{
		{"title", "refund", "en", 1, 0},
		{"another form of the word", "refunded", "en", 1, 0},
		{"best part", "how long does the bank take", "en", 1, 1},
		{"typo", "my pasword", "en", 2, 0},
		{"swapped letters", "invioce", "en", 3, 0},
		{"related word", "learners", "en", 5, 0},
		{"related phrase", "I want my money back", "en", 1, 0},
		{"related phrase with a typo", "I want my mony back", "en", 1, 0},
		{"across languages", "quero meu dinheiro de volta", "pt-BR", 1, 0},
		{"nearly the same word", "certificado", "pt-BR", 5, 0},
		{"own language", "boleto vencido", "pt-BR", 4, 0},
		{"function words", "how do I", "en", 0, 0},
		{"nothing", "", "en", 0, 0},
		{"unknown language", "refund", "", 1, 0},
	}
	index := New(library, related)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hits := index.Rank(Query{Text: test.text, Lang: test.lang}, 10).Hits
			if len(hits) == 0 {
				if test.id != 0 {
					t.Fatalf("nothing found, want %d", test.id)
				}
				return
			}
			if hits[0].ID != test.id || hits[0].Part != test.part {
				t.Errorf("found %d part %d, want %d part %d", hits[0].ID, hits[0].Part, test.id, test.part)
			}
			for _, hit := range hits {
				if hit.Covered < 0 || hit.Covered > 1 || hit.Titled > hit.Covered || hit.Telling > 1 || hit.Score <= 0 {
					t.Errorf("hit out of range: %+v", hit)
				}
			}
		})
	}
}

func TestRankGoesOnFromBefore(t *testing.T) {
	index := New(library, related)
	alone := index.Rank(Query{Text: "and download?", Lang: "en"}, 10).Hits
	after := index.Rank(Query{Text: "and download?", Before: "my invoice", Lang: "en"}, 10).Hits
	if alone[0].ID != 5 || after[0].ID != 3 {
		t.Errorf("found %d alone and %d after, want 5 and 3", alone[0].ID, after[0].ID)
	}
}

// TestRankIsFairToLength has a short document and one that says the same among
// much else.
func TestRankIsFairToLength(t *testing.T) {
	long := strings.Repeat("Many other matters are told at length here. ", 50)
	index := New([]Document{
		document(1, "en", "All about shops", long+"A refund is possible."),
		document(2, "en", "All about money", "A refund is possible."),
		document(3, "en", "All about mail", "Nothing of interest."),
	}, nil)
	if hits := index.Rank(Query{Text: "refund", Lang: "en"}, 10).Hits; hits[0].ID != 2 {
		t.Errorf("found %d first, want the short document 2", hits[0].ID)
	}
}

func TestRankBreaksTiesByID(t *testing.T) {
	var docs []Document
	for _, id := range []int{3, 1, 2} {
		docs = append(docs, document(id, "en", "Refunds", "The same."))
	}
	var ids []int
	for _, hit := range New(docs, nil).Rank(Query{Text: "refund", Lang: "en"}, 10).Hits {
		ids = append(ids, hit.ID)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestRankConcurrently(t *testing.T) {
	index := New(library, related)
	want := index.Rank(Query{Text: "refund my invoice", Lang: "en"}, 10).Hits
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := index.Rank(Query{Text: "refund my invoice", Lang: "en"}, 10).Hits; !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
		})
	}
	group.Wait()
}

// TestReweigh holds an index with other weights to one that was built with them.
func TestReweigh(t *testing.T) {
	docs := []Document{
		{ID: 1, Lang: "en", Title: "Lost card", Phrasings: []string{"my card is gone"}, Parts: []Part{{Body: "Call us."}, {Body: "Your PIN stays."}}},
		{ID: 2, Lang: "en", Title: "New PIN", Phrasings: []string{"i forgot my pin"}},
		{ID: 3, Lang: "es", Title: "Tarjeta perdida"},
	}
	w := Fitted()
	w.Whole, w.Letters, w.Spelled, w.Learned, w.Asked, w.Faint, w.Foreign = 0.5, 0.3, 0.1, 0.3, 0.4, 0.2, 0.6
	query := Query{Text: "my card and its pin are gone", Lang: "en"}
	shipped := New(docs, nil)
	before := shipped.Rank(query, 3)
	got, want := shipped.Reweigh(w).Rank(query, 3), Build(docs, nil, Settings{Weights: &w}).Rank(query, 3)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("reweighed %+v, built %+v", got, want)
	}
	if after := shipped.Rank(query, 3); !reflect.DeepEqual(after, before) || reflect.DeepEqual(after, got) {
		t.Errorf("the index itself ranked %+v, then %+v; reweighed %+v", before, after, got)
	}
	if !got.Taught || shipped.Rank(Query{Text: "tarjeta", Lang: "es"}, 1).Taught {
		t.Error("Taught: want so in English, which has phrasings, but not in Spanish")
	}
}

func TestEmptyIndex(t *testing.T) {
	if hits := New(nil, nil).Rank(Query{Text: "refund", Lang: "en"}, 10).Hits; len(hits) != 0 {
		t.Errorf("found %v in nothing", hits)
	}
}

func TestSlip(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"change", "change", true}, {"chnage", "change", true}, {"pasword", "password", true}, {"", "", true}, {"abc", "abd", false},
		{"invite", "invoice", false}, {"read", "bread", false}, {"ação", "acao", false},
		{strings.Repeat("a", 30), strings.Repeat("a", 30), true}, {strings.Repeat("a", 30), strings.Repeat("a", 29), false},
	} {
		if Slip(test.a, test.b) != test.want || Slip(test.b, test.a) != test.want {
			t.Errorf("Slip(%q, %q) = %t", test.a, test.b, !test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		typed, meant string
		want         int
	}{
		{"refund", "refund", 0},
		{"mony", "money", missedKey},
		{"bouhgt", "bought", swappedKeys},
		{"pasword", "password", doubledKey},
		{"comision", "commission", 2 * doubledKey},
		{"refumd", "refund", nearKey},
		{"certificete", "certificate", vowelSlip},
		{"refubbed", "refunded", nearKey + otherSlip},
		{"wefund", "refund", otherSlip + firstLetter},
		{"efund", "refund", missedKey + firstLetter},
		{"", "abc", 3*missedKey + firstLetter},
	}
	for _, test := range tests {
		if got := distance([]rune(test.typed), []rune(test.meant), 1000); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.typed, test.meant, got, test.want)
		}
	}
	if got := distance([]rune("entirely"), []rune("something"), 100); got <= 100 {
		t.Errorf("distance gave up at %d, want more than 100", got)
	}
}

func TestNearest(t *testing.T) {
	known := newLexicon(map[string]int{"money": 5, "withdraw": 2, "read": 9, "help": 1, "refund": 3, "card": 7, "cart": 7}, "en")
	tests := []struct{ typed, want string }{
		{"mony", "money"},
		{"widraw", "withdraw"}, // two letters left out
		{"ehlp", "help"},
		{"efund", "refund"}, // the first letter left out
		{"gelp", ""},        // a wrong first letter, in a short word
		{"bread", ""},       // likewise
		{"carf", "card"},    // f lies beside d, not beside t
		{"red", ""},         // too short to tell
		{"", ""},
		{strings.Repeat("a", 500), ""},
	}
	for _, test := range tests {
		if got, ok := known.nearest(test.typed); got != test.want || ok != (test.want != "") {
			t.Errorf("nearest(%q) = %q, %v, want %q", test.typed, got, ok, test.want)
		}
	}
}

// TestRankWeighsWhatDocumentsAreAbout has many documents that mention money and
// one about getting it back.
func TestRankWeighsWhatDocumentsAreAbout(t *testing.T) {
	docs := []Document{
		document(1, "en", "Refunds", "The bank returns it within ten days."),
		document(2, "en", "A wrong address", "Correct it under your profile."),
	}
	for id := 3; id < 12; id++ {
		docs = append(docs, document(id, "en", fmt.Sprint("Chapter ", id), "Here you earn money. Go back at any time. No refund is due, whatever is said of it here or there."))
	}
	for id := 12; id < 30; id++ {
		docs = append(docs, document(id, "en", fmt.Sprint("Appendix ", id), "Other matters."))
	}
	if hits := New(docs, related).Rank(Query{Text: "money back for my profile", Lang: "en"}, 10).Hits; hits[0].ID != 1 {
		t.Errorf("found %d first, want the document about refunds", hits[0].ID)
	}
}

// TestRankKeepsIdeasThatAShelfLacks has articles about courses in the language
// of the question, and the one about refunds in another.
func TestRankKeepsIdeasThatAShelfLacks(t *testing.T) {
	index := New(append(slices.Clone(library),
		document(6, "pt-BR", "Cadastrar um curso", "Crie o curso e publique."),
		document(7, "pt-BR", "Comunidades", "Uma para cada curso."),
		document(8, "en", "Courses", "Returned within seven days."),
	), append(slices.Clone(related), Concept{"en": {"course"}, "pt": {"curso"}}))
	hits := index.Rank(Query{Text: "quero meu dinheiro de volta do curso", Lang: "pt-BR"}, 10).Hits
	for _, hit := range hits {
		switch hit.ID {
		case 1:
			if hit.Telling < 0.5 || !hit.Said {
				t.Errorf("found %+v, want it to have the rarest idea, in translation", hit)
			}
		case 6, 7:
			if hit.Covered > 0.6 {
				t.Errorf("found %+v, which lacks half of the question", hit)
			}
		}
	}
	if hits[0].ID == 6 || hits[0].ID == 7 {
		t.Errorf("found %+v first, which lacks half of the question", hits[0])
	}
}

func TestRankTellsWhatWasSaid(t *testing.T) {
	index := New(library, related)
	tests := []struct {
		text, before string
		said         bool
	}{
		{"certificates", "", true},
		{"certifcates", "", true}, // a typo
		{"learners", "", false},   // only means the same
		{"money back", "", true},  // a phrase has one meaning
		{"and then", "my certificate", false},
	}
	for _, test := range tests {
		hits := index.Rank(Query{Text: test.text, Before: test.before, Lang: "en"}, 10).Hits
		if len(hits) == 0 || hits[0].Said != test.said {
			t.Errorf("Rank(%q) = %+v, want said %t", test.text, hits, test.said)
		}
	}
}

func FuzzRank(f *testing.F) {
	index := New(library, related)
	f.Add("refund", "money", "en")
	f.Add("\xff\x00", strings.Repeat("a", 500), "pt-BR")
	f.Fuzz(func(t *testing.T, text, before, lang string) {
		for _, hit := range index.Rank(Query{Text: text, Before: before, Lang: lang}, 10).Hits {
			if hit.Score < 0 || hit.Score != hit.Score || hit.Covered < 0 || hit.Covered > 1+1e-9 {
				t.Errorf("hit out of range: %+v", hit)
			}
		}
	})
}

// BenchmarkRank ranks one question against 500 documents of four parts, a
// mid-sized help centre.
func BenchmarkRank(b *testing.B) {
	subjects := []string{"refund", "password", "invoice", "subscription", "course", "commission", "card", "email", "account", "coupon"}
	verbs := []string{"change", "cancel", "find", "create", "download"}
	var docs []Document
	for i := range 500 {
		d := Document{ID: i, Lang: "en", Title: fmt.Sprintf("How to %s the %s of plan %d", verbs[i%5], subjects[i/5%10], i)}
		for p := range 4 {
			d.Parts = append(d.Parts, Part{
				Heading: "Step " + subjects[(i+p)%10],
				Body:    strings.Repeat(fmt.Sprintf("Open the %s page and %s what you need. ", subjects[(i*7+p)%10], verbs[(i+p)%5]), 8),
			})
		}
		docs = append(docs, d)
	}
	index := New(docs, related)
	b.ReportAllocs()
	for b.Loop() {
		index.Rank(Query{Text: "hey how can i get my mony back for the subscription on my card", Lang: "en"}, 10)
	}
}

// TestMistypedPhrasings: a slip in a phrasing does not pass for a word, and
// counts as the word that was meant.
func TestMistypedPhrasings(t *testing.T) {
	docs := []Document{
		{ID: 1, Lang: "en", Title: "How do I watch it?", Phrasings: []string{"watch my corse", "a plane jane black hole"}, Parts: []Part{{Body: "Open the app."}}},
		{ID: 2, Lang: "en", Title: "What is it?", Parts: []Part{{Body: strings.Repeat("Courses and plans: a course, a plan, a block, a hole. ", 9)}}},
		{ID: 3, Lang: "en", Title: "An article on morse", Parts: []Part{{Body: "Ships had it."}}},
	}
	tests := []struct {
		name  string
		docs  []Document
		word  string
		meant string
	}{
		{"a letter left out", docs, "corse", "course"},
		{"a letter struck for another", docs, "plane", "plane"},
		{"likewise", docs, "black", "black"},
		{"a word of a title", docs, "morse", "morse"},
		{"a related word", docs, "jane", "jane"},
		{"a slip of a word that is as rare", []Document{docs[0], document(2, "en", "Course")}, "corse", "corse"},
		{"a slip that a body has", append(docs[:2:2], document(4, "en", "Spelling", "Not corse.")), "corse", "corse"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			index := New(test.docs, []Concept{{"en": {"jane"}}})
			got := index.tokens(test.word, "en", &reading{})[0]
			if got.word != test.meant {
				t.Errorf("%q is read as %q, want %q", test.word, got.word, test.meant)
			}
			if !index.Known(test.word) {
				t.Errorf("%q is not known", test.word)
			}
		})
	}
	index := New(docs, nil)
	for _, typed := range []string{"course", "corse"} {
		hits := index.Rank(Query{Text: "watch a " + typed, Lang: "en"}, 10).Hits
		if len(hits) == 0 || hits[0].ID != 1 || hits[0].Covered < 0.9 {
			t.Errorf("for %q found %+v", typed, hits)
		}
	}
}

// TestRankInOtherLanguages: stems, function words and typing errors of each
// language that the sample has no article in.
func TestRankInOtherLanguages(t *testing.T) {
	index := New([]Document{
		document(1, "fr", "Demander un remboursement", "Vous avez sept jours."),
		document(2, "fr", "Changer de mot de passe", "Un lien arrive par courriel."),
		document(3, "de", "Rückerstattung beantragen", "Sie haben sieben Tage Zeit."),
		document(4, "de", "Passwort ändern", "Ein Link kommt per E-Mail."),
		document(5, "it", "Chiedere un rimborso", "Hai sette giorni di tempo."),
		document(6, "it", "Cambiare la password", "Il link arriva per posta."),
	}, nil)
	tests := []struct {
		text, lang string
		id         int
	}{
		{"comment être remboursée ?", "fr", 1},
		{"je veux changer mes mots de passe", "fr", 2},
		{"remboursment", "fr", 1},
		{"wie bekomme ich eine rueckerstattung? Rückerstattungen", "de", 3},
		{"ich möchte mein passwort ändern", "de", 4},
		{"pasword", "de", 4},
		{"vorrei essere rimborsato, posso chiederlo?", "it", 5},
		{"come cambio la mia password", "it", 6},
		{"rimboso", "it", 5},
	}
	for _, test := range tests {
		hits := index.Rank(Query{Text: test.text, Lang: test.lang}, 3).Hits
		if len(hits) == 0 || hits[0].ID != test.id {
			t.Errorf("Rank(%q) in %s = %v, want %d first", test.text, test.lang, hits, test.id)
		}
	}
}

// TestPhrasingsTeach: how something is put tells what is meant, though no title
// or text has the words together.
func TestPhrasingsTeach(t *testing.T) {
	docs := []Document{document(1, "en", "Payouts"), document(2, "en", "Fees"), document(3, "en", "Invoices")}
	docs[0].Phrasings = []string{"when does my money arrive", "how long until i am paid", "where is my money"}
	docs[1].Phrasings = []string{"how much money do you keep", "what do you charge me", "what does a sale cost me"}
	docs[2].Phrasings = []string{"i need a paper for my boss", "send me the bill"}
	index := New(docs, nil)
	for text, id := range map[string]int{
		"when do i get my money":     1,
		"how much do you take":       2,
		"my boss needs some paper":   3,
		"is my mony arriving today?": 1,
	} {
		found := index.Rank(Query{Text: text, Lang: "en"}, 3)
		if len(found.Hits) == 0 || found.Hits[0].ID != id {
			t.Fatalf("Rank(%q) = %+v, want %d first", text, found.Hits, id)
		}
		if chance := 1.0 / float64(len(docs)); found.Hits[0].Learned < 1.2*chance {
			t.Errorf("Rank(%q): the classifier gives %d %.2f, no more than chance", text, id, found.Hits[0].Learned)
		}
	}
	if found := index.Rank(Query{Text: "xyzzy plugh", Lang: "en"}, 3); len(found.Hits) > 0 {
		t.Errorf("nonsense finds %+v", found.Hits)
	}
}

// BenchmarkRankTaught ranks questions against 77 articles with ten phrasings
// each, a support bot that was taught well.
func BenchmarkRankTaught(b *testing.B) {
	things := []string{"card", "transfer", "refund", "password", "fee", "account", "limit"}
	asks := []string{"how do i change my", "where can i see the", "why was there a problem with my", "i want to cancel this", "is it possible to get another"}
	var docs []Document
	for i := range 77 {
		d := Document{ID: i, Lang: "en", Title: fmt.Sprintf("%s of kind %d", things[i%7], i/7)}
		for p := range 10 {
			d.Phrasings = append(d.Phrasings, fmt.Sprintf("%s %s number %d please", asks[(i+p)%5], things[(i+p/5)%7], i/7))
		}
		docs = append(docs, d)
	}
	index := New(docs, nil)
	b.ReportAllocs()
	for b.Loop() {
		index.Rank(Query{Text: "hello, where can i see the refund that i asked for last week on my card", Lang: "en"}, 10)
	}
}

// A literate knows some words, and what is meant by others.
type literate struct {
	known string
	means map[string]string
}

func (r literate) Knows(word string) bool { return strings.Contains(r.known, word) }

func (r literate) Guess(word string) (string, bool) {
	meant, ok := r.means[word]
	return meant, ok
}

// TestMend: words of the documents and of the reader stay; of others, the reader's
// guess comes before a word of the documents.
func TestMend(t *testing.T) {
	x := New([]Document{{ID: 1, Lang: "en", Title: "Ask for refunds of vouchers"}}, nil)
	r := literate{"strange", map[string]string{"monye": "money", "refnud": "refuse", "strange": "orange"}}
	for s, want := range map[string]string{
		"Where IS my refund?":  "Where IS my refund?", // as it was typed
		"a strange voucher":    "a strange voucher",
		"monye for vouchers":   "money for vouchers",
		"refnud":               "refuse",
		"the vuochers, please": "the vouchers please",
		"zzz 12":               "zzz 12",
		"":                     "",
	} {
		if got := x.Mend(s, "en", r); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
