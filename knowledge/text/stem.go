package text

import (
	"strings"
	"sync/atomic"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
)

var stemmers = map[string]func(*snowballstem.Env) bool{
	"de": german.Stem,
	"en": english.Stem,
	"es": spanish.Stem,
	"fr": french.Stem,
	"it": italian.Stem,
	"pt": portuguese.Stem,
}

// maxWord is the longest word that is stemmed, in bytes. Longer ones are
// noise, and some Snowball rules take quadratic time.
const maxWord = 64

// Base is the language of a BCP 47 tag without region and script: "pt" for
// "pt-BR".
func Base(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	return strings.ToLower(base)
}

// A Word is what a language makes of a normalised word.
type Word struct {
	Stem     string // the word itself in a language without a stemmer, or if it has digits
	Function bool   // a small word that says nothing about the subject: the, where, my, please
	Faint    bool   // says something, but little about the subject: week, always, working
}

// Stem returns the stem of a normalised word of lang.
func Stem(word, lang string) string { return Look(word, lang).Stem }

// IsFunction reports whether a normalised word is a function word of lang.
// Languages without a list have none.
func IsFunction(word, lang string) bool { return Look(word, lang).Function }

// IsFaint reports whether a normalised word is a faint one of lang. A small
// collection of articles cannot know this from counting them.
func IsFaint(word, lang string) bool { return Look(word, lang).Faint }

// Look looks a normalised word of lang up.
func Look(word, lang string) Word {
	base := Base(lang)
	if len(word) > maxWord {
		return Word{Stem: word}
	}
	place := &recent[place(base, word)]
	if r := place.Load(); r != nil && r.word == word && r.base == base {
		return r.Word
	}
	// A part of a text, such as word is, would keep all of it in memory.
	r := &looked{base: strings.Clone(base), word: strings.Clone(word)}
	v := vocabularies[base]
	r.Word = Word{stem(r.word, base), v.function[word], v.faint[word]}
	place.Store(r)
	return r.Word
}

func stem(word, base string) string {
	stem, ok := stemmers[base]
	if !ok || strings.ContainsAny(word, "0123456789") {
		return word
	}
	env := snowballstem.NewEnv(word)
	stem(env)
	if env.Current() == "" {
		return word
	}
	return strings.Clone(env.Current())
}

// A looked is a word that was looked up lately.
type looked struct {
	base, word string
	Word
}

// recent are words that were looked up lately, each where its hash says, until
// another takes the place: people use few words again and again, and to stem the
// words of a question is a tenth of answering it. Full, it takes a megabyte.
var recent [1 << 13]atomic.Pointer[looked]

// place is where in recent a word may be.
func place(base, word string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for i := range len(base) {
		h = (h ^ uint64(base[i])) * prime
	}
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * prime
	}
	return (h ^ h>>32) % uint64(len(recent))
}
