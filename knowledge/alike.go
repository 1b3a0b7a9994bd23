package knowledge

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

const (
	// sameQuestion is how much two questions have in common at least that ask for
	// the same: the cosine of what their words are made of. One of two words that
	// say something must agree, and then some: "cancel my plan" and "cancel my
	// order" have 0.5, unless their letters do.
	sameQuestion = 0.6
	// sameWords is likewise for whole words: in long questions there are runs of
	// all letters, whatever they ask.
	sameWords = 0.6
)

// An asked is a question as it is compared with others: by runs of letters, which
// forgive a wrong letter and another ending, and by words.
type asked struct {
	runs  map[string]float64 // by their weight; together they have the length 1
	words []word             // that say something
}

// A word is as it was written, and the runs of its stem.
type word struct {
	written string
	runs    []string
}

// akin reports whether two words are one, in another form or mistyped: more than
// half of what their stems are made of is the same, or they are a slip apart.
func (w word) akin(other word) bool {
	common := 0
	for _, run := range w.runs {
		if slices.Contains(other.runs, run) {
			common++
		}
	}
	for _, run := range other.runs {
		if slices.Contains(w.runs, run) {
			common++
		}
	}
	return 2*common > len(w.runs)+len(other.runs) || search.Slip(w.written, other.written)
}

// grams is how many letters a run has.
const grams = 2

func newAsked(lang Lang, question string) asked {
	words := text.Words(question)
	telling := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return text.IsFunction(w, string(lang)) })
	if len(telling) == 0 {
		telling = words
	}
	a := asked{runs: map[string]float64{}}
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
			a.runs[run] += 1 / math.Sqrt(float64(len(runs)))
		}
		a.words = append(a.words, word{w, runs})
	}
	length := 0.0
	for _, weight := range a.runs {
		length += weight * weight
	}
	for run := range a.runs {
		a.runs[run] /= math.Sqrt(length)
	}
	return a
}

// says reports whether two questions have enough words in common.
func (a asked) says(b asked) bool {
	common := min(a.wordsIn(b), b.wordsIn(a))
	return float64(common) >= sameWords*math.Sqrt(float64(len(a.words)*len(b.words)))
}

// wordsIn is how many words of a are in b, or one like them is.
func (a asked) wordsIn(b asked) int {
	n := 0
	for _, w := range a.words {
		if slices.ContainsFunc(b.words, w.akin) {
			n++
		}
	}
	return n
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
	for run, weight := range first.runs {
		common += weight * second.runs[run]
	}
	return common >= sameQuestion && first.says(second)
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
	var firsts []asked
	at := map[string][]standing{} // kinds in whose first question a run stands
	for i, q := range questions {
		a := newAsked(lang, q)
		common := map[int]float64{}
		for run, weight := range a.runs {
			for _, s := range at[run] {
				common[s.kind] += weight * s.weight
			}
		}
		best, most := -1, sameQuestion
		for kind, c := range common {
			if (c > most || c == most && (best < 0 || kind < best)) && a.says(firsts[kind]) {
				best, most = kind, c
			}
		}
		if best >= 0 {
			kinds[best] = append(kinds[best], i)
			continue
		}
		for run, weight := range a.runs {
			at[run] = append(at[run], standing{len(kinds), weight})
		}
		kinds, firsts = append(kinds, []int{i}), append(firsts, a)
	}
	return kinds
}
