package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func text(words ...string) Block {
	return Block{Layout: Paragraph, Text: Plain(strings.Join(words, " "))}
}

func TestFit(t *testing.T) {
	button := func(label string) Button { return Button{Label: label, Action: Do("x")} }
	tests := []struct {
		name   string
		blocks []Block
		limits Limits
		want   string // blocks by |, parts of a block by ·
	}{
		{"no limits", []Block{text("one two")}, Limits{}, "one two"},
		{"nothing to show", []Block{text(" "), {Layout: Buttons}, {Layout: Facts}, text("one")}, Limits{}, "one"},
		{"between words", []Block{text("one two three four")}, Limits{Block: 10}, "one two|three four"},
		{"between lines", []Block{text("one two\nthree")}, Limits{Block: 11}, "one two|three"},
		{"a long word", []Block{text("abcdefghij")}, Limits{Block: 4}, "abcd|efgh|ij"},
		{"a link stays whole", []Block{{Layout: Paragraph, Text: Text{{Text: "see "}, {Text: "the page", URL: "u"}}}}, Limits{Block: 9}, "see |the page"},
		{"a heading", []Block{{Layout: Heading, Text: Plain("a rather long one")}}, Limits{Heading: 9}, "a rather…"},
		{"labels", []Block{{Layout: Buttons, Buttons: []Button{button("a rather long one")}}}, Limits{Label: 9}, "[a rather…]"},
		{"rows", []Block{{Layout: Buttons, Buttons: []Button{button("a"), button("b"), button("c")}}}, Limits{Row: 2}, "[a] [b]|[c]"},
		{"too many rows", []Block{{Layout: Buttons, Buttons: []Button{button("a"), button("b"), button("c")}}, {Layout: Buttons, Buttons: []Button{button("out")}}}, Limits{Row: 1, Rows: 2}, "[a]|[out]"},
		{"too many blocks", []Block{text("a"), text("b"), text("c"), text("d"), {Layout: Buttons, Buttons: []Button{button("out")}}}, Limits{Blocks: 4}, "a|b|…|[out]"},
		{"a quote goes first", []Block{text(strings.Repeat("a", 90)), {Layout: Quote, Text: Plain(strings.Repeat("b ", 90))}}, Limits{Text: 180},
			strings.Repeat("a", 90) + "|" + strings.TrimSpace(strings.Repeat("b ", 45)) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, b := range Fit(Reply{Blocks: test.blocks}, test.limits).Blocks {
				s := b.Text.String()
				for i, button := range b.Buttons {
					if i > 0 {
						s += " "
					}
					s += "[" + button.Label + "]"
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "|"); s != test.want {
				t.Errorf("got  %q\nwant %q", s, test.want)
			}
		})
	}
}

// Whatever a reply holds, it fits after Fit, and stays as it is if it did.
func TestFitProperties(t *testing.T) {
	word := rapid.StringMatching(`[a-zé👩 \n]{0,60}`)
	span := rapid.Custom(func(t *rapid.T) Span {
		s := Span{Text: word.Draw(t, "text"), Bold: rapid.Bool().Draw(t, "bold")}
		if rapid.Bool().Draw(t, "link") {
			s.URL = "https://example.com/a"
		}
		return s
	})
	button := rapid.Custom(func(t *rapid.T) Button { return Button{Label: word.Draw(t, "label"), Action: Do("x")} })
	block := rapid.Custom(func(t *rapid.T) Block {
		b := Block{Layout: rapid.SampledFrom([]Layout{Paragraph, Heading, Quote, Context, Facts, Buttons, Section, Choice, Divider}).Draw(t, "layout")}
		switch b.Layout {
		case Facts:
			b.Facts = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Fact { return Fact{Name: word.Draw(t, "name"), Value: Plain(word.Draw(t, "value"))} }), 0, 8).Draw(t, "facts")
		case Buttons:
			b.Buttons = rapid.SliceOfN(button, 0, 12).Draw(t, "buttons")
		case Choice:
			b.Select = &Select{Label: "s", Action: Do("x"), Options: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Option { return Option{Label: word.Draw(t, "label"), Value: "v"} }), 0, 9).Draw(t, "options")}
		default:
			b.Text = rapid.SliceOfN(span, 0, 6).Draw(t, "text")
		}
		return b
	})
	rapid.Check(t, func(t *rapid.T) {
		r := Reply{Blocks: rapid.SliceOfN(block, 0, 12).Draw(t, "blocks")}
		l := Limits{Text: 600, Blocks: 10, Block: 100, Heading: 20, Facts: 3, Rows: 3, Row: 4, Label: 15, Options: 5, Option: 12}
		before := r.PlainText()
		got := Fit(r, l)
		if r.PlainText() != before {
			t.Fatal("the reply itself has changed")
		}
		rows, sum := 0, 0
		for _, b := range got.Blocks {
			sum += b.size()
			s := b.Text.String()
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > l.Block || len(b.Facts) > l.Facts || len(b.Buttons) > l.Row && b.Layout == Buttons {
				t.Fatalf("too much: %+v", b)
			}
			if b.Layout == Heading && utf8.RuneCountInString(s) > l.Heading {
				t.Fatalf("heading %q", s)
			}
			if b.Layout == Buttons || b.Layout == Choice {
				rows++
			}
			for _, button := range b.Buttons {
				if utf8.RuneCountInString(button.Label) > l.Label {
					t.Fatalf("label %q", button.Label)
				}
			}
			for _, span := range b.Text {
				if span.URL != "" && span.URL != "https://example.com/a" {
					t.Fatalf("address %q", span.URL)
				}
			}
		}
		if rows > l.Rows || len(got.Blocks) > l.Blocks || sum > l.Text {
			t.Fatalf("%d rows, %d blocks, %d runes", rows, len(got.Blocks), sum)
		}
		if diff := cmp.Diff(got, Fit(got, l)); diff != "" {
			t.Fatalf("fitted again, it changes:\n%s", diff)
		}
	})
}
