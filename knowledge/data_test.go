package knowledge

import (
	"slices"
	"testing"
)

func TestGlossary(t *testing.T) {
	if len(glossary) == 0 {
		t.Fatal("glossary is empty")
	}
	for i, concept := range glossary {
		for lang, phrases := range concept {
			if !slices.Contains([]string{"en", "pt", "es"}, lang) {
				t.Errorf("idea %d (%v): unknown language %q", i+1, concept["en"], lang)
			}
			if slices.Contains(phrases, "") {
				t.Errorf("idea %d (%v): empty phrase in %s", i+1, concept["en"], lang)
			}
		}
	}
}

// TestSigns finds signs that nothing reads, and phrases that are longer than
// what is read.
func TestSigns(t *testing.T) {
	all := []string{
		"greets", "everyone", "thanks", "unhelped", "person", "contact", "help", "asks", "follows", "trouble", "chatter", "hostile", "elsewhere",
		"self", "we", "you", "they", "office", "day", "reports", "agrees", "mood", "orders",
	}
	seen := map[string]bool{}
	var walk func(at *phrase, words []string)
	walk = func(at *phrase, words []string) {
		for _, sign := range at.signs {
			seen[sign] = true
			if !slices.Contains(all, sign) {
				t.Errorf("%q is a sign of %q, which nothing reads", words, sign)
			}
		}
		if len(words) > maxPhrase {
			t.Errorf("%q has more than %d words", words, maxPhrase)
		}
		for w, next := range at.next {
			walk(next, append(slices.Clone(words), w))
		}
	}
	walk(signs, nil)
	if len(seen) != len(all) {
		t.Errorf("signs %v, want %v", seen, all)
	}
}
