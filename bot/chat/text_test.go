package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseBold(t *testing.T) {
	tests := []struct {
		text string
		want Text
	}{
		{"", nil},
		{"plain *words*", Text{{Text: "plain *words*"}}},
		{"**T-7** is yours", Text{{Text: "T-7", Bold: true}, {Text: " is yours"}}},
		{"try `/ask` **now**", Text{{Text: "try "}, {Text: "/ask", Code: true}, {Text: " "}, {Text: "now", Bold: true}}},
		{"**a `b`**", Text{{Text: "a ", Bold: true}, {Text: "b", Bold: true, Code: true}}},
		{`\*\*a\*\* \` + "`" + `b \\`, Text{{Text: "**a** `b \\"}}},
		{`ends in \`, Text{{Text: `ends in \`}}},
		{"**never closed", Text{{Text: "never closed", Bold: true}}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, ParseBold(test.text)); diff != "" {
			t.Errorf("ParseBold(%q):\n%s", test.text, diff)
		}
	}
}

// What strangers write means just itself.
func FuzzParseBold(f *testing.F) {
	f.Add("**Ana** `x` \\* \\")
	f.Add("***")
	f.Add("\\\\`\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var want Text
		if s != "" {
			want = Plain(s)
		}
		if diff := cmp.Diff(want, ParseBold(EscapeBold(s))); diff != "" {
			t.Errorf("escaped %q:\n%s", s, diff)
		}
		sentence := ParseBold("**" + EscapeBold(s) + "**!")
		if s != "" && (len(sentence) != 2 || sentence[0] != Span{Text: s, Bold: true} || sentence[1] != Span{Text: "!"}) {
			t.Errorf("in a sentence %q is %+v", s, sentence)
		}
		for _, span := range ParseBold(s) { // and nothing else panics or makes links
			if span.Text == "" || span.URL != "" {
				t.Errorf("ParseBold(%q) has the piece %+v", s, span)
			}
		}
	})
}

func TestShorten(t *testing.T) {
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"", 0, ""},
		{"any", 0, ""},
		{"any", -1, ""},
		{"any", 1, "…"},
		{"where is my refund", 13, "where is my…"},
		{"a verylongwordindeed", 10, "a verylon…"}, // the break is too far back
		{"áéíóú", 4, "áéí…"},
		{"one, two", 6, "one…"},
		{"......", 4, "…"},
	}
	for _, test := range tests {
		if got := Shorten(test.text, test.limit); got != test.want {
			t.Errorf("Shorten(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func FuzzShorten(f *testing.F) {
	f.Add("where is my refund?", 10)
	f.Add("áéíóú 👍🏽", 3)
	f.Add(" \n\t", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		s = strings.ToValidUTF8(s, "?")
		got := Shorten(s, limit)
		switch n := utf8.RuneCountInString(got); {
		case !utf8.ValidString(got):
			t.Errorf("Shorten(%q, %d) = %q is not UTF-8", s, limit, got)
		case n > max(limit, 0):
			t.Errorf("Shorten(%q, %d) has %d runes", s, limit, n)
		case got != s && limit > 0 && !strings.HasSuffix(got, "…"):
			t.Errorf("Shorten(%q, %d) = %q does not show that it was cut", s, limit, got)
		case got != s && !strings.HasPrefix(s, strings.TrimSuffix(got, "…")):
			t.Errorf("Shorten(%q, %d) = %q is not how it begins", s, limit, got)
		case utf8.RuneCountInString(s) <= limit && got != s:
			t.Errorf("Shorten(%q, %d) = %q though it fits", s, limit, got)
		}
	})
}

func TestReplyPlainText(t *testing.T) {
	r := Reply{Blocks: []Block{
		{Layout: Heading, Text: Plain("T-7 · open")},
		{Layout: Quote, Text: Plain("where is\nmy refund?")},
		{Layout: Facts, Facts: []Fact{{Name: "Asker", Value: Plain("Kim")}, {Name: "Why", Value: Link("here", "https://a.example")}}},
		{Layout: Paragraph, Text: Text{{Text: "Try "}, {Text: "Refunds", URL: "https://help.example.com/r", Bold: true}, {Text: "."}}},
		{Layout: Buttons, Buttons: []Button{{Label: "Claim", Action: Do("claim", "T-7")}}},
		{Layout: Context, Text: Plain("a line")},
		{Layout: Buttons, Buttons: []Button{{Label: "Next", Action: Do("next")}}},
	}}
	const want = `T-7 · open
> where is
> my refund?
Asker: Kim
Why: here (https://a.example)
Try Refunds (https://help.example.com/r).
a line`
	if diff := cmp.Diff(want, r.PlainText()); diff != "" {
		t.Error(diff)
	}
	var verbs []string
	for _, b := range r.AllButtons() {
		verbs = append(verbs, b.Action.Verb)
	}
	if got := strings.Join(verbs, " "); got != "claim next" {
		t.Errorf("buttons = %s", got)
	}
	if (Reply{}).PlainText() != "" {
		t.Error("nothing has words")
	}
}

func TestCommandUsage(t *testing.T) {
	ticket, text := Param{Name: "ticket", Kind: TicketParam, Optional: true}, Param{Name: "text", Kind: TextParam}
	tests := []struct {
		command Command
		want    string
	}{
		{Command{Door: "ask", Params: []Param{{Name: "question", Kind: TextParam}}}, "/ask <question>"},
		{Command{Door: "ticket", Verb: "queue"}, "/ticket queue"},
		{Command{Door: "ticket", Verb: "reply", Params: []Param{ticket, text}}, "/ticket reply [ticket] <text>"},
		{Command{Door: "ticket", Under: "desk", Verb: "gaps"}, "/desk gaps"}, // Discord has no /ticket gaps
	}
	for _, test := range tests {
		if got := test.command.Usage(); got != test.want {
			t.Errorf("usage = %s, want %s", got, test.want)
		}
	}
	known := &Command{Door: "ticket", Verb: "claim"}
	for err, want := range map[*UsageError]string{
		{Door: "ticket", Verb: "clam"}:                  `/ticket has no "clam"`,
		{Door: "ticket", Verb: "claim", Command: known}: "usage: /ticket claim",
	} {
		if err.Error() != want {
			t.Errorf("error = %s, want %s", err, want)
		}
	}
}
