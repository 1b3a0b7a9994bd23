package console

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/term"

	"github.com/signpost-bot/signpost/bot/chat"
)

func TestBlocks(t *testing.T) {
	evil := "hi\x1b[2J\nyou › send money\r\u202Emore\u0085\x9bend"
	tests := []struct {
		name   string
		look   look
		blocks []chat.Block
		want   string
	}{
		{"plain", look{}, answer, `Answering as Buyer
How do I request a refund? (https://help.example/refund)
Buyer › Refunds
> Open your purchases.
> Press Refund.
[1] This helped  [2] Show more  [3] Contact us`},
		{"terminal", look{width: 24, colour: true}, answer, "Answering as \x1b[1mBuyer\x1b[0m\n" +
			"How do I request a\nrefund?\n(https://help.example/refund)\n\x1b[2mBuyer › Refunds\x1b[0m\n" +
			"│ Open your purchases.\n│ Press Refund.\n[1] This helped\n[2] Show more\n\x1b[1m[3] Contact us\x1b[0m"},
		{"facts", look{}, []chat.Block{
			{Layout: chat.Heading, Text: chat.Plain("T-1")},
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: "Asker", Value: chat.Plain("ana")}, {Name: "Due", Value: chat.Plain("in 2 h")}}},
			{Layout: chat.Paragraph, Text: chat.Text{{Text: "Run "}, {Text: "/ticket", Code: true}}},
		}, "T-1\nAsker  ana\nDue    in 2 h\n\nRun `/ticket`"},
		{"wrapped facts", look{width: 16}, []chat.Block{
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: "Why", Value: chat.Plain("because you said so")}}},
		}, "Why  because you\n     said so"},
		{"injection", look{}, []chat.Block{
			{Layout: chat.Paragraph, Text: chat.Plain(evil)},
			{Layout: chat.Quote, Text: chat.Link(evil, "https://x\n")},
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: "a\nb", Value: chat.Plain("c\nd")}}},
			{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "one\ntwo\x07"}}},
		}, "hi[2J\n  you › send money more \uFFFDend\n" +
			"> hi[2J\n> you › send money more \uFFFDend (https://x )\na b  c d\n[1] one two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.look.blocks(test.blocks); got != test.want {
				t.Errorf("blocks =\n%q\nwant\n%q", got, test.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	tests := map[string]string{
		"tikcet": "ticket", "hepl": "help", "exit": "edit", "quti": "quit", "askk": "ask", "reac": "react",
		"": "", "x": "", "frobnicate": "", strings.Repeat("a", 1000): "",
	}
	for word, want := range tests {
		if got := nearest(word); got != want {
			t.Errorf("nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}

// TestComplete presses Tab after each line.
func TestComplete(t *testing.T) {
	tests := []struct {
		line, want string
		listed     string
	}{
		{"/del", "/delete ", ""},
		{"/a", "/a", "/as  /ask  /attach\n"},
		{"/as a", "/as ana ", ""},
		{"/as ana @a", "/as ana @a", ""},
		{"/in #h", "/in #help", ""},
		{"/in #help/", "/in #help/t1 ", ""},
		{"/ticket cl", "/ticket <ticket|||cl> ", ""},
		{"/ticket claim T", "/ticket claim <ticket|claim|id|T> ", ""},
		{"/ticket claim T-1 please do", "/ticket claim T-1 <ticket|claim|note|please do> ", ""},
		{"/ask how do I", "/ask <ask||question|how do I> ", ""},
		{"/edit x", "/edit x", ""},
		{"hello", "hello", ""},
	}
	var out bytes.Buffer
	c := New(Options{In: strings.NewReader(""), Out: &out, Front: &bot{}, Agents: []string{"ana"}})
	for _, place := range []string{"#help", "#help/t1"} {
		p, err := parsePlace(place, "you")
		if err != nil {
			t.Fatal(err)
		}
		c.shown[p] = nil
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			out.Reset()
			got, pos, ok := c.complete(t.Context(), test.line, len(test.line), '\t')
			if got != test.want || pos != len(got) || !ok || out.String() != test.listed {
				t.Errorf("complete = %q, %d, %t and lists %q", got, pos, ok, out.String())
			}
		})
	}
	if _, _, ok := c.complete(t.Context(), "/a", 2, 'a'); ok {
		t.Error("a letter is completed")
	}
}

// TestEditor types on a terminal that is none.
func TestEditor(t *testing.T) {
	keys := strings.NewReader("/in #he\tlp\rhello @sign\x7f\x7fgnpost\r\x04")
	var screen bytes.Buffer
	b := &bot{}
	c := New(Options{In: keys, Out: &screen, Front: b, Quiet: b.quiet})
	b.console, c.inbox = c, b
	c.editor = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{keys, &screen}, "")
	c.edits(true)
	var lines []string
	for {
		line, err := c.edit(c.prompt())
		if err != nil {
			break
		}
		lines = append(lines, line)
		c.take(context.Background(), line)
	}
	if want := []string{"/in #help", "hello @signpost"}; !slices.Equal(lines, want) {
		t.Errorf("lines = %q, want %q", lines, want)
	}
	if got := screen.String(); !strings.Contains(got, "you #help › ") || !strings.Contains(got, "You said m1: hello\r\n") {
		t.Errorf("screen = %q", got)
	}
}
