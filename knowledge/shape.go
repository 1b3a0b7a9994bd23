package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A shape is what a message looks like before any word of it is read. What is
// set apart by white space is a piece.
type shape struct {
	pieces   int
	letters  int // of the whole message
	question bool
	links    int // the rest are pieces, each counted for one kind at most
	mentions int
	emoji    int // emoticons and :names: included
	code     int
	log      int
	logged   bool // begins like a line of a log
	clock    int  // times of day
}

// look finds the shape of a message in one pass over its pieces.
func look(message string) shape {
	var s shape
	fenced := strings.Contains(message, "```")
	capitals, levelsAlone, statementsAlone := 0, 0, 0
	for piece := range strings.FieldsSeq(message) {
		s.pieces++
		letters, digits, emoji, others, asks := 0, 0, 0, 0, false
		for _, c := range piece {
			switch {
			case unicode.IsLetter(c):
				letters++
				if unicode.IsUpper(c) {
					capitals++
				}
			case unicode.IsDigit(c):
				digits++
			case isEmoji(c):
				emoji++
			default:
				others++
				asks = asks || c == '?' || c == '¿' || c == '？'
			}
		}
		s.letters += letters
		link := others > 0 && isLink(piece)
		s.question = s.question || asks && !link
		switch {
		case link:
			s.links++
		case others == 0 && emoji == 0 && digits == 0:
			// A plain word, as most are.
			switch {
			case levels[piece]:
				levelsAlone++
			case statements[piece]:
				statementsAlone++
			case logWords[piece], namesError(piece):
				s.log++
				s.logged = s.logged || s.pieces == 1
			case fenced, codeWords[piece]:
				s.code++
			}
		case isMention(piece):
			s.mentions++
		case letters == 0 && digits == 0 && emoji > 0, isEmoticon(piece):
			s.emoji++
		case isClock(piece):
			s.clock++
		case isLog(piece):
			s.log++
			s.logged = s.logged || s.pieces == 1
		case fenced, isCode(piece):
			s.code++
		}
	}
	if capitals*2 < s.letters { // where all is shouted, so are the words of a question
		s.log += levelsAlone
		s.code += statementsAlone
	}
	return s
}

// isEmoji reports whether a rune is a picture, or belongs to one.
// Source: https://www.unicode.org/Public/emoji/16.0/emoji-data.txt, by block.
func isEmoji(c rune) bool {
	return c >= 0x1F000 && c <= 0x1FAFF || c >= 0x2600 && c <= 0x27BF || c >= 0x2B00 && c <= 0x2BFF ||
		c >= 0xFE00 && c <= 0xFE0F || c == 0x200D || c == 0x20E3
}

var emoticons = set(`:) :-) :( :-( :D :-D ;) ;-) :P :p xD XD :o :O :/ :') :'( <3 </3 ^^ ^_^ -_- T_T :3 ¯\_(ツ)_/¯`)

// isEmoticon reports whether a piece is a face made of signs, or the name of an
// emoji as Slack and Discord write it: ":tada:".
func isEmoticon(piece string) bool {
	if emoticons[piece] {
		return true
	}
	return len(piece) > 3 && piece[0] == ':' && piece[len(piece)-1] == ':' &&
		strings.IndexFunc(piece[1:len(piece)-1], func(c rune) bool { return c != '_' && c != '-' && c != '+' && !alphanumeric(c) }) < 0
}

// isLink reports whether a piece is an address on the web, with a scheme or
// without: "example.com/pricing".
func isLink(piece string) bool {
	if i := strings.Index(piece, "://"); i >= 0 && i < 16 || strings.HasPrefix(piece, "www.") {
		return true
	}
	if i := strings.Index(piece, "]("); i > 0 && strings.Contains(piece[i:], "://") {
		return true // Markdown
	}
	host, _, path := strings.Cut(piece, "/")
	dot := strings.LastIndexByte(host, '.')
	if dot < 1 || strings.ContainsAny(host, "@()=:") {
		return false
	}
	end := host[dot+1:]
	return path && len(end) >= 2 && strings.IndexFunc(end, func(c rune) bool { return !unicode.IsLower(c) }) < 0
}

// isMention reports whether a piece calls someone by name: "@ana", or as the
// platforms send it, "<@U024BE7LH>".
func isMention(piece string) bool {
	piece = strings.TrimPrefix(piece, "<")
	return len(piece) > 1 && (piece[0] == '@' || piece[0] == '!') && alphanumeric(rune(piece[1]))
}

// isClock reports whether a piece is a time of day: "3pm", "15h", "16:00".
func isClock(piece string) bool {
	piece = strings.TrimRight(piece, ".,;!?)")
	i := 0
	for i < len(piece) && digit(piece[i]) {
		i++
	}
	if i == 0 || i > 2 {
		return false
	}
	switch rest := piece[i:]; rest {
	case "pm", "am", "PM", "AM", "h", "hs", "hrs":
		return true
	default:
		return len(rest) >= 3 && (rest[0] == ':' || rest[0] == 'h') && digit(rest[1]) && digit(rest[2]) && (len(rest) == 3 || !digit(rest[3]) && rest[3] != ':')
	}
}

// levels are what programs shout at the beginning of a line.
var levels = set("ERROR WARN WARNING INFO DEBUG FATAL TRACE SEVERE NOTICE CRITICAL EXCEPTION")

// logWords stand in stack traces, hardly in sentences.
var logWords = set("Traceback goroutine errno segfault stderr stdout")

// namesError reports whether a word names a kind of error, as programs do:
// "TypeError".
func namesError(word string) bool {
	for _, end := range []string{"Exception", "Error"} {
		if len(word) > len(end) && strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// isLog reports whether a piece is out of a log or a stack trace: a level, a
// timestamp, a key with its value, an address, a place in a file, the name of
// an error.
func isLog(piece string) bool {
	bare := strings.Trim(piece, "[](){}<>:,;\"'|-")
	switch {
	case bare == "":
		return false
	case levels[bare], logWords[bare], namesError(bare), piece == "panic:", strings.HasPrefix(bare, "0x"), strings.HasPrefix(bare, "HTTP/"):
		return true
	}
	digits, dots, colons, dashes, others := 0, 0, 0, 0, 0
	equals, line := -1, false // line: of a file, by number
	for i := range len(bare) {
		switch c := bare[i]; {
		case digit(c):
			digits++
		case c == '.':
			dots++
		case c == ':':
			colons++
			line = line || dots > 0 && i+1 < len(bare) && digit(bare[i+1])
		case c == '-' || c == '/':
			dashes++
		default:
			if c == '=' && equals < 0 {
				equals = i
			}
			others++
		}
	}
	switch {
	case colons >= 2 && digits >= 5 && others <= 4, // 10:14:33, 2026-03-02T10:14:33Z
		dots == 3 && digits >= 4 && others+dashes == 0,                         // 10.0.0.7
		dashes == 2 && digits == 8 && others+dots == 0 && bare[4] == '-',       // 2026-03-02
		line && others > 0 && colons <= 2,                                      // main.go:17
		equals > 0 && equals+1 < len(bare) && key(bare[:equals]) && others > 1: // status=200
		return true
	}
	return false
}

// codeWords stand alone in programs and on command lines, hardly in sentences.
var codeWords = set("def func const elif nil null printf println npm npx yarn git curl wget kubectl sudo grep awk sed ssh chmod mkdir async await struct enum typedef")

// statements are the words that SQL is written with.
var statements = set("SELECT FROM WHERE UPDATE INSERT DELETE JOIN VALUES SET CREATE TABLE DROP")

// codeMarks are written inside programs only.
var codeMarks = []string{":=", "==", "!=", "&&", "||", "++", "+=", "</", "/>", "()", "{}", "[]", "};", ");", "{\"", "\":", "::", "${", "\\n", "#{", "*/", "/*"}

// isCode reports whether a piece with signs in it is out of a program or a
// command line.
func isCode(piece string) bool {
	for _, mark := range codeMarks {
		if strings.Contains(piece, mark) {
			return true
		}
	}
	switch piece { // but not - + < > -> =>, which people write
	case "{", "}", "=", "|", "$", "//", "\\", "*", "<=", ">=":
		return true
	}
	first, last := piece[0], piece[len(piece)-1]
	switch {
	case last == '{', last == ';' && len(piece) > 1, first == '{', first == '}':
		return true
	case first == '-' && len(piece) > 1 && (piece[1] == '-' || alphanumeric(rune(piece[1])) && len(piece) <= 3 && !digit(piece[1])):
		return true // --build, -la
	case first == '/' && strings.Count(piece, "/") > 1, first == '<' && last == '>':
		return true
	}
	if i := strings.IndexByte(piece, '('); i > 0 && i+1 < len(piece) && identifier(piece[:i]) && piece[i+1] != 's' {
		return true // f(x), but not file(s)
	}
	bare := strings.Trim(piece, "[](){}<>:,;.\"'`*?!")
	if !identifier(bare) {
		return false
	}
	// snake_case, document.querySelector; but not "day.Then", for want of a space.
	return strings.Contains(bare, "_") || strings.IndexFunc(bare, unicode.IsUpper) > strings.IndexByte(bare, '.')+1 && strings.IndexByte(bare, '.') > 0
}

// identifier reports whether a piece can be a name in a program.
func identifier(s string) bool {
	if s == "" || digit(s[0]) {
		return false
	}
	return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf || c != '_' && c != '.' && !alphanumeric(c) }) < 0
}

// key reports whether a piece can name a value in a log.
func key(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && c != '_' && c != '.' }) < 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func alphanumeric(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

func set(list string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		words[w] = true
	}
	return words
}
