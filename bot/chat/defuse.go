package chat

import (
	"regexp"
	"strings"
	"unicode"
)

// zeroWidth parts what a platform would recognise, and is seen by nobody.
const zeroWidth = "\u200b"

// dangerous is what pings or invites in the markup of either platform. Its
// first rune stays, and the rest is parted from it.
// Source: https://docs.slack.dev/messaging/formatting-message-text and
// https://docs.discord.com/developers/reference#message-formatting
var dangerous = regexp.MustCompile(`(?i)@(?:everyone|here|channel)|<[!@#/]|<t:|<id:|` +
	`discord\.gg\s*/|discord(?:app)?\.com\s*/\s*invite|join\.slack\.com/`)

// Defuse makes a stranger's words harmless wherever they are carried: nothing
// in them pings or invites, whichever platform's markup it is, and nothing
// turns the reading direction round. They read as before.
func Defuse(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufffd':
			return -1
		}
		return r
	}, s)
	return dangerous.ReplaceAllStringFunc(s, func(found string) string {
		if i := strings.IndexByte(found, '.'); i >= 0 {
			return found[:i] + zeroWidth + found[i:]
		}
		return found[:1] + zeroWidth + found[1:]
	})
}
