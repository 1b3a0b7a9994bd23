package knowledge

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSame(t *testing.T) {
	tests := []struct {
		lang Lang
		a, b string
		want bool
	}{
		{"en", "where is my refund?", "Where's my refund", true},
		{"en", "how do I change my password?", "change password please", true},
		{"en", "how do I change my password?", "how do i chnage my pasword", true},
		{"en", "the app crashes when I upload a video", "app crashing on video upload", true},
		{"en", "cancel my plan", "cancel my order", false},
		{"en", "how do I change my password?", "how do I change my e-mail address?", false},
		{"en", "where is my invoice?", "where is my refund?", false},
		// Long ones have many letters in common, whatever they ask.
		{"en", "The buyer came through my post, I have the screenshot, but someone else was paid for it because of a discount code.",
			"so is cart recovery free or do u take a bigger cut of my sale when the buyer comes back n pays??", false},
		{"en", "My card bounced this month and now I'm locked out of the classes, how can I try the charge again?",
			"If I choose to pay bit by bit every month, does it lock up the whole amount on my card?", false},
		{"en", "hey 2 affiliates sent the same buyer, who gets payed?? last click or what", "last click affiliate rule", true},
		{"en", "how do I invite a colleague?", "can I pay by invoice?", false},
		{"pt-BR", "como emito nota fiscal?", "Como eu emito a nota fiscal da venda", true},
		{"pt-BR", "como cancelo minha assinatura?", "cancelar assinatura", true},
		{"pt-BR", "Como aprovo afiliados automaticamente no meu programa?", "aprovação automática afiliados", true},
		{"pt-BR", "como cancelo minha assinatura?", "como mudo o meu e-mail?", false},
		{"es", "¿dónde está mi reembolso?", "donde esta mi reembolso", true},
		{"es", "¿cómo descargo la factura?", "descargar factura", true},
		{"es", "No puedo entrar al curso que compré, ¿qué hago?", "Quiero pedir la devolución de mi dinero por un curso que compré", false},
		{"es", "¿cómo descargo la factura?", "¿cómo cambio mi contraseña?", false},
		{"en", "how?", "how", true}, // no word that says anything
		{"en", "", "", true},
		{"en", "", "refund", false},
		{"ja", "返金はどこですか", "返金はどこですか？", true},
		{"xx", "blorp zim", "blorp zim!", true},
	}
	for _, test := range tests {
		if got := Same(test.lang, test.a, test.b); got != test.want {
			t.Errorf("Same(%s, %q, %q) = %t", test.lang, test.a, test.b, got)
		}
		if Same(test.lang, test.a, test.b) != Same(test.lang, test.b, test.a) {
			t.Errorf("%q and %q are not the same both ways", test.a, test.b)
		}
	}
}

func TestKinds(t *testing.T) {
	got := Kinds("en", []string{
		"do you have a dark mode?", "where is my invoice", "dark mode", "how do I invite a colleague", "where do I find my invoices?", "is there a dark mode?",
	})
	if want := [][]int{{0, 2, 5}, {1, 4}, {3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("kinds = %v, want %v", got, want)
	}
	if got := Kinds("en", nil); len(got) != 0 {
		t.Errorf("kinds of nothing = %v", got)
	}
}

// Every question is in one kind, whatever is asked; and asking twice changes
// nothing about whom it is sorted with.
func FuzzKinds(f *testing.F) {
	f.Add("en", "where is my refund?\nrefund?\n\n¿?\n\xff")
	f.Add("", "a\nA\nᾀ")
	f.Fuzz(func(t *testing.T, lang, lines string) {
		questions := strings.Split(lines, "\n")
		var all []int
		for _, kind := range Kinds(Lang(lang), questions) {
			if !slices.IsSorted(kind) {
				t.Fatalf("kind %v is out of order", kind)
			}
			all = append(all, kind...)
		}
		slices.Sort(all)
		if len(all) != len(questions) || len(slices.Compact(all)) != len(questions) {
			t.Fatalf("%d questions are sorted into %v", len(questions), all)
		}
		if !Same(Lang(lang), questions[0], questions[0]) {
			t.Errorf("%q is not the same as itself", questions[0])
		}
	})
}

// BenchmarkKinds sorts as many questions as one look at the gaps reads, a tenth
// of them alike.
func BenchmarkKinds(b *testing.B) {
	var questions []string
	for i := range 500 {
		questions = append(questions, fmt.Sprintf("how do I export report %s of my %s sales?", string(rune('a'+i%50)), strings.Repeat(string(rune('a'+i%7)), 4)))
	}
	b.ReportAllocs()
	for b.Loop() {
		Kinds("en", questions)
	}
}
