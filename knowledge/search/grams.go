package search

import (
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// gramVoice compares letters instead of words: the cosine between the trigrams
// and 4-grams of a question and those of a title with its headings and
// phrasings. It hears typos, compounds and words of a related language.
type gramVoice struct {
	docs  int
	grams map[string][]gramHit
}

type gramHit struct {
	doc    int
	weight float64 // of a unit vector
}

func newGramVoice(docs []Document) gramVoice {
	v := gramVoice{docs: len(docs), grams: map[string][]gramHit{}}
	for i, d := range docs {
		fields := append([]string{d.Title}, d.Phrasings...)
		for _, p := range d.Parts {
			fields = append(fields, p.Heading)
		}
		counts := gramCounts(strings.Join(fields, " "), text.Base(d.Lang))
		for gram, n := range counts {
			v.grams[gram] = append(v.grams[gram], gramHit{i, n})
		}
	}
	lengths := make([]float64, len(docs))
	for _, hits := range v.grams {
		idf := v.idf(len(hits))
		for i := range hits {
			hits[i].weight = (1 + math.Log(hits[i].weight)) * idf
		}
	}
	// Sum in a fixed order: adding floats in map order would make scores
	// differ in the last bit from one start to the next.
	for _, gram := range sortedKeys(v.grams) {
		for _, hit := range v.grams[gram] {
			lengths[hit.doc] += hit.weight * hit.weight
		}
	}
	for _, hits := range v.grams {
		for i := range hits {
			hits[i].weight /= math.Sqrt(lengths[hits[i].doc])
		}
	}
	return v
}

func (v gramVoice) idf(df int) float64 {
	return math.Log(1 + float64(v.docs)/float64(df+1))
}

// scores returns the cosine of the query with each document, 0 to 1.
func (v gramVoice) scores(query, base string) []float64 {
	out := make([]float64, v.docs)
	counts := gramCounts(query, base)
	length := 0.0
	for _, gram := range sortedKeys(counts) {
		hits := v.grams[gram]
		weight := (1 + math.Log(counts[gram])) * v.idf(len(hits))
		length += weight * weight
		for _, hit := range hits {
			out[hit.doc] += weight * hit.weight
		}
	}
	if length > 0 {
		scale(out, math.Sqrt(length))
	}
	return out
}

func gramCounts(s, base string) map[string]float64 {
	counts := map[string]float64{}
	all := text.Words(s)
	for _, w := range all[:min(len(all), 4*maxWords)] {
		if text.IsFunction(w, base) {
			continue
		}
		runes := []rune(" " + w + " ")
		for _, n := range []int{3, 4} {
			for i := 0; i+n <= len(runes) && i < maxWords; i++ {
				counts[string(runes[i:i+n])]++
			}
		}
	}
	return counts
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
