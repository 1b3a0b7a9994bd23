package knowledge

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// sameQuestion is how much two questions have in common at least that ask for
// the same: the cosine of what their words are made of. One of two words that
// say something must agree, and then some: "cancel my plan" and "cancel my
// order" have 0.5, unless their letters do.
const sameQuestion = 0.6

// An asked is the runs of letters that make up the words of a question, by
// their weight; together they have the length 1. Runs forgive a wrong letter
// and another ending.
type asked map[string]float64

// grams is how many letters a run has.
const grams = 2

func newAsked(lang Lang, question string) asked {
	words := text.Words(question)
	telling := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return text.IsFunction(w, string(lang)) })
	if len(telling) == 0 {
		telling = words
	}
	a := asked{}
	seen := map[string]bool{}
	for _, w := range telling {
		stem := text.Stem(w, string(lang))
		if seen[stem] {
			continue
		}
		seen[stem] = true
		// A long word says no more than a short one.
		runs := runsOf("^" + stem + "$")
		for _, run := range runs {
			a[run] += 1 / math.Sqrt(float64(len(runs)))
		}
	}
	length := 0.0
	for _, weight := range a {
		length += weight * weight
	}
	for run := range a {
		a[run] /= math.Sqrt(length)
	}
	return a
}

// runsOf lists the runs of letters of a word, one that is too short for any as
// it is.
func runsOf(word string) []string {
	var starts []int
	for i := range word {
		starts = append(starts, i)
	}
	if len(starts) <= grams {
		return []string{word}
	}
	var runs []string
	for i := 0; i+grams <= len(starts); i++ {
		_, last := utf8.DecodeRuneInString(word[starts[i+grams-1]:])
		runs = append(runs, word[starts[i]:starts[i+grams-1]+last])
	}
	return runs
}

// Same reports whether two questions of a language ask for the same in other
// words, or nearly the same ones. It goes by their words alone.
func Same(lang Lang, a, b string) bool {
	if a == b {
		return true
	}
	first, second := newAsked(lang, a), newAsked(lang, b)
	common := 0.0
	for run, weight := range first {
		common += weight * second[run]
	}
	return common >= sameQuestion
}

// Kinds sorts questions of a language into those that ask for the same, as the
// first of each kind asks. A question of which there is no other is a kind, too.
// The kinds come in the order of their first questions, as places in the list.
func Kinds(lang Lang, questions []string) [][]int {
	type standing struct {
		kind   int
		weight float64
	}
	var kinds [][]int
	at := map[string][]standing{} // kinds in whose first question a run stands
	for i, q := range questions {
		a := newAsked(lang, q)
		common := map[int]float64{}
		for run, weight := range a {
			for _, s := range at[run] {
				common[s.kind] += weight * s.weight
			}
		}
		best, most := -1, sameQuestion
		for kind, c := range common {
			if c > most || c == most && best >= 0 && kind < best {
				best, most = kind, c
			}
		}
		if best >= 0 {
			kinds[best] = append(kinds[best], i)
			continue
		}
		for run, weight := range a {
			at[run] = append(at[run], standing{len(kinds), weight})
		}
		kinds = append(kinds, []int{i})
	}
	return kinds
}
