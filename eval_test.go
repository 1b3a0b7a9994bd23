package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/signpost-bot/signpost/knowledge"
)

// TestMeasure checks every figure against ones worked out by hand.
func TestMeasure(t *testing.T) {
	questions := []labelled{
		{ID: "1", Lang: "en", Kind: "plain", Articles: []string{"a"}, Audience: "buyer"},
		{ID: "2", Lang: "en", Kind: "plain", Articles: []string{"b", "c"}, Audience: "creator"},
		{ID: "3", Lang: "es", Kind: "plain", Articles: []string{"d"}, Audience: "unclear"},
		{ID: "4", Lang: "es", Kind: "cross", Articles: []string{"e"}, Audience: "buyer"},
		{ID: "5", Lang: "en", Kind: "none", Articles: []string{"f"}, Audience: "unclear"},
		{ID: "6", Lang: "en", Kind: "none"},
	}
	results := []found{
		{Level: "sure", Confidence: 1.0, Audience: "buyer", Articles: []string{"a", "x"}},                  // first
		{Level: "unsure", Confidence: 0.5, Audience: "buyer", Articles: []string{"x", "c", "b"}},           // second; wrong audience
		{Level: "unsure", Confidence: 0.55, Audience: "affiliate", Articles: []string{"1", "2", "3", "d"}}, // fourth
		{Level: "none", Confidence: 0.0, Articles: []string{"x"}},                                          // not found
		{Level: "sure", Confidence: 0.5, Articles: []string{"f"}},                                          // answered what deserves nothing
		{Level: "none", Confidence: 0.1, Articles: []string{"f"}},                                          // rightly refused
	}
	got := measure(questions, results)

	want := figures{
		ranking: ranking{N: 4, S1: 1. / 4, S3: 2. / 4, MRR10: (1 + 1./2 + 1./4) / 4},
		ByLang: map[string]ranking{
			"en": {N: 2, S1: 1. / 2, S3: 1, MRR10: (1 + 1./2) / 2},
			"es": {N: 2, S1: 0, S3: 0, MRR10: (1. / 4) / 2},
		},
		ByLangOwn: map[string]ranking{
			"en": {N: 2, S1: 1. / 2, S3: 1, MRR10: (1 + 1./2) / 2},
			"es": {N: 1, S1: 0, S3: 0, MRR10: 1. / 4},
		},
		ByKind: map[string]ranking{
			"plain": {N: 3, S1: 1. / 3, S3: 2. / 3, MRR10: (1 + 1./2 + 1./4) / 3},
			"cross": {N: 1},
		},
		Levels:        map[knowledge.Level]float64{"sure": 1. / 4, "unsure": 2. / 4, "none": 1. / 4},
		SurePrecision: 1. / 2, // 1 is right, 5 should have been refused
		Reliability: []bin{
			{0, .1, 1, 0, 0}, {.1, .2, 1, .1, 0}, {.2, .3, 0, 0, 0}, {.3, .4, 0, 0, 0}, {.4, .5, 0, 0, 0},
			{.5, .6, 3, (.5 + .55 + .5) / 3, 0}, {.6, .7, 0, 0, 0}, {.7, .8, 0, 0, 0}, {.8, .9, 0, 0, 0}, {.9, 1, 1, 1, 1},
		},
	}
	want.Audience.Accuracy = 1. / 2     // of 1 and 2, which got a name
	want.Audience.Coverage = 2. / 3     // of 1, 2 and 4, which have one
	want.Audience.UnclearNamed = 1. / 3 // 3, of 3, 5 and 6
	want.None.N = 2
	// Answerable 1.0, 0.5, 0.55 and 0.0 against 0.5 and 0.1: of eight pairs five
	// are above, one is equal.
	want.None.AUROC = (5 + 0.5) / 8
	want.None.SureRate = 1. / 2
	want.None.AnsweredRate = 1. / 2

	near := cmpopts.EquateApprox(0, 1e-12)
	if diff := cmp.Diff(want, got, near, cmp.AllowUnexported(figures{})); diff != "" {
		t.Error(diff)
	}
}

func TestMeasureNothing(t *testing.T) {
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case float64:
			if math.IsNaN(v) {
				t.Errorf("%s is not a number", name)
			}
		case map[string]any:
			for key, value := range v {
				walk(name+"."+key, value)
			}
		}
	}
	text, err := json.Marshal(measure(nil, nil))
	if err != nil {
		t.Fatal(err) // JSON has no NaN
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	walk("", v)
}

func TestAUROC(t *testing.T) {
	tests := []struct {
		yes, no []float64
		want    float64
	}{
		{[]float64{.9, .8}, []float64{.1, .2}, 1},
		{[]float64{.1}, []float64{.9}, 0},
		{[]float64{.5, .5}, []float64{.5}, .5},
		{[]float64{.9, .5, .1}, []float64{.5}, .5},
		{[]float64{.9, .5}, []float64{.5, .1}, 3.5 / 4},
		{nil, []float64{.5}, 0},
		{[]float64{.5}, nil, 0},
	}
	for _, test := range tests {
		if got := auroc(test.yes, test.no); got != test.want {
			t.Errorf("auroc(%v, %v) = %v, want %v", test.yes, test.no, got, test.want)
		}
	}
}

// files writes files into a folder of the test's own.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadLabelled(t *testing.T) {
	const good = `{"id":"1","text":"where?","lang":"en","articles":["a"],"audience":"buyer","kind":"plain"}` + "\n"
	const none = `{"id":"2","text":"hi","lang":"en","articles":[],"audience":"unclear","kind":"none"}` + "\n"
	tests := []struct {
		name, text string
		want       string // empty: fine; else it follows the file's name
	}{
		{"two and blank lines", "\n" + good + "\n" + none, ""},
		{"no JSON", good + "where?\n", ":2: not a question in JSON"},
		{"cut off", good + "\n" + `{"id":"2"`, ":3: not a question in JSON"},
		{"wrong type", `{"id":1}`, ":1: not a question in JSON"},
		{"no id", strings.Replace(good, `"1"`, `""`, 1), ":1: a question needs id"},
		{"no text", good + strings.Replace(good, "where?", "", 1), ":2: a question needs id, text"},
		{"no articles", strings.Replace(good, `["a"]`, "[]", 1), ":1: a question needs"},
		{"nothing", "\n\n", " has no questions"},
		{"too long a line", good + `{"text":"` + strings.Repeat("x", maxEvalLine) + `"}`, ": bufio.Scanner: token too long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(files(t, map[string]string{"q.jsonl": test.text}), "q.jsonl")
			list, err := readLabelled(name)
			if test.want == "" {
				if err != nil || len(list) != 2 || list[0].ID != "1" || list[1].Kind != kindNone {
					t.Fatalf("readLabelled = %+v, %v", list, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), name+test.want) {
				t.Errorf("error = %v, want %s%s", err, name, test.want)
			}
		})
	}
	if _, err := readLabelled(filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file = %v", err)
	}
}

// signpost runs the program.
func signpost(t *testing.T, words ...string) (code int, out, errs string) {
	t.Helper()
	t.Setenv("SIGNPOST_CONFIG", "")
	var stdout, stderr strings.Builder
	code = run(t.Context(), words, streams{strings.NewReader(""), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

func TestRunAskJSON(t *testing.T) {
	code, out, errs := signpost(t, "ask", "--json", "how", "do", "I", "get", "a", "refund", "for", "my", "purchase?")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var a answered
	if err := decoder.Decode(&a); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if a.Lang != "en" || a.Audience.Name != "buyer" || len(a.Audience.Why) == 0 || len(a.Matches) == 0 {
		t.Fatalf("answer = %+v", a)
	}
	first := a.Matches[0]
	if !strings.Contains(strings.ToLower(first.Title), "refund") || !strings.HasPrefix(first.URL, "https://") || first.Topic == "" || first.Passage == "" {
		t.Errorf("first match = %+v", first)
	}
	if strings.Contains(out, `\u0026`) {
		t.Error("addresses are escaped for HTML")
	}
}

func TestAskWhy(t *testing.T) {
	question := "how can i get my mony back i bouhgt the wrong course"
	for lang, want := range map[string]string{
		"en": "I read “mony” as “money” and “bouhgt” as “bought”.", "pt-BR": "Li “mony” como “money” e “bouhgt” como “bought”.",
	} {
		code, out, errs := signpost(t, "ask", "--why", "--lang", lang, question)
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit code %d, in %s:\n%s%s", code, lang, out, errs)
		}
	}
	code, out, errs := signpost(t, "ask", "--why", "--json", question)
	var got struct {
		Why struct {
			Typos []struct{ Typed, Meant string }
			Cases []struct{ Title string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitOK || len(got.Why.Typos) != 2 || len(got.Why.Cases) == 0 {
		t.Errorf("exit code %d (%v): %s%s", code, err, out, errs)
	}
	if _, out, _ := signpost(t, "ask", "--json", question); strings.Contains(out, `"why": {`) {
		t.Errorf("explained unasked:\n%s", out)
	}
}

func TestRunAskNothing(t *testing.T) {
	code, out, _ := signpost(t, "ask", "--json", "hello")
	if code != exitOK || !strings.Contains(out, `"level": "none"`) || strings.Contains(out, "null") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestRunEval(t *testing.T) {
	dir := files(t, map[string]string{"q.jsonl": `{"id":"1","text":"how do I get a refund for my purchase?","lang":"en","articles":["nowhere"],"audience":"buyer","kind":"plain"}
{"id":"2","text":"lol nice weather","lang":"en","articles":[],"audience":"unclear","kind":"none"}
`})
	outFile := filepath.Join(dir, "found.jsonl")
	code, out, errs := signpost(t, "eval", "--json", "--out", outFile, filepath.Join(dir, "q.jsonl"))
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var f figures
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		t.Fatal(err)
	}
	if f.Untaught["en"].N != 1 {
		t.Errorf("without questions: %+v, want one answerable in English", f.Untaught)
	}
	if f.N != 1 || f.S1 != 0 || f.None.N != 1 || f.Audience.Coverage != 1 {
		t.Errorf("figures = %+v", f)
	}
	lines, err := os.ReadFile(outFile)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(lines), "\n"); n != 2 || !strings.HasPrefix(string(lines), `{"id":"1",`) {
		t.Errorf("%d lines of what was found:\n%s", n, lines)
	}
	if code, out, _ := signpost(t, "eval", filepath.Join(dir, "q.jsonl")); code != exitOK || !strings.Contains(out, "S@1") || !strings.Contains(out, "AUROC") {
		t.Errorf("for people: exit %d\n%s", code, out)
	}
	if code, _, errs := signpost(t, "eval", outFile); code != exitBad || !strings.Contains(errs, outFile+":1:") {
		t.Errorf("a file of other lines: exit %d, %s", code, errs)
	}
}

// page is a Markdown article.
func page(id, lines, body string) string {
	return fmt.Sprintf("---\ntitle: %[1]s\nurl: https://help.example.com/%[1]s\nid: %[1]s\nlang: en\naudience: buyer\ntopic: refunds\n%[2]s---\n%[3]s\n", id, lines, body)
}

// TestRunCheckArticles checks a folder in which every file is broken in its
// own way: all of them are listed, with the folder in front.
func TestRunCheckArticles(t *testing.T) {
	fine := page("fine", "", "Text.")
	dir := files(t, map[string]string{
		"fine.md":     fine,
		"address.md":  strings.Replace(page("address", "", "Text."), "https://", "htp:/", 1),
		"audience.md": strings.Replace(page("audience", "", "Text."), "buyer", "byer", 1),
		"date.md":     page("date", "updated: last spring\n", "Text."),
		"empty.md":    page("empty", "", ""),
		"front.md":    "Text.\n",
		"key.md":      page("key", "audiense: buyer\n", "Text."),
		"language.md": strings.Replace(page("language", "", "Text."), "lang: en", "lang: pt-br", 1),
		"latin1.md":   page("latin1", "", "caf\xe9"),
		"missing.md":  strings.Replace(page("missing", "", "Text."), "topic: refunds\n", "", 1),
		"twin.md":     strings.Replace(page("twin", "", "Text."), "id: twin", "id: fine", 1),
		"unclosed.md": "---\ntitle: unclosed\n",
	})
	code, out, errs := signpost(t, "check", "--knowledge", dir)
	if code != exitBad {
		t.Errorf("exit %d, want %d", code, exitBad)
	}
	var names []string
	for line := range strings.Lines(out) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, dir+"/"), ":")
		if !strings.HasPrefix(line, dir+"/") || strings.TrimSpace(rest) == "" {
			t.Errorf("a problem without place or words: %s", line)
		}
		names = append(names, name)
	}
	want := []string{"address.md", "audience.md", "date.md", "empty.md", "front.md", "key.md", "language.md", "latin1.md", "missing.md", "twin.md", "unclosed.md"}
	if diff := cmp.Diff(want, slices.Compact(names)); diff != "" {
		t.Errorf("files with problems:\n%s\n%s", diff, out)
	}
	if want := fmt.Sprintf("%d problems", len(names)); !strings.Contains(errs, want) {
		t.Errorf("says %q, want %q", errs, want)
	}

	code, out, errs = signpost(t, "check", "--knowledge", files(t, map[string]string{"fine.md": fine}))
	if code != exitOK || !strings.Contains(out, "1 article (") {
		t.Errorf("a sound folder: exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := signpost(t, "check", "--knowledge", filepath.Join(dir, "nowhere")); code != exitBad || errs == "" {
		t.Errorf("no folder: exit %d", code)
	}
}

func TestRunCheckConfig(t *testing.T) {
	name := filepath.Join(files(t, map[string]string{"signpost.yaml": "languges: [en]\nanswers:\n  articles: lots\nescalate:\n  misses: 0\n"}), "signpost.yaml")
	code, out, errs := signpost(t, "check", "--config", name)
	if code != exitBad || !strings.Contains(errs, "3 problems") {
		t.Errorf("exit %d: %s", code, errs)
	}
	for _, want := range []string{name + ":1", `"languages"`, name + ":3", name + ":5"} {
		if !strings.Contains(out, want) {
			t.Errorf("no word of %s:\n%s", want, out)
		}
	}
	// Everything else refuses to start with it.
	if code, _, errs := signpost(t, "ask", "--config", name, "where?"); code != exitBad || !strings.Contains(errs, name+":5") {
		t.Errorf("ask: exit %d: %s", code, errs)
	}
	if code, out, _ := signpost(t, "check"); code != exitOK || !strings.HasPrefix(out, "All good") {
		t.Errorf("built-in settings: exit %d\n%s", code, out)
	}
}

func TestRunUsage(t *testing.T) {
	if code, out, _ := signpost(t, "version"); code != exitOK || out != "signpost dev\n" {
		t.Errorf("version: exit %d, %q", code, out)
	}
	for _, words := range [][]string{{"--nonsense"}, {"ask"}, {"chta"}, {}} {
		code, _, errs := signpost(t, words...)
		if code != exitUsage || !strings.Contains(errs, "signpost --help") {
			t.Errorf("%q: exit %d, %q", words, code, errs)
		}
	}
	for _, words := range [][]string{{"ask", "--knowledge", "/nowhere/at/all", "x"}, {"eval", "/nowhere/at/all"}, {"test", "/nowhere/at/all"}} {
		if code, _, errs := signpost(t, words...); code != exitBad || !strings.Contains(errs, "/nowhere/at/all") {
			t.Errorf("%q: exit %d, %q", words, code, errs)
		}
	}
	code, out, errs := signpost(t, "--help")
	if code != exitOK || errs != "" {
		t.Errorf("--help: exit %d, %q", code, errs)
	}
	for _, command := range []string{"chat", "ask", "check", "eval", "test", "version"} {
		if !strings.Contains(out, "\n  "+command) {
			t.Errorf("help does not mention %s:\n%s", command, out)
		}
	}
	if code, out, _ := signpost(t, "ask", "--help"); code != exitOK || !strings.Contains(out, "--json") {
		t.Errorf("ask --help: exit %d\n%s", code, out)
	}
	if code, _, errs := signpost(t, "ask", "--audience", "nobody", "where?"); code != exitBad || !strings.Contains(errs, `"nobody"`) {
		t.Errorf("unknown audience: exit %d, %q", code, errs)
	}
}
