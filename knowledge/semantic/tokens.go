package semantic

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A tokenizer cuts text into the tokens of a vocabulary as BERT's WordPiece for
// lower-case text does (https://arxiv.org/abs/1810.04805): words and marks, and
// words that it lacks from the longest pieces that it has. The teacher's own
// tokenizer differs in two things: "[SEP]" and the like are tokens of it wherever
// they stand, and it knows the marks and punctuation of Unicode 8, but not those
// that came later; no token has any of these.
type tokenizer struct {
	whole  map[string]int32 // tokens that begin a word
	inside map[string]int32 // pieces that go on in one
}

// goesOn marks the tokens of a vocabulary that go on inside a word.
const goesOn = "##"

// maxWord is how many runes a word has at most to be cut into pieces; longer ones
// are none. It is what BERT's tokenizer takes.
const maxWord = 100

func newTokenizer(vocabulary []string) *tokenizer {
	t := &tokenizer{whole: make(map[string]int32, len(vocabulary)), inside: map[string]int32{}}
	for id, token := range vocabulary {
		if piece, ok := strings.CutPrefix(token, goesOn); ok && piece != "" {
			t.inside[piece] = int32(id)
		} else {
			t.whole[token] = int32(id)
		}
	}
	return t
}

// each calls do with each token of s in turn, and with unknown for each word that
// cannot be cut into any.
func (t *tokenizer) each(s string, do func(id int32)) {
	plain := fold(s)
	for len(plain) > 0 {
		r, size := utf8.DecodeRuneInString(plain)
		switch {
		case r == ' ':
		case isMark(r) || isIdeograph(r):
			t.pieces(plain[:size], do)
		default:
			for size < len(plain) {
				next, n := utf8.DecodeRuneInString(plain[size:])
				if next == ' ' || isMark(next) || isIdeograph(next) {
					break
				}
				size += n
			}
			t.pieces(plain[:size], do)
		}
		plain = plain[size:]
	}
}

// unknown is the token of a word that has none.
const unknown = -1

// pieces cuts a word, always taking the longest piece there is.
func (t *tokenizer) pieces(word string, do func(id int32)) {
	if id, ok := t.whole[word]; ok {
		do(id)
		return
	}
	if len(word) > maxWord && utf8.RuneCountInString(word) > maxWord {
		do(unknown)
		return
	}
	var found [maxWord]int32
	n := 0
	known := t.whole
	for rest := word; rest != ""; {
		end := len(rest)
		id, ok := known[rest]
		for !ok && end > 0 {
			_, size := utf8.DecodeLastRuneInString(rest[:end])
			end -= size
			id, ok = known[rest[:end]]
		}
		if end == 0 {
			do(unknown)
			return
		}
		found[n] = id
		n++
		rest, known = rest[end:], t.inside
	}
	for _, id := range found[:n] {
		do(id)
	}
}

// fold makes text plain: lower case, no accents, no control characters, and a
// space for each white space.
func fold(s string) string {
	if isPlain(s) {
		return s
	}
	b := strings.Builder{}
	b.Grow(len(s))
	for _, r := range norm.NFD.String(s) {
		switch {
		case ' ' <= r && r < 0x7f:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
		case r == '\t', r == '\n', r == '\r':
			b.WriteByte(' ')
		case r == utf8.RuneError, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Mn):
		case unicode.Is(unicode.White_Space, r):
			b.WriteByte(' ')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// isPlain reports whether fold would leave s as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c == 0x7f {
			return false
		}
	}
	return true
}

// isMark reports whether a rune is a token by itself: punctuation, and every
// ASCII character that is neither letter nor digit.
func isMark(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r < 0x7f && !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}
	return unicode.Is(unicode.P, r)
}

// isIdeograph reports whether a rune is a Chinese character, in the blocks that
// BERT's tokenizer takes for such.
func isIdeograph(r rune) bool {
	return r >= 0x3400 && (r <= 0x4dbf || 0x4e00 <= r && r <= 0x9fff || 0xf900 <= r && r <= 0xfaff ||
		0x20000 <= r && r <= 0x2a6df || 0x2a700 <= r && r <= 0x2b81f || 0x2b920 <= r && r <= 0x2ceaf || 0x2f800 <= r && r <= 0x2fa1f)
}
