package text

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestNormal(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Refund", "refund"},
		{"DEVOLUÇÃO", "devolucao"},
		{"contraseña", "contrasena"},
		{"contrasen\u0303a", "contrasena"}, // decomposed
		{"Straße", "strasse"},
		{"ﬁnd", "find"},
		{"𝕣𝕖𝕗𝕦𝕟𝕕", "refund"},
		{"can’t", "can't"},
		{"हिन्दी", "हिन्दी"}, // vowel signs are no accents
		{"a\xffb", "a\uFFFDb"},
		{"", ""},
	}
	for _, test := range tests {
		if got := Normal(test.in); got != test.want {
			t.Errorf("Normal(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestWords(t *testing.T) {
	tests := []struct{ in, want string }{
		{"How do I get my money back?", "how do i get my money back"},
		{"I can't log in!!", "i cant log in"},
		{"¿Dónde está?", "donde esta"},
		{"R$ 20,50 e-mail", "r 20 50 e mail"},
		{"IMG_2024.jpg", "img 2024 jpg"},
		{"🎉 👍", ""},
		{"W-8BEN", "w 8ben"},
	}
	for _, test := range tests {
		if got := strings.Join(Words(test.in), " "); got != test.want {
			t.Errorf("Words(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestTerms(t *testing.T) {
	tests := []struct{ lang, in, want string }{
		{"en", "How do I cancel my subscriptions?", "cancel subscript"},
		{"pt-BR", "Como cancelo minhas assinaturas?", "cancel assinatur"},
		{"es", "¿Cómo cancelo mis suscripciones?", "cancel suscripcion"},
		{"xx", "The words", "the words"}, // unknown language
	}
	for _, test := range tests {
		if got := strings.Join(Terms(test.in, test.lang), " "); got != test.want {
			t.Errorf("Terms(%q, %s) = %q, want %q", test.in, test.lang, got, test.want)
		}
	}
}

func TestStemLeavesNoiseAlone(t *testing.T) {
	for _, word := range []string{strings.Repeat("ing", 100), "8ben", ""} {
		if got := Stem(word, "en"); got != word {
			t.Errorf("Stem(%q) = %q", word, got)
		}
	}
}

// TestLookRemembersRight: what was looked up before changes nothing.
func TestLookRemembersRight(t *testing.T) {
	for range 2 {
		for _, base := range []string{"en", "pt", "es", "xx", ""} {
			for i := range 3 * len(recent) { // more than are remembered
				word := strings.Repeat("a", 1+i%3) + strconv.FormatInt(int64(i), 36) + "ing"
				if got, want := Look(word, base), (Word{Stem: stem(word, base)}); got != want {
					t.Fatalf("Look(%q, %q) = %v, want %v", word, base, got, want)
				}
			}
		}
	}
	if got, want := Look("the", "en-GB"), (Word{Stem: "the", Function: true}); got != want {
		t.Errorf("Look(the, en-GB) = %v, want %v", got, want)
	}
	if got := Look("the", "es"); got.Function {
		t.Errorf("Look(the, es) = %v, want no function word", got)
	}
}

func TestDetect(t *testing.T) {
	detector := NewDetector(map[string]string{"en": "", "pt-BR": "", "es": ""}, map[string][]string{
		"en": {"refund", "cancel"}, "pt": {"reembolso", "cancelar"}, "es": {"reembolso", "cancelar"},
	})
	tests := []struct{ in, prior, want string }{
		{"how do i get my money back", "", "en"},
		{"wheres my refund??", "", "en"},
		{"quero meu dinheiro de volta", "", "pt-BR"},
		{"nao consigo entrar na minha conta", "", "pt-BR"},
		{"cadê meu certificado", "", "pt-BR"},
		{"quiero que me devuelvan mi dinero", "", "es"},
		{"no puedo entrar a mi cuenta", "", "es"},
		{"¿y el pago?", "", "es"},
		{"Comment puis-je récupérer mon argent ?", "", ""}, // French is not learned
		{"Wie bekomme ich mein Geld zurück?", "", ""},
		{"Come posso riavere i miei soldi?", "", ""},
		{"pix", "", ""},
		{"cancelar", "", ""}, // Portuguese or Spanish
		{"reembolso", "", ""},
		{"quero reembolso", "", "pt-BR"},
		{"quero reembolso", "en", "pt-BR"},
		{"quiero reembolso", "", "es"},
		{"refunds", "es", "en"},
		{"não", "", "pt-BR"},
		{"resolve", "", ""}, // letters alone mislead
		{"claim", "", ""},
		{"x", "", ""},
		{"cancelar", "pt-BR", "pt-BR"},
		{"how do i get my money back", "pt-BR", "en"}, // words beat the prior
		{"🎉 123", "es", ""},
		{"", "en", ""},
	}
	for _, test := range tests {
		if got := detector.Detect(test.in, test.prior); got != test.want {
			t.Errorf("Detect(%q, %q) = %q, want %q", test.in, test.prior, got, test.want)
		}
	}
}

func TestOdd(t *testing.T) {
	letters := LearnLetters("webhook checkout upload inbox")
	tests := []struct {
		word string
		want bool
	}{
		{"asdfghjkl", true},
		{"qwertyuiop", true},
		{"poiu", true},
		{"jkl", true},
		{"sdkfjhsdkfjh", true},
		{"lkasjdlaksjd", true},
		{"aaaaaaaa", true},
		{"password", false},
		{"strengths", false},
		{"webhook", false},
		{"desculpa", false},
		{"contrasena", false},
		{"bouhgt", false}, // slips are no noise
		{"subscribtion", false},
		{"helloooooo", false},
		{"pdf", false},
		{"cnpj", false},
		{"w8ben", false},
		{"привет", false},
		{"ok", false},
		{"", false},
	}
	for _, test := range tests {
		if got := letters.Odd(test.word); got != test.want {
			t.Errorf("Odd(%q) = %t", test.word, got)
		}
	}
}

func TestIsSmall(t *testing.T) {
	for word, want := range map[string]bool{"the": true, "minha": true, "donde": true, "week": true, "refund": false, "": false} {
		if got := IsSmall(word); got != want {
			t.Errorf("IsSmall(%q) = %t", word, got)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, s := range []string{"Ação", "ß", "İ", "\u0345", "ﷺ", "\xff\xfe", "e\u0301\u0301", "ΐ", "가", "K", "Não…", "¿Qué?", "it’s", "ŉ", "\u0149\u0301", "``´¨"} {
		f.Add(s)
	}
	detector := NewDetector(map[string]string{"en": "", "es": ""}, nil)
	f.Fuzz(func(t *testing.T, s string) {
		once := Normal(s)
		if slow := normal(s); once != slow {
			t.Errorf("Normal(%q) = %q, the long way %q", s, once, slow)
		}
		if !utf8.ValidString(once) {
			t.Errorf("Normal(%q) = %q is not UTF-8", s, once)
		}
		if twice := Normal(once); twice != once {
			t.Errorf("Normal(%q) = %q, again %q", s, once, twice)
		}
		for _, w := range Words(s) {
			if w == "" || strings.IndexFunc(w, unicode.IsSpace) >= 0 {
				t.Errorf("Words(%q) has %q", s, w)
			}
			for _, lang := range Languages() {
				if Stem(w, lang) == "" {
					t.Errorf("Stem(%q, %s) is empty", w, lang)
				}
			}
		}
		if lang := detector.Detect(s, ""); !slices.Contains([]string{"", "en", "es"}, lang) {
			t.Errorf("Detect(%q) = %q", s, lang)
		}
	})
}
