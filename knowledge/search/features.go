package search

import (
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// The kinds of features. Two features are the same if kind and text are.
const (
	gramFeature    = iota // letters of a word, its ends as spaces
	wordFeature           // a stem
	pairFeature           // two stems in a row
	conceptFeature        // an idea that related words share
)

// Letters are looked at in runs of shortest to longest; the letter voice takes
// those from voiced on, which tell words apart.
const (
	shortest = 2
	voiced   = 3
	longest  = 5
)

// A table numbers features by a hash of their text: 64 bits, so that among a
// million two share a number with a chance of one in forty million.
type table struct {
	keys  []uint64 // 0 is free; a power of two long
	ids   []uint32
	count uint32
}

func newTable() *table { return &table{keys: make([]uint64, 1024), ids: make([]uint32, 1024)} }

// find returns the number of a feature.
func (t *table) find(key uint64) (uint32, bool) {
	mask := uint64(len(t.keys) - 1)
	for i := key & mask; t.keys[i] != 0; i = (i + 1) & mask {
		if t.keys[i] == key {
			return t.ids[i], true
		}
	}
	return 0, false
}

// put returns the number of a feature, a new one if need be.
func (t *table) put(key uint64) uint32 {
	if id, ok := t.find(key); ok {
		return id
	}
	if int(t.count)*2 >= len(t.keys) {
		old := *t
		t.keys, t.ids = make([]uint64, 2*len(old.keys)), make([]uint32, 2*len(old.keys))
		for i, key := range old.keys {
			if key != 0 {
				t.place(key, old.ids[i])
			}
		}
	}
	t.place(key, t.count)
	t.count++
	return t.count - 1
}

func (t *table) place(key uint64, id uint32) {
	mask := uint64(len(t.keys) - 1)
	i := key & mask
	for t.keys[i] != 0 {
		i = (i + 1) & mask
	}
	t.keys[i], t.ids[i] = key, id
}

// FNV-1a, finished so that its low bits are as good as its high ones.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

func start(kind uint64) uint64 { return (fnvOffset ^ kind) * fnvPrime }

// key makes a table's key of a hash; it is never 0.
func key(h uint64) uint64 {
	h ^= h >> 32
	h *= 0x9E3779B97F4A7C15
	return (h ^ h>>29) | 1<<63
}

func pairKey(first, second string) uint64 {
	return key(hash(hash(hash(start(pairFeature), first), " "), second))
}

// eachGram calls f with the key of each run of shortest to longest letters of
// a word, and its length. Long words are noise: their first runes count.
func eachGram(word string, f func(key uint64, n int)) {
	if len(word) > maxGramWord {
		word = word[:maxGramWord]
		for !utf8.ValidString(word) {
			word = word[:len(word)-1]
		}
	}
	var room [maxGramWord + 2]byte
	padded := append(append(append(room[:0], ' '), word...), ' ')
	for from := 0; from < len(padded); {
		h := start(gramFeature)
		at := from
		for n := 1; n <= longest && at < len(padded); n++ {
			size := runeLen(padded[at])
			for _, c := range padded[at : at+size] {
				h = (h ^ uint64(c)) * fnvPrime
			}
			at += size
			if n >= shortest {
				f(key(h), n)
			}
		}
		from += runeLen(padded[from])
	}
}

// maxGramWord is how many bytes of a word have their letters looked at.
const maxGramWord = 40

// runeLen is how many bytes a rune has that begins with c, in valid UTF-8.
func runeLen(c byte) int {
	switch {
	case c < 0x80:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}

// A feature of a text, and how often it has it.
type feature struct {
	id      uint32
	count   float32
	run     bool // of letters
	letters bool // a run that the letter voice hears, of a word that says something
}

// extract calls f with every feature of a text: of its words, in order, as
// they were probably meant.
func (c *concepts) extract(words, stems []string, base string, f func(key uint64, run, letters bool)) {
	for i, w := range words {
		says := !text.IsFunction(w, base)
		eachGram(w, func(key uint64, n int) { f(key, true, says && n >= voiced) })
		h := hash(start(wordFeature), stems[i])
		f(key(h), false, false)
		if i > 0 {
			f(pairKey(stems[i-1], stems[i]), false, false)
		}
	}
	c.ideas(stems, base, func(concept int) {
		h := start(conceptFeature)
		for range 4 {
			h = (h ^ uint64(concept&0xFF)) * fnvPrime
			concept >>= 8
		}
		f(key(h), false, false)
	})
}
