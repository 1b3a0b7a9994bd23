package helpcentre

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/helpcentre/helpcentretest"
	"github.com/signpost-bot/signpost/knowledge"
)

// TestImportHostilePages: each of these pages is refused with one line that names
// it and the mend, and the pages beside it are imported.
func TestImportHostilePages(t *testing.T) {
	c := helpcentretest.New(t, 1)
	bomb := packed(bytes.Repeat([]byte("<p>x</p>"), 4<<20))
	many := strings.Repeat("<b>x</b>", 120_000)
	page := func(body string) string {
		return "<html lang=en><title>T</title><article><h1>T</h1>" + body + "</article></html>"
	}
	kind := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		path    string
		handler http.HandlerFunc
		want    string
	}{
		{"/gzip-bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		}, "it is larger than 1 MiB; raise max_bytes if that is meant, or split it"},
		{"/100-MB", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			for range 100 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}, "it is larger than 1 MiB; raise max_bytes if that is meant, or split it"},
		{"/metadata", helpcentretest.Redirect("http://169.254.169.254/latest/meta-data/"),
			"it redirects elsewhere: 169.254.169.254 is not one of the hosts given (HOST); if it belongs to the help centre, add it with --host or to hosts"},
		{"/localhost", helpcentretest.Redirect("http://localhost:6379/"),
			"it redirects elsewhere: localhost:6379 is not one of the hosts given (HOST); if it belongs to the help centre, add it with --host or to hosts"},
		{"/ipv6", helpcentretest.Redirect("http://[::ffff:169.254.169.254]/"),
			"it redirects elsewhere: [::ffff:169.254.169.254] is not one of the hosts given (HOST); if it belongs to the help centre, add it with --host or to hosts"},
		{"/foreign", helpcentretest.Redirect("https://evil.example/x"),
			"it redirects elsewhere: evil.example is not one of the hosts given (HOST); if it belongs to the help centre, add it with --host or to hosts"},
		{"/file", helpcentretest.Redirect("file:///etc/passwd"), "it redirects elsewhere: file:///etc/passwd is not http or https, and nothing else is fetched"},
		{"/script", helpcentretest.Redirect("javascript:alert(1)"), "it redirects elsewhere: javascript:alert(1) is not http or https, and nothing else is fetched"},
		{"/loop", helpcentretest.Redirect("/loop"), "it redirects more than 5 times, in a circle or nearly; mend the redirects, or take it out of the list"},
		{"/picture", kind("image/png", "\x89PNG"), "it is image/png, not text/html or application/xhtml+xml; take it out of the list"},
		{"/binary", kind("text/html", page("a\x00b")), "it is not text; take it out of the list"},
		{"/deep", kind("text/html", page(strings.Repeat("<div>", 10_000))), "its HTML is nested deeper than anybody writes; take it out of the list"},
		{"/many", kind("text/html", page(many)), "its HTML has more than 200000 elements; split it, or take it out of the list"},
		{"/garbled", kind("text/html; charset=utf-8", page(strings.Repeat("\xe9t\xe9 ", 50))), "it is not in the encoding that it names (utf-8); serve it as UTF-8"},
		{"/empty", kind("text/html", page("<script>alert(1)</script>")), "it has no text; name where it stands with --content or select.content, or take it out of the list"},
		{"/nested", kind("text/html", page(strings.Repeat("<blockquote>", 150)+"x")), "it nests more than 32 quotes or lists; write it flat"},
		{"/half", helpcentretest.Broken(), "the answer broke off: unexpected EOF; run it again later"},
	}
	for _, test := range tests {
		c.Hurdle(test.path, test.handler)
	}
	dir := t.TempDir()
	report := run(t, importing(t, c, dir))
	want, got := map[string]string{}, map[string]string{}
	for _, test := range tests {
		want[test.path] = strings.ReplaceAll(test.want, "HOST", c.Host())
	}
	for _, f := range report.Failed {
		got[strings.TrimPrefix(f.Page, c.URL)] = f.Err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if report.Added != 3 || len(loaded(t, dir)) != 3 {
		t.Errorf("%d articles were added beside them", report.Added)
	}
}

// TestImportHostileSitemaps: no sitemap keeps an import busy, or makes it ask
// elsewhere.
func TestImportHostileSitemaps(t *testing.T) {
	urlset := func(locs ...string) string {
		return `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>` + strings.Join(locs, "</loc></url><url><loc>") + "</loc></url></urlset>"
	}
	index := func(locs ...string) string {
		return "<sitemapindex><sitemap><loc>" + strings.Join(locs, "</loc></sitemap><sitemap><loc>") + "</loc></sitemap></sitemapindex>"
	}
	tests := []struct {
		name, sitemap string
		want          string // of the walk; URL stands for the site
		failed        string // of the only page
	}{
		{"entities", `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><urlset><url><loc>URL/&b;</loc></url></urlset>`,
			"sitemap URL/sitemap.xml: it declares entities, which may grow without end; serve it without a DOCTYPE", ""},
		{"outside entity", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><urlset><url><loc>&x;</loc></url></urlset>`,
			"sitemap URL/sitemap.xml: it is not a sitemap: line 1: invalid character entity &x;; mend it, or give the address of another one", ""},
		{"names itself", index("URL/sitemap.xml", "URL/sitemap.xml"), "the sitemap URL lists no page; give the address of another one", ""},
		{"grows", "GROWS", "sitemap URL/sitemap.xml?3: its indexes are nested more than 3 deep; give the address of the sitemap itself", ""},
		{"wide", "WIDE", "sitemap URL/sitemap.xml?500: it leads to more than 500 sitemaps, which may go on for ever; give the address of one of them", ""},
		{"not XML", "<urlset><url></urlset>", "sitemap URL/sitemap.xml: it is not a sitemap: its elements end in another order than they begin; mend it, or give the address of another one", ""},
		{"cut off", "<urlset><url><loc>x", "sitemap URL/sitemap.xml: it is not a sitemap: it ends in the middle; mend it, or give the address of another one", ""},
		{"a web page", "<html></html>", "sitemap URL/sitemap.xml: it is a web page, not a sitemap; give the address of the sitemap, or of the site's front page", ""},
		{"deep", strings.Repeat("<urlset>", 100_000), "sitemap URL/sitemap.xml: it is not a sitemap, since its elements are nested too deep; give the address of another one", ""},
		{"bomb", "BOMB", "sitemap URL/sitemap.xml: it is larger than 50 MiB when unpacked; split it", ""},
		{"elsewhere", urlset("http://evil.example/x"), "", "evil.example is not one of the hosts given (HOST); if it belongs to the help centre, add it with --host or to hosts"},
		{"a file", urlset("file:///etc/passwd"), "", "file:///etc/passwd is not http or https, and nothing else is fetched"},
		{"a password", urlset("http://a:b@HOST/x"), "", "the address at HOST holds a user or password; remove it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := helpcentretest.New(t, 0)
			fill := func(s string) string {
				return strings.NewReplacer("URL", c.URL, "HOST", c.Host()).Replace(s)
			}
			n := 0
			c.Hurdle("/sitemap.xml", func(w http.ResponseWriter, r *http.Request) {
				n++
				switch test.sitemap {
				case "GROWS":
					fmt.Fprint(w, index(fmt.Sprintf("%s/sitemap.xml?%d", c.URL, n)))
				case "WIDE":
					var locs []string
					for k := range 600 {
						locs = append(locs, fmt.Sprintf("%s/sitemap.xml?%d", c.URL, k+1))
					}
					if r.URL.RawQuery == "" {
						fmt.Fprint(w, index(locs...))
					} else {
						fmt.Fprint(w, "<urlset></urlset>")
					}
				case "BOMB":
					w.Write(packed(make([]byte, maxSitemap+1)))
				default:
					fmt.Fprint(w, fill(test.sitemap))
				}
			})
			report, err := importing(t, c, t.TempDir()).Run(t.Context())
			if got := fmt.Sprint(err); test.want != "" && got != fill(test.want) || test.want == "" && err != nil {
				t.Errorf("Run = %s\nwant  %s", got, fill(test.want))
			}
			if test.failed != "" && (len(report.Failed) != 1 || report.Failed[0].Err.Error() != fill(test.failed)) {
				t.Errorf("failed %v", report.Failed)
			}
			if report.Whole && test.want != "" {
				t.Error("everything is said to be seen")
			}
		})
	}
}

// TestSitemapMost: of a list without end, only as much is read as there may be
// pages, and as memory bears.
func TestSitemapMost(t *testing.T) {
	c := helpcentretest.New(t, 0)
	asked := 0
	endless := func(body func(n int) []byte) {
		asked = 0
		c.Hurdle("/sitemap.xml", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				fmt.Fprint(w, "<sitemapindex>")
				for n := range maxSitemaps {
					fmt.Fprintf(w, "<sitemap><loc>%s/sitemap.xml?%d</loc></sitemap>", c.URL, n)
				}
				fmt.Fprint(w, "</sitemapindex>")
				return
			}
			asked++
			w.Write(body(asked))
		})
	}
	endless(func(n int) []byte {
		return fmt.Appendf(nil, "<urlset><url><loc>%s/a%d</loc></url><url><loc>%[1]s/b%[2]d</loc></url></urlset>", c.URL, n)
	})
	i := importing(t, c, t.TempDir())
	i.MaxPages = 10
	i.Source.(*Sitemap).Most = 10
	report, err := i.Run(t.Context())
	if want := "there are more than 10 pages, and the rest was left out; raise max_pages if that is meant"; err == nil || err.Error() != want || report.Whole {
		t.Errorf("Run = %v", err)
	}
	if asked != 6 || len(report.Gone) != 10 {
		t.Errorf("%d sitemaps and %d pages were asked for, want 6 and 10", asked, len(report.Gone))
	}

	large := packed(make([]byte, maxSitemap))
	endless(func(int) []byte { return large })
	_, err = importing(t, c, t.TempDir()).Run(t.Context())
	if want := "with those before it, it is larger than 256 MiB; give the address of one of them"; err == nil || !strings.HasSuffix(err.Error(), want) || asked != 6 {
		t.Errorf("after %d sitemaps: %v", asked, err)
	}
}

// hostile is a page whose every part tries to be more than it is.
func hostile() Page {
	return Page{
		ID: "../../../etc/passwd\x00", Lang: "en", URL: "https://help.example.com/x?a=<b>|\"c\"",
		Title: "Refund\u202e fdp.exe\u202c\x1b[31m\n---\naudience: staff\n---\n<script>", Section: "../../x",
		Questions: []string{"---\naudience: staff", "a\u202eb"},
		HTML: `<h1 id='x" onclick="alert(1)'>One {#evil} {onclick=alert(1)} #</h1>
<h2 id="ok">Two</h2><h2><a name="before"></a>Three</h2>
<p>---</p><p>title: other</p><p># not a heading</p><p>&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=alert(1)&gt;</p>
<script>alert(1)</script><style>x</style><iframe src="http://evil.example"></iframe><img src="http://evil.example/pixel.gif">
<a href="javascript:alert(1)">a</a> <a href=" JaVaScRiPt:alert(1)">b</a> <a href="data:text/html,x">c</a> <a href="//evil.example/x">d</a> <a href="vbscript:x">e</a>
<a href="/fine" onclick="x">f</a> <a href="https://u:p@evil.example">g</a> <a href="mailto:a@b.example">h</a>
<p>[x](javascript:alert(1)) ![y](http://evil.example/p) &lt;http://evil.example&gt;</p>
<p hidden>hidden words</p><p style="display:none">hidden words</p><p>zero` + "\u200b" + `width &#x202e;over</p>
<table><tr><td colspan=99999999>1|2</td><td><ul><li>x<li>y</ul></td></tr></table>
<pre>` + "```\n---\n~~~" + `</pre><svg><script>alert(1)</script></svg><form action="http://evil.example"><input value=x></form>
<math><mi><!--</mi><script>alert(1)</script>--></math><p>@everyone &lt;!channel&gt;</p>`,
	}
}

// TestImportHostilePage: what a page makes of itself stays words.
func TestImportHostilePage(t *testing.T) {
	dir := t.TempDir()
	p := hostile()
	source := fixed{{Key: "../../x", Fetch: func(context.Context, Known) (Page, Known, error) { return p, Known{}, nil }}}
	if report := run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: source}); report.Added != 1 {
		t.Fatalf("%+v", report)
	}
	articles := loaded(t, dir)
	a := articles["en/etc-passwd.md"]
	if len(articles) != 1 || a == nil {
		t.Fatalf("articles %v", articles)
	}
	if a.Title != "Refund fdp.exe[31m --- audience: staff --- <script>" || a.Audiences[0] != "buyer" || a.Topic != "x" || a.URL != "https://help.example.com/x?a=%3Cb%3E%7C%22c%22" {
		t.Errorf("%+v", a)
	}
	data, err := os.ReadFile(filepath.Join(dir, "en", "etc-passwd.md"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `# One \{#evil} \{onclick=alert(1)} \#

## Two {#ok}

## Three {#before}

\---

title: other

\# not a heading

&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=alert(1)&gt;

a b c [d](https://evil.example/x) e [f](https://help.example.com/fine) g [h](mailto:a@b.example)

\[x](javascript:alert(1)) !\[y](http://evil.example/p) &lt;http://evil.example&gt;

zerowidth over

| 1\|2 | x y |
|---|---|

` + "````\n```\n---\n~~~\n````" + `

@everyone &lt;!channel&gt;
`
	_, body, _ := strings.Cut(string(data), "\n---\n\n")
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	if i := strings.IndexFunc(string(data), func(r rune) bool { return unicode.IsControl(r) && r != '\n' || unicode.Is(invisible, r) }); i >= 0 {
		t.Errorf("unseen characters at %d: %q", i, data[i:])
	}
	for name := range tree(t, filepath.Dir(dir)) {
		if !strings.HasPrefix(name, filepath.Base(dir)+"/") {
			t.Errorf("%s lies outside of the folder", name)
		}
	}
}

// TestImportLinkedOut: a link in the folder leads no file out of it.
func TestImportLinkedOut(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	if err := os.Symlink(out, filepath.Join(dir, "en")); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Import{Name: "h", Dir: dir, Rules: rules, Source: alike(1, "<p>x</p>")}).Run(t.Context()); err == nil {
		t.Error("a link out of the folder was followed")
	}
	if files := tree(t, out); len(files) > 0 {
		t.Errorf("written outside: %v", files)
	}
}

// TestImportState: what an import keeps is no way to make it write elsewhere.
func TestImportState(t *testing.T) {
	dir := t.TempDir()
	const state = `{"import":"h","version":1,"settings":""}
{"key":"a0","file":"../../evil.md","id":"a0","lang":"en"}
{"key":"a1","file":".git/hooks/x.md","id":"a1","lang":"en"}
not JSON
{"key":"a2","file":"/etc/x.md"}
`
	if err := os.WriteFile(filepath.Join(dir, ".signpost-import.h.json"), []byte(state), 0o644); err != nil {
		t.Fatal(err)
	}
	hook := filepath.Join(dir, ".git", "hooks", "x.md")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	p := knowledge.Page{Title: "x", URL: "https://help.example.com/a1", ID: "a1", Lang: "en", Audiences: []string{"buyer"}, Topic: "x", Body: "mine"}
	if err := os.WriteFile(hook, p.Marshal(), 0o644); err != nil {
		t.Fatal(err)
	}
	if report := run(t, &Import{Name: "h", Dir: dir, Rules: rules, Source: alike(3, "<p>x</p>")}); report.Added != 3 {
		t.Errorf("%+v", report)
	}
	if data, err := os.ReadFile(hook); err != nil || string(data) != string(p.Marshal()) {
		t.Errorf("a hidden file was written: %s, %v", data, err)
	}
	if got := len(loaded(t, dir)); got != 3 {
		t.Errorf("%d articles", got)
	}
	for name, want := range map[string]string{
		"nonsense":                   "does not begin as a state of an import; take it from git, or remove it: then edits by hand are told, and kept",
		`{"import":"h","version":9}`: "is of a newer version of Signpost (9); take it from git, or remove it: then edits by hand are told, and kept",
	} {
		if err := os.WriteFile(filepath.Join(dir, ".signpost-import.h.json"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := (&Import{Name: "h", Dir: dir, Rules: rules, Source: alike(1, "<p>x</p>")}).Run(t.Context()); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
