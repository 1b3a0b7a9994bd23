package text

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxDetect is how many bytes of a text are looked at to tell its language.
const maxDetect = 2000

// A Detector tells the languages it has learned apart. It is immutable.
type Detector struct {
	langs    []string // BCP 47 tags as given, sorted
	profiles []profile
	words    map[string]map[string]bool // by base language: some that belong to it
}

// A profile is what is known of one language.
type profile struct {
	base     string
	known    bool // one of langs; the others exist only to be told apart
	lang     string
	trigrams map[string]float64 // log probability
	unseen   float64            // log probability of a trigram never seen
}

// NewDetector learns the letters of each language from samples, texts by
// BCP 47 tag, and from a short text of its own where it has one. Languages it
// knows but samples lacks are recognised as foreign. Words are those by which
// short texts may be told, by base language; nil is fine.
func NewDetector(samples map[string]string, words map[string][]string) *Detector {
	d := &Detector{words: map[string]map[string]bool{}}
	for base, list := range words {
		d.words[base] = set(strings.Join(list, " "))
	}
	bases := map[string]bool{}
	for lang := range samples {
		d.langs = append(d.langs, lang)
		bases[Base(lang)] = true
	}
	slices.Sort(d.langs)
	for _, lang := range d.langs {
		d.profiles = append(d.profiles, learn(lang, true, samples[lang]))
	}
	var others []string
	for base := range vocabularies {
		if !bases[base] {
			others = append(others, base)
		}
	}
	slices.Sort(others)
	for _, base := range others {
		d.profiles = append(d.profiles, foreign(base))
	}
	return d
}

// sampleWeight is how often the text of our own counts: few articles of a
// language must not make its letters look rare.
const sampleWeight = 3

// foreigners are the profiles of languages that there is no sample of: they are
// the same in every detector.
var foreigners sync.Map // by base language: func() profile

func foreign(base string) profile {
	learned, _ := foreigners.LoadOrStore(base, sync.OnceValue(func() profile { return learn(base, false, "") }))
	return learned.(func() profile)()
}

func learn(lang string, known bool, sample string) profile {
	p := profile{base: Base(lang), lang: lang, known: known, trigrams: map[string]float64{}}
	words := map[string]float64{} // how often, each spelling for itself
	count := func(s string, weight float64) {
		// Half of all questions come without accents: learn both spellings.
		for _, spelling := range []string{lower(s), Normal(s)} {
			eachWord(spelling, func(w string) { words[w] += weight })
		}
	}
	count(sample, 1)
	count(vocabularies[p.base].sample, sampleWeight)
	for w := range vocabularies[p.base].function {
		count(w, 1)
	}
	total := 0.0 // whole numbers: any order will do
	for w, n := range words {
		wordTrigrams(w, func(gram string) {
			p.trigrams[gram] += n
			total += n
		})
	}
	// All languages are scaled to one size, or else a letter that none of them
	// knows would speak for the one with the fewest articles.
	const size, smoothing = 10000, 0.3
	const scaled = size + smoothing*8000 // about how many trigrams a language uses
	for gram, n := range p.trigrams {
		p.trigrams[gram] = math.Log((n/total*size + smoothing) / scaled)
	}
	p.unseen = math.Log(smoothing / scaled)
	return p
}

// lower keeps the accents that tell languages apart and drops all but letters.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return ' '
	}, s)
}

// eachTrigram calls f with the letter trigrams of every word of s.
func eachTrigram(s string, f func(gram string)) {
	eachWord(s, func(w string) { wordTrigrams(w, f) })
}

// eachWord calls f with every run of letters in s.
func eachWord(s string, f func(word string)) {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		f(w)
	}
}

// wordTrigrams calls f with the letter trigrams of a word, its boundaries
// included as spaces.
func wordTrigrams(w string, f func(gram string)) {
	padded := " " + w + " "
	var starts []int
	for i := range padded {
		starts = append(starts, i)
	}
	starts = append(starts, len(padded))
	for i := 0; i+3 < len(starts); i++ {
		f(padded[starts[i]:starts[i+3]])
	}
}

// Weights of the evidence, in nats. A function word is worth a few trigrams;
// the prior tips the scales only where the words say little.
const (
	functionWeight = 2.0
	priorWeight    = 3.0
	needed         = 2.0 // lead over the second language
	punctuation    = 4.0 // ¿ and ¡ are Spanish
)

// maxShort is how many words a text has at most whose letters say less than
// which of its words belong to a language.
const maxShort = 4

// Speaks returns the learned languages that most words of a short text belong
// to, sorted; none if no word is known or the text is long.
func (d *Detector) Speaks(s string) []string {
	words := Words(cut(strings.ToValidUTF8(s, " "), maxDetect))
	if len(words) > maxShort {
		return nil
	}
	var speaks []string
	most := 1
	for _, p := range d.profiles {
		n := 0
		for _, w := range words {
			if !unicode.IsDigit(rune(w[0])) && d.owns(p.base, w) {
				n++
			}
		}
		if n > most {
			speaks, most = nil, n
		}
		if n == most && p.known {
			speaks = append(speaks, p.lang)
		}
	}
	return speaks
}

// owns reports whether a word, or what it is the plural of, belongs to a
// language.
func (d *Detector) owns(base, word string) bool {
	return IsFunction(word, base) || d.words[base][word] || d.words[base][strings.TrimSuffix(word, "s")]
}

// Detect returns the language of s, one of those learned, or "" if it cannot
// be told or is another one. prior, a BCP 47 tag or "", is what the person is
// set to; it decides between close candidates only.
func (d *Detector) Detect(s, prior string) string {
	close := d.Close(s, prior)
	if len(close) == 0 {
		return ""
	}
	for _, other := range close[1:] {
		if Base(other) != Base(close[0]) {
			return ""
		}
	}
	return close[0]
}

// Close returns the learned languages that s may be in, the likeliest first:
// several if its words leave that open, none if it is in another language or
// nothing can be told.
func (d *Detector) Close(s, prior string) []string {
	s = cut(strings.ToValidUTF8(s, " "), maxDetect)
	scores := make([]float64, len(d.profiles))
	letters := 0
	eachTrigram(lower(s), func(gram string) {
		letters++
		for i, p := range d.profiles {
			if logp, ok := p.trigrams[gram]; ok {
				scores[i] += logp
			} else {
				scores[i] += p.unseen
			}
		}
	})
	if letters == 0 {
		return nil
	}
	words := Words(s)
	switch speaks := d.Speaks(s); {
	case len(speaks) == 1:
		return speaks
	case len(speaks) == 0 && len(words) == 1:
		return nil // a word that no language owns: letters alone mislead
	}
	for i, p := range d.profiles {
		for _, w := range words {
			if IsFunction(w, p.base) && !unicode.IsDigit(rune(w[0])) {
				scores[i] += functionWeight
			}
		}
		if p.base == "es" && strings.ContainsAny(s, "¿¡") {
			scores[i] += punctuation
		}
		if prior != "" && p.base == Base(prior) {
			scores[i] += priorWeight
		}
		if prior == p.lang {
			scores[i] += 0.1 // pt-BR before pt-PT
		}
	}
	best := 0
	for i := range scores {
		if scores[i] > scores[best] {
			best = i
		}
	}
	var close []int
	for i := range scores {
		if scores[best]-scores[i] < needed || d.profiles[i].base == d.profiles[best].base {
			if !d.profiles[i].known {
				return nil // it may well be a language that we do not have
			}
			close = append(close, i)
		}
	}
	slices.SortStableFunc(close, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	langs := make([]string, len(close))
	for i, at := range close {
		langs[i] = d.profiles[at].lang
	}
	return langs
}

// cut returns the first n bytes of s, less the half of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
