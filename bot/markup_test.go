package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestMarkup(t *testing.T) {
	paragraph := func(spans ...chat.Span) chat.Block {
		return chat.Block{Layout: chat.Paragraph, Text: spans}
	}
	tests := []struct {
		name, text string
		want       []chat.Block
	}{
		{"nothing", " \n\n", nil},
		{"words", "Hello there", []chat.Block{paragraph(chat.Span{Text: "Hello there"})}},
		{"paragraphs", "One\n\n\nTwo\n", []chat.Block{paragraph(chat.Span{Text: "One"}), paragraph(chat.Span{Text: "Two"})}},
		{"lines stay lines", "One\nTwo", []chat.Block{paragraph(chat.Span{Text: "One"}, chat.Span{Text: "\n"}, chat.Span{Text: "Two"})}},
		{"list", "- One\n* Two\n1. Three", []chat.Block{paragraph(
			chat.Span{Text: "• "}, chat.Span{Text: "One"}, chat.Span{Text: "\n"},
			chat.Span{Text: "• "}, chat.Span{Text: "Two"}, chat.Span{Text: "\n"}, chat.Span{Text: "1. Three"})}},
		{"bold", "a **b** c", []chat.Block{paragraph(chat.Span{Text: "a "}, chat.Span{Text: "b", Bold: true}, chat.Span{Text: " c"})}},
		{"code", "a `**b**` c", []chat.Block{paragraph(chat.Span{Text: "a "}, chat.Span{Text: "**b**", Code: true}, chat.Span{Text: " c"})}},
		{"link", "see [the page](https://x.example/a)!", []chat.Block{paragraph(
			chat.Span{Text: "see "}, chat.Span{Text: "the page", URL: "https://x.example/a"}, chat.Span{Text: "!"})}},
		{"an address with brackets", "[a](https://x.example/b_(c)?d=(e)) (f)", []chat.Block{paragraph(
			chat.Span{Text: "a", URL: "https://x.example/b_(c)?d=(e)"}, chat.Span{Text: " (f)"})}},
		{"brackets that do not close", "[a](https://x.example/b_(c)", []chat.Block{paragraph(chat.Span{Text: "[a](https://x.example/b_(c)"})}},
		{"no brackets", "[a] b", []chat.Block{paragraph(chat.Span{Text: "[a] b"})}},
		{"a link of ours", linkTo("[1] **How** (a) [b](https://y.example)", "https://x.example/b_(c"), []chat.Block{paragraph(
			chat.Span{Text: "[1] **How** (a) [b](https://y.example)", URL: "https://x.example/b_%28c"})}},
		{"bold link", "**[a](https://x.example)**", []chat.Block{paragraph(chat.Span{Text: "a", Bold: true, URL: "https://x.example"})}},
		{"no address", "[a](javascript:alert(1))", []chat.Block{paragraph(chat.Span{Text: "[a](javascript:alert(1))"})}},
		{"marks that do not close", "2 ** 3, a ` and [b", []chat.Block{paragraph(chat.Span{Text: "2 ** 3, a ` and [b"})}},
		{"escaped", `\*\*a\*\* \[b](https://x.example)`, []chat.Block{paragraph(chat.Span{Text: "**a** [b](https://x.example)"})}},
		{"pings", "hello @everyone", []chat.Block{paragraph(chat.Span{Text: "hello @\u200beveryone"})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, markup(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the text, each span has words, links lead to pages, and what goes
// through unmarked means just itself.
func FuzzMarkup(f *testing.F) {
	for _, s := range []string{"Hello", "**a** `b` [c](https://x.example)", "- a\n- b\n\nc", `\*`, "[a](b", "**", "[[a](https://x)](https://y)", "- x", "`a\\`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // the platforms' adapters have seen to it
		}
		for _, block := range markup(s) {
			for _, span := range block.Text {
				if span.Text == "" && chat.Defuse(s) == s {
					t.Errorf("%q has an empty span", s)
				}
				if span.URL != "" && !isAddress(span.URL) {
					t.Errorf("%q links to %q", s, span.URL)
				}
			}
		}
		var got strings.Builder
		for _, block := range markup(unmarked(s)) {
			for _, span := range block.Text {
				if span.Bold || span.Code || span.URL != "" {
					text, _ := json.Marshal(block)
					t.Errorf("%q is not just itself: %s", s, text)
				}
				got.WriteString(span.Text)
			}
		}
		if want := strings.TrimSpace(chat.Defuse(oneLine(s))); strings.TrimSpace(got.String()) != want {
			t.Errorf("%q reads %q", want, got.String())
		}
	})
}
