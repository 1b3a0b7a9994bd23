package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
)

// documented are the commands at the beginning of a page of the documentation.
func documented(t *testing.T, page string) (commands []string) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^    (signpost .*)$`).FindAllStringSubmatch(string(data), -1) {
		commands = append(commands, found[1])
	}
	return commands
}

// importSettings let a help centre on this machine be imported.
func importSettings(t *testing.T, c *helpcentretest.Centre) string {
	return configured(t, fmt.Sprintf("import: {sources: [{name: help, kind: sitemap, url: %q, allow_private: true, rate: 100}]}", c.URL))
}

// TestImportDocumented goes from an empty folder to the first answer by the three
// commands of docs/import.md.
func TestImportDocumented(t *testing.T) {
	commands := documented(t, "docs/import.md")
	if len(commands) != 3 {
		t.Fatalf("the page begins with %q", commands)
	}
	c := helpcentretest.New(t, 5)
	settings := importSettings(t, c)
	t.Chdir(t.TempDir())
	for i, command := range commands {
		words := strings.Fields(strings.ReplaceAll(command, "https://help.example.com", c.URL))[1:]
		t.Setenv("SIGNPOST_CONFIG", settings)
		var out, errs strings.Builder
		in := ""
		if i == 2 {
			in = "How do I get a refund?\n"
		}
		if code := run(t.Context(), words, streams{strings.NewReader(in), &out, &errs}); code != exitOK {
			t.Fatalf("%s: exit %d\n%s%s", command, code, out.String(), errs.String())
		}
		want := []string{
			"Imported help into articles: 15 new, 0 changed, 0 as they were (",
			"All good: configuration, 15 articles (articles)",
			c.URL + helpcentretest.Path(0, "en"),
		}[i]
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: no %q in\n%s%s", command, want, out.String(), errs.String())
		}
	}
}

// TestImportKilled kills the program in the middle of an import. The next run does
// not fetch again what the first one had.
func TestImportKilled(t *testing.T) {
	c := helpcentretest.New(t, 30)
	settings, dir := importSettings(t, c), filepath.Join(t.TempDir(), "articles")
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$", "--", "--config", settings, "import", "sitemap", c.URL, "--to", dir)
	cmd.Env = append(os.Environ(), "SIGNPOST_TEST_PROCESS=1")
	var mu sync.Mutex
	n := 0
	killed := make(chan struct{})
	c.Gate(func(string) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 40 {
			cmd.Process.Kill()
			close(killed)
		}
	})
	mu.Lock() // until there is a process to kill
	err := cmd.Start()
	mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	<-killed
	if err := cmd.Wait(); err == nil {
		t.Error("the program was not killed")
	}
	c.Gate(nil)
	c.Asked()
	code, out, errs := signpost(t, "--config", settings, "import", "sitemap", c.URL, "--to", dir)
	if code != exitOK || !strings.Contains(out, "51 new, 0 changed, 0 as they were, 39 done before it broke off") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if asked, _ := c.Asked(); asked != 51 {
		t.Errorf("%d pages were asked for after that, want 51", asked)
	}
	if code, out, errs := signpost(t, "--config", settings, "check", "--knowledge="+dir); code != exitOK {
		t.Errorf("check: exit %d\n%s%s", code, out, errs)
	}
}

// TestImportCommand plays with the flags as somebody would.
func TestImportCommand(t *testing.T) {
	c := helpcentretest.New(t, 2)
	settings, dir := importSettings(t, c), filepath.Join(t.TempDir(), "articles")
	c.Hurdle("/gone", helpcentretest.Status(404))
	c.Hurdle("/loop", helpcentretest.Redirect("/loop"))
	steps := []struct {
		words []string
		code  int
		want  []string // in what is printed
	}{
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--content", "p["}, exitBad, []string{`content "p[" is not a CSS selector`}},
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--dry-run"}, exitBad, []string{
			"+++ en/how-do-i-get-a-refund-0-360000000.md", "+audience: buyer", "Nothing was written. Would import help into " + dir + ": 6 new, 0 changed, 0 as they were", "1 page could not be imported",
		}},
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--audience", "creator", "--topic", "money"}, exitBad, []string{
			"Imported help into " + dir + ": 6 new", "Listed, but not there (404 or 410), 1 page:\n  " + c.URL + "/gone",
			"Not imported, 1 page:\n  " + c.URL + "/loop: it redirects more than 5 times", "Next: signpost check --knowledge " + dir,
		}},
		{[]string{"import", "run", "--to", dir}, exitBad, []string{
			"6 changed, 0 as they were", "What the help centre no longer has cannot be told while pages fail.", "help: 1 page could not be imported",
		}},
		{[]string{"import", "run", "other", "--to", dir}, exitBad, []string{`no source is called "other"; use one of help`}},
		{[]string{"import", "csv", filepath.Join(dir, "nowhere.csv"), "--to", dir}, exitBad, []string{"the table cannot be read: no such file or directory"}},
		{[]string{"import", "markdown", dir, "--to", dir + "2"}, exitOK, []string{"Imported markdown-articles into " + dir + "2: 6 new"}},
		{[]string{"import", "intercom", "--to", dir}, exitBad, []string{"name that with --key-file"}},
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--rate=-1"}, exitBad, []string{"rate is -1; write requests a second"}},
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--max-pages=-1"}, exitBad, []string{"max_pages is -1; write 0 for 5000"}},
		{[]string{"import", "sitemap", c.URL, "--to", dir, "--audience", "buyers"}, exitBad, []string{`unknown audience "buyers"; did you mean "buyer"?`}},
	}
	for _, step := range steps {
		code, out, errs := signpost(t, append([]string{"--config", settings}, step.words...)...)
		for _, want := range step.want {
			if code != step.code || !strings.Contains(out+errs, want) {
				t.Errorf("%q: exit %d, no %q in\n%s%s", step.words, code, want, out, errs)
			}
		}
	}
	if code, _, errs := signpost(t, "import", "sitemap", c.URL); code != exitBad || !strings.Contains(errs, "there is no folder to import into; name one with --to, or set knowledge.dir") {
		t.Errorf("exit %d: %s", code, errs)
	}
	broken := configured(t, "import: {sources: [{name: help, kind: sitemap, url: 'https://help.example.com', select: {content: 'p['}}]}")
	if code, out, _ := signpost(t, "--config", broken, "check"); code != exitBad || !strings.Contains(out, `import.sources: help: content "p[" is not a CSS selector`) {
		t.Errorf("check: exit %d: %s", code, out)
	}
	if code, _, errs := signpost(t, "import", "run"); code != exitBad || !strings.Contains(errs, "no source is configured") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := signpost(t, "import", "sitemap", c.URL, "--to", dir+"3"); code != exitBad || !strings.Contains(errs, "its host is at 127.0.0.1, in a private network; if that is your own help centre, allow it with --allow-private") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
