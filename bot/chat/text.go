package chat

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Text is running text in pieces. It holds no markup: adapters write the
// platform's own and escape every piece, so nobody's words can ping or format.
type Text []Span

// A Span is a piece of text in one style.
type Span struct {
	Text string `json:"text"`
	Bold bool   `json:"bold,omitempty"`
	Code bool   `json:"code,omitempty"`
	URL  string `json:"url,omitempty"` // makes it a link
	// At is a time that the platform may show in the reader's own zone and
	// words; Text says it for those that cannot.
	At time.Time `json:"at,omitzero"`
}

// Plain is text without any style.
func Plain(s string) Text { return Text{{Text: s}} }

// Link is text that leads to url.
func Link(s, url string) Text { return Text{{Text: s, URL: url}} }

// String is the text without its styles.
func (t Text) String() string {
	var b strings.Builder
	for _, span := range t {
		b.WriteString(span.Text)
	}
	return b.String()
}

// ParseBold reads **bold** and `code` as written in our own catalogues, where
// a backslash takes away a mark's meaning. Strangers' words go through
// [EscapeBold] before they are put into such a sentence.
func ParseBold(s string) Text {
	var t Text
	var piece strings.Builder
	var style Span
	flush := func() {
		if piece.Len() > 0 {
			style.Text = piece.String()
			t = append(t, style)
			piece.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			piece.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "**"):
			flush()
			style.Bold = !style.Bold
			i++
		case s[i] == '`':
			flush()
			style.Code = !style.Code
		default:
			piece.WriteByte(s[i])
		}
	}
	flush()
	return t
}

var boldEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, "`", "\\`")

// EscapeBold makes s mean just itself to [ParseBold].
func EscapeBold(s string) string { return boldEscaper.Replace(s) }

// Shorten cuts s to at most limit runes, the last of them an ellipsis if
// anything was cut, between words where it can.
func Shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	runes := []rune(s)
	cut := string(runes[:limit-1])
	// A word break in the last third is near enough to cut there.
	if i := strings.LastIndexAny(cut, " \n\t"); i > len(cut)*2/3 && !unicode.IsSpace(runes[limit-1]) {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " \n\t,;:.") + "…"
}
