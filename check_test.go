package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hurting is a folder of articles with a few weaknesses, and a configuration that
// names it.
func hurting(t *testing.T) (dir, cfg string) {
	t.Helper()
	dir = files(t, map[string]string{
		"faq.md":    strings.Replace(page("faq", "questions: [where is my money]\n", "Text."), "title: faq", "title: FAQ", 1),
		"refund.md": strings.Replace(page("refund", "questions: [where is my money, refund please]\n", "Text.\n\n## Later\n"), "title: refund", "title: How do I get a refund?", 1),
	})
	cfg = filepath.Join(files(t, map[string]string{"signpost.yaml": fmt.Sprintf("languages: [en]\naudiences:\n  - {name: buyer}\nknowledge:\n  dir: %s\n", dir)}), "signpost.yaml")
	return dir, cfg
}

// TestCheckForms asks for a review in every way that it can be asked for.
func TestCheckForms(t *testing.T) {
	dir, cfg := hurting(t)
	other := files(t, map[string]string{"one.md": strings.Replace(page("one", "questions: [give me my money back]\n", "Text."), "title: one", "title: How do I get a refund?", 1)})
	tests := []struct {
		words   []string
		code    int
		from    string
		reviews bool
		hurts   bool
	}{
		{[]string{"--knowledge"}, exitOK, dir, true, true},
		{[]string{"--knowledge", "--strict"}, exitBad, dir, true, true},
		{[]string{"--strict"}, exitBad, dir, true, true},
		{[]string{"--knowledge", other}, exitOK, other, true, false},
		{[]string{"--knowledge=" + other, "--strict"}, exitOK, other, true, false},
		{[]string{"--knowledge="}, exitOK, dir, true, true},
		{nil, exitOK, dir, false, false},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.words, " "), func(t *testing.T) {
			code, out, errs := signpost(t, append([]string{"--config", cfg, "check"}, test.words...)...)
			if code != test.code || !strings.Contains(out, "("+test.from+")") {
				t.Errorf("exit %d: %s%s", code, out, errs)
			}
			if reviews := strings.Contains(out, "Nothing hurts finding") || strings.Contains(out, "findings above"); reviews != test.reviews {
				t.Errorf("reviews: %v\n%s", reviews, out)
			}
			if hurts := strings.Contains(out, "“FAQ” could stand above any article."); hurts != test.hurts {
				t.Errorf("hurts: %v\n%s", hurts, out)
			}
		})
	}
	if code, _, _ := signpost(t, "--config", cfg, "check", other); code != exitUsage {
		t.Errorf("a folder without its flag: exit %d", code)
	}
	if _, out, _ := signpost(t, "check", "--help"); !strings.Contains(out, "--knowledge=[DIR]") || !strings.Contains(out, "--strict") {
		t.Errorf("help:\n%s", out)
	}
}

func TestCheckReview(t *testing.T) {
	dir, cfg := hurting(t)
	code, out, errs := signpost(t, "--config", cfg, "check", "--knowledge")
	want := fmt.Sprintf(`Questions that two articles claim (1)
  %[1]s/faq.md: “where is my money” is a question of “FAQ” and of “How do I get a refund?”.
    with %[1]s/refund.md
  → Keep the question where it is answered best.

Titles that say nothing (1)
  %[1]s/faq.md: “FAQ” could stand above any article.
  → Write the title as the question that the article answers.

Headings with nothing under them (1)
  %[1]s/refund.md:12: “Later” has no text.
  → Write the section, or remove its heading.

All good: configuration, 2 articles (%[1]s) and 0 snippets. 3 findings above: advice, nothing is broken.
`, dir)
	if code != exitOK || errs != "" {
		t.Errorf("exit %d: %s", code, errs)
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}

	code, out, errs = signpost(t, "--config", cfg, "check", "--knowledge", "--json", "--strict")
	if code != exitBad || !strings.Contains(errs, "3 findings") {
		t.Errorf("exit %d: %s", code, errs)
	}
	var found checked
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&found); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(found.Findings) != 3 || found.Articles != 2 || found.From != dir || len(found.Problems) != 0 {
		t.Errorf("as JSON: %+v", found)
	}
	first := advice{"shared-question", dir + "/faq.md", 0, []string{dir + "/refund.md"}, "“where is my money” is a question of “FAQ” and of “How do I get a refund?”.", "Keep the question where it is answered best.", 0.1}
	if diff := cmp.Diff(first, found.Findings[0]); diff != "" {
		t.Error(diff)
	}
}

// TestCheckMany: of each kind no more is printed than is read.
func TestCheckMany(t *testing.T) {
	texts := map[string]string{}
	for i := range 14 {
		name := fmt.Sprintf("a%d", i)
		texts[name+".md"] = strings.Replace(page(name, "questions: [question number "+name+"]\n", "Text "+name+"."), "title: "+name, fmt.Sprintf("title: %d", 2000+i), 1)
	}
	_, out, _ := signpost(t, "check", "--knowledge", files(t, texts))
	if !strings.Contains(out, "Titles that say nothing (14)\n") || strings.Count(out, "has no word in it") != maxAdvice || !strings.Contains(out, "  and 4 more; --json shows all\n") {
		t.Error(out)
	}
	broken := files(t, map[string]string{"a.md": "Text.\n"})
	code, out, errs := signpost(t, "check", "--knowledge", broken, "--json")
	if code != exitBad || !strings.Contains(errs, "1 problem; once these are mended, it is told what hurts finding") || !strings.Contains(out, `"problems": [`) || !strings.Contains(out, "has no front matter") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
