package search

import (
	"cmp"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A lexicon holds the words of a language and finds the one that a mistyped
// word was meant to be. The nil lexicon knows nothing.
type lexicon struct {
	stems map[string]bool
	byLen map[int][]spelling // by length in runes
}

type spelling struct {
	word    string
	runes   []rune
	letters uint64 // which letters occur, a bit each; a quick way to say no
	count   int
}

// newLexicon makes a lexicon of words and how often each occurs, in a language.
// Frequent words come first, so that the first of the nearest is the likeliest.
func newLexicon(counts map[string]int, base string) *lexicon {
	l := &lexicon{stems: map[string]bool{}, byLen: map[int][]spelling{}}
	for word, n := range counts {
		length := utf8.RuneCountInString(word)
		l.byLen[length] = append(l.byLen[length], spelling{word, []rune(word), letters(word), n})
		l.stems[text.Stem(word, base)] = true
	}
	for _, words := range l.byLen {
		slices.SortFunc(words, func(a, b spelling) int {
			return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.word, b.word))
		})
	}
	return l
}

func (l *lexicon) has(stem string) bool { return l != nil && l.stems[stem] }

// allowed is how many slips are believed in a word of n runes: short words
// have too many neighbours.
func allowed(n int) int {
	switch {
	case n < 4:
		return 0
	case n < 8:
		return 1
	case n < 24:
		return 2
	}
	return 0
}

// nearest returns the likeliest spelling of an unknown word.
func (l *lexicon) nearest(word string) (string, bool) {
	runes := []rune(word)
	if l == nil || allowed(len(runes)) == 0 {
		return "", false
	}
	// A letter left out makes a word shorter than the one that was meant, and
	// it is that one which says how many slips are likely.
	most := allowed(len(runes) + 2)
	mask := letters(word)
	best, bestSlips, bestCount := "", most+1, 0
	for n := len(runes) - most; n <= len(runes)+most; n++ {
		most := allowed(max(n, len(runes)))
		for _, s := range l.byLen[n] {
			// Each slip changes at most two letters of the set.
			if bits.OnesCount64(mask^s.letters) > 2*most {
				continue
			}
			d := slips(runes, s.runes)
			if d <= most && (d < bestSlips || d == bestSlips && s.count > bestCount) {
				best, bestSlips, bestCount = s.word, d, s.count
			}
		}
	}
	return best, best != ""
}

// slips is the distance between a word and the one that may be meant. A wrong
// first letter counts twice: people seldom get it wrong, and "bread" is not
// "read". Two that changed places are one slip, wherever.
func slips(typed, meant []rune) int {
	d := distance(typed, meant)
	if len(meant) > 1 && typed[0] != meant[0] && (typed[0] != meant[1] || typed[1] != meant[0]) {
		d++
	}
	return d
}

func letters(word string) uint64 {
	var mask uint64
	for _, r := range word {
		mask |= 1 << (uint32(r) % 64)
	}
	return mask
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours between two words of at most 25 runes.
func distance(a, b []rune) int {
	var rows [3][32]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
