package discord

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A reading is what Discord's app makes of markdown: the words that are seen,
// and the names of what it found in them beside words.
type reading struct {
	seen  strings.Builder
	found []string
}

// read reads markdown as Discord's app does, rather finding too much than too
// little. It knows nothing of how we write it.
func read(s string) *reading {
	r := &reading{}
	if toEveryone.MatchString(s) {
		r.found = append(r.found, "everyone") // wherever it stands, even in code
	}
	var rest []string
	for line := range strings.SplitSeq(s, "\n") {
		for again := true; again; {
			again = false
			for _, b := range blockMarks {
				if m := b.match.FindString(line); m != "" {
					r.found = append(r.found, b.name)
					line, again = line[len(m):], true
				}
			}
		}
		rest = append(rest, line)
	}
	r.inline(strings.Join(rest, "\n"))
	return r
}

type mark struct {
	name  string
	match *regexp.Regexp
}

var (
	blockMarks = []mark{
		{"quote", regexp.MustCompile(`^ *>(>>)?( |$)`)},
		{"small", regexp.MustCompile(`^ *-# +`)},
		{"heading", regexp.MustCompile(`^ *#{1,3} +`)},
		{"list", regexp.MustCompile(`^ *[-*+] +`)},
		{"list", regexp.MustCompile(`^ *\d+\.( |$)`)},
	}
	tags = []mark{
		{"address", regexp.MustCompile(`(?i)^<https?:/[^ >]+>`)},
		{"other address", regexp.MustCompile(`^<[^: >]+:/[^ >]+>`)},
		{"mention", regexp.MustCompile(`^<@[!&]?\d+>`)},
		{"channel", regexp.MustCompile(`^<#\d+>`)},
		{"emoji", regexp.MustCompile(`^<a?:\w+:\d+>`)},
		{"time", regexp.MustCompile(`^<t:-?\d+(:\w)?>`)},
		{"command", regexp.MustCompile(`^</[^>]+:\d+>`)},
		{"guide", regexp.MustCompile(`^<id:\w+>`)},
		{"mail", regexp.MustCompile(`^<[^\s>]+@[^\s>]+>`)},
		{"phone", regexp.MustCompile(`^<\+[\d -]+>`)},
		{"emoji", regexp.MustCompile(`^:[^\s:]+:`)},
		{"code block", regexp.MustCompile("^```[\\s\\S]+?```")},
	}
	pairs = []struct{ mark, name string }{
		{"**", "bold"}, {"*", "italic"}, {"__", "underline"}, {"_", "italic"}, {"~~", "strike"}, {"||", "spoiler"},
	}
	bareAddress = regexp.MustCompile(`^://[^\s<]`)
	// Brackets in a name pair up or end it; a backslash means nothing there.
	maskedLink = regexp.MustCompile(`^\[((?:\[[^\]]*\]|[^\[\]])*)\]\(<?([^\s)]*?)>?\)`)
	spoilt     = regexp.MustCompile(`:\S+:|://|\p{So}`) // Discord takes no such link for one
	webLink    = regexp.MustCompile(`(?i)^https?://[^<>*()\[\]]+$`)
	toEveryone = regexp.MustCompile(`(?i)@(everyone|here)`)
)

func (r *reading) inline(s string) {
	for len(s) > 0 {
		n := r.next(s)
		s = s[n:]
	}
}

// next reads what s begins with and returns how long that is.
func (r *reading) next(s string) int {
	first, size := utf8.DecodeRuneInString(s)
	if first == '\\' && len(s) > 1 {
		c, n := utf8.DecodeRuneInString(s[1:])
		if !unicode.IsSpace(c) && (c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c)) {
			r.seen.WriteRune(c)
			return 1 + n
		}
	}
	for _, t := range tags {
		if !strings.ContainsRune("<:`", first) {
			break
		}
		if m := t.match.FindString(s); m != "" {
			r.found = append(r.found, t.name)
			r.seen.WriteString(strings.Trim(m, "<>"))
			return len(m)
		}
	}
	if first == '[' {
		if n := r.link(s); n > 0 {
			return n
		}
	}
	if bareAddress.MatchString(s[:min(len(s), 4)]) { // after a scheme of any name
		r.found = append(r.found, "bare address")
	}
	if first == '`' {
		ticks := len(s) - len(strings.TrimLeft(s, "`"))
		if end := strings.Index(s[ticks:], s[:ticks]); end > 0 {
			r.found = append(r.found, "code")
			r.seen.WriteString(s[ticks : ticks+end])
			return ticks + end + ticks
		}
	}
	for _, p := range pairs {
		if rest, ok := strings.CutPrefix(s, p.mark); ok {
			if end := closing(rest, p.mark); end > 0 {
				r.found = append(r.found, p.name)
				r.inline(rest[:end])
				return len(p.mark)*2 + end
			}
		}
	}
	r.seen.WriteRune(first)
	return size
}

// link reads a masked link and returns how long it is, 0 if there is none.
func (r *reading) link(s string) int {
	m := maskedLink.FindStringSubmatch(s)
	if m == nil {
		return 0
	}
	r.found = append(r.found, "link")
	if strings.ContainsAny(m[1], "*_~|`\\<>[]") || spoilt.MatchString(m[1]) {
		r.found = append(r.found, "spoilt link")
	}
	if !webLink.MatchString(m[2]) {
		r.found = append(r.found, "strange link")
	}
	r.seen.WriteString(m[1])
	return len(m[0])
}

// closing is where mark stands again, not after a backslash nor before one
// more of its kind.
func closing(s, mark string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], mark) && !strings.HasPrefix(s[i+len(mark):], mark[:1]):
			return i
		}
	}
	return -1
}

// TestRead is the judge judged: it finds what Discord would.
func TestRead(t *testing.T) {
	tests := []struct{ s, found, seen string }{
		{"plain words, 3 * 4 = 12", "", "plain words, 3 * 4 = 12"},
		{"**a** *b* _c_ __d__ ~~e~~ ||f||", "bold italic italic underline strike spoiler", "a b c d e f"},
		{"`a*b*`", "code", "a*b*"},
		{"```\na\n```", "code block", "```\na\n```"},
		{"# a\n### b\n-# c\n- d\n1. e\n> f", "heading heading small list list quote", "a\nb\nc\nd\ne\nf"},
		{"> - # a", "quote list heading", "a"},
		{"<@1><@!1><@&1><#1></ask:1><t:0><t:0:R><id:customize>", "mention mention mention channel command time time guide", "@1@!1@&1#1/ask:1t:0t:0:Rid:customize"},
		{":smile: <:a:1>", "emoji emoji", ":smile: :a:1"},
		{"[a](http://b) [a](<http://b>)", "link link", "a a"},
		{`[\*a\*](<http://b>)`, "link spoilt link", `\*a\*`},
		{"[a](<javascript:b>)", "link strange link", "a"},
		{"https://a.example <https://a.example> <ftp://a>", "bare address address other address", "https://a.example https://a.example ftp://a"},
		{"say @everyone", "everyone", "say @everyone"},
		{`\*a\* \<@1> \# b \\`, "", `*a* <@1> # b \`},
	}
	for _, test := range tests {
		got := read(test.s)
		if found := strings.Join(got.found, " "); found != test.found || got.seen.String() != test.seen {
			t.Errorf("read(%q) = %q, %q; want %q, %q", test.s, found, got.seen.String(), test.found, test.seen)
		}
	}
}

// hostile are words that would be more than words.
var hostile = []string{
	"@everyone", "@here @HERE", "<@1> <@!1> <@&1> <#1>", "</cmd:1> </a b:1>", "<t:0> <t:0:R> <id:customize>",
	"<:smile:123> <a:smile:123> :smile: ::smile::", "# big", "  ### big", "-# small", "- item\n* item\n+ item\n 12. item\n1.", "> quote\n>>> quote",
	"**b** *i* __u__ _i_ ~~s~~ ||spoiler|| ***x***", "`code` ``co`de`` ```block```", "```\nblock\n```", "~~~", "[name](https://evil.example)",
	"[name](<https://evil.example>)", "[a [b] c](https://evil.example)", `\[a\](https://evil.example)`, `\`, `\\`, `\*not\*`, "a\\", "_", "*", "**", "`", "||", "<", "@", ":", "[",
	"see https://evil.example/a_b_c*d*?x=[1](y), ok", "https://evil.example/@everyone", "https://en.example/wiki/A_(b)", "(https://evil.example)", "xhttps://a.example https://a.example",
	"http://good.example@evil.example/", "https://a>b", "HTTPS://evil.example/`x`", "ftp://evil.example steam://run/1 javascript:alert(1)", "discord.gg/invite", "<https://evil.example>",
	"<a@b.example> <+123456789> <mailto:a@b.example>", "¯\\_(ツ)_/¯", "\u202Egnp.exe\u202C", "a\u0000b\x1b[31mc", "\xff\xfe", "\u200B", "👑 🇩🇪 ™", "a\r\nb\rc\u2028# d",
	strings.Repeat("*", 2100), strings.Repeat("👑", 2100), strings.Repeat("- ", 2100), strings.Repeat("https://a.example/ ", 220), "https://a.example/" + strings.Repeat("a", 4100), strings.Repeat("line\n", 900),
}

func TestHostileWordsStayWords(t *testing.T) {
	for _, s := range hostile {
		checkWords(t, s)
	}
}

// checkWords checks that s comes out as it is, and as words and addresses.
func checkWords(t *testing.T, s string) {
	t.Helper()
	got := read(paragraph(chat.Plain(s)))
	addresses := 0
	for _, found := range got.found {
		if found != "address" {
			t.Errorf("%.80q: found %q", s, got.found)
			return
		}
		addresses++
	}
	want := strings.Trim(clean(s), " \n")
	if blank(want) {
		want = ""
	}
	if seen := strings.ReplaceAll(got.seen.String(), "@\u200B", "@"); addresses == 0 && seen != strings.ReplaceAll(want, "@\u200B", "@") {
		t.Errorf("%.80q is seen as %.80q", want, seen)
	}
}

// FuzzWords: nothing that anybody writes is more than words and addresses.
func FuzzWords(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(checkWords)
}

// check checks that a reply shows nothing but what it asks for.
func check(t *testing.T, r chat.Reply) {
	t.Helper()
	allowed := map[string]bool{"address": true}
	spans := func(text chat.Text) {
		for _, span := range text {
			allowed["bold"] = allowed["bold"] || span.Bold
			allowed["code"] = allowed["code"] || span.Code
			allowed["link"] = allowed["link"] || span.URL != ""
			allowed["time"] = allowed["time"] || !span.At.IsZero()
		}
	}
	for _, b := range r.Blocks {
		spans(b.Text)
		switch b.Layout {
		case chat.Heading:
			allowed["heading"] = true
		case chat.Quote:
			allowed["quote"] = true
		case chat.Context:
			allowed["small"] = true
		case chat.Facts:
			allowed["bold"] = true
			for _, fact := range b.Facts {
				spans(fact.Value)
			}
		case chat.Links:
			allowed["list"], allowed["link"] = true, true
		}
	}
	for _, text := range texts(Render(r)) {
		got := read(text)
		if i := slices.IndexFunc(got.found, func(found string) bool { return !allowed[found] }); i >= 0 {
			t.Errorf("found %q in %q", got.found[i], text)
		}
		if strings.Contains(got.seen.String(), "**") && !strings.Contains(r.PlainText(), "*") {
			t.Errorf("marks are seen in %q", text)
		}
	}
}
