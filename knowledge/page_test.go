package knowledge

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var refund = Page{
	Title: "How do I get a refund?", URL: "https://help.example.com/refund", ID: "12", Lang: "en",
	Audiences: []string{"buyer"}, Topic: "refunds", Questions: []string{"my money back", `the "wrong" course`},
	Updated: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Body: "Ask us.\n\n## By card {#card}\nWait.",
}

const refundFile = `---
title: "How do I get a refund?"
url: https://help.example.com/refund
id: "12"
lang: en
audience: buyer
topic: refunds
questions:
  - "my money back"
  - "the \"wrong\" course"
updated: 2026-11-01
---

Ask us.

## By card {#card}
Wait.
`

func TestPageMarshal(t *testing.T) {
	if diff := cmp.Diff(refundFile, string(refund.Marshal())); diff != "" {
		t.Error(diff)
	}
	if err := refund.Check(rules); err != nil {
		t.Error(err)
	}
	got, err := ReadPage("x.md", []byte(refundFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(refund, got); diff != "" {
		t.Error(diff)
	}
}

// TestPageHostile writes pages whose values try to be more than values.
func TestPageHostile(t *testing.T) {
	tests := []struct{ title, body, want string }{
		{"---", "---\ntitle: other\n---\nx", "---"},
		{"a\n---\naudience: staff\n---", "x", "a --- audience: staff ---"},
		{"a: b # c", "x", "a: b # c"},
		{`\" \n`, "x", `\" \n`},
		{"\u2028a\u2029b\u0085c\u00a0d\x1b[31m\x00e\u007f", "x", "a b c d[31me"},
		{"null", "x", "null"},
		{"&a *a !!str {} [] | > % @ `", "x", "&a *a !!str {} [] | > % @ `"},
		{"'", "x", "'"},
		{"\xff\xfe", "\xff", "\uFFFD"},
	}
	for _, test := range tests {
		p := refund
		p.Title, p.Body, p.Questions = test.title, test.body, []string{test.title}
		articles, err := Load(fstest.MapFS{"x.md": {Data: p.Marshal()}}, rules)
		if err != nil {
			t.Errorf("%q: %v", test.title, err)
			continue
		}
		a := articles[0]
		if a.Title != test.want || a.Questions[0] != test.want || a.Audiences[0] != "buyer" || len(a.Audiences) != 1 || a.ID != "12" {
			t.Errorf("%q is read as %q, %q for %v", test.title, a.Title, a.Questions, a.Audiences)
		}
	}
}

func TestPageCheck(t *testing.T) {
	p := refund
	p.Topic, p.Body = "refund", ""
	rules := rules
	rules.Topics = []string{"refunds"}
	const want = `:7: unknown topic "refund"; did you mean "refunds"?
:13: has no text under its front matter; write the article there`
	if err := p.Check(rules); err == nil || err.Error() != want {
		t.Errorf("Check = %v", err)
	}
	p.Body = strings.Repeat("x", maxArticle)
	if err := p.Check(Rules{}); err == nil {
		t.Error("a page beyond 1 MiB was accepted")
	}
}

// pages draws pages that Load accepts.
func pages(t *rapid.T) Page {
	word := rapid.StringMatching(`[\pL\pN\pP\pS]{1,9}`)
	line := rapid.Custom(func(t *rapid.T) string {
		return clean(strings.Join(rapid.SliceOfN(rapid.OneOf(word, rapid.String(), rapid.SampledFrom([]string{"---", ": ", " #", `"`, `\`, "\n", "\t", "no"})), 1, 5).Draw(t, "words"), " "))
	}).Filter(func(s string) bool { return s != "" })
	return Page{
		Title: line.Draw(t, "title"),
		URL:   "https://help.example.com/" + rapid.StringMatching(`[a-z0-9:?&=#%~'(),;*!@+._/-]{0,12}`).Filter(func(s string) bool { return !strings.Contains(s, "%") }).Draw(t, "url"),
		ID:    ArticleID(line.Draw(t, "id")), Lang: Lang(line.Draw(t, "lang")),
		Audiences: rapid.SliceOfNDistinct(line, 1, 3, func(s string) string { return s }).Draw(t, "audience"),
		Topic:     line.Draw(t, "topic"),
		Questions: rapid.SliceOfNDistinct(line, 0, 4, func(s string) string { return s }).Draw(t, "questions"),
		Updated:   rapid.SampledFrom([]time.Time{{}, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)}).Draw(t, "updated"),
		Body:      "Text.\n\n" + tidy(rapid.StringMatching(`(?:[a-z#>\-*{}|: "]{0,9}\n?){0,9}`).Draw(t, "body")),
	}
}

var same = cmp.Transformer("none", func(list []string) []string { return append([]string{}, list...) })

func TestPageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pages(t)
		p.Body = tidy(p.Body)
		got, err := ReadPage("x.md", p.Marshal())
		if err != nil {
			t.Fatalf("%v\n%s", err, p.Marshal())
		}
		if diff := cmp.Diff(p, got, same); diff != "" {
			t.Errorf("%s\n%s", diff, p.Marshal())
		}
	})
}

func TestEditPage(t *testing.T) {
	const file = "\uFEFF---\r\n# ours\r\nid: 12 # of the help centre\r\n\r\n# what people ask\r\nquestions:\r\n- my money back\r\n# - not this\r\n- refund\r\n\r\n" +
		"title: >\r\n  How do I\r\n  get a refund?\r\n# where\r\nurl: https://help.example.com/refund\r\nlang: en\r\naudience: [buyer]\r\ntopic: refunds\r\ntitle_source: inferred\r\n# end\r\n---\r\nAsk us.\r\n"
	p := Page{Title: "Refunds", URL: "https://help.example.com/refunds", Updated: refund.Updated, Body: "Ask them."}
	tests := []struct {
		keys []string
		want []string // old, new, old, new
	}{
		{nil, nil},
		{[]string{"title"}, []string{"title: >\r\n  How do I\r\n  get a refund?\r\n", "title: \"Refunds\"\r\n"}},
		{[]string{"questions"}, []string{"questions:\r\n- my money back\r\n# - not this\r\n- refund\r\n", ""}},
		{[]string{"updated", "url"}, []string{"topic: refunds\r\n", "topic: refunds\r\n", "https://help.example.com/refund\r\n", "https://help.example.com/refunds\r\n", "refund\r\n\r\n", "refund\r\nupdated: 2026-11-01\r\n\r\n"}},
		{[]string{"body"}, []string{"---\r\nAsk us.\r\n", "---\r\n\r\nAsk them.\r\n"}},
	}
	for _, test := range tests {
		got, err := EditPage([]byte(file), p, test.keys...)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer(test.want...).Replace(file)
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%v: %s", test.keys, diff)
		}
	}
	if _, err := EditPage([]byte("no front matter"), p, "title"); !errors.As(err, new(Problems)) {
		t.Errorf("EditPage of a broken file = %v", err)
	}
	flow := strings.Replace(refundFile, refundFile[4:strings.Index(refundFile, "\n---")], `{title: a, url: "https://x.example", id: b, lang: en, audience: buyer, topic: c}`, 1)
	if got, err := EditPage([]byte(flow), Page{Title: "z"}, "title"); err != nil || !strings.HasPrefix(string(got), "---\ntitle: \"z\"\nurl: https://x.example\n") {
		t.Errorf("EditPage of keys on one line = %q, %v", got, err)
	}
}

// FuzzEditPage: whatever somebody made of a file, a key of it changes and no
// other does, or the file is refused.
func FuzzEditPage(f *testing.F) {
	f.Add([]byte(refundFile), "Refunds: how?", "title")
	f.Add([]byte(strings.ReplaceAll(refundFile, "title: ", "# x\n'title':  ")), "x", "questions")
	f.Add([]byte("---\r\ntitle: |\r\n  a\r\n  # b\r\nurl: https://x.example\nid: 'a\n\n  b'\nlang: en\naudience:\n- a\n- b\ntopic: t\n---\nx"), "---", "body")
	f.Fuzz(func(t *testing.T, data []byte, text, key string) {
		was, err := ReadPage("", data)
		p := refund
		p.Title, p.Body, p.Questions = text, text, []string{text}
		if err != nil || p.Check(Rules{}) != nil || !strings.Contains(strings.Join(PageKeys, " "), key) || strings.Contains(key, " ") || key == "" {
			return
		}
		for _, k := range PageKeys {
			if !strings.Contains(k, key) {
				continue
			}
			edited, err := EditPage(data, p, k)
			if err != nil {
				t.Fatal(err)
			}
			now, err := ReadPage("", edited)
			if err != nil {
				t.Fatalf("%v in\n%s", err, edited)
			}
			if diff := cmp.Diff(string(was.with(p, []string{k}).Marshal()), string(now.Marshal())); diff != "" {
				t.Error(diff)
			}
		}
	})
}
