package helpcentre

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/knowledge"
)

func TestReadPage(t *testing.T) {
	const words = "You have thirty days from the purchase to ask for your money back, and the money is on your next statement. "
	tests := []struct {
		name, html string
		selectors  Selectors
		want       Page
		markdown   string
	}{
		{
			"selectors", `<html lang="pt-br"><title>Site</title><h1>Wrong</h1><p class=t> Right
 title </p><i class=c>Cat</i><i class=s>Sec</i><b class=l>one</b><b class=l>two</b><time class=u datetime="2026-02-03T04:05:06Z">x</time>
<div class=x><p>A <span class=no>ad</span></p><div class=x>inner</div></div><main>not this</main><div class=x>B</div>`,
			Selectors{Content: ".x", Title: ".t", Remove: ".no", Updated: ".u", Section: ".s", Category: ".c", Labels: ".l"},
			Page{Lang: "pt-br", Title: "Right title", Category: "Cat", Section: "Sec", Labels: []string{"one", "two"}, Updated: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), URL: "https://help.example.com/a"},
			"A\n\ninner\n\nB",
		},
		{
			"the usual", `<html lang=en><title>How? | Help – Acme</title><link rel=canonical href="/b#x"><meta property="article:modified_time" content="2026-03-01"><nav>menu</nav><main><nav>menu</nav><p>Text.</p></main>`,
			Selectors{}, Page{Lang: "en", Title: "How? | Help", URL: "https://help.example.com/b", Updated: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, "Text.",
		},
		{
			"readability", `<html><body><ul class=menu><li><a href=/1>One</a><li><a href=/2>Two</a></ul><div id=content><h1>T</h1><h2 id=card>By card</h2><p>` + strings.Repeat(words, 5) + `</p><p>` + strings.Repeat(words, 5) + `</p></div><div class=footer><a href=/x>Imprint</a></div>` +
				`<script type="application/ld+json">{"dateModified": "2026-04-05T00:00:00Z"}</script>`,
			Selectors{Content: ".nowhere"}, Page{Title: "T", URL: "https://help.example.com/a", Updated: time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC)},
			"## By card {#card}\n\n" + strings.TrimSpace(strings.Repeat(words, 5)) + "\n\n" + strings.TrimSpace(strings.Repeat(words, 5)),
		},
		{
			"canonical elsewhere", `<link rel=canonical href="https://evil.example/"><article>x<details><summary>How?</summary><p>So.</p></details><dl><dt>Term<dd>What it is</dl><h2> </h2><h3 id="a b">Odd</h3></article>`,
			Selectors{}, Page{URL: "https://help.example.com/a"}, "x\n\n### How?\n\nSo.\n\n**Term**\n\nWhat it is\n\n### Odd",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			from, err := url.Parse("https://help.example.com/a")
			if err != nil {
				t.Fatal(err)
			}
			w, err := readPage([]byte(test.html), "text/html; charset=utf-8", from, test.selectors)
			if err != nil {
				t.Fatal(err)
			}
			markdown, err := markdownOf(w.HTML, w.Title, from)
			if err != nil {
				t.Fatal(err)
			}
			w.HTML = ""
			if diff := cmp.Diff(test.want, w.Page); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.markdown, markdown); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWrittenReferences: a page that says how to write a character keeps saying
// that, through Markdown to what people read.
func TestWrittenReferences(t *testing.T) {
	at, err := url.Parse("https://help.example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	const text = `Write &lt; as &amp;lt; or &#60;, R&D, a && b; ?a=1&copy=2&lt, &nothing; and \&lt;.`
	body, err := markdownOf("<h2>"+html.EscapeString(text)+"</h2><p>"+html.EscapeString(text)+" <code>&amp;lt;</code></p>", "T", at)
	if err != nil {
		t.Fatal(err)
	}
	p := knowledge.Page{Title: "T", URL: "https://help.example.com/a", ID: "a", Lang: "en", Audiences: []string{"buyer"}, Topic: "x", Body: body}
	articles, err := knowledge.Load(fstest.MapFS{"a.md": {Data: p.Marshal()}}, rules)
	if err != nil {
		t.Fatal(err)
	}
	if got := articles[0].Sections[0]; got.Heading != text || got.Text != text+" &lt;" {
		t.Errorf("it reads %q, %q\nwant     %q\nas %s", got.Heading, got.Text, text, body)
	}
}

// TestMarkdownSlow: pages that are made to take minutes are refused, or take no
// time; the time limit of the test run is the check.
func TestMarkdownSlow(t *testing.T) {
	at, err := url.Parse("https://help.example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Repeat("x<br>", 90_000)
	for name, test := range map[string]struct{ html, want string }{
		"quotes":   {strings.Repeat("<blockquote>", 300) + lines, "it nests more than 32 quotes or lists; write it flat"},
		"lists":    {strings.Repeat("<ul><li>", 20) + strings.Repeat("<ol><li>", 20) + lines, "it nests more than 32 quotes or lists; write it flat"},
		"text":     {strings.Repeat("word ", 1<<18), "its text is larger than 1 MiB; split it into several articles"},
		"brackets": {strings.Repeat("[", 1<<20), ""},
	} {
		if _, err := markdownOf(test.html, "T", at); err == nil && test.want != "" || err != nil && err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTranslations: pages that name each other are one article, whatever their
// addresses.
func TestTranslations(t *testing.T) {
	alternates := map[string]string{"en-us": "https://a.example/en/refunds", "es": "https://a.example/es/reembolsos"}
	s := &Sitemap{Prefer: []string{"en", "es"}}
	for _, at := range alternates {
		w := webPage{Page: Page{URL: at, Lang: "en"}, alternates: alternates}
		if got := s.id(w); got != "refunds" {
			t.Errorf("%s is article %s", at, got)
		}
	}
	if got := s.language("https://a.example/es/reembolsos", webPage{Page: Page{Lang: "en"}, alternates: alternates}); got != "es" {
		t.Errorf("language %s", got)
	}
	if got := s.language("https://a.example/pt-br/x", webPage{}); got != "pt-br" {
		t.Errorf("language by address %s", got)
	}
	for address, want := range map[string]string{
		"https://a.example/hc/en-us/articles/360061973392-How-do-I": "360061973392", "https://a.example/en/a/b.html": "a/b", "https://a.example/": "home", "https://a.example/x?id=5": "x/id=5",
	} {
		if got := idOf(address); got != want {
			t.Errorf("idOf(%s) = %s, want %s", address, got, want)
		}
	}
}

func TestSelectorsCheck(t *testing.T) {
	if err := (Selectors{Content: ".a, main > p", Remove: "p["}).Check(); err == nil || !strings.HasPrefix(err.Error(), `remove "p[" is not a CSS selector`) {
		t.Errorf("Check = %v", err)
	}
}
