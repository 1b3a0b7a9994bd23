package slack

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// clean drops from s what is no text: control characters but newlines, what
// turns the reading order round, and invisible tags.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', r >= 0xE0000 && r <= 0xE007F:
			return -1
		}
		return r
	}, s)
}

// oneLine is s cleaned, on a line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// blank reports whether there is nothing to see in s.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// Only these three are escaped, wherever text is parsed.
// Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
var (
	escaper   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescaper = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// escape is s without mentions and links, for where formatting does no harm.
func escape(s string) string { return escaper.Replace(clean(s)) }

// tags match what Slack puts into angle brackets: a mention, a channel, a link.
var tags = regexp.MustCompile(`<([^<>|\s][^<>|]*)(?:\|([^<>]*))?>`)

// Unescape reads text as people typed it from what Slack makes of it: links
// are addresses again, and mentions are names, as far as Slack tells them.
func Unescape(s string) string {
	s = tags.ReplaceAllStringFunc(s, func(tag string) string {
		m := tags.FindStringSubmatch(tag)
		target, label := m[1], m[2]
		switch kind, id := target[:1], target[1:]; kind {
		case "@", "#":
			return kind + strings.TrimPrefix(cmp.Or(label, id), kind)
		case "!":
			word, _, _ := strings.Cut(id, "^")
			return cmp.Or(label, "@"+word)
		}
		if label == "" || strings.HasSuffix(target, label) { // example.com: https://example.com
			return cmp.Or(label, strings.TrimPrefix(target, "mailto:"))
		}
		return label + " (" + target + ")"
	})
	return unescaper.Replace(s)
}

// emoji matches what Slack may show as a picture, also in plain_text.
var emoji = regexp.MustCompile(`:[\p{L}\p{M}\p{N}_+'-]+:`)

// noEmoji makes s mean just itself in plain_text, where names of emoji are all
// that is parsed.
func noEmoji(s string) string {
	for emoji.MatchString(s) { // two names may share a colon
		s = emoji.ReplaceAllStringFunc(s, func(name string) string { return "∶" + name[1:] })
	}
	return s
}

// lookalikes stand for marks in mrkdwn, where nothing takes away a mark's
// meaning.
// Source: https://github.com/slackhq/slack-api-docs/issues/34
var lookalikes = map[rune]rune{'*': '∗', '_': 'ˍ', '~': '∼', '`': 'ˋ'}

// escapeWords makes a piece of a line mean just itself in mrkdwn. Within a word
// a mark is none and stays; a quote is a mark only where a line begins, which
// any piece may do.
func escapeWords(s string) string {
	var b strings.Builder
	var before rune
	begins := true // nothing yet but spaces
	s = noEmoji(s)
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if like, ok := lookalikes[r]; ok && (r == '`' || !isWord(before) || !isWord(next)) {
			b.WriteRune(like)
		} else if r == '>' && begins {
			b.WriteRune('›')
		} else {
			b.WriteString(escaper.Replace(string(r)))
		}
		before = r
		begins = begins && r == ' '
	}
	return b.String()
}

// isWord reports whether a mark next to r may be within a word.
func isWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// webAddress is an address that a link may have: of the web or for mail. With
// a name before the host an address leads elsewhere than it seems to.
func webAddress(s string) (string, bool) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.User != nil {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return "", false
		}
	case "mailto":
		if u.Opaque == "" {
			return "", false
		}
	default:
		return "", false
	}
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune("\"<>\\^`{|}", r) {
			b.WriteString(url.PathEscape(string(r)))
			continue
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// maxTime is the last Unix second of the year 9999.
const maxTime = 253_402_300_799

// timeFormat is how Slack words a time, in the reader's zone: today 09:30.
// Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
const timeFormat = "{date_short_pretty} {time}"

// tidy is t as Slack can show it: cleaned, with good addresses and times only,
// and neighbours of one style as one.
func tidy(t chat.Text) chat.Text {
	var merged chat.Text
	for _, span := range t {
		span.Text = clean(span.Text)
		if span.Text == "" {
			continue
		}
		span.URL, _ = webAddress(span.URL)
		if at := span.At.Unix(); span.At.IsZero() || at <= 0 || at > maxTime {
			span.At = time.Time{}
		} else {
			span.URL, span.Code = "", false
		}
		if n := len(merged); n > 0 && span.At.IsZero() {
			last := &merged[n-1]
			if last.At.IsZero() && last.Bold == span.Bold && last.Code == span.Code && last.URL == span.URL {
				last.Text += span.Text
				continue
			}
		}
		merged = append(merged, span)
	}
	return merged
}

// isPlain reports whether tidy text has no style, so that it needs no marks.
func isPlain(t chat.Text) bool {
	return len(t) == 0 || len(t) == 1 && t[0] == chat.Span{Text: t[0].Text}
}

// parted is a space of no width, which lets a mark be one within a word.
const parted = "\u200B"

// mrkdwn writes tidy text in Slack's markup.
// Source: https://docs.slack.dev/messaging/formatting-message-text
func mrkdwn(t chat.Text) string {
	var b strings.Builder
	touches := false // the text so far ends in a mark
	for _, span := range t {
		for i, piece := range strings.Split(span.Text, "\n") {
			if i > 0 {
				b.WriteByte('\n')
				touches = false
			}
			words := strings.Trim(piece, " ")
			if words == "" || !span.Bold && !span.Code && span.URL == "" && span.At.IsZero() {
				if touches && piece != "" && piece[0] != ' ' {
					b.WriteString(parted)
				}
				b.WriteString(escapeWords(piece))
				touches = touches && piece == ""
				continue
			}
			before, after, _ := strings.Cut(piece, words)
			b.WriteString(before)
			if so := b.String(); so != "" && !strings.HasSuffix(so, " ") && !strings.HasSuffix(so, "\n") {
				b.WriteString(parted)
			}
			b.WriteString(marked(span, words) + after)
			touches = after == ""
		}
	}
	return b.String()
}

// marked writes the words of a span that has a style.
func marked(span chat.Span, words string) string {
	inside := escapeWords(words)
	if span.Code {
		inside = "`" + escaper.Replace(strings.ReplaceAll(words, "`", "ˋ")) + "`"
	}
	switch {
	case !span.At.IsZero():
		inside = "<!date^" + strconv.FormatInt(span.At.Unix(), 10) + "^" + timeFormat + "|" + inside + ">"
	case span.URL != "":
		inside = "<" + escaper.Replace(span.URL) + "|" + inside + ">"
	}
	if span.Bold && !span.Code { // a mark in code could end it
		inside = "*" + inside + "*"
	}
	return inside
}
