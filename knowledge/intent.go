package knowledge

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// intent.txt lists the phrases by which a message shows what it wants.
//
//go:embed intent.txt
var intentText string

var signs = readSigns(intentText)

// A phrase is a beginning of phrases in intent.txt, and what it is a sign of if
// it is one itself. The first has no words.
type phrase struct {
	signs []string
	next  map[string]*phrase // by the word that goes on
}

// maxPhrase is how many words the phrases in intent.txt have at most.
const maxPhrase = 6

func readSigns(file string) *phrase {
	first := &phrase{}
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sign, list, _ := strings.Cut(line, ":")
		for words := range strings.SplitSeq(list, ",") {
			at := first
			for _, w := range text.Words(words) {
				if at.next == nil {
					at.next = map[string]*phrase{}
				}
				if at.next[w] == nil {
					at.next[w] = &phrase{}
				}
				at = at.next[w]
			}
			if at != first && !slices.Contains(at.signs, sign) {
				at.signs = append(at.signs, sign)
			}
		}
	}
	return first
}

// eachSign calls f with every sign in words, and with where its phrase begins
// and ends. Phrases come in the order of their beginnings, the longest first.
func eachSign(words []string, f func(sign string, from, to int)) {
	var path [maxPhrase]*phrase
	for i := range words {
		n := 0
		for at := signs; n < maxPhrase && i+n < len(words); n++ {
			if at = at.next[words[i+n]]; at == nil {
				break
			}
			path[n] = at
		}
		for ; n > 0; n-- {
			for _, sign := range path[n-1].signs {
				f(sign, i, i+n)
			}
		}
	}
}

// letters tells words from keys struck at random.
var letters = text.LearnLetters(glossaryText, intentText)

// A reading is what a message shows of its intent.
type reading struct {
	words    int
	runes    int            // of all words together
	rest     string         // the words without greeting or thanks at their beginning
	count    map[string]int // by sign, the words that belong to one of its phrases
	follows  bool           // begins as if it went on from something
	idle     bool           // and does not: "and?"
	question bool           // has a question mark
	garbled  bool           // code, a log, links, pictures, keys at random

	// wants is how likely the message deserves an article, from 0 to 1, going by
	// how it is put: one that asks, complains, requests or searches does; small
	// talk, thanks, news, other companies' products, noise and abuse do not.
	// Were as many messages of the one kind as of the other, it would be right as
	// often as it says.
	wants  float64
	traits [traitCount]float64 // what speaks for it and against it

	tokens []string // all words
}

// interpret looks for signs. known reports whether the articles use a word.
func interpret(message string, known func(word string) bool) reading {
	words := text.Words(message)
	looks := look(message)
	r := reading{
		words:    len(words),
		question: looks.question,
		tokens:   words,
	}
	for _, w := range words {
		r.runes += utf8.RuneCountInString(w)
	}
	type signed struct {
		sign string
		upTo int // the end of its last phrase
	}
	var found [16]signed // by sign; a map would be slower
	seen := found[:0]
	greeting := 0
	eachSign(words, func(sign string, from, to int) {
		switch {
		case sign == "elsewhere" && to-from == 1 && known(words[from]):
			return // the articles speak of it: it is not elsewhere
		case sign == "follows":
			r.follows = r.follows || from == 0
			r.idle = r.idle || from == 0 && to == len(words)
			return
		}
		i := slices.IndexFunc(seen, func(s signed) bool { return s.sign == sign })
		if i < 0 {
			i = len(seen)
			seen = append(seen, signed{sign: sign})
		}
		start := max(from, seen[i].upTo)
		if start >= to {
			return // part of a longer phrase that was counted
		}
		seen[i].upTo = to
		if from == greeting && (sign == "greets" || sign == "thanks" || sign == "everyone" && from > 0) {
			greeting = to
		}
		if r.count == nil {
			r.count = map[string]int{}
		}
		r.count[sign] += to - start
	})
	r.rest = strings.Join(words[greeting:], " ")
	r.weigh(looks, known, words[greeting:])
	return r
}

// asks reports whether a message asks outright.
func (r reading) asks() bool { return r.question || r.count["asks"] > 0 }

// A message that wants an article less than talk does is talk. Of the messages in
// testdata/messages.tsv, judged by weights that were fitted on others, no
// question is, and three in four of the rest.
const talk = 0.15

// social are the signs of talk among people, or with the bot for its own sake.
// Without any of them, whoever asks outright gets to hear that there is no
// article, even about the moon.
var social = []string{"chatter", "office", "you", "they", "reports", "mood", "hostile", "orders"}

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
	case r.garbled, r.idle, r.count["hostile"]*2 >= max(r.words, 1):
		return Says
	case r.count["thanks"] > 0 && calm:
		return Thanks
	case r.rest == "", r.count["help"] == r.words:
		return Greets
	case r.wants < talk && !again && (!r.asks() || slices.ContainsFunc(social, func(sign string) bool { return r.count[sign] > 0 })):
		return Says
	}
	return Asks
}
