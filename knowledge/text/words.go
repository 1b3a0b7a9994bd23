package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Normal returns s as it is compared: valid UTF-8, compatibility forms
// resolved (NFKC), letters folded to one case, and the accents of Latin, Greek
// and Cyrillic letters removed, because people leave them out. Marks of other
// scripts are letters in their own right and stay. Normal(Normal(s)) is
// Normal(s).
func Normal(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	if latin, ok := latin(s); ok {
		return latin
	}
	return normal(s)
}

// normal is Normal for any script.
func normal(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	// Folding can give something that decomposes again, and the other way
	// round. Two rounds settle every character of Unicode 17 that we know of;
	// the bound is there for the ones we do not.
	for range 4 {
		next := fold(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

func fold(s string) string {
	s = cases.Fold().String(norm.NFKD.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case '\u0300' <= r && r <= '\u036F': // combining diacritical marks
			return -1
		case r == '’' || r == '‘' || r == '´':
			return '\''
		}
		return r
	}, norm.NFKD.String(s))
	return norm.NFC.String(s)
}

// Where the letters of western Europe end, and between which the quotes, dashes
// and dots of a keyboard lie.
const (
	latinEnd  = 0x180
	quotes    = 0x2010
	quotesEnd = 0x2028
)

// latinFolded and quotesFolded are what normal makes of these characters, each
// by itself. None combines with a neighbour.
var (
	latinFolded  = foldEach(0, latinEnd)
	quotesFolded = foldEach(quotes, quotesEnd)
)

func foldEach(from, to rune) []string {
	var folded []string
	for r := from; r < to; r++ {
		folded = append(folded, normal(string(r)))
	}
	return folded
}

// latin is Normal for what most questions that are not ASCII are written in. It
// is many times as fast, and false if s has anything else.
func latin(s string) (string, bool) {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r < latinEnd:
			b.WriteString(latinFolded[r])
		case quotes <= r && r < quotesEnd:
			b.WriteString(quotesFolded[r-quotes])
		default:
			return "", false
		}
	}
	return b.String(), true
}

// plain reports whether s is ASCII, as most questions are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Words returns the words and numbers of s in order, normalised. Apostrophes
// are dropped ("can't" is "cant"), since chat does so half of the time. What
// holds neither letter nor digit, emoji included, is no word.
func Words(s string) []string {
	found := make([]string, 0, len(s)/5+1)
	for parts := words.FromString(Normal(s)); parts.Next(); {
		part := parts.Value()
		if len(part) == 1 && !letterOrDigit(rune(part[0])) {
			continue // a space, most of the time
		}
		part = strings.ReplaceAll(part, "'", "")
		for part != "" {
			w, rest := part, ""
			if i := strings.IndexFunc(part, joins); i >= 0 {
				_, width := utf8.DecodeRuneInString(part[i:])
				w, rest = part[:i], part[i+width:]
			}
			if strings.IndexFunc(w, letterOrDigit) >= 0 {
				found = append(found, w)
			}
			part = rest
		}
	}
	return found
}

// Typed returns the words of s like [Words], and with each the word as it was
// typed.
func Typed(s string) (normal, typed []string) {
	for parts := words.FromString(s); parts.Next(); {
		for _, as := range strings.FieldsFunc(parts.Value(), joins) {
			for _, w := range Words(as) {
				normal, typed = append(normal, w), append(typed, as)
			}
		}
	}
	return normal, typed
}

// joins reports whether words are told apart at r that look like one.
func joins(r rune) bool { return r == '_' || r == '.' || r == ':' || r == ',' || unicode.IsSpace(r) }

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Terms returns the stems of the words of s that carry meaning in lang, in
// order. Repeated words stay repeated.
func Terms(s, lang string) []string {
	var terms []string
	for _, w := range Words(s) {
		if !IsFunction(w, lang) {
			terms = append(terms, Stem(w, lang))
		}
	}
	return terms
}
