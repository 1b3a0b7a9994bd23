package helpcentre

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge"
)

// FuzzSitemap: a sitemap is refused, or lists addresses of reasonable length.
func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><urlset xmlns:x="y"><url><loc> https://a.example/b </loc><lastmod>2026-01-01</lastmod><x:link rel="alternate" hreflang="es" href="https://a.example/c"/></url></urlset>`))
	f.Add([]byte(`<sitemapindex><sitemap><loc>https://a.example/s.xml</loc></sitemap></sitemapindex>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><urlset/>`))
	f.Add([]byte(`<?xml version="1.0" encoding="utf-16"?><urlset><url><loc>x</loc>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		pages, sitemaps, err := parseSitemap(data)
		if err != nil && (strings.ContainsAny(err.Error(), "\n\x1b") || !utf8.ValidString(err.Error())) {
			t.Errorf("not one line: %q", err)
		}
		if bytes.Contains(bytes.ToUpper(data), []byte("<!ENTITY")) && err == nil && len(pages) > 0 && bytes.HasPrefix(data, []byte("<!DOCTYPE")) {
			t.Error("entities were accepted")
		}
		for _, p := range pages {
			if p.loc == "" || len(p.loc) > maxLoc {
				t.Errorf("loc %q", p.loc)
			}
		}
		for _, s := range sitemaps {
			if s == "" || len(s) > maxLoc {
				t.Errorf("sitemap %q", s)
			}
		}
	})
}

// FuzzPage: a web page is refused, or becomes a file that loads, whose values are
// lines without anything hidden, and whose text has nothing that loads or runs.
func FuzzPage(f *testing.F) {
	f.Add([]byte("<html lang=en><link rel=canonical href=/x><article><h1 id=a>T</h1><p>x</p></article>"), "text/html; charset=utf-8")
	f.Add([]byte(hostile().HTML), "text/html")
	f.Add([]byte("<p>long enough text, that somebody may read, in a page without an article.</p><table><tr><td>a<td><table><tr><td>b</table></table>"), "text/html;charset=latin1")
	f.Add([]byte("<template><p>x</p></template><main>"+strings.Repeat("<b><i>", 60)+"x{#a}"), "")
	f.Fuzz(func(t *testing.T, data []byte, contentType string) {
		if len(data) > 1<<16 {
			return
		}
		from, err := url.Parse("https://help.example.com/hc/en/articles/12345-x")
		if err != nil {
			t.Fatal(err)
		}
		w, err := readPage(data, contentType, from, Selectors{Remove: ".x"})
		if err != nil {
			return
		}
		w.ID, w.Lang = "x", "en"
		r := &running{Import: &Import{Rules: rules}}
		to, err := r.article(w.Page, record{}, false)
		if err != nil {
			if strings.Contains(err.Error(), "\n") || errors.Is(err, errStumble) {
				t.Errorf("not one line, or a stumble: %q", err)
			}
			return
		}
		checkFile(t, to.Marshal())
	})
}

// checkFile reports a file that does not load, or holds what it must not.
func checkFile(t *testing.T, data []byte) {
	t.Helper()
	if _, err := knowledge.Load(fstest.MapFS{"x.md": {Data: data}}, rules); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	for _, r := range string(data) {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(invisible, r) {
			t.Errorf("has %U\n%s", r, data)
			break
		}
	}
	if !bytes.ContainsAny(data, "`~\\") && runnable.Match(data) { // else it may stand in code, or be escaped
		t.Errorf("has %q\n%s", runnable.Find(data), data)
	}
}

var runnable = regexp.MustCompile(`(?i)\]\((?:javascript|data|vbscript):|\n<(?:script|img|iframe)[\s/>]`)

// FuzzCSV: a table is refused, or each row is a page or a fault.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("\uFEFFid;lang;title;url;body\n1;en;\"A \"\"b\"\"\";https://a.example/1;<p>x</p>\n\n2;en;=HYPERLINK(1);x;y\n"))
	f.Add([]byte("title,markdown\n\"---\na: b\",\"# x\n![y](z)\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, _ := parseCSV(data, "x.csv", "https://a.example/{id}?{lang}")
		for _, item := range items[:min(len(items), 20)] {
			page, _, err := item.Fetch(context.Background(), Known{})
			if err != nil {
				continue
			}
			if to, err := (&running{Import: &Import{Rules: rules}}).article(page, record{}, false); err == nil {
				checkFile(t, to.Marshal())
			}
		}
	})
}

// FuzzMarkdown: a file from elsewhere is refused, or becomes one that loads.
func FuzzMarkdown(f *testing.F) {
	f.Add([]byte("---\ntitle: \"A\"\ntags: [a, b]\ndraft: false\n---\n# A\nimport X from 'y'\n{{< x >}}\n![a](b) [c](javascript:x)\n```\n![a](b)\n```\n<script>x</script>"))
	f.Add([]byte("+++\ntitle = 'A'\n+++\n[a]: javascript:x\n[a]\n<javascript:x>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return
		}
		page, err := foreignPage("docs/en/x.md", data, "https://a.example/{path}")
		if err != nil {
			return
		}
		if to, err := (&running{Import: &Import{Rules: rules}}).article(page, record{}, false); err == nil {
			checkFile(t, to.Marshal())
		}
	})
}

// FuzzState: what is kept may have been changed by anybody; no file outside of the
// folder comes of it.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"import":"h","version":1,"settings":"x"}` + "\n" + `{"key":"a","file":"en/a.md","etag":"x","sums":{"body":"y"}}` + "\n" + `{"key":"b","file":"../b.md"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, records, err := parseState(data)
		if err != nil {
			return
		}
		all := map[string]record{}
		for _, r := range records {
			if r.File != "" && (!strings.HasSuffix(strings.ToLower(r.File), ".md") || path.IsAbs(r.File) || strings.Contains("/"+r.File, "/.") || path.Clean(r.File) != r.File) {
				t.Errorf("file %q", r.File)
			}
			all[r.Key] = r
		}
		out := marshalState(h, all)
		again, rest, err := parseState(out)
		if err != nil || again != h || len(rest) != len(all) {
			t.Errorf("read back %d of %d records, %v", len(rest), len(all), err)
		}
	})
}

func TestCSV(t *testing.T) {
	const table = "\uFEFFID;Language;Title;URL;Body;Tags;Questions;Section\r\n" +
		"1;pt-br;Como peço um reembolso?;https://a.example/1;\"<p>Peça <b>já</b>.</p>\";a, b;\"onde está? | meu dinheiro\";Reembolsos\r\n" +
		";;;;;;;\r\n2;en;\"=HYPERLINK(\"\"x\"\")\";;x;;;\r\n3;en;Three;;- one\r\n4;en;Four;https://a.example/4;\r\n"
	name := path.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(name, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	report := run(t, &Import{Name: "x", Dir: dir, Rules: rules, Source: &CSV{File: name, Link: "https://a.example/a/{id}"}})
	var failed []string
	for _, f := range report.Failed {
		failed = append(failed, f.Page+": "+f.Err.Error())
	}
	if got, want := strings.Join(failed, "\n"), "x.csv:4: its title is a formula (\"=HYPERLINK(\\\"x\\\")\"); export values instead of formulas\n"+
		"x.csv:6: it has no text; name where it stands with --content or select.content, or take it out of the list"; got != want {
		t.Errorf("failed %s\nwant %s", got, want)
	}
	a := loaded(t, dir)["pt-BR/como-peco-um-reembolso-1.md"]
	if a == nil || a.Topic != "reembolsos" || len(a.Questions) != 2 || a.Sections[0].Text != "Peça já." {
		t.Errorf("%+v", a)
	}
	if b := loaded(t, dir)["en/three-3.md"]; b == nil || b.URL != "https://a.example/a/3" || b.Sections[0].Text != "one" {
		t.Errorf("%+v", b)
	}
	before := tree(t, dir)
	run(t, &Import{Name: "x", Dir: dir, Rules: rules, Source: &CSV{File: name, Link: "https://a.example/a/{id}"}})
	if len(before) != len(tree(t, dir)) {
		t.Error("files came or went")
	}
	// No row is lost silently.
	const unnamed = "id,title,body\n,One,1\n,Two,2\n7,Seven,7\n7,Seven again,8\n"
	if err := os.WriteFile(name, []byte(unnamed), 0o644); err != nil {
		t.Fatal(err)
	}
	failed = nil
	report = run(t, &Import{Name: "x", Dir: t.TempDir(), Rules: rules, Source: &CSV{File: name, Link: "https://a.example/{id}"}})
	for _, f := range report.Failed {
		failed = append(failed, f.Page+": "+f.Err.Error())
	}
	const neither = "it has neither id nor url; add one of the columns, and for an id say with --link where articles are, such as https://help.example.com/{id}"
	if diff := gocmp.Diff([]string{"x.csv:2: " + neither, "x.csv:3: " + neither}, failed); diff != "" || report.Added != 1 || report.Skipped["the same page as another address"] != 1 {
		t.Errorf("%s\n%+v", diff, report)
	}
	for text, want := range map[string]string{
		"":                "the table is empty; its first row names the columns: id, lang, title, url, body",
		"a,b\n":           "the table needs the columns title and body (or html, or markdown); it has a, b",
		"\xff\n":          "the table is not UTF-8; export it as “CSV UTF-8”",
		"title,body\n\"x": "the table cannot be read from here on: parse error on line 2, column 3: extraneous or missing \" in quoted-field; mend the quotes there",
	} {
		if _, err := parseCSV([]byte(text), "x", ""); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestFolder(t *testing.T) {
	from := t.TempDir()
	for name, text := range map[string]string{
		"guides/refund.md":       "---\ntitle: \"Refunds: how?\"\nlast_updated: 2026-03-01\ntags:\n- money\n- pix # x\nother: {a: b}\n---\nimport X from 'x'\n\n## Card {#card}\nWait ![x](y.png) [here](../a.md).\n\n```\nimport kept\n```\n<script>alert(1)</script>\n",
		"guides/refund.pt-br.md": "+++\ntitle = 'Reembolsos'\n+++\nEspere.\n",
		"es/guides/refund.mdx":   "# Reembolsos\n\nEspera. {{< video >}}\n",
		"draft.md":               "---\ntitle: x\ndraft: true\n---\nx",
		"README.md":              "x",
		".hidden/x.md":           "x",
		"_includes/x.md":         "x",
	} {
		if err := os.MkdirAll(path.Dir(path.Join(from, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path.Join(from, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	report := run(t, &Import{Name: "docs", Dir: dir, Rules: rules, Source: &Folder{Dir: from, Link: "https://docs.example.com/{path}"}})
	if report.Added != 3 || report.Skipped["a draft"] != 1 {
		t.Errorf("%+v", report)
	}
	all := loaded(t, dir)
	for name, want := range map[string]string{
		"en/guides-refund.md":    "Refunds: how?|guides/refund|guides|https://docs.example.com/guides/refund|Card #card Wait here.",
		"pt-BR/guides-refund.md": "Reembolsos|guides/refund|guides|https://docs.example.com/guides/refund| # Espere.",
		"es/guides-refund.md":    "Reembolsos|guides/refund|guides|https://docs.example.com/guides/refund| # Espera.",
	} {
		a := all[name]
		if a == nil {
			t.Errorf("no %s", name)
			continue
		}
		text, _, _ := strings.Cut(a.Sections[0].Text, "\n")
		if got := strings.Join([]string{a.Title, string(a.ID), a.Topic, a.URL, a.Sections[0].Heading + " #" + a.Sections[0].Anchor + " " + text}, "|"); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}
