package knowledge

import (
	_ "embed"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

// glossary.txt relates the words of help centres to each other, within a
// language and across languages. A line is an idea:
//
//	en: refund, money back; pt: reembolso, dinheiro de volta; es: reembolso
//
// Lines that are empty or start with # are skipped.
//
//go:embed glossary.txt
var glossaryText string

var glossary = readGlossary(glossaryText)

// Glossary returns the related words that every library knows. They must not be
// changed.
func Glossary() []search.Concept { return glossary }

// glossaryWords are the words of the glossary by base language.
var glossaryWords = wordsOf(glossary)

func wordsOf(glossary []search.Concept) map[string][]string {
	words := map[string][]string{}
	for _, concept := range glossary {
		for base, phrases := range concept {
			for _, phrase := range phrases {
				words[base] = append(words[base], text.Words(phrase)...)
			}
		}
	}
	return words
}

func readGlossary(file string) []search.Concept {
	var concepts []search.Concept
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		concept := search.Concept{}
		for part := range strings.SplitSeq(line, ";") {
			lang, phrases, _ := strings.Cut(part, ":")
			for phrase := range strings.SplitSeq(phrases, ",") {
				lang := strings.TrimSpace(lang)
				concept[lang] = append(concept[lang], strings.TrimSpace(phrase))
			}
		}
		concepts = append(concepts, concept)
	}
	return concepts
}
