package search

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A lexicon holds the words of a language and finds the one that a mistyped
// word was meant to be. The nil lexicon knows nothing.
type lexicon struct {
	stems    map[string]bool
	byLen    [maxTypo + 1]spellings // by length in runes
	mistyped map[string]string      // in phrasings, and what was meant
}

// maxTypo is the most runes of a word that is put right: longer ones are names
// and addresses.
const maxTypo = 24

// spellings are words of one length, the frequent ones first.
type spellings struct {
	words   []string
	letters []uint64 // which letters occur, a bit each; a quick way to say no
	common  []int    // how much being frequent is worth, in the unit of slips
}

// newLexicon makes a lexicon of words and how often each occurs, in a language.
func newLexicon(counts map[string]int, base string) *lexicon {
	l := &lexicon{stems: make(map[string]bool, len(counts))}
	for word := range counts {
		l.stems[text.Stem(word, base)] = true
		if n := utf8.RuneCountInString(word); n <= maxTypo {
			l.byLen[n].words = append(l.byLen[n].words, word)
		}
	}
	for i := range l.byLen {
		s := &l.byLen[i]
		slices.SortFunc(s.words, func(a, b string) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		})
		for _, w := range s.words {
			s.letters = append(s.letters, letters(w))
			s.common = append(s.common, min(bits.Len(uint(counts[w])), 8))
		}
	}
	return l
}

func (l *lexicon) has(stem string) bool { return l != nil && l.stems[stem] }

// What a slip costs. Fingers that miss hit the key beside it, strike a key
// twice or in the wrong order; anything else is less likely to be a slip.
const (
	otherSlip   = 100
	missedKey   = 90 // a letter left out, or one too many
	vowelSlip   = 85 // one vowel for another: spelled by ear
	swappedKeys = 70
	nearKey     = 70
	doubledKey  = 60 // a letter once instead of twice, or the reverse
	firstLetter = 60 // on top: people seldom get it wrong
)

// allowed is how much slips may cost in a word of n runes, whichever is longer
// of the one typed and the one meant: short words have too many neighbours, and
// "bread" is not "read".
func allowed(n int) int {
	switch {
	case n < 4:
		return 0
	case n < 6:
		return 120
	case n < 8:
		return 160
	case n < 12:
		return 230
	}
	return 260
}

// nearest returns the likeliest spelling of an unknown word.
func (l *lexicon) nearest(word string) (string, bool) {
	if l == nil {
		return "", false
	}
	if meant, ok := l.mistyped[word]; ok {
		return meant, true
	}
	// Most words with a slip have only one.
	for slips := 1; slips <= 2; slips++ {
		if meant, ok := l.within(word, slips, math.MaxInt); ok {
			return meant, true
		}
	}
	return "", false
}

// twoSlips is how many runes a word has at least in which two slips are
// believed.
const twoSlips = 6

// within returns the likeliest spelling that a few slips change into word, and
// that costs no more than is allowed, nor than most.
func (l *lexicon) within(word string, slips, most int) (string, bool) {
	n := utf8.RuneCountInString(word)
	if n < 4 || n > maxTypo || slips == 2 && n < twoSlips {
		return "", false
	}
	var room [maxTypo]rune
	typed := decode(word, &room)
	mask := letters(word)
	best, least := "", otherSlip*10
	for length := max(n-slips, 4); length <= min(n+slips, maxTypo); length++ {
		s := &l.byLen[length]
		most := min(most, allowed(max(n, length)))
		for i, letters := range s.letters {
			// One slip changes at most two letters of the set, and nobody slips twice
			// and gets the first letter wrong as well.
			if bits.OnesCount64(mask^letters) > 2*slips || slips == 2 && s.words[i][0] != word[0] {
				continue
			}
			var room [maxTypo]rune
			cost := distance(typed, decode(s.words[i], &room), most)
			if cost <= most && cost-s.common[i] < least {
				best, least = s.words[i], cost-s.common[i]
			}
		}
	}
	return best, best != ""
}

// Phrasings are written as people type, slips included, and a slip must not
// pass for a word. One is a word that nothing but phrasings has and that a
// letter left out, doubled, added or swapped makes of a longer word, which the
// articles themselves use oftener by oftener times. A letter struck for another
// makes a word as often as not (black and block, plane and plans), and so do
// all slips in short words. In the sample this finds 57 slips, and one word that
// is none.
const (
	oftener = 5
	longer  = 5 // runes
)

// mistypedIn returns the slips among the words of phrasings, and what was
// meant. phrased counts in how many documents' phrasings a word is, plain how
// often titles, headings and bodies have it, and related how often concepts do.
func mistypedIn(phrased, plain, related map[string]int, base string) map[string]string {
	counts := maps.Clone(plain)
	for w, n := range related {
		counts[w] += n
	}
	l := newLexicon(counts, base)
	mistyped := map[string]string{}
	for w, n := range phrased {
		if look := text.Look(w, base); look.Function || look.Faint || l.has(look.Stem) || strings.ContainsAny(w, "0123456789") {
			continue
		}
		meant, ok := l.within(w, 1, missedKey)
		length := utf8.RuneCountInString(meant)
		struck := length == utf8.RuneCountInString(w) && letters(meant) != letters(w)
		if ok && length >= longer && !struck && plain[meant] >= oftener*n {
			mistyped[strings.Clone(w)] = strings.Clone(meant) // parts of texts would keep these in memory
		}
	}
	return mistyped
}

func decode(word string, room *[maxTypo]rune) []rune {
	n := 0
	for _, r := range word {
		room[n] = r
		n++
	}
	return room[:n]
}

func letters(word string) uint64 {
	var mask uint64
	for _, r := range word {
		mask |= 1 << (uint32(r) % 64)
	}
	return mask
}

// distance is what the slips cost between what was typed and what may be meant:
// the cheapest way from one to the other by leaving out, adding, changing and
// swapping letters (optimal string alignment). It gives up beyond most, and
// looks at no way with more than two letters out of step. Both have at most
// maxTypo runes.
func distance(typed, meant []rune, most int) int {
	var rows [3][maxTypo + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range meant {
		last[j+1] = last[j] + missing(meant, j)
	}
	least := 0 // of the last row
	for i, t := range typed {
		above := least
		row[0] = last[0] + missing(typed, i)
		least = row[0]
		from, to := max(i-outOfStep, 0), min(i+outOfStep+1, len(meant))
		if from > 0 {
			row[from] = unreached
		}
		skip := missing(typed, i)
		for j := from; j < to; j++ {
			m := meant[j]
			cost := last[j]
			if t != m {
				cost += changed(t, m)
				if i == 0 && j == 0 {
					cost += firstLetter
				}
			}
			cost = min(cost, row[j]+missing(meant, j), last[j+1]+skip)
			if i > 0 && j > 0 && t == meant[j-1] && typed[i-1] == m {
				cost = min(cost, before[j-1]+swappedKeys)
			}
			row[j+1] = cost
			least = min(least, cost)
		}
		if to < len(meant) {
			row[to+1] = unreached
		}
		if min(least, above) > most { // a swap reaches back two rows
			return least
		}
		before, last, row = last, row, before
	}
	return last[len(meant)]
}

// Slip reports whether two words are the same but for one slip of the keyboard.
func Slip(a, b string) bool {
	n := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	if n > maxTypo {
		return a == b
	}
	if a > b {
		a, b = b, a // the same either way
	}
	var one, other [maxTypo]rune
	most := min(allowed(n), otherSlip)
	return distance(decode(a, &one), decode(b, &other), most) <= most
}

const (
	outOfStep = 2
	unreached = 1 << 20
)

// missing is what it costs that the other word lacks the i-th letter of this
// one.
func missing(word []rune, i int) int {
	switch {
	case i > 0 && word[i] == word[i-1], i+1 < len(word) && word[i] == word[i+1]:
		return doubledKey
	case i == 0:
		return missedKey + firstLetter
	}
	return missedKey
}

// changed is what it costs that one letter stands for another.
func changed(typed, meant rune) int {
	if uint32(typed) < 128 && uint32(meant) < 128 {
		return int(changes[typed][meant])
	}
	return otherSlip
}

// changes is what changed letters cost, in ASCII.
var changes = func() (costs [128][128]uint8) {
	for a := range costs {
		for b := range costs[a] {
			costs[a][b] = otherSlip
			switch {
			case adjacent(rune(a), rune(b)):
				costs[a][b] = nearKey
			case strings.ContainsRune(vowels, rune(a)) && strings.ContainsRune(vowels, rune(b)):
				costs[a][b] = vowelSlip
			}
		}
	}
	return costs
}()

const vowels = "aeiouy"

// keyboard is where the letters are on the common layout of the languages that
// we know. Others move but a few.
var keyboard = func() (at [128][2]int) {
	for y, row := range []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"} {
		for x, c := range row {
			at[c] = [2]int{2*x + y, y + 1}
		}
	}
	return at
}()

// adjacent reports whether two letters of ASCII have keys side by side.
func adjacent(a, b rune) bool {
	p, q := keyboard[a], keyboard[b]
	if p[1] == 0 || q[1] == 0 {
		return false
	}
	dx, dy := p[0]-q[0], p[1]-q[1]
	return dy == 0 && (dx == 2 || dx == -2) || (dy == 1 || dy == -1) && (dx == 1 || dx == -1)
}
