package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre"
	"github.com/signpost-bot/signpost/knowledge"
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

// TestCheckLinks asks a server on this machine for the page of an article.
func TestCheckLinks(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	text := strings.Replace(page("refund", "questions: [money back please]\n", "Text."), "https://help.example.com", server.URL, 1)
	dir := files(t, map[string]string{"refund.md": strings.Replace(text, "title: refund", "title: How do I get a refund?", 1)})
	cfg := filepath.Join(files(t, map[string]string{"signpost.yaml": fmt.Sprintf("languages: [en]\naudiences:\n  - {name: buyer}\nknowledge:\n  dir: %s\n", dir)}), "signpost.yaml")
	code, out, errs := signpost(t, "--config", cfg, "check", "--links", "--allow-private", "--json")
	var found checked
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != exitOK || errs != "" {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if diff := cmp.Diff([]linked{{URL: server.URL + "/refund", Fate: "dead", Why: "404 Not Found", From: []string{dir + "/refund.md"}}}, found.Links); diff != "" {
		t.Error(diff)
	}
	if len(found.Findings) != 1 || found.Findings[0].Says != server.URL+"/refund is gone (404 Not Found), and answers lead there." {
		t.Errorf("findings: %+v", found.Findings)
	}
	// Without leave nothing on this machine is asked, which nobody is to blame for.
	code, out, errs = signpost(t, "--config", cfg, "check", "--links", "--strict")
	if code != exitOK || !strings.Contains(out, "is in a private network; --allow-private has it asked") || strings.Contains(out, "lead nowhere") {
		t.Errorf("without leave: exit %d\n%s%s", code, out, errs)
	}
}

// TestAstray: what came of links is told in few lines, each page once.
func TestAstray(t *testing.T) {
	refund := &knowledge.Article{
		URL: "https://a.example/refund", File: "refund.md", Sections: []knowledge.Section{{Anchor: "card"}},
		Links: []knowledge.Link{{URL: "https://a.example/old", Line: 10}, {URL: "https://a.example/gone", Line: 11}, {URL: "https://b.example/members", Line: 12}},
	}
	invoice := &knowledge.Article{
		URL: "https://a.example/invoice", File: "invoice.md",
		Links: []knowledge.Link{{URL: "https://a.example/gone", Line: 12}, {URL: "https://b.example/forum", Line: 13}, {URL: "https://c.example/", Line: 14}},
	}
	parcel := &knowledge.Article{URL: "https://a.example/parcel", File: "parcel.md", Links: []knowledge.Link{{URL: "https://a.example/gone#x", Line: 10}}}
	leads := knowledge.Links([]*knowledge.Article{refund, invoice, parcel})
	fates := map[string]helpcentre.Visit{
		"https://a.example/refund":  {Fate: helpcentre.Found, Missing: []string{"card"}},
		"https://a.example/invoice": {Fate: helpcentre.Found},
		"https://a.example/parcel":  {Fate: helpcentre.Dead, Why: "410 Gone"},
		"https://a.example/old":     {Fate: helpcentre.Found, Moved: "https://a.example/refund"},
		"https://a.example/gone":    {Fate: helpcentre.Dead, Why: "404 Not Found", Moved: "https://a.example/"},
		"https://b.example/members": {Fate: helpcentre.Untold, Why: "403 Forbidden"},
		"https://b.example/forum":   {Fate: helpcentre.Untold, Why: "403 Forbidden"},
		"https://c.example/":        {Fate: helpcentre.Untold, Why: "500 Internal Server Error"},
	}
	var visits []helpcentre.Visit
	for _, l := range leads {
		v := fates[l.URL]
		v.URL = l.URL
		visits = append(visits, v)
	}
	found := checked{From: "x"}
	list := astray(leads, visits)
	knowledge.SortFindings(list)
	for _, f := range list {
		found.Findings = append(found.Findings, advice{Kind: f.Kind, File: f.File, Line: f.Line, Also: f.Also, Says: f.Says})
	}
	var b strings.Builder
	if err := (&checkCommand{}).print(&b, found); err != nil {
		t.Fatal(err)
	}
	const want = `Links that lead nowhere (3)
  parcel.md: https://a.example/parcel is gone (410 Gone), and answers lead there.
  refund.md:11: https://a.example/gone is gone (404 Not Found); 2 other articles lead there, too.
  refund.md: https://a.example/refund has no place #card, so it is read from the top.
  → Correct the address, or remove the link.

Links to pages that have moved (1)
  refund.md:10: https://a.example/old has moved to https://a.example/refund.
  → Write the new address.

Links that could not be told (2)
  2 addresses at b.example: 403 Forbidden. The first is https://b.example/members
  invoice.md:14: https://c.example/: 500 Internal Server Error.
  → Open these by hand, or check them again later.

`
	if diff := cmp.Diff(want, b.String()[:strings.Index(b.String(), "All good")]); diff != "" {
		t.Error(diff)
	}
}
