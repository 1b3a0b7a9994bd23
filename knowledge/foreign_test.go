package knowledge

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
)

func TestForeign(t *testing.T) {
	const (
		picture = "a picture"
		link    = "a link to something else than a web page"
		runs    = "HTML that runs or loads something"
		hidden  = "HTML that is not seen"
	)
	tests := []struct{ body, want string }{
		{"Open **Orders**, then [press](https://help.example/a) or [write](mailto:a@b.example) <https://help.example>.", ""},
		{"See [below](#more) and [there](/hc/1?x=a:b), <kbd>Ctrl</kbd><br>H<sub>2</sub>O.", ""},
		{"```html\n<script>alert(1)</script>\n```\n\nWrite `<img src=x>` or `![a](b)`.", ""},
		{"    <script>in code</script>", ""},
		{"1 < 2 and a <b", ""},
		{"![a](https://evil.example/x.png)", picture},
		{"![a[b]](https://evil.example/x.png)", picture},
		{"![a\nb](https://evil.example/x.png)", picture},
		{"![a][r]\n\n[r]: https://evil.example/x.png", picture},
		{"[a](javascript:alert(1))", link},
		{"[a](JaVa&#115;cript:alert(1))", link},
		{"[a](javascript&colon;alert(1))", link},
		{"[a](<java\tscript:alert(1)>)", link},
		{"[a b\\]]: data:text/html,x\n\n[a b\\]]", link},
		{"<vbscript:x>", link},
		{"<a href=' javascript:x'>y</a>", link},
		{"<a\nhref=\"java&#115;cript:x\">y</a>", link},
		{"<scr<script>x", runs},
		{"- a\n\n  ```\n<script>x</script>", runs},
		{"x <img src=a> y", runs},
		{"<p onclick=x>y</p>", runs},
		{"<div\tstyle=\"background:url(//evil.example)\">y</div>", runs},
		{"a <!-- hidden --> b", hidden},
		{"<!-- hidden\n\n still -->", hidden},
		{"<?php x ?>", hidden},
	}
	for _, test := range tests {
		if got := Foreign(test.body); got != test.want {
			t.Errorf("Foreign(%q) = %q, want %q", test.body, got, test.want)
		}
	}
}

// FuzzForeign: what Foreign finds nothing in becomes a web page without pictures
// and scripts, even where HTML is let through.
func FuzzForeign(f *testing.F) {
	f.Add("a ![b](c) <script>x</script> [d](javascript:e)")
	f.Add("````\n```\n````\n<img src=x>")
	f.Add("> - <p onclick=a>\n\n[a]: data:b\n[a]")
	page := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough), goldmark.WithParserOptions(parser.WithHeadingAttribute()),
		goldmark.WithRendererOptions(html.WithUnsafe()))
	bad := regexp.MustCompile(`(?i)<(?:script|img|iframe|style|object|embed|form)\b|href="(?:javascript|data|vbscript):`)
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > 4096 || nested.MatchString(body) || Foreign(body) != "" {
			return
		}
		var out bytes.Buffer
		if err := page.Convert([]byte(body), &out); err != nil {
			t.Fatal(err)
		}
		if found := bad.Find(out.Bytes()); found != nil {
			t.Errorf("Foreign(%q) finds nothing, but it becomes %s", body, found)
		}
	})
}
