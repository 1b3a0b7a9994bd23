package audience

import (
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// An Example is a text written for an audience: an article.
type Example struct {
	Audience string
	Lang     string // BCP 47 tag
	Text     string
}

// A Model knows which words which audience uses. It is immutable and safe for
// concurrent use.
type Model struct {
	names []string
	words map[string]map[string][]float64 // base language → stem → nats by name
	cues  map[string]map[string][]string  // base language → stems of a cue → audiences
	most  int                             // words in the longest cue
}

const (
	// cueWeight is what a cue counts, in nats.
	cueWeight = 2.0
	// wordShare is how much a word learned from articles counts: they say what
	// an audience reads about, which is a weaker sign than what it calls its own.
	wordShare = 0.3
	// imagined is how many texts of each audience are imagined that use each
	// word as often as all texts do: an audience with few articles must not
	// claim words by chance.
	imagined = 8.0
	// smallest is the least a learned word must tell to be evidence, in nats.
	smallest = 0.1
)

// Learn builds a model for the named audiences. Cues are phrases that hint at
// an audience, by its name; they match in any form of their words.
func Learn(names []string, examples []Example, cues map[string][]string) *Model {
	m := &Model{
		names: slices.Clone(names),
		words: map[string]map[string][]float64{},
		cues:  map[string]map[string][]string{},
	}
	byBase := map[string][]Example{}
	for _, base := range text.Languages() {
		byBase[base] = nil // cues are known in all languages, articles or not
	}
	for _, e := range examples {
		byBase[text.Base(e.Lang)] = append(byBase[text.Base(e.Lang)], e)
	}
	for base, list := range byBase {
		m.words[base] = learn(m.names, base, list)
		m.cues[base] = map[string][]string{}
		for _, name := range m.names {
			for _, cue := range cues[name] {
				words := text.Words(cue)
				key := stems(words, base)
				m.most = max(m.most, len(words))
				m.cues[base][key] = append(m.cues[base][key], name)
			}
		}
	}
	return m
}

// learn returns, for each stem, by how many nats it is likelier in a text for
// each audience than in one for an average audience.
func learn(names []string, base string, list []Example) map[string][]float64 {
	texts := make([]float64, len(names))
	counts := map[string][]float64{}
	for _, e := range list {
		i := slices.Index(names, e.Audience)
		if i < 0 {
			continue
		}
		texts[i]++
		terms := text.Terms(e.Text, base)
		slices.Sort(terms)
		for _, stem := range slices.Compact(terms) {
			if counts[stem] == nil {
				counts[stem] = make([]float64, len(names))
			}
			counts[stem][i]++
		}
	}
	all := 0.0
	for _, n := range texts {
		all += n
	}
	for _, row := range counts {
		everywhere := 0.0
		for _, n := range row {
			everywhere += n / all
		}
		mean := 0.0
		for i := range row {
			row[i] = math.Log((row[i] + imagined*everywhere) / ((texts[i] + imagined) * everywhere))
			mean += row[i] / float64(len(row))
		}
		for i := range row {
			row[i] -= mean
		}
	}
	return counts
}

func stems(words []string, base string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = text.Stem(w, base)
	}
	return strings.Join(out, " ")
}

// maxWords is how many words of a question are looked at.
const maxWords = 120

// Words returns what the words of a question, in the language of the BCP 47
// tag, say about who asks. Details quote them as they were typed.
func (m *Model) Words(question, lang string) []Evidence {
	base := text.Base(lang)
	words, typed := text.Typed(question)
	words = words[:min(len(words), maxWords)]
	var found []Evidence
	seen := map[string]bool{}
	stemmed := make([]string, len(words))
	for i, w := range words {
		stemmed[i] = text.Stem(w, base)
	}
	for i := range words {
		for n := min(m.most, len(words)-i); n > 0; n-- {
			phrase := strings.Join(words[i:i+n], " ")
			names := m.cues[base][strings.Join(stemmed[i:i+n], " ")]
			if len(names) == 0 || seen[phrase] {
				continue
			}
			seen[phrase] = true
			for _, name := range names {
				found = append(found, Evidence{name, Words, strings.Join(typed[i:i+n], " "), cueWeight})
			}
			break // the longest cue says it all
		}
		// Which articles have a faint word is chance, and "because of the word
		// wrong" convinces nobody.
		if text.IsFunction(words[i], base) || text.IsFaint(words[i], base) {
			continue
		}
		stem := stemmed[i]
		row := m.words[base][stem]
		if row == nil || seen["="+stem] {
			continue
		}
		seen["="+stem] = true
		for j, nats := range row {
			if math.Abs(nats*wordShare) >= smallest {
				found = append(found, Evidence{m.names[j], Words, typed[i], nats * wordShare})
			}
		}
	}
	return found
}

// Guess weighs what is known of the asker together with the question's words.
func (m *Model) Guess(known []Evidence, question, lang string) Guess {
	return Weigh(m.names, slices.Concat(known, m.Words(question, lang)))
}
