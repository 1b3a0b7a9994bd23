package knowledge

import (
	_ "embed"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/search"
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
