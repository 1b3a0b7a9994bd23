package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
)

const aSnippet = "---\nname: hello\nlang: en\ntitle: Hello\narticle: refund\n---\nHello {{asker}}\n"

// The built-in snippets are there as long as the articles are the built-in ones,
// in the languages that are configured.
func TestSnippetsSample(t *testing.T) {
	cfg := config.Default()
	all, err := snippets(cfg)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	cfg.Languages = []string{"es"}
	if list, err := snippets(cfg); err != nil || len(list) != len(all)/3 {
		t.Errorf("in Spanish there are %d of %d, %v", len(list), len(all), err)
	}
	cfg.Knowledge.Dir = "articles"
	if list, err := snippets(cfg); err != nil || len(list) != 0 {
		t.Errorf("beside other articles: %v, %v", list, err)
	}
}

// check tells what is wrong with snippets, as with articles.
func TestCheckSnippets(t *testing.T) {
	articles := files(t, map[string]string{"refund.md": oneArticle})
	good := files(t, map[string]string{"hello.md": aSnippet})
	code, out, errs := signpost(t, "check", "--knowledge", articles, "--snippets", good)
	if code != exitOK || !strings.Contains(out, "1 article (") || !strings.Contains(out, "and 1 snippet.") {
		t.Errorf("good: %d %s%s", code, out, errs)
	}
	bad := files(t, map[string]string{
		"a.md": strings.Replace(aSnippet, "refund", "nowhere", 1),
		"b.md": strings.NewReplacer("name: hello", "name: bye", "{{asker}}", "{{user}}").Replace(aSnippet),
	})
	code, out, _ = signpost(t, "check", "--knowledge", articles, "--snippets", bad)
	for _, want := range []string{
		bad + `/a.md:5: there is no article "nowhere" that every asker may read; name another, or remove the line`,
		bad + `/b.md:7: unknown variable {{user}}; use {{agent}}, {{article}}, {{asker}}, {{ticket}}`,
	} {
		if code != exitBad || !strings.Contains(out, want+"\n") {
			t.Errorf("bad: %d %s, want %s", code, out, want)
		}
	}
	if _, out, _ := signpost(t, "check", "--knowledge", articles, "--snippets", filepath.Join(bad, "nowhere")); !strings.Contains(out, "cannot be read") {
		t.Errorf("nowhere: %s", out)
	}
}

// Snippets that change are taken up; those with a mistake leave the old ones in
// place, and are told once.
func TestBoard(t *testing.T) {
	dir := files(t, map[string]string{"hello.md": aSnippet})
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "hello.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := knowledge.Load(os.DirFS(files(t, map[string]string{"refund.md": oneArticle})), knowledge.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	library := knowledge.NewLibrary(list, knowledge.Rules{Languages: []knowledge.Lang{"en"}})
	cfg := config.Default()
	cfg.Snippets.Dir = dir
	var journal strings.Builder
	b, err := newBoard(cfg, func() bot.Library { return library }, slog.New(slog.NewTextHandler(&journal, nil)))
	if err != nil {
		t.Fatal(err)
	}
	var watched []string
	look := func() { b.look(func(dir string) error { watched = append(watched, dir); return nil }) }
	if look(); len(watched) != 1 || watched[0] != dir || journal.String() != "" {
		t.Errorf("watched %q, said %s", watched, journal.String())
	}
	write(strings.Replace(aSnippet, "Hello {{asker}}", "Hi {{asker}}", 1))
	if look(); b.snippets()[0].Text != "Hi {{asker}}" {
		t.Errorf("now %+v", b.snippets())
	}
	write("nothing")
	look()
	if look(); b.snippets()[0].Text != "Hi {{asker}}" || strings.Count(journal.String(), "snippets refused") != 1 {
		t.Errorf("now %+v, said %s", b.snippets(), journal.String())
	}
	write(aSnippet)
	if look(); b.snippets()[0].Text != "Hello {{asker}}" {
		t.Errorf("now %+v", b.snippets())
	}
	// One with mistakes from the start is refused.
	write("nothing")
	if _, err := newBoard(cfg, b.library, b.log); err == nil || !strings.Contains(err.Error(), "the snippets have problems:\n"+filepath.ToSlash(dir)+"/hello.md:1: has no front matter") {
		t.Errorf("newBoard = %v", err)
	}
}
