package search

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// concepts looks words and phrases up among related ones.
type concepts struct {
	phrases map[string]map[string]phrase // by base language and stems, joined by a space
	longest int                          // words in the longest phrase
	stems   []map[string][]string        // by concept and base language: its phrases
	words   map[string]map[string]int    // by base language: how often phrases use a word
}

// A phrase is a word or several: what it means, and whether longer ones begin with
// it, which but a word tells.
type phrase struct {
	concepts []int
	begins   bool
}

func newConcepts(list []Concept) *concepts {
	c := &concepts{phrases: map[string]map[string]phrase{}, words: map[string]map[string]int{}}
	for i, concept := range list {
		stems := map[string][]string{}
		for base, phrases := range concept {
			if c.phrases[base] == nil {
				c.phrases[base] = map[string]phrase{}
				c.words[base] = map[string]int{}
			}
			for _, p := range phrases {
				words := text.Words(p)
				key := stemAll(words, base)
				known := c.phrases[base][key]
				if len(words) == 0 || slices.Contains(known.concepts, i) {
					continue
				}
				known.concepts = append(known.concepts, i)
				c.phrases[base][key] = known
				c.longest = max(c.longest, len(words))
				if len(words) > 1 {
					first := text.Stem(words[0], base)
					known := c.phrases[base][first]
					known.begins = true
					c.phrases[base][first] = known
				}
				for _, w := range words {
					c.words[base][w]++
				}
				stems[base] = append(stems[base], key)
			}
		}
		c.stems = append(c.stems, stems)
	}
	return c
}

// each calls f with every phrase of several words in a text of these stems,
// joined by a space. Documents are indexed by these too.
func (c *concepts) each(stems []string, base string, f func(key string)) {
	phrases := c.phrases[base]
	for i := range stems {
		if !phrases[stems[i]].begins {
			continue
		}
		for n := min(c.longest, len(stems)-i); n > 1; n-- {
			if key := strings.Join(stems[i:i+n], " "); phrases[key].concepts != nil {
				f(key)
			}
		}
	}
}

// at returns the concepts of the longest of phrases that stems begin with, and its
// length in words; 0 if there is none.
func (c *concepts) at(stems []string, phrases map[string]phrase) ([]int, int) {
	first := phrases[stems[0]]
	if first.begins {
		for n := min(c.longest, len(stems)); n > 1; n-- {
			if found := phrases[strings.Join(stems[:n], " ")].concepts; found != nil {
				return found, n
			}
		}
	}
	if first.concepts != nil {
		return first.concepts, 1
	}
	return nil, 0
}

// mark finds the ideas of a text, of the given language: where each begins, and
// how many words it takes.
func (c *concepts) mark(tokens []token, base string) {
	stems := stemsOf(tokens)
	phrases := c.phrases[base]
	for i := 0; i < len(tokens); i += tokens[i].takes {
		found, n := c.at(stems[i:], phrases)
		tokens[i].concepts, tokens[i].takes = found, max(n, 1)
	}
}

func stemAll(words []string, base string) string {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = text.Stem(w, base)
	}
	return strings.Join(stems, " ")
}
