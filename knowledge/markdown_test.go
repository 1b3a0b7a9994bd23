package knowledge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSections(t *testing.T) {
	tests := []struct {
		name, page string
		want       []Section
	}{
		{"inline", "A *very* **bold** [link](https://x.example \"t\"), `co de`,\nan <https://y.example>, ![image](z.png) &amp; \\*star\\*<br>end ~~gone~~.",
			[]Section{{Text: "A very bold link, co de, an https://y.example, image & *star* end gone."}}},
		{"references", "&amp;lt; &lt; &#60; &#x3c; \\&lt; \\\\&amp; ?a=1&copy=2&lt &nothing; &notit; &NotEqualTilde;.",
			[]Section{{Text: "&lt; < < < &lt; \\& ?a=1&copy=2&lt &nothing; &notit; ≂̸."}}},
		{"lists", "1. One\n   more\n2. Two\n   - Three\n\n   Four\n> Five\n",
			[]Section{{Text: "One more\nTwo\nThree\nFour\nFive", Steps: true, Ways: true}}},
		{"code", "```go\na := 1\n\nb := 2\n```\n\n    indented\n", []Section{{Text: "a := 1\nb := 2\nindented"}}},
		{"table", "| Fee | How much |\n|---|---|\n| Card | 9.9 % |\n", []Section{{Text: "Fee | How much\nCard | 9.9 %"}}},
		{"HTML", "<div>\nOne <b>two</b>\n</div>\n\n<!-- not this -->\n\n<script>\nnor this\n</script>\n\nA<b>B</b>C\n",
			[]Section{{Text: "One two\nABC"}}},
		{"headings", "Before.\n# One\n1\n## Two {#two}\n2\n\nThree\n-----\n3\n", []Section{
			{Text: "Before."}, {Heading: "One", Text: "1"}, {Heading: "Two", Anchor: "two", Text: "2"}, {Heading: "Three", Text: "3"},
		}},
		{"headings without text", "# Title\n## Refund deadline\n### Card\n7 days\n### Boleto\n30 days\n## Empty\n## Last\nEnd.", []Section{
			{Heading: "Refund deadline › Card", Text: "7 days"},
			{Heading: "Refund deadline › Boleto", Text: "30 days"},
			{Heading: "Last", Text: "End."},
		}},
		{"a heading in a list", "- # One\n", []Section{{Text: "One", Ways: true}}},
		{"anchors that are none", "# One {.class}\n1\n# Three {#a|b}\n3\n", []Section{
			{Heading: "One", Text: "1"}, {Heading: "Three {#a|b}", Text: "3"},
		}},
		{"nothing", "# One\n\n---\n[x]: https://example.com\n", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outlined([]byte(test.page)).sections); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestParseNested reads files of the largest size that are all nesting, which
// the Markdown parser would take minutes for; the time limit of the test run is
// the check.
func TestParseNested(t *testing.T) {
	for _, mark := range []string{"> ", "+ ", "- 1. ", "> - "} {
		d := parse(file{"x.md", page("x", strings.Repeat(mark, maxArticle/len(mark)))}, &rules)
		if len(d.problems) != 1 {
			t.Errorf("problems with nested %q = %v, want one", mark, d.problems)
		}
	}
}

func TestLinks(t *testing.T) {
	tests := []struct {
		name, page string
		want       []Link
	}{
		{"inline", "See [one](https://x.example/a \"t\"), [two][t] and\n<https://y.example/b#c>.\n\n[t]: /help/t?x=1&y=2\n",
			[]Link{{"https://x.example/a", 1}, {"/help/t?x=1&y=2", 1}, {"https://y.example/b#c", 2}}},
		{"lines", "One.\n\n- a\n- [b](b)\n\n| x |\n|---|\n| [c](../c) |\n\n## See [d](#d)\n", []Link{{"b", 4}, {"../c", 8}, {"#d", 10}}},
		{"HTML", "A <a class=x href='https://z.example/?a=1&amp;b=2'>b</a>\n\n<div>\n<A HREF=\"e\">e</A>\n</div>\n", []Link{{"https://z.example/?a=1&b=2", 1}, {"e", 4}}},
		{"a picture in a link", "First.\n\n[![p](p.png)](https://x.example)\n", []Link{{"https://x.example", 3}}},
		{"none", "`[a](b)` \\[a](b) ![p](p.png) <me@x.example>\n", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outlined([]byte(test.page)).links); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBareHeadings(t *testing.T) {
	const page = "# Title\n## Refund deadline\n### Card\n7 days\n### Boleto\n## Empty\n## Above\n### Deeper\n\nLast\n----\n"
	want := []Bare{{"Boleto", 5}, {"Empty", 6}, {"Deeper", 8}, {"Last", 10}}
	if diff := cmp.Diff(want, outlined([]byte(page)).empty); diff != "" {
		t.Error(diff)
	}
}
