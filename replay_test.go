package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

// TestGoldenSample asks the golden questions of the sample: none that was
// answered right when the result was saved may be lost.
func TestGoldenSample(t *testing.T) {
	const file = "testdata/golden/sample.txt"
	const accept = "if it may stay so: go run . test --save " + file
	code, out, errs := signpost(t, "test", file)
	if code != exitOK {
		t.Errorf("%s%s\n%s", out, errs, accept)
	} else {
		t.Log(out)
	}
	var r replay
	if _, out, _ := signpost(t, "test", "--json", file); json.Unmarshal([]byte(out), &r) != nil {
		t.Fatalf("no JSON:\n%s", out)
	}
	if r.Changes[unsaved]+r.Gone > 0 {
		t.Errorf("questions were added, edited or removed since the result was saved; %s", accept)
	}
}

func TestJudge(t *testing.T) {
	answer := func(level knowledge.Level, ids ...knowledge.ArticleID) knowledge.Answer {
		ans := knowledge.Answer{Level: level}
		for _, id := range ids {
			ans.Matches = append(ans.Matches, knowledge.Match{Article: &knowledge.Article{ID: id, Title: "About " + string(id)}})
		}
		return ans
	}
	ids := func(list ...knowledge.ArticleID) []knowledge.ArticleID { return list }
	tests := []struct {
		name     string
		expected []knowledge.ArticleID
		answer   knowledge.Answer
		want     finding
	}{
		{"sure", ids("a"), answer("sure", "a", "b"), finding{true, "sure", "a", "About a", 1}},
		{"unsure", ids("a"), answer("unsure", "a", "b"), finding{true, "unsure", "a", "About a", 1}},
		{"another of those expected", ids("a", "b"), answer("sure", "b", "a"), finding{true, "sure", "b", "About b", 1}},
		{"second", ids("a"), answer("unsure", "b", "a"), finding{false, "unsure", "b", "About b", 2}},
		{"not there", ids("a"), answer("unsure", "b", "c"), finding{false, "unsure", "b", "About b", 0}},
		{"first, but not shown", ids("a"), answer("none", "a", "b"), finding{false, "none", "", "", 1}},
		{"nothing for a question", ids("a"), answer("none"), finding{false, "none", "", "", 0}},
		{"nothing, as expected", nil, answer("none", "a"), finding{true, "none", "", "", 0}},
		{"something, unexpectedly", nil, answer("unsure", "a"), finding{false, "unsure", "a", "About a", 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, goldenQuestion{expected: test.expected}.judge(test.answer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSince(t *testing.T) {
	right, wrong := finding{Right: true, Level: "sure", Article: "a"}, finding{Level: "sure", Article: "b"}
	with := func(f finding, edit func(*finding)) finding { edit(&f); return f }
	tests := []struct {
		name        string
		before, now finding
		want        change
	}{
		{"right as before", right, right, unchanged},
		{"wrong as before", wrong, wrong, unchanged},
		{"lost", right, wrong, lost},
		{"gained", wrong, right, gained},
		{"less sure", right, with(right, func(f *finding) { f.Level = "unsure" }), changed},
		{"another right one", right, with(right, func(f *finding) { f.Article = "c" }), changed},
		{"another wrong one", wrong, with(wrong, func(f *finding) { f.Article = "c" }), changed},
		{"wrong, and nearer", wrong, with(wrong, func(f *finding) { f.Place = 2 }), unchanged},
		{"another title", right, with(right, func(f *finding) { f.Title = "New" }), unchanged},
		{"no longer expected", right, with(right, func(f *finding) { f.Right = false }), unsaved},
		{"expected from now on", wrong, with(wrong, func(f *finding) { f.Right = true }), unsaved},
	}
	for _, test := range tests {
		if got := since(test.before, test.now); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// helpCentre is a folder of three articles. Named ids take the place of its
// own, as if someone had mixed up the texts.
func helpCentre(t *testing.T, refund, password, invoice string) string {
	t.Helper()
	article := func(id, title, body string) string {
		return strings.Replace(page(id, "", body), "title: "+id, "title: "+title, 1)
	}
	return files(t, map[string]string{
		"a.md": article(refund, "How do I get a refund?", "Write to the seller to get your money back.\n"),
		"b.md": article(password, "How do I change my password?", "Open the settings and type the new password twice.\n"),
		"c.md": article(invoice, "Where is my invoice?", "We send the invoice by email after the payment.\n"),
	})
}

// TestRunTest takes a file of golden questions through its life: it is asked,
// saved, asked when two articles were mixed up, and saved again.
func TestRunTest(t *testing.T) {
	sound := helpCentre(t, "refund", "password", "invoice")
	mixed := helpCentre(t, "password", "refund", "invoice")
	const text = `# What people ask
how do i get a refund -> refund
how do i change my password -> "How do I change my password?" # by its title
where is my invoice -> https://help.example.com/invoice
  > and is the invoice sent by email? -> invoice
hello everyone -> none
good morning -> invoice
`
	name := filepath.Join(files(t, map[string]string{"q.txt": text}), "q.txt")
	ask := func(step, dir string, code int, want []string, flags ...string) {
		t.Helper()
		got, out, errs := signpost(t, append(append([]string{"test", "--knowledge", dir}, flags...), name)...)
		if got != code {
			t.Errorf("%s: exit %d, want %d", step, got, code)
		}
		var lines []string // without the articles, which follow indented
		for line := range strings.Lines(strings.ReplaceAll(out+errs, name, "q.txt")) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "expected") && !strings.HasPrefix(line, "found") && !strings.HasPrefix(line, "before") {
				lines = append(lines, line)
			}
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("%s: prints (-want +got):\n%s", step, diff)
		}
	}
	const (
		wrong  = "wrong    q.txt:7: good morning"
		accept = "To accept this and compare with it from now on, run it again with --save."
		kept   = "Saved. The next run compares with this one."
	)
	ask("for the first time", sound, exitOK, []string{wrong, "6 questions: 5 right, 1 wrong. No result was saved before.", accept})
	ask("strictly", sound, exitBad, []string{wrong, "6 questions: 5 right, 1 wrong. No result was saved before.", accept,
		"signpost: 1 question is not answered right"}, "--strict")
	ask("to save", sound, exitOK, []string{wrong, "6 questions: 5 right, 1 wrong. No result was saved before.", kept}, "--save")
	ask("again", sound, exitOK, []string{"6 questions: 5 right, 1 wrong. All as saved."})
	ask("again, strictly", sound, exitBad, []string{wrong, "6 questions: 5 right, 1 wrong. All as saved.",
		"signpost: 1 question is not answered right"}, "--strict")

	// The title stands for the other article now, which is found by it.
	mixedUp := []string{"lost     q.txt:2: how do i get a refund", "changed  q.txt:3: how do i change my password",
		"6 questions: 4 right, 2 wrong. Since the saved result: 1 lost, 1 changed."}
	ask("mixed up", mixed, exitBad, append(slices.Clone(mixedUp), accept, "signpost: 1 question is not answered right any more"))
	ask("mixed up, to save", mixed, exitOK, append(slices.Clone(mixedUp), kept), "--save")
	ask("mixed up, again", mixed, exitOK, []string{"6 questions: 4 right, 2 wrong. All as saved."})
	ask("mended", sound, exitOK, []string{"changed  q.txt:3: how do i change my password", "gained   q.txt:2: how do i get a refund",
		"6 questions: 5 right, 1 wrong. Since the saved result: 1 gained, 1 changed.", accept})

	// Someone edits the questions, and a merge leaves its marks in the result.
	edited := strings.NewReplacer("is the invoice sent by email", "does the invoice come by email", "morning -> invoice", "morning -> none").Replace(text)
	if err := os.WriteFile(name, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	ask("edited", mixed, exitOK, []string{"6 questions: 5 right, 1 wrong. Since the saved result: 2 new, 1 gone.", accept})
	result, err := os.ReadFile(name + savedSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name+savedSuffix, append([]byte("<<<<<<< ours\n"), result...), 0o600); err != nil {
		t.Fatal(err)
	}
	ask("merged", sound, exitBad, []string{"signpost: the saved results have problems:",
		"q.txt.result:1: is no line of a saved result; after a merge, save it anew with --save"})
	ask("merged, to save", mixed, exitOK, []string{"6 questions: 5 right, 1 wrong. Since the saved result: 2 new, 1 gone.", kept}, "--save")
	ask("at last", mixed, exitOK, []string{"6 questions: 5 right, 1 wrong. All as saved."})
}

// TestRunTestSaves checks that a saved result has a line for each question in
// their order, and is the same each time.
func TestRunTestSaves(t *testing.T) {
	dir := helpCentre(t, "refund", "password", "invoice")
	name := filepath.Join(files(t, map[string]string{"q.txt": "hello -> none\n[en as buyer] where is my invoice & why -> invoice\n> hello -> none\nhello -> none\n"}), "q.txt")
	var results []string
	for range 2 {
		if code, out, errs := signpost(t, "test", "--save", "--knowledge", dir, name); code != exitOK {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
		result, err := os.ReadFile(name + savedSuffix)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, string(result))
	}
	if results[0] != results[1] {
		t.Errorf("saved\n%s\nand then\n%s", results[0], results[1])
	}
	var asked []string
	for line := range strings.Lines(results[0]) {
		asked = append(asked, line[:strings.Index(line, `,"right"`)])
	}
	want := []string{`{"asked":["hello"]`, `{"asked":["[en as buyer] where is my invoice & why"]`, `{"asked":["[en as buyer] where is my invoice & why","hello"]`}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

// TestRunTestProblems names articles, languages and audiences that there are
// not, in two files: all of it is reported at once.
func TestRunTestProblems(t *testing.T) {
	dir := files(t, map[string]string{
		"signpost.yaml": "languages: [en]\naudiences:\n  - name: buyer\n  - name: staff\n    private: true\n    roles: [staff]\n",
		"a.txt": `where is my invoice -> invioce
where is my invoice -> "Where are my invoices?"
where is my invoice -> 17
how do i get it -> "Same title"
[fr] x -> nowhere
[as seller] x -> invoice
x -> secret
[as staff] x -> secret
y
`,
		"b.txt":        "z -> refund\nz -> invoice\nz -> refund\n",
		"fine.txt":     "where is my invoice -> invoice\n",
		"other.result": "",
	})
	knowledge := helpCentre(t, "refund", "password", "invoice")
	twin := strings.Replace(page("twin", "", "Text."), "title: twin", "title: Same title", 1)
	for name, text := range map[string]string{
		"twin.md":   twin,
		"other.md":  strings.ReplaceAll(twin, "twin", "other"),
		"secret.md": strings.Replace(page("secret", "", "Not for everyone."), "audience: buyer", "audience: staff", 1),
	} {
		if err := os.WriteFile(filepath.Join(knowledge, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	code, out, errs := signpost(t, "test", "--config", in("signpost.yaml"), "--knowledge", knowledge, "--save",
		in("a.txt"), in("fine.txt"), in("b.txt"), in("nowhere.txt"), in("other.result"))
	if code != exitBad || out != "" {
		t.Errorf("exit %d, prints %q", code, out)
	}
	want := []string{
		"signpost: the golden questions have problems:",
		`a.txt:1: there is no article "invioce"; did you mean invoice (Where is my invoice?)?`,
		`a.txt:2: there is no article "Where are my invoices?"; did you mean invoice (Where is my invoice?)?`,
		`a.txt:3: there is no article "17"; the nearest is invoice (Where is my invoice?)`,
		`a.txt:4: "Same title" is what other and twin are called; write one of these ids`,
		`a.txt:5: unknown language "fr"; use one of en, write an audience as [as buyer], and a question that begins with [ as \[`,
		`a.txt:5: there is no article "nowhere"; `,
		`a.txt:6: unknown audience "seller"; use one of buyer, staff`,
		`a.txt:7: secret (secret) is not shown to whoever asks here, but to staff; write [as staff] in front of the question`,
		`a.txt:9: has no arrow; write: question -> article, or: question -> none`,
		"b.txt:2: is asked in line 1, too, and answered otherwise there; keep one of the two",
		"nowhere.txt: cannot be read: no such file or directory; check its name and permissions",
		"other.result: is a saved result; name the questions instead: " + in("other"),
	}
	got := strings.Split(strings.TrimSpace(errs), "\n")
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], dir+string(filepath.Separator))
		if strings.HasPrefix(got[i], "a.txt:5: there") {
			got[i] = got[i][:strings.Index(got[i], "; ")+2] // what is near a word that means nothing does not matter
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(in("fine.txt") + savedSuffix); err == nil {
		t.Error("a result was saved all the same")
	}
}

func TestReplayPrint(t *testing.T) {
	shelf := newCatalogue([]*knowledge.Article{
		{ID: "12", Lang: "en", Title: "How do I get a refund?", Audiences: []string{"buyer"}, Sections: []knowledge.Section{{Text: "Ask."}}},
		{ID: "password", Lang: "en", Title: "I forgot my password", Audiences: []string{"buyer"}, Sections: []knowledge.Section{{Text: "Reset it."}}},
	}, config.Default())
	refund := finding{Right: true, Level: "sure", Article: "12", Title: "How do I get a refund?", Place: 1}
	password := finding{Level: "unsure", Article: "password", Title: "I forgot my password", Place: 2}
	refused := finding{Level: "none", Place: 1}
	silent := finding{Right: true, Level: "none"}
	answered := finding{Level: "unsure", Article: "password", Title: "I forgot my password"}
	expected := []knowledge.ArticleID{"12"}
	r := replay{Right: 3, Wrong: 4, Gone: 1, Changes: map[change]int{lost: 2, gained: 1, changed: 1, unsaved: 2, unchanged: 1}, Questions: []replayed{
		{"q.txt", 1, []string{"money back"}, expected, gained, refund, &password},
		{"q.txt", 2, []string{"where is it", "and\x1b[31m now?"}, expected, lost, password, &refund},
		{"q.txt", 4, []string{"hello"}, nil, lost, answered, &silent},
		{"q.txt", 5, []string{"cash"}, append(expected, "password"), unsaved, refused, nil},
		{"q.txt", 6, []string{"refund"}, expected, unsaved, refund, nil},
		{"q.txt", 7, []string{"coins"}, expected, unchanged, refused, &refused},
		{"q.txt", 8, []string{"lol"}, expected, changed, refused, &password},
	}}
	const before = `lost     q.txt:2: where is it > and�[31m now?
  expected  12        How do I get a refund?
  found     password  I forgot my password (unsure; the right one in place 2)
  before    12        How do I get a refund? (sure)
lost     q.txt:4: hello
  expected  none
  found     password  I forgot my password (unsure)
  before    none
wrong    q.txt:5: cash
  expected  12        How do I get a refund?
  or        password  I forgot my password
  found     none      (the right one in place 1)
`
	const known = `wrong    q.txt:7: coins
  expected  12    How do I get a refund?
  found     none  (the right one in place 1)
`
	const after = `changed  q.txt:8: lol
  expected  12        How do I get a refund?
  found     none      (the right one in place 1)
  before    password  I forgot my password (unsure; the right one in place 2)
gained   q.txt:1: money back
  expected  12        How do I get a refund?
  found     12        How do I get a refund? (sure)
  before    password  I forgot my password (unsure; the right one in place 2)

7 questions: 3 right, 4 wrong. Since the saved result: 2 lost, 1 gained, 1 changed, 2 new, 1 gone.
`
	const accept = "To accept this and compare with it from now on, run it again with --save.\n"
	const kept = "Saved. The next run compares with this one.\n"
	tests := []struct {
		name         string
		save, strict bool
		want         string
	}{
		{"plain", false, false, before + after + accept},
		{"strict", false, true, before + known + after + accept},
		{"to save", true, false, before + after + kept},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if err := r.print(&out, shelf, test.save, test.strict); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("prints (-want +got):\n%s", diff)
			}
		})
	}
}
