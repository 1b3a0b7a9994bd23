package main

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"
)

// mix makes n pages and m queries of real ones, the same in every run. A page
// has a title of two halves and as many sentences as a real page, half of them
// from elsewhere. So that there are more words where there is more text, about
// with the square root of it, as Heaps' law has it, rare words take on forms of
// their own.
func mix(pages []document, queries []query, n, m int) ([]document, []query) {
	random := rand.New(rand.NewPCG(1, 2))
	coin := newMint(pages, int(math.Sqrt(float64(n)/float64(len(pages)))))
	var sentences [][]string
	for _, p := range pages {
		var all []string
		for _, s := range p.sections {
			all = append(all, split(s.text)...)
		}
		sentences = append(sentences, all)
	}
	mixed := make([]document, n)
	for i := range mixed {
		from := i % len(pages)
		variant := random.IntN(coin.variants)
		title := halves(pages[from].title, pages[random.IntN(len(pages))].title)
		var body []string
		for _, sentence := range sentences[from] {
			if other := sentences[random.IntN(len(pages))]; len(other) > 0 && random.IntN(2) == 0 {
				sentence = other[random.IntN(len(other))]
			}
			body = append(body, sentence)
		}
		mixed[i] = document{
			lang:     pages[from].lang,
			title:    coin.text(title, variant),
			sections: []section{{text: coin.text(strings.Join(body, " "), variant)}},
		}
	}
	asked := make([]query, m)
	for i := range asked {
		q := queries[i%len(queries)]
		text := halves(q.text, queries[random.IntN(len(queries))].text)
		asked[i] = query{text: coin.text(text, random.IntN(coin.variants)), lang: q.lang}
	}
	return mixed, asked
}

// split cuts a text behind the ends of its sentences.
func split(text string) []string {
	return strings.SplitAfter(text, ". ")
}

// halves joins the first half of the words of a to the second half of those of b.
func halves(a, b string) string {
	first, second := strings.Fields(a), strings.Fields(b)
	return strings.Join(slices.Concat(first[:(len(first)+1)/2], second[(len(second)+1)/2:]), " ")
}

// A mint coins forms of rare words.
type mint struct {
	rare     []string // sorted
	variants int      // of each, itself included; at least 1
}

// rarely is on how many pages a rare word stands at most.
const rarely = 2

func newMint(pages []document, variants int) mint {
	counts := map[string]int{}
	for _, p := range pages {
		words := strings.Fields(p.title)
		for _, s := range p.sections {
			words = append(words, strings.Fields(s.text)...)
		}
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			if strings.IndexFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) < 0 {
				counts[w]++
			}
		}
	}
	m := mint{variants: max(1, variants)}
	for w, n := range counts {
		if n <= rarely && len(w) > 3 {
			m.rare = append(m.rare, w)
		}
	}
	slices.Sort(m.rare)
	return m
}

// text replaces the rare words of a text by a variant: their first half and
// the second half of another rare word. Variant 0 is the text itself.
func (m mint) text(text string, variant int) string {
	if variant == 0 {
		return text
	}
	words := strings.Fields(text)
	for i, w := range words {
		if _, rare := slices.BinarySearch(m.rare, w); !rare {
			continue
		}
		hash := fnv.New32a()
		hash.Write([]byte{byte(variant)})
		hash.Write([]byte(w))
		other := []rune(m.rare[int(hash.Sum32())%len(m.rare)])
		own := []rune(w)
		words[i] = string(own[:(len(own)+1)/2]) + string(other[len(other)/2:])
	}
	return strings.Join(words, " ")
}
