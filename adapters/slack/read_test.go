package slack

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// A reading is what Slack's app makes of a message: the words that are seen,
// the addresses that links lead to, and the names of what it found beside
// words.
type reading struct {
	seen  strings.Builder
	links []string
	found []string
}

// An object is any part of a message, as it travels.
type object map[string]any

func (o object) text(name string) string { s, _ := o[name].(string); return s }

func (o object) object(name string) object { m, _ := o[name].(map[string]any); return m }

func (o object) list(name string) []object {
	all, _ := o[name].([]any)
	var list []object
	for _, v := range all {
		m, _ := v.(map[string]any)
		list = append(list, m)
	}
	return list
}

// read reads a block or an element of one, rather finding too much than too
// little. It knows nothing of how we write it.
func (r *reading) read(o object) {
	switch kind := o.text("type"); kind {
	case "mrkdwn":
		r.mrkdwn(o.text("text"))
		if verbatim, _ := o["verbatim"].(bool); !verbatim && bareAddress.MatchString(o.text("text")) {
			r.found = append(r.found, "link")
		}
	case "plain_text":
		r.plain(o.text("text"))
	case "text", "link", "date":
		r.rich(kind, o)
	case "rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "actions", "context", "header", "section", "divider", "button", "static_select", "input", "plain_text_input":
		if kind == "rich_text_list" || kind == "rich_text_quote" {
			r.found = append(r.found, kind[len("rich_text_"):])
		}
		for _, name := range []string{"text", "accessory", "placeholder", "label", "element"} {
			if part := o.object(name); part != nil {
				r.read(part)
			}
		}
		for _, name := range []string{"elements", "fields", "options"} {
			for _, part := range o.list(name) {
				r.read(part)
			}
		}
		r.seen.WriteByte('\n')
	case "": // an option
		r.plain(o.object("text").text("text"))
	default: // user, usergroup, channel, broadcast, emoji, image ...
		r.found = append(r.found, kind)
	}
}

func (r *reading) rich(kind string, o object) {
	for style := range o.object("style") {
		r.found = append(r.found, style)
	}
	switch kind {
	case "link":
		r.found = append(r.found, "link")
		r.links = append(r.links, o.text("url"))
	case "date":
		r.found = append(r.found, "time")
	}
	r.seen.WriteString(o.text("text"))
}

var (
	bareAddress = regexp.MustCompile(`(?i)(^|[^<|])https?://`)
	emojiName   = regexp.MustCompile(`:[\p{L}\p{M}\p{N}_+'-]+:`)
	quoteMark   = regexp.MustCompile(`^ *(?:>|&gt;)`)
	tag         = regexp.MustCompile(`^<([^<>]*)>`)
	entity      = regexp.MustCompile(`^&(?:amp|lt|gt);`)
	markNames   = map[rune]string{'*': "bold", '_': "italic", '~': "strike", '`': "code"}
)

func (r *reading) plain(s string) {
	if emojiName.MatchString(s) {
		r.found = append(r.found, "emoji")
	}
	r.seen.WriteString(s + "\n")
}

// mrkdwn reads Slack's markup.
// Source: https://docs.slack.dev/messaging/formatting-message-text
func (r *reading) mrkdwn(s string) {
	for line := range strings.SplitSeq(s, "\n") {
		if m := quoteMark.FindString(line); m != "" {
			r.found = append(r.found, "quote")
			line = line[len(m):]
		}
		r.inline(line)
		r.seen.WriteByte('\n')
	}
}

// inline reads a line. A mark opens where a word may begin and closes where one
// may end; characters of no width are no part of a word.
func (r *reading) inline(s string) {
	var before rune
	for s != "" {
		first, n := utf8.DecodeRuneInString(s)
		if m := tag.FindStringSubmatch(s); m != nil {
			r.tag(m[1])
			s, before = s[len(m[0]):], '>'
			continue
		}
		if first == '<' || first == '>' {
			r.found = append(r.found, "stray "+string(first))
		}
		if m := entity.FindString(s); m != "" {
			r.seen.WriteString(map[string]string{"&amp;": "&", "&lt;": "<", "&gt;": ">"}[m])
			s, before = s[len(m):], ';'
			continue
		}
		if first == '&' {
			r.found = append(r.found, "stray &")
		}
		if m := emojiName.FindString(s); m != "" && strings.HasPrefix(s, m) {
			r.found = append(r.found, "emoji")
		}
		if name, ok := markNames[first]; ok && (!inWord(before) || first == '`') {
			if end := closing(s[n:], first); end > 0 {
				r.found = append(r.found, name)
				if first == '`' {
					r.seen.WriteString(unescaper.Replace(s[n : n+end]))
				} else {
					r.inline(s[n : n+end])
				}
				s, before = s[n+end+n:], first
				continue
			}
		}
		r.seen.WriteRune(first)
		s, before = s[n:], first
	}
}

// closing is where a mark closes that opened before s, -1 if nowhere.
func closing(s string, mark rune) int {
	if strings.HasPrefix(s, " ") {
		return -1
	}
	before := ' '
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if r == mark && before != ' ' && (mark == '`' || !inWord(next)) {
			return i
		}
		before = r
	}
	return -1
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// tag reads what stands in angle brackets.
func (r *reading) tag(s string) {
	target, label, _ := strings.Cut(s, "|")
	switch {
	case strings.HasPrefix(target, "!date^"):
		r.found = append(r.found, "time")
	case strings.HasPrefix(target, "!"):
		r.found = append(r.found, "broadcast")
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "#"):
		r.found = append(r.found, "mention")
	default:
		r.found = append(r.found, "link")
		r.links = append(r.links, unescaper.Replace(target))
	}
	r.inline(label)
}

// readMessage reads the blocks of a message, and its text, in which only
// mentions and links do harm.
func readMessage(t *testing.T, m Message) *reading {
	t.Helper()
	r := &reading{}
	r.inline(strings.ReplaceAll(m.Text, "\n", " "))
	harmless := []string{"bold", "italic", "strike", "code", "emoji"}
	r.found = slices.DeleteFunc(r.found, func(found string) bool { return slices.Contains(harmless, found) })
	r.seen.Reset()
	var blocks []any
	if err := json.Unmarshal(pretty(t, m.Blocks), &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range (object{"blocks": blocks}).list("blocks") {
		r.read(b)
	}
	return r
}

// TestRead is the judge judged: it finds what Slack would.
func TestRead(t *testing.T) {
	tests := []struct{ s, found, seen string }{
		{"plain words, 3 * 4 = 12", "", "plain words, 3 * 4 = 12"},
		{"*a* _b_ ~c~ `d*e*` snake_case_name 2*3*4", "bold italic strike code", "a b c d*e* snake_case_name 2*3*4"},
		{"(*a*), *_b_*", "bold bold italic", "(a), b"},
		{"a\u200B*b*\u200Bc", "bold", "a\u200Bb\u200Bc"},
		{"```a```", "code code", "`a`"},
		{"> a\n&gt; b\n &gt;&gt;&gt; c", "quote quote quote", " a\n b\n>> c"},
		{"<@U1> <#C1|x> <!channel> <!subteam^S1> :smile:", "mention mention broadcast broadcast emoji", " x   :smile:"},
		{"<http://b|a> <mailto:c@d> <!date^0^{date}|then>", "link link time", "a  then"},
		{"&lt;@U1&gt; &lt;!channel&gt; &amp;lt; a &amp; b", "", "<@U1> <!channel> &lt; a & b"},
		{"a < b & c", "stray < stray &", "a < b & c"},
	}
	for _, test := range tests {
		var got reading
		got.mrkdwn(test.s)
		if found := strings.Join(got.found, " "); found != test.found || strings.TrimSuffix(got.seen.String(), "\n") != test.seen {
			t.Errorf("read(%q) = %q, %q; want %q, %q", test.s, found, got.seen.String(), test.found, test.seen)
		}
	}

	var got reading
	words := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	got.read(object{"type": "section", "text": words(":a:"), "accessory": map[string]any{"type": "image"}})
	got.read(object{"type": "rich_text_quote", "elements": []any{
		map[string]any{"type": "text", "text": "*x*", "style": map[string]any{"bold": true}},
		map[string]any{"type": "broadcast"}, map[string]any{"type": "user"}, map[string]any{"type": "link", "url": "http://a"},
	}})
	got.read(object{"type": "mrkdwn", "text": "see http://a"})
	if found := strings.Join(got.found, " "); found != "emoji image quote bold broadcast user link link" {
		t.Errorf("found %q", found)
	}
}

// hostile are words that would be more than words.
var hostile = []string{
	chattest.Hostile, "<!channel>", "<!here|here> <!everyone>", "<@U1> <@W1|kim>", "<#C1|general>", "<!subteam^S1|@team>", "<!date^0^{date}|x>", "<https://evil.example|bank>",
	"&lt;!channel&gt;", "&amp;lt;", "&", "<", ">", "|", "*bold*", "_it_", "~no~", "`code`", "```block```", "*_~`all`~_*", "**b**", "*a\nb*", "a*b*c", "(*b*)", "*b*.", "_", "*", "~", "`", "``",
	"> quote", "  > quote", ">>> quote", "a\n> b", ":tada:", ":a:b:c:", "10:30:45", ":", "::", "- item\n• item\n1. item", "https://evil.example", "see http://evil.example/?a=1&b=<2>|3", "evil.example",
	"javascript:alert(1)", "mailto:a@b.example", "https://good.example@evil.example/", "https://a.example/<!channel>|x)>", "http://[::1", "HTTPS://EVIL.example", "\u202Egnp.exe\u202C", "a\u0000b\x1b[31mc",
	"\xff\xfe", "\u200B", "*\u200Ba*", "👑 🇩🇪 ™", "日*本*語", "é*b*é", "a\r\nb\rc\u2028> d", "snake_case_name", "2*3*4", " lead", "trail ", "",
	strings.Repeat("*", 3100), strings.Repeat("&", 3100), strings.Repeat("<", 9000), strings.Repeat("👑", 3100), strings.Repeat(":a", 1600), strings.Repeat("line\n", 900), "https://a.example/" + strings.Repeat("a", 5000),
}

// original undoes lookalikes and what parts marks.
var original = strings.NewReplacer("∗", "*", "ˍ", "_", "∼", "~", "ˋ", "`", "›", ">", "∶", ":", "\u200B", "")

func TestHostileWordsStayWords(t *testing.T) {
	for _, s := range hostile {
		checkWords(t, s)
	}
}

// checkWords checks that s comes out as it is, and as nothing but words.
func checkWords(t *testing.T, s string) {
	t.Helper()
	var parsed, named reading
	parsed.mrkdwn(mrkdwn(tidy(chat.Plain(s))))
	named.plain(plain(clean(s)).Text)
	for _, got := range []*reading{&parsed, &named} {
		if len(got.found) > 0 {
			t.Errorf("%.80q: found %q", s, got.found)
		}
		if seen, want := original.Replace(got.seen.String()), original.Replace(clean(s)); seen != want+"\n" {
			t.Errorf("%.80q is seen as %.80q", want, seen)
		}
	}
	var text reading
	text.inline(strings.ReplaceAll(escape(s), "\n", " "))
	if len(text.links) > 0 || slices.ContainsFunc(text.found, func(f string) bool { return f == "mention" || f == "broadcast" || strings.HasPrefix(f, "stray") }) {
		t.Errorf("%.80q: found %q in the text", s, text.found)
	}
}

// FuzzWords: nothing that anybody writes is more than words.
func FuzzWords(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(checkWords)
}

// FuzzUnescape: what we escape is read as it was.
func FuzzUnescape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := Unescape(escape(s)); got != clean(s) {
			t.Errorf("%q comes back as %q", clean(s), got)
		}
		Unescape(s) // and whatever comes, it does not panic
	})
}

func TestUnescape(t *testing.T) {
	tests := []struct{ s, want string }{
		{"a &lt;b&gt; &amp; c", "a <b> & c"},
		{"&amp;lt;", "&lt;"},
		{"<@U1> <@U1|kim>", "@U1 @kim"},
		{"<#C1> <#C1|general>", "#C1 #general"},
		{"<!here> <!channel|channel> <!subteam^S1> <!subteam^S1|@team>", "@here channel @subteam @team"},
		{"<!date^0^{date}|1 Jan>", "1 Jan"},
		{"see <https://a.example/?b=1&amp;c=2>", "see https://a.example/?b=1&c=2"},
		{"<https://a.example|a.example> <http://a.example/b|here>", "a.example here (http://a.example/b)"},
		{"<mailto:a@b.example|a@b.example> <mailto:a@b.example>", "a@b.example a@b.example"},
		{"a < b > c <>", "a < b > c <>"},
	}
	for _, test := range tests {
		if got := Unescape(test.s); got != test.want {
			t.Errorf("Unescape(%q) = %q, want %q", test.s, got, test.want)
		}
	}
}

// check checks that a reply shows nothing but what it asks for.
func check(t *testing.T, r chat.Reply) {
	t.Helper()
	allowed := map[string]bool{}
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
		case chat.Quote:
			allowed["quote"] = true
		case chat.Facts:
			allowed["bold"] = true
			for _, fact := range b.Facts {
				spans(fact.Value)
			}
		case chat.Links:
			allowed["list"], allowed["link"] = true, true
		}
	}
	m := Render(r)
	if strings.Contains(m.Text, "&gt;") { // a quote of ours, or someone's words
		allowed["quote"] = true
	}
	got := readMessage(t, m)
	if i := slices.IndexFunc(got.found, func(found string) bool { return !allowed[found] }); i >= 0 {
		t.Errorf("found %q in %q", got.found[i], got.seen.String())
	}
	for _, address := range got.links {
		if !regexp.MustCompile(`(?i)^(https?://[^/@]|mailto:.)[^\s<>|]*$`).MatchString(address) {
			t.Errorf("a link leads to %q", address)
		}
	}
}
