package search

import "unicode/utf8"

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

// A table numbers features by a hash of their text: 39 bits of it beside the
// number, so that one look finds both. Of a million features, two share a number;
// of the thirty thousand of a usual shelf, hardly ever.
type table struct {
	slots []uint64 // key and number; 0 is free; a power of two long
	shift int      // of a key, to its place
	count uint32
}

// numberBits are those of a slot that hold the number: of sixteen million. Features
// beyond share the last one's.
const numberBits = 24

func newTable() *table { return &table{slots: make([]uint64, 1024), shift: 64 - 10} }

// find returns the number of a feature.
func (t *table) find(key uint64) (uint32, bool) {
	mask := uint64(len(t.slots) - 1)
	for i := key << 1 >> t.shift; t.slots[i] != 0; i = (i + 1) & mask {
		if (t.slots[i]^key)>>numberBits == 0 {
			return uint32(t.slots[i] & (1<<numberBits - 1)), true
		}
	}
	return 0, false
}

// put returns the number of a feature, a new one if need be.
func (t *table) put(key uint64) uint32 {
	if id, ok := t.find(key); ok {
		return id
	}
	if t.count == 1<<numberBits {
		return t.count - 1
	}
	if int(t.count)*2 >= len(t.slots) {
		old := t.slots
		t.slots, t.shift = make([]uint64, 2*len(old)), t.shift-1
		for _, slot := range old {
			if slot != 0 {
				t.place(slot)
			}
		}
	}
	t.place(key>>numberBits<<numberBits | uint64(t.count))
	t.count++
	return t.count - 1
}

func (t *table) place(slot uint64) {
	mask := uint64(len(t.slots) - 1)
	i := slot << 1 >> t.shift
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot
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

// A run is a run of letters of a word: its number as a feature, and whether the
// letter voice hears it.
type run uint32 // twice the number, and one if it is heard

func (r run) id() uint32  { return uint32(r >> 1) }
func (r run) heard() bool { return r&1 != 0 }

// spell calls f with the key of each run of letters of a word, and whether the
// letter voice hears it.
func (t *token) spell(f func(key uint64, heard bool)) {
	eachGram(t.word, func(key uint64, n int) { f(key, !t.function && n >= voiced) })
}

// extract calls f with every feature of a text but the letters of its words: of
// its words, in order, as they were probably meant, and how many times; before
// each, letters is called with the word. A word that is said again is not looked
// at again.
func extract(tokens []token, letters func(t *token, times int), f func(key uint64, times int)) {
	var room [maxWords]uint64
	keys := room[:0]
	for i := range tokens {
		keys = append(keys, key(hash(start(wordFeature), tokens[i].stem)))
	}
	for i := range tokens {
		t := &tokens[i]
		before, times := 0, 1
		for j, key := range keys {
			if key != keys[i] || j == i || tokens[j].word != t.word { // comparing keys takes no time
				continue
			}
			if times++; j < i {
				before++
			}
		}
		if before == 0 {
			letters(t, times)
			f(keys[i], times)
		}
		if i > 0 {
			f(pairKey(tokens[i-1].stem, t.stem), 1)
		}
	}
	for i := 0; i < len(tokens); i += tokens[i].takes {
		for _, concept := range tokens[i].concepts {
			f(conceptKey(concept), 1)
		}
	}
}

func conceptKey(concept int) uint64 {
	h := start(conceptFeature)
	for range 4 {
		h = (h ^ uint64(concept&0xFF)) * fnvPrime
		concept >>= 8
	}
	return key(h)
}
