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

func TestSigns(t *testing.T) {
	all := []string{"greets", "everyone", "thanks", "unhelped", "person", "contact", "help", "asks", "follows", "trouble", "chatter", "hostile", "elsewhere"}
	seen := map[string]bool{}
	for phrase, list := range signs {
		for _, sign := range list {
			seen[sign] = true
			if !slices.Contains(all, sign) {
				t.Errorf("%q is a sign of %q, which nothing reads", phrase, sign)
			}
		}
	}
	if len(seen) != len(all) {
		t.Errorf("signs %v, want %v", seen, all)
	}
}
