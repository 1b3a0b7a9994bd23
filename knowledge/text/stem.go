package text

import (
	"strings"

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

// Stem returns the Snowball stem of a normalised word in lang, a BCP 47 tag.
// Words of a language without a stemmer, and words with digits, are their own
// stem.
func Stem(word, lang string) string {
	stem, ok := stemmers[Base(lang)]
	if !ok || len(word) > maxWord || strings.ContainsAny(word, "0123456789") {
		return word
	}
	env := snowballstem.NewEnv(word)
	stem(env)
	if env.Current() == "" {
		return word
	}
	return env.Current()
}
