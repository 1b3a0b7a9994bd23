package discord

import (
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

// addresses matches what may be an address; afterAddress is what rather ends
// the sentence around it.
var addresses = regexp.MustCompile("(?i)\\bhttps?://[^\\s<>\"`]+")

const afterAddress = ".,:;!?'*_~|]}"

// escape makes a piece of a line mean just itself. A backslash takes away a
// mark's meaning; lists, headings and quotes are marks only where a line
// begins, which any piece may do.
//
// Addresses stay what they are, in angle brackets: shown whole, so that nobody
// is misled, opened by a click, and without a preview, which would put a
// stranger's pictures into our message.
// Source: https://support.discord.com/hc/en-us/articles/210298617-Markdown-Text-101-Chat-Formatting-Bold-Italic-Underline
func escape(s string) string {
	var b strings.Builder
	last := 0
	for _, at := range addresses.FindAllStringIndex(s, -1) {
		found := strings.TrimRight(s[at[0]:at[1]], afterAddress)
		if !strings.Contains(found, "(") {
			found = strings.TrimRight(found, afterAddress+")")
		}
		if address, ok := webAddress(found); ok {
			b.WriteString(escapeWords(s[last:at[0]]) + "<" + address + ">")
			last = at[0] + len(found)
		}
	}
	return b.String() + escapeWords(s[last:])
}

func escapeWords(s string) string {
	var b strings.Builder
	var before rune
	begins, number := true, true // nothing yet but spaces, or but spaces and digits
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		ends := i+utf8.RuneLen(r) == len(s)
		mark := false
		switch r {
		case '\\', '*', '_', '~', '`', '|', '[', ']', '<':
			mark = true
		case '@', '/': // <@1>, </ask:1>
			mark = before == '<' || i == 0
		case '>', '#', '-', '+':
			mark = before == '<' || begins
		case '.': // 1. first
			mark = number && (ends || next == ' ')
		case ':': // :smile:, <t:0>, ftp://
			mark = ends || next != ' '
		}
		if mark {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		before = r
		number = number && (r == ' ' || r >= '0' && r <= '9')
		begins = begins && r == ' '
	}
	return b.String()
}

// everyone matches what would call all members. Discord's servers look for it
// in the text as it is, whatever the backslashes.
var everyone = regexp.MustCompile(`(?i)@(everyone|here)`)

// muffle puts a space of no width into calls to everyone.
func muffle(s string) string { return everyone.ReplaceAllString(s, "@\u200B$1") }

// webAddress writes an address so that it can stand in angle brackets. It
// takes only http and https; with a name before the host an address leads
// elsewhere than it seems to.
func webAddress(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Contains(u.Host, "[") {
		return "", false
	}
	var b strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsGraphic(r) || strings.ContainsRune("\"<>\\^`{|}*()[]", r) {
			for _, c := range []byte(string(r)) {
				b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
			}
			continue
		}
		b.WriteRune(r)
	}
	return everyone.ReplaceAllString(b.String(), "%40$1"), true
}

// lookalikes stand for marks in the name of a link, where Discord shows the
// backslashes but heeds the marks.
// Source: https://github.com/discord/discord-api-docs/issues/6185
var lookalikes = strings.NewReplacer("[", "(", "]", ")", "*", "∗", "_", "ˍ", "~", "∼", "|", "∣", "`", "ˋ", `\`, "∖", "<", "‹", ">", "›")

// linkName is the name of a link. Emoji are left out, for with one in its name
// Discord takes no link for a link.
// Source: https://github.com/discord/discord-api-docs/issues/7673
func linkName(s string) string {
	s = strings.Map(func(r rune) rune {
		if isEmoji(r) {
			return -1
		}
		return r
	}, s)
	s = lookalikes.Replace(strings.Join(strings.Fields(s), " "))
	var b strings.Builder
	for i, r := range s {
		if r == ':' && !strings.HasPrefix(s[i+1:], " ") {
			r = '∶' // :smile:
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isEmoji reports whether r is an emoji or part of one, or may pass for it.
func isEmoji(r rune) bool {
	switch {
	case r == '°':
		return false
	case r == '\u200D', r == '\uFE0F', r == '\u20E3', r == '‼', r == '⁉', r >= '↔' && r <= '↪', r == '⤴', r == '⤵', r == '〰':
		return true
	}
	return unicode.Is(unicode.So, r) || r >= 0x1F3FB && r <= 0x1F3FF
}

// posing matches a link's name that looks like an address, maybe another one.
// Discord takes no such link for a link.
// Source: https://github.com/discord/discord-api-docs/issues/7721
var posing = regexp.MustCompile(`(?i)://|www\.|discord\.gg`)

// link writes a link: [name](<address>).
func link(name, address string) string {
	words := linkName(name)
	switch {
	case blank(words), name == address:
		return "<" + address + ">"
	case posing.MatchString(name):
		return escape(name) + " (<" + address + ">)"
	}
	s := "[" + words + "](<" + address + ">)"
	if strings.HasPrefix(name, " ") {
		s = " " + s
	}
	if strings.HasSuffix(name, " ") {
		s += " "
	}
	return s
}

// maxTime is the last Unix second that Discord shows, and its negative the
// first.
// Source: https://docs.discord.com/developers/reference#message-formatting
const maxTime = 8_640_000_000_000

// lines writes text in Discord's markdown, line by line.
func lines(t chat.Text) []string {
	var all []string
	var line []chat.Span
	for _, span := range t {
		if at := span.At.Unix(); !span.At.IsZero() && at >= -maxTime && at <= maxTime {
			line = append(line, span)
			continue
		}
		span.At = time.Time{}
		for i, piece := range strings.Split(clean(span.Text), "\n") {
			if i > 0 {
				all = append(all, writeLine(line))
				line = nil
			}
			span.Text = piece
			line = append(line, span)
		}
	}
	return append(all, writeLine(line))
}

// writeLine writes the spans of one line. Neighbours of one style become one,
// for marks that touch each other lose their meaning.
func writeLine(spans []chat.Span) string {
	var merged []chat.Span
	for _, span := range spans {
		if span.At.IsZero() {
			if span.Text == "" {
				continue
			}
			if blank(span.Text) {
				span.Bold, span.Code = false, false
			}
			span.URL, _ = webAddress(strings.TrimSpace(span.URL))
			span.Code = span.Code && span.URL == ""
			span.Bold = span.Bold && !span.Code
		}
		if n := len(merged); n > 0 && span.At.IsZero() && merged[n-1].At.IsZero() {
			last := &merged[n-1]
			if last.Bold == span.Bold && last.Code == span.Code && last.URL == span.URL {
				last.Text += span.Text
				continue
			}
		}
		merged = append(merged, span)
	}
	var b strings.Builder
	bold := false
	for _, span := range merged {
		if span.Bold != bold {
			b.WriteString("**")
			bold = !bold
		}
		switch {
		case !span.At.IsZero():
			b.WriteString("<t:" + strconv.FormatInt(span.At.Unix(), 10) + ":R>")
		case span.URL != "":
			b.WriteString(link(span.Text, span.URL))
		case span.Code:
			b.WriteString("`" + strings.ReplaceAll(span.Text, "`", "ˋ") + "`")
		default:
			b.WriteString(escape(span.Text))
		}
	}
	if bold {
		b.WriteString("**")
	}
	return muffle(b.String())
}
