package search

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// concepts looks words and phrases up among related ones.
type concepts struct {
	phrases map[string]map[string][]int // base language → stems joined by a space → concepts
	begins  map[string]map[string]bool  // base language → first stem of a phrase of several words
	longest int                         // words in the longest phrase
	stems   []map[string][]string       // by concept and base language: its phrases
	words   map[string]map[string]int   // by base language: how often phrases use a word
}

func newConcepts(list []Concept) *concepts {
	c := &concepts{phrases: map[string]map[string][]int{}, begins: map[string]map[string]bool{}, words: map[string]map[string]int{}}
	for i, concept := range list {
		stems := map[string][]string{}
		for base, phrases := range concept {
			if c.phrases[base] == nil {
				c.phrases[base] = map[string][]int{}
				c.begins[base] = map[string]bool{}
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
				if len(words) > 1 {
					c.begins[base][text.Stem(words[0], base)] = true
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
	begins := c.begins[base]
	for i := range stems {
		if !begins[stems[i]] {
			continue
		}
		for n := min(c.longest, len(stems)-i); n > 1; n-- {
			if key := strings.Join(stems[i:i+n], " "); c.phrases[base][key] != nil {
				f(key)
			}
		}
	}
}

// at returns the concepts of the longest known phrase that stems, of the given
// language, begin with, and its length in words; 0 if there is none.
func (c *concepts) at(stems []string, base string) ([]int, int) {
	phrases := c.phrases[base]
	if phrases == nil {
		return nil, 0
	}
	if c.begins[base][stems[0]] {
		for n := min(c.longest, len(stems)); n > 1; n-- {
			if found := phrases[strings.Join(stems[:n], " ")]; found != nil {
				return found, n
			}
		}
	}
	if found := phrases[stems[0]]; found != nil {
		return found, 1
	}
	return nil, 0
}

// ideas calls f with the concepts that a text of these stems expresses.
func (c *concepts) ideas(stems []string, base string, f func(concept int)) {
	for len(stems) > 0 {
		found, n := c.at(stems, base)
		for _, concept := range found {
			f(concept)
		}
		stems = stems[max(n, 1):]
	}
}

func stemAll(words []string, base string) string {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = text.Stem(w, base)
	}
	return strings.Join(stems, " ")
}
