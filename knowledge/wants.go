package knowledge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// Traits are what speaks for or against a message wanting an article.
const (
	traitQuestion = iota
	traitAsks
	traitTrouble
	traitSelf
	traitOwnTrouble
	traitStates
	traitOneWord
	traitFewWords
	traitKnown
	traitUnknown
	traitEmpty
	traitSearch
	traitGreets
	traitThanks
	traitChatter
	traitOffice
	traitDay
	traitWe
	traitYou
	traitThey
	traitReports
	traitAgrees
	traitMood
	traitMention
	traitAbuse
	traitOrders
	traitElsewhere
	traitCode
	traitLog
	traitLink
	traitEmoji
	traitOdd
	traitCount
)

// A trait has a name to print, and the sign whose phrases show it, if it comes
// from words.
type trait struct {
	name, sign string
}

var traits = [traitCount]trait{
	traitQuestion:   {"question mark", ""},
	traitAsks:       {"asks", "asks"},
	traitTrouble:    {"tells of trouble", "trouble"},
	traitSelf:       {"speaks of oneself", "self"},
	traitOwnTrouble: {"trouble of one's own", ""},
	traitStates:     {"neither asks nor complains", ""},
	traitOneWord:    {"one word", ""},
	traitFewWords:   {"two to four words", ""},
	traitKnown:      {"words of the articles or of any help centre", ""},
	traitUnknown:    {"no word of the articles", ""},
	traitEmpty:      {"no word that says anything", ""},
	traitSearch:     {"bare search words", ""},
	traitGreets:     {"nothing but a greeting", ""},
	traitThanks:     {"thanks", "thanks"},
	traitChatter:    {"small talk", "chatter"},
	traitOffice:     {"talk of the office", "office"},
	traitDay:        {"tells when", "day"},
	traitWe:         {"speaks for a team", "we"},
	traitYou:        {"speaks to somebody", "you"},
	traitThey:       {"speaks of somebody", "they"},
	traitReports:    {"reports", "reports"},
	traitAgrees:     {"agrees or brushes aside", "agrees"},
	traitMood:       {"a mood", "mood"},
	traitMention:    {"calls somebody", ""},
	traitAbuse:      {"abuse", "hostile"},
	traitOrders:     {"orders the bot about", "orders"},
	traitElsewhere:  {"another product", "elsewhere"},
	traitCode:       {"code", ""},
	traitLog:        {"a log", ""},
	traitLink:       {"links", ""},
	traitEmoji:      {"pictures", ""},
	traitOdd:        {"keys at random", ""},
}

// maxContent is how many words are looked up in the articles at most. What a
// message is about is said in the first of them.
const maxContent = 10

// subjects are the words that the glossary has by themselves: what people come
// to any help centre for, even if the articles put it differently.
var subjects = subjectsOf(glossary)

func subjectsOf(glossary []search.Concept) map[string]bool {
	words := map[string]bool{}
	for _, concept := range glossary {
		for _, phrases := range concept {
			for _, phrase := range phrases {
				if list := text.Words(phrase); len(list) == 1 {
					words[list[0]] = true
				}
			}
		}
	}
	return words
}

// weigh fills in traits, wants and garbled. rest are the words without
// greeting or thanks at their beginning.
func (r *reading) weigh(s shape, known func(word string) bool, rest []string) {
	content, shared, odd := 0, 0, 0
	for _, w := range rest {
		subject := subjects[w]
		if !subject && text.IsSmall(w) {
			continue
		}
		if content < maxContent && !digit(w[0]) {
			content++
			if subject || known(w) {
				shared++
				continue
			}
		}
		if letters.Odd(w) {
			odd++
		}
	}
	share := func(part, whole int) float64 { return float64(part) / float64(max(whole, 1)) }
	asks, trouble, self := r.asks(), r.count["trouble"] > 0, r.count["self"] > 0
	n := len(rest)

	t := &r.traits
	t[traitQuestion] = one(r.question)
	t[traitAsks] = one(r.count["asks"] > 0)
	t[traitTrouble] = one(trouble)
	t[traitSelf] = one(self)
	t[traitOwnTrouble] = one(self && trouble)
	t[traitStates] = one(!asks && !trouble && n > 4)
	t[traitOneWord] = one(n == 1)
	t[traitFewWords] = one(n >= 2 && n <= 4)
	t[traitKnown] = share(shared, content)
	t[traitUnknown] = one(content > 0 && shared == 0)
	t[traitEmpty] = one(content == 0)
	if talks := r.count["chatter"] + r.count["thanks"] + r.count["agrees"] + r.count["you"] + r.count["reports"]; n > 0 && n <= 4 &&
		talks == 0 && !self && !r.question && s.code+s.log+s.links == 0 {
		t[traitSearch] = share(shared, content)
	}
	for i, trait := range traits[traitThanks : traitElsewhere+1] {
		if trait.sign != "" {
			t[traitThanks+i] = one(r.count[trait.sign] > 0)
		}
	}
	t[traitGreets] = one(n == 0 || r.count["help"] == r.words)
	t[traitDay] = one(r.count["day"]+s.clock > 0 && !trouble)
	t[traitReports] = one(r.count["reports"] > 0 && !r.question)
	t[traitAgrees] = share(r.count["agrees"], r.words)
	t[traitAbuse] = share(r.count["hostile"], r.words)
	t[traitMention] = one(s.mentions > 0)
	t[traitCode] = min(3*share(s.code, s.pieces), 1)
	t[traitLog] = max(min(3*share(s.log, s.pieces), 1), one(s.logged))
	t[traitLink] = share(s.links, s.pieces)
	t[traitEmoji] = share(s.emoji, s.pieces)
	t[traitOdd] = share(odd, r.words)

	r.garbled = s.letters == 0 || odd*2 >= r.words || s.links+s.emoji == s.pieces ||
		!asks && (s.code*3 >= s.pieces || s.log*2 >= s.pieces)
	sum := bias
	for i, x := range t {
		sum += weights[i] * x
	}
	r.wants = logistic(sum)
}

// A hint is a trait that a message has, and how much it speaks for the
// message wanting an article, in nats; against it, if less than 0.
type hint struct {
	trait   string
	weight  float64
	because []string // the phrases that show it, at most three
}

// String returns the hint as "tells of trouble: +1.2 (cannot, wrong)".
func (h hint) String() string {
	s := fmt.Sprintf("%s: %+.1f", h.trait, h.weight)
	if len(h.because) > 0 {
		s += " (" + strings.Join(h.because, ", ") + ")"
	}
	return s
}

// maxBecause is how many phrases a hint quotes at most.
const maxBecause = 3

// features returns what wants was made from, the weightiest first.
func (r reading) features() []hint {
	quotes := map[string][]string{}
	ends := map[string]int{}
	eachSign(r.tokens, func(sign string, from, to int) {
		quote := strings.Join(r.tokens[from:to], " ")
		if from >= ends[sign] && len(quotes[sign]) < maxBecause && !slices.Contains(quotes[sign], quote) {
			quotes[sign] = append(quotes[sign], quote)
			ends[sign] = to
		}
	})
	var hints []hint
	for i, x := range r.traits {
		if x != 0 {
			hints = append(hints, hint{traits[i].name, weights[i] * x, quotes[traits[i].sign]})
		}
	}
	slices.SortStableFunc(hints, func(a, b hint) int {
		return cmp.Compare(math.Abs(b.weight), math.Abs(a.weight))
	})
	return hints
}
