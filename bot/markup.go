package bot

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
)

// markup shows the little Markdown that snippets have: paragraphs, lists,
// **bold**, `code`, [links](https://example.com) and \ before a mark that means
// just itself. Lines end where they end. Whatever else looks like Markdown is
// shown as it stands.
func markup(s string) []chat.Block {
	var blocks []chat.Block
	var text chat.Text
	flush := func() {
		if len(text) > 0 {
			blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: text})
			text = nil
		}
	}
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			flush()
			continue
		}
		if len(text) > 0 {
			text = append(text, chat.Span{Text: "\n"})
		}
		if mark := listMark.FindString(line); mark != "" {
			line = line[len(mark):]
			text = append(text, chat.Span{Text: "• "})
		}
		text = append(text, inline(line, chat.Span{})...)
	}
	flush()
	return blocks
}

// listMark begins an item of a list. Numbers stay as they are.
var listMark = regexp.MustCompile(`^[-*+] +`)

// inline reads a line, or what stands between two marks of one, in a style.
func inline(s string, style chat.Span) chat.Text {
	var t chat.Text
	var plain strings.Builder
	add := func(more ...chat.Span) {
		if plain.Len() > 0 {
			piece := style
			piece.Text = chat.Defuse(plain.String())
			t = append(t, piece)
			plain.Reset()
		}
		t = append(t, more...)
	}
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1 && isMark(rest[1]):
			plain.WriteByte(rest[1])
			i += 2
			continue
		case strings.HasPrefix(rest, "**") && !style.Bold:
			if inside, ok := between(rest, "**"); ok {
				bold := style
				bold.Bold = true
				add(inline(inside, bold)...)
				i += len(inside) + len("****")
				continue
			}
		case rest[0] == '`':
			if inside, _, ok := strings.Cut(rest[1:], "`"); ok && inside != "" {
				code := style
				code.Text, code.Code = chat.Defuse(inside), true
				add(code)
				i += len(inside) + len("``")
				continue
			}
		case rest[0] == '[' && style.URL == "":
			if title, address, n, ok := aLink(rest); ok {
				link := style
				link.URL = address
				add(inline(title, link)...)
				i += n
				continue
			}
		}
		plain.WriteByte(rest[0])
		i++
	}
	add()
	return t
}

// isMark reports whether a backslash takes a character's meaning away.
func isMark(c byte) bool { return strings.IndexByte(`\*`+"`"+`[]()-+#>|~!_.{}<`, c) >= 0 }

// between is what stands between two marks, of which s begins with the first.
func between(s, mark string) (string, bool) {
	for i := len(mark); i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], mark):
			return s[len(mark):i], i > len(mark)
		}
	}
	return "", false
}

// aLink reads [title](address), with which s begins, and says how long it is.
func aLink(s string) (title, address string, n int, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			return "", "", 0, false
		case ']':
			address, closed := bracketed(s[i+1:])
			if !closed || i == 1 || !isAddress(address) {
				return "", "", 0, false
			}
			return s[1:i], address, i + len("](") + len(address) + len(")"), true
		}
	}
	return "", "", 0, false
}

// bracketed is what stands between a bracket, with which s begins, and the one
// that closes it: an address may have some of its own, as a_(b) has.
func bracketed(s string) (inside string, ok bool) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return s[min(1, i):i], i > 0
		}
	}
	return "", false
}

// isAddress reports whether a link may lead there. Chat platforms end a link at
// a space, a quotation mark, < and > and |.
func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(s, " \"<>|\\`")
}

var (
	markEscaper    = strings.NewReplacer(`\`, `\\`, `*`, `\*`, "`", "\\`", `[`, `\[`, `]`, `\]`)
	bracketEscaper = strings.NewReplacer("(", "%28", ")", "%29")
)

// linkTo is a link for [markup] whose title means just itself.
func linkTo(title, address string) string {
	return "[" + unmarked(title) + "](" + bracketEscaper.Replace(address) + ")"
}

// unmarked makes someone's words mean just themselves to [markup], on one line.
func unmarked(s string) string {
	s = markEscaper.Replace(oneLine(s))
	if mark := listMark.FindString(s); mark != "" {
		s = `\` + s
	}
	return s
}
