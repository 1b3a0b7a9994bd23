package text

import (
	"math"
	"strings"
)

// Letters tells words from keys struck at random: it knows how often each of
// the letters a to z comes after another. It is immutable.
type Letters struct {
	// pairs is the logarithm of the probability of the second letter after the
	// first. 0 is the edge of a word.
	pairs [27][27]float64
}

// LearnLetters learns from the words of samples and from those of all
// languages in words/.
func LearnLetters(samples ...string) *Letters {
	l := &Letters{}
	count := func(word string) {
		last := 0
		for i := range len(word) {
			next := letter(word[i])
			l.pairs[last][next]++
			last = next
		}
		l.pairs[last][0]++
	}
	for _, lang := range Languages() {
		v := vocabularies[lang]
		for w := range v.function {
			count(w)
		}
		for w := range v.faint {
			count(w)
		}
		samples = append(samples, v.sample)
	}
	for _, s := range samples {
		for _, w := range Words(s) {
			count(w)
		}
	}
	const smoothing = 0.5
	for i, row := range l.pairs {
		total := float64(len(row)) * smoothing
		for _, n := range row {
			total += n
		}
		for j, n := range row {
			l.pairs[i][j] = math.Log((n + smoothing) / total)
		}
	}
	return l
}

// letter is the place of a letter in the alphabet, from 1, or 0.
func letter(c byte) int {
	if 'a' <= c && c <= 'z' {
		return int(c-'a') + 1
	}
	return 0
}

// oddBelow is what the pairs of a word are worth on average, in nats, if it was
// struck at random. None of the 3,917 words of the sample articles is below;
// what fingers drum on a keyboard mostly is.
const oddBelow = -4.1

// Odd reports whether a normalised word of a to z looks struck at random: its
// letters hardly ever follow each other, or are neighbours on the keyboard, or
// are all the same. A letter drawn out ("helloooo") counts once. Words of other
// letters, with digits, or shorter than three are never odd.
func (l *Letters) Odd(word string) bool {
	if len(word) < 3 {
		return false
	}
	word = word[:min(len(word), maxWord)]
	drawn := 0 // how often the letter before was struck in a row
	letters := 0
	last, sum := 0, 0.0
	for i := range len(word) {
		next := letter(word[i])
		if next == 0 {
			return false
		}
		if i > 0 && word[i] == word[i-1] {
			drawn++
		} else {
			drawn = 1
		}
		if drawn == 3 { // its second one counted before it was known to be drawn out
			sum -= l.pairs[last][last]
			letters--
		}
		if drawn < 3 {
			sum += l.pairs[last][next]
			letters++
		}
		last = next
	}
	sum += l.pairs[last][0]
	switch {
	case letters == 1:
		return len(word) >= 5
	case typedAlong(word):
		return true
	}
	return letters >= 5 && sum/float64(letters+1) < oddBelow
}

// keyRows are the rows of a keyboard, and the same backwards.
var keyRows = [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz"}

// typedAlong reports whether a finger went along a row of keys: five keys and
// more, or the whole word. In the upper row, where the vowels are, short ones
// can be words.
func typedAlong(word string) bool {
	for i, row := range keyRows {
		whole := 3
		if i%3 == 0 {
			whole = 4
		}
		if len(word) >= whole && strings.Contains(row, word) {
			return true
		}
		for from := range len(word) - 4 {
			if strings.Contains(row, word[from:from+5]) {
				return true
			}
		}
	}
	return false
}
