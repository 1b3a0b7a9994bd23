package search

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// concepts looks words and phrases up among related ones.
type concepts struct {
	phrases map[string]map[string][]int // base language → stems joined by a space → concepts
	longest int                         // words in the longest phrase
	stems   []map[string][]string       // by concept and base language: its phrases
	words   map[string]map[string]int   // by base language: how often phrases use a word
}

func newConcepts(list []Concept) *concepts {
	c := &concepts{phrases: map[string]map[string][]int{}, words: map[string]map[string]int{}}
	for i, concept := range list {
		stems := map[string][]string{}
		for base, phrases := range concept {
			if c.phrases[base] == nil {
				c.phrases[base] = map[string][]int{}
				c.words[base] = map[string]int{}
			}
			for _, phrase := range phrases {
				words := text.Words(phrase)
				key := stemAll(words, base)
				if len(words) == 0 || slices.Contains(c.phrases[base][key], i) {
					continue
				}
				c.phrases[base][key] = append(c.phrases[base][key], i)
				c.longest = max(c.longest, len(words))
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

// each calls f with every phrase of several words in a text, as stems joined
// by a space. Documents are indexed by these too.
func (c *concepts) each(words []string, base string, f func(key string)) {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = text.Stem(w, base)
	}
	for i := range stems {
		for n := min(c.longest, len(stems)-i); n > 1; n-- {
			if key := strings.Join(stems[i:i+n], " "); c.phrases[base][key] != nil {
				f(key)
			}
		}
	}
}

// at returns the concepts of the longest known phrase that tokens, of the
// given language, begin with, and its length in words; 0 if there is none.
func (c *concepts) at(tokens []token, base string) ([]int, int) {
	phrases := c.phrases[base]
	if phrases == nil {
		return nil, 0
	}
	words := make([]string, min(c.longest, len(tokens)))
	for i := range words {
		words[i] = tokens[i].stem
	}
	for n := len(words); n > 0; n-- {
		if found := phrases[strings.Join(words[:n], " ")]; found != nil {
			return found, n
		}
	}
	return nil, 0
}

func stemAll(words []string, base string) string {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = text.Stem(w, base)
	}
	return strings.Join(stems, " ")
}
