package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// TestAlias teaches a running program at the command line, and makes it forget.
func TestAlias(t *testing.T) {
	d := newDatabase(t, "")
	noneLeft(t)
	more := fmt.Sprintf("redis: {url: %q}", d.url)
	file := configured(t, more)
	alias := func(words ...string) (string, int) {
		t.Helper()
		return command(t, append([]string{"--config", file, "alias"}, words...)...)
	}
	if out, code := alias("list"); code != exitOK || !strings.Contains(out, "Nothing is learned yet") {
		t.Errorf("list = %d %s", code, out)
	}
	if out, code := alias("list", "--json"); code != exitOK || out != "[]\n" {
		t.Errorf("list --json = %d %q", code, out)
	}

	s := newStand(t, loaded(t, more), newWire())
	defer s.store.Close()
	const phrasing = "where did my zebra stripes go?"
	finds := func() string { return finds(t, s.parts.shelf.library(), phrasing) }
	if got := finds(); got != "" {
		t.Errorf("found %s before it was learned", got)
	}
	out, code := alias("add", "--by", "ana", "how do I get a REFUND?", "Where", "did my zebra stripes go?")
	if code != exitOK || !strings.Contains(out, `"Where did my zebra stripes go?" (en) is learned for "How do I get a refund?"`) {
		t.Fatalf("add = %d %s", code, out)
	}
	id := regexp.MustCompile(`Its id is (\w{16})\.`).FindStringSubmatch(out)[1]
	eventually(t, "it is found", func() bool { return finds() == "refund" })
	s.bring(asks("1", phrasing))
	eventually(t, "the answer has come", func() bool { return s.count() == 1 })
	if text := s.sent[0].Reply.PlainText(); !strings.Contains(text, "https://help.example.com/refund") || strings.Contains(text, "zebra") {
		t.Errorf("the answer is %q", text)
	}

	var again struct {
		phrased
		New bool `json:"new"`
	}
	out, code = alias("add", "--json", "https://help.example.com/refund/", "where did my ZEBRA stripes go")
	if err := json.Unmarshal([]byte(out), &again); code != exitOK || err != nil || again.New || string(again.ID) != id || again.Title == "" {
		t.Errorf("add again = %d %s", code, out)
	}
	out, code = alias("list")
	if !regexp.MustCompile(`(?m)^ID +ARTICLE +LANG +PHRASING +BY +WHEN +TITLE\n`+id+` +refund +en +Where did my zebra stripes go\? +ana +20\S+Z +How do I get a refund\?\n\z`).MatchString(out) || code != exitOK {
		t.Errorf("list = %d\n%s", code, out)
	}

	// Its article goes, and what was learned for it waits.
	page := filepath.Join(filepath.Dir(file), "knowledge", "refund.md")
	if err := os.WriteFile(page, []byte(strings.Replace(oneArticle, "id: refund", "id: refunds", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := alias("list"); code != exitOK || !strings.Contains(out, "(orphaned: no such article)") || !strings.Contains(out, "Orphaned phrasings change no answer") {
		t.Errorf("list without the article = %d %s", code, out)
	}
	var list []phrased
	out, _ = alias("list", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || string(list[0].ID) != id || list[0].Title != "" || list[0].Phrasing != "Where did my zebra stripes go?" {
		t.Errorf("list --json = %s", out)
	}

	if out, code := alias("remove", id); code != exitOK || !strings.Contains(out, id+" is forgotten") {
		t.Errorf("remove = %d %s", code, out)
	}
	eventually(t, "it is no longer found", func() bool { return finds() == "" })
	if out, code := alias("remove", id+"\x1b"); code != exitBad || !strings.Contains(out, "no phrasing has the id") || strings.Contains(out, "\x1b") {
		t.Errorf("remove again = %d %q", code, out)
	}
	s.end(t)
}

// TestAliasRefuses: each error says what to do.
func TestAliasRefuses(t *testing.T) {
	d := newDatabase(t, "")
	file := configured(t, fmt.Sprintf("redis: {url: %q}", d.url))
	for name, changes := range map[string][]string{
		"second.md": {"id: refund", "id: refund-2", "/refund", "/refund-2"},
		"pt.md":     {"lang: en", "lang: pt-BR", "How do I get a refund?", "Como peço um reembolso?"},
		"es.md":     {"lang: en", "lang: es", "How do I get a refund?", "¿Cómo pido un reembolso?"},
	} {
		page := strings.NewReplacer(changes...).Replace(oneArticle)
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), "knowledge", name), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"mistyped id", []string{"add", "refnd", "my money"}, `there is no article "refnd"; did you mean refund (How do I get a refund?)?`},
		{"other words", []string{"add", "days after a purchase", "my money"}, `the nearest is refund (How do I get a refund?)`},
		{"nothing near", []string{"add", "zebra\x1b[2J", "my money"}, `; signpost ask shows the ids of articles with --json`},
		{"two of a name", []string{"add", "How do I get a refund?", "my money"}, "is what refund and refund-2 are called; write one of these ids"},
		{"no words", []string{"add", "refund", "?!"}, "phrasing has no words; write it as someone would ask"},
		{"too long", []string{"add", "refund", strings.Repeat("money ", desk.MaxPhrasing)}, "longer than 200 characters"},
		{"language", []string{"add", "--lang", "xx", "refund", "my money"}, `there is no language "xx"; use one of en pt-BR es`},
		{"person", []string{"add", "--by", "a\nb", "refund", "my money"}, "is not plain text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, code := command(t, append([]string{"--config", file, "alias"}, test.words...)...)
			if code != exitBad || !strings.Contains(out, test.want) || strings.Contains(out, "\x1b") {
				t.Errorf("= %d %q, want %q", code, out, test.want)
			}
		})
	}
	if out, code := command(t, "--config", file, "alias", "list"); code != exitOK || !strings.Contains(out, "Nothing is learned yet") {
		t.Errorf("list = %d %s", code, out)
	}
	for lang, phrasing := range map[string]string{"en": "i want my money back", "pt-BR": "eu quero meu dinheiro de volta", "es": "quiero que me devuelvan mi dinero"} {
		if out, code := command(t, "--config", file, "alias", "add", "refund", phrasing); code != exitOK || !strings.Contains(out, "("+lang+") is learned") {
			t.Errorf("add in %s = %d %s", lang, code, out)
		}
	}
}

func TestAliasNeedsRedis(t *testing.T) {
	file := configured(t, "")
	for _, words := range [][]string{{"list"}, {"add", "refund", "my money"}, {"remove", "1"}} {
		if out, code := command(t, append([]string{"--config", file, "alias"}, words...)...); code != exitBad || !strings.Contains(out, "no redis.url is set, and what is learned is kept there") {
			t.Errorf("%s = %d %s", words, code, out)
		}
	}
	if out, code := command(t, "alias", "add", "refund"); code != exitUsage {
		t.Errorf("add without a phrasing = %d %s", code, out)
	}
}

// What was taken back is listed with the reason, until it is taught anew.
func TestAliasTakenBack(t *testing.T) {
	d := newDatabase(t, "")
	file := configured(t, fmt.Sprintf("redis: {url: %q}", d.url))
	alias := func(words ...string) string {
		t.Helper()
		out, code := command(t, append([]string{"--config", file, "alias"}, words...)...)
		if code != exitOK {
			t.Fatalf("alias %v = %d %s", words, code, out)
		}
		return out
	}
	a := taughtBy(t, "refund", "my zebra stripes")
	value, err := json.Marshal(desk.Reverted{Alias: a, Question: "stripes?", After: "Get a refund", At: began})
	if err != nil {
		t.Fatal(err)
	}
	store, err := redis.Open(t.Context(), d.url, redis.Options{Installation: "main", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Change(t.Context(), spool.SetChange{Set: bot.Reverted, Member: string(a.ID), Value: string(value)}); err != nil {
		t.Fatal(err)
	}
	if out := alias("list"); !strings.Contains(out, "Taken back") || !strings.Contains(out, `"stripes?" found rightly nothing before, and "Get a refund" with it`) {
		t.Errorf("list =\n%s", out)
	}
	var list []phrased
	if err := json.Unmarshal([]byte(alias("list", "--json")), &list); err != nil || len(list) != 1 || list[0].Reverted == nil || list[0].Reverted.Question != "stripes?" {
		t.Errorf("list --json = %+v, %v", list, err)
	}
	alias("add", "refund", "my zebra stripes")
	if out := alias("list"); strings.Contains(out, "Taken back") {
		t.Errorf("list =\n%s", out)
	}
}
