package text

import (
	"embed"
	"maps"
	"slices"
	"strings"
)

// Each file of words/ holds three parts, with a line of --- between them: the
// function words of a language, accents and all; its faint words; and some
// plain sentences to learn its letters from.
//
//go:embed words/*.txt
var wordFiles embed.FS

type vocabulary struct {
	function map[string]bool
	faint    map[string]bool
	sample   string
}

var vocabularies = readVocabularies()

func readVocabularies() map[string]vocabulary {
	entries, err := wordFiles.ReadDir("words")
	if err != nil {
		panic(err) // embedded: cannot fail
	}
	all := map[string]vocabulary{}
	for _, entry := range entries {
		data, err := wordFiles.ReadFile("words/" + entry.Name())
		if err != nil {
			panic(err) // embedded: cannot fail
		}
		parts := strings.Split(string(data), "---\n")
		v := vocabulary{function: set(parts[0]), faint: set(parts[1]), sample: parts[2]}
		all[strings.TrimSuffix(entry.Name(), ".txt")] = v
	}
	return all
}

// smallWords are the function and faint words of all languages together.
var smallWords = gatherSmallWords()

func gatherSmallWords() map[string]bool {
	small := map[string]bool{}
	for _, v := range vocabularies {
		maps.Copy(small, v.function)
		maps.Copy(small, v.faint)
	}
	return small
}

// IsSmall reports whether the normalised word is a function word or a faint
// word of any language, for texts whose language is not known yet.
func IsSmall(word string) bool { return smallWords[word] }

func set(list string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(list) {
		words[Normal(w)] = true
	}
	return words
}

// Languages returns the base languages that have a list of function words,
// sorted.
func Languages() []string {
	return slices.Sorted(maps.Keys(vocabularies))
}
