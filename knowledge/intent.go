package knowledge

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// intent.txt lists the phrases by which a message shows what it wants.
//
//go:embed intent.txt
var intentText string

var signs, longestSign = readSigns(intentText)

// readSigns returns, for each phrase, normalised, what it is a sign of, and
// the number of words in the longest one.
func readSigns(file string) (map[string][]string, int) {
	found, longest := map[string][]string{}, 0
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sign, list, _ := strings.Cut(line, ":")
		for phrase := range strings.SplitSeq(list, ",") {
			words := text.Words(phrase)
			key := strings.Join(words, " ")
			if key != "" && !slices.Contains(found[key], sign) {
				found[key] = append(found[key], sign)
				longest = max(longest, len(words))
			}
		}
	}
	return found, longest
}

// A reading is what a message shows of its intent.
type reading struct {
	words    int
	runes    int            // of all words together
	rest     string         // the words without greeting or thanks at their beginning
	count    map[string]int // by sign, the words that belong to one of its phrases
	follows  bool           // begins as if it went on from something
	question bool           // has a question mark
	garbled  bool           // code, file names, keys at random
}

// interpret looks for signs. known reports whether the articles use a word.
func interpret(message string, known func(word string) bool) reading {
	words := text.Words(message)
	r := reading{
		words:    len(words),
		runes:    utf8.RuneCountInString(strings.Join(words, "")),
		count:    map[string]int{},
		question: strings.ContainsAny(message, "?¿"),
		garbled:  garbled(message, words, known),
	}
	upTo := map[string]int{} // by sign, the end of its last phrase
	greeting := 0
	for i := range words {
		for n := min(longestSign, len(words)-i); n > 0; n-- {
			phrase := strings.Join(words[i:i+n], " ")
			for _, sign := range signs[phrase] {
				switch from := max(i, upTo[sign]); {
				case from >= i+n:
					// Part of a longer phrase that was counted.
				case sign == "elsewhere" && n == 1 && known(phrase):
					// The articles speak of it: it is not elsewhere.
				case sign == "follows":
					r.follows = r.follows || i == 0
				default:
					if i == greeting && (sign == "greets" || sign == "thanks" || sign == "everyone" && i > 0) {
						greeting = i + n
					}
					r.count[sign] += i + n - from
					upTo[sign] = i + n
				}
			}
		}
	}
	r.rest = strings.Join(words[greeting:], " ")
	return r
}

// asks reports whether a message asks outright.
func (r reading) asks() bool { return r.question || r.count["asks"] > 0 }

// intent tells what a message wants. Questions come first: whoever greets,
// thanks and asks in one breath wants an answer. again says that the message
// goes on from an earlier question.
func (r reading) intent(again bool) Intent {
	calm := !r.asks() && r.count["trouble"] == 0
	switch {
	case r.count["person"] > 0, r.count["contact"]*2 > r.words:
		return Person
	case r.count["unhelped"]*2 >= max(r.words, 1), again && r.count["unhelped"] > 0 && r.words <= 12:
		return Unhelped
	case r.garbled, r.count["hostile"]*2 >= max(r.words, 1):
		return Says
	case r.count["thanks"] > 0 && calm:
		return Thanks
	case r.rest == "", r.count["help"] == r.words:
		return Greets
	}
	return Asks
}

// garbled reports whether a message is not language: mostly symbols, a file
// name, or letters no word has. Words that the articles use are language.
func garbled(message string, words []string, known func(string) bool) bool {
	letters, symbols, runes := 0, 0, 0
	for _, c := range message {
		runes++
		switch {
		case unicode.IsLetter(c):
			letters++
		case strings.ContainsRune("{}[]();=<>_/\\|#$%^*~`\"", c):
			symbols++
		}
	}
	if letters == 0 || symbols*8 > runes && symbols > 3 {
		return true
	}
	if len(strings.Fields(message)) == 1 && symbols > 0 {
		return true
	}
	strange := 0
	for _, w := range words {
		if !known(w) && strangeWord(w) {
			strange++
		}
	}
	return strange*2 >= len(words)
}

// strangeWord reports whether a word cannot be pronounced: no vowel, or five
// consonants in a row, or the same letter four times.
func strangeWord(w string) bool {
	consonants, vowels, same := 0, 0, 0
	var last rune
	for _, c := range w {
		if c == last {
			same++
		} else {
			same = 1
		}
		last = c
		switch {
		case c > unicode.MaxASCII || strings.ContainsRune("aeiouy", c):
			vowels++
			consonants = 0
		default:
			consonants++
		}
		if consonants >= 5 || same >= 4 {
			return true
		}
	}
	return vowels == 0 && len(w) > 3
}
