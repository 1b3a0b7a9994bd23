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
	var found []string
	for parts := words.FromString(Normal(s)); parts.Next(); {
		word := strings.Map(func(r rune) rune {
			switch {
			case r == '\'':
				return -1
			case r == '_' || r == '.' || r == ':' || r == ',':
				return ' '
			}
			return r
		}, parts.Value())
		for _, w := range strings.Fields(word) {
			if strings.IndexFunc(w, letterOrDigit) >= 0 {
				found = append(found, w)
			}
		}
	}
	return found
}

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
