package audience

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// An Example is what people ask an article: its title and phrasings, each in
// the voice of those it is for.
type Example struct {
	Audiences []string
	Lang      string // BCP 47 tag
	Texts     []string
}

// A Question is what a guess goes by apart from what is known of the asker.
type Question struct {
	Text string
	Lang string // BCP 47 tag
	Idle bool   // reads like talk, or like a question for somebody else
	Hits []Hit  // the articles that fit, best first
}

// A Hit is an article that fits a question.
type Hit struct {
	Audiences []string
	Score     float64 // relative to the others
}

// Weights say how much each sign counts, in nats.
type Weights struct {
	Cue    float64 // a word of a cue; a phrase counts as two
	Words  float64 // learned words, for each nat they tell
	Votes  float64 // all articles that fit being for one audience
	Doubt  float64 // for nobody in particular, in a question of one word
	Brief  float64 // off the doubt, times the logarithm of the number of words
	Idle   float64 // more doubt if nothing is asked of us
	Shared float64 // more doubt if all articles that fit are for several audiences
}

// Fitted are the weights in use: those of a logistic regression over the
// development questions with "nobody in particular" as one more audience,
// rounded. TestFitAudience of package knowledge prints them anew, and guards
// the figures on questions that were not fitted to.
func Fitted() Weights { return fitted }

var fitted = Weights{Cue: 1.25, Words: 1.1, Votes: strength[Articles], Doubt: 4.4, Brief: 1.2, Idle: 3.5, Shared: 2.2}

// A Model knows which words which audience uses. It is immutable and safe for
// concurrent use.
type Model struct {
	names   []string
	hints   *hints
	tongues map[string]*tongue // by base language
}

const (
	// imagined is how many texts of each audience are imagined that use each
	// word as often as all texts do: an audience with few articles must not
	// claim words by chance.
	imagined = 10.0
	// several is how many articles must use a word: what only one or two have
	// is their subject, for which they are found and then vote.
	several = 3
	// tells is how many nats a learned word must tell to be quoted: three times
	// as likely as from an average audience.
	tells = 1.1
	// maxWords is how many words of a question are looked at.
	maxWords = 120
	// longest is from how many words on a question is no longer brief.
	longest = 30
)

// Learn builds a model for the named audiences. Cues are phrases that hint at
// an audience, by its name; they match in singular and plural. Other forms say
// other things: "comprei" is a buyer's, "comprou" is said about one.
func Learn(names []string, examples []Example, cues map[string][]string) *Model {
	m := &Model{names: slices.Clone(names), hints: newHints(), tongues: map[string]*tongue{}}
	for i, name := range m.names {
		for _, cue := range cues[name] {
			m.hints.add(i, cue)
		}
	}
	byBase := map[string][]Example{}
	for _, e := range examples {
		byBase[text.Base(e.Lang)] = append(byBase[text.Base(e.Lang)], e)
	}
	for base, list := range byBase {
		m.tongues[base] = newTongue(base)
		m.tongues[base].learn(m.names, list)
	}
	return m
}

// Measures are what a question shows of its asker before it is weighed. The
// slices are by audience, in the order of the model's names.
type Measures struct {
	Cues    []float64 // words of cues, a phrase as two
	Learned []float64 // nats that learned words tell
	Votes   []float64 // share of the articles that fit, 0 to 1
	Shared  float64   // share of those that are for several audiences
	Words   int
	Idle    bool

	cues   []cue
	quotes []quotation // by audience
}

// A quotation is the learned word that tells most for an audience.
type quotation struct {
	nats   float64
	detail string
}

// Measure reads a question.
func (m *Model) Measure(q Question) Measures {
	n := len(m.names)
	room := make([]float64, 3*n)
	s := Measures{Cues: room[:n:n], Learned: room[n : 2*n : 2*n], Votes: room[2*n:], Idle: q.Idle, quotes: make([]quotation, n)}
	words, typed := text.Typed(q.Text)
	words = words[:min(len(words), maxWords)]
	s.Words = len(words)
	m.hints.find(words, typed, &s)
	if t := m.tongues[text.Base(q.Lang)]; t != nil {
		t.recall(t.read(words), words, typed, &s)
	}
	s.vote(m.names, q.Hits)
	return s
}

// vote counts whom the articles are for that fit. Each counts by the eighth
// power of its score, of the best one's: half of it is nothing. An article for
// several audiences gives each a part, and tells that many may ask this.
func (s *Measures) vote(names []string, hits []Hit) {
	all := 0.0
	for _, hit := range hits {
		share := min(hit.Score/hits[0].Score, 1)
		if !(share >= heard) { // nor if the best has no score
			break
		}
		power := share * share
		power *= power
		power *= power
		all += power
		if len(hit.Audiences) > 1 {
			s.Shared += power
		}
		for _, name := range hit.Audiences {
			if i := slices.Index(names, name); i >= 0 {
				s.Votes[i] += power / float64(len(hit.Audiences))
			}
		}
	}
	if all == 0 {
		return
	}
	s.Shared /= all
	for i := range s.Votes {
		s.Votes[i] /= all
	}
}

// heard is the score from which on an article votes, of the best one's.
const heard = 0.6

// Guess weighs what is known of the asker together with the question.
func (m *Model) Guess(known []Evidence, q Question) Guess {
	s := m.Measure(q)
	evidence := make([]Evidence, 0, len(known)+len(s.cues)+2*len(m.names))
	evidence = append(evidence, known...)
	for _, c := range s.cues {
		evidence = append(evidence, Evidence{m.names[c.audience], Words, c.detail, c.words * fitted.Cue})
	}
	for i, name := range m.names {
		if s.Learned[i] != 0 {
			detail := s.quotes[i].detail
			if s.Cues[i] > 0 {
				detail = "" // what they call their own says it better
			}
			evidence = append(evidence, Evidence{name, Words, detail, s.Learned[i] * fitted.Words})
		}
		if s.Votes[i] != 0 {
			evidence = append(evidence, Evidence{name, Articles, "", s.Votes[i]})
		}
	}
	doubt := fitted.doubt(s)
	if slices.ContainsFunc(known, func(e Evidence) bool { return slices.Contains(m.names, e.Audience) }) {
		doubt = 0 // it is known where they belong
	}
	return weigh(m.names, evidence, doubt)
}

// doubt is how much speaks for nobody in particular. Few words tell what is
// looked for, not who looks.
func (w Weights) doubt(s Measures) float64 {
	doubt := w.Doubt - w.Brief*math.Log(float64(min(max(s.Words, 1), longest))) + w.Shared*s.Shared
	if s.Idle {
		doubt += w.Idle
	}
	return doubt
}

// Totals returns the nats for each audience and then for nobody in particular,
// as [Model.Guess] has them if nothing else is known.
func (w Weights) Totals(s Measures) []float64 {
	totals := make([]float64, len(s.Votes)+1)
	for i := range s.Votes {
		words := w.Cue*s.Cues[i] + w.Words*s.Learned[i]
		totals[i] = max(min(words, strength[Words]), -against) + w.Votes*s.Votes[i]
	}
	totals[len(s.Votes)] = w.doubt(s)
	return totals
}

// A tongue is what a model knows of one language. Stems are numbered from 1;
// 0 is any other word.
type tongue struct {
	base  string
	words map[string]int // as spelled, so that most need no stemming
	stems map[string]int

	rows map[pair]int // a stem, or two in a row, the second 0 if one → its nats, in told
	told [][]float64  // by audience
}

type pair struct{ first, second int }

func newTongue(base string) *tongue {
	return &tongue{base: base, words: map[string]int{}, stems: map[string]int{}, rows: map[pair]int{}}
}

// add returns the number of a word's stem, a new one if need be.
func (t *tongue) add(word string) int {
	if id, ok := t.words[word]; ok {
		return id
	}
	stem := text.Stem(word, t.base)
	id, ok := t.stems[stem]
	if !ok {
		id = len(t.stems) + 1
		t.stems[stem] = id
	}
	t.words[word] = id
	return id
}

// read returns the numbers of the stems of words.
func (t *tongue) read(words []string) []int {
	ids := make([]int, len(words))
	for i, w := range words {
		id, ok := t.words[w]
		if !ok && len(t.stems) > 0 {
			id = t.stems[text.Stem(w, t.base)]
		}
		ids[i] = id
	}
	return ids
}

// A use counts who uses a word.
type use struct {
	texts    []float64 // by audience
	articles int
	last     int // the article that was counted last, from 1
}

// learn finds out by how many nats each word, and each two in a row, is
// likelier in a question of each audience than of an average one.
func (t *tongue) learn(names []string, list []Example) {
	uses := map[pair]*use{}
	var order []pair // sums and numbers must not hang on the order of a map
	texts := make([]float64, len(names))
	for n, e := range list {
		var who []int
		for _, name := range e.Audiences {
			if i := slices.Index(names, name); i >= 0 {
				who = append(who, i)
			}
		}
		part := 1 / float64(max(len(who), 1))
		for _, s := range e.Texts {
			var ids []int
			for _, w := range text.Words(s) {
				ids = append(ids, t.add(w))
			}
			for _, i := range who {
				texts[i] += part
			}
			for _, gram := range grams(ids) {
				u := uses[gram]
				if u == nil {
					u = &use{texts: make([]float64, len(names))}
					uses[gram] = u
					order = append(order, gram)
				}
				for _, i := range who {
					u.texts[i] += part
				}
				if u.last != n+1 {
					u.articles++
					u.last = n + 1
				}
			}
		}
	}
	all := 0.0
	for _, n := range texts {
		all += n
	}
	for _, gram := range order {
		if u := uses[gram]; u.articles >= several && all > 0 {
			t.rows[gram] = len(t.told)
			t.told = append(t.told, u.nats(texts, all))
		}
	}
}

// nats turns the counts of a word into what it tells, given the texts of each
// audience and of all.
func (u *use) nats(texts []float64, all float64) []float64 {
	everywhere := 0.0
	for _, n := range u.texts {
		everywhere += n / all
	}
	row, mean := make([]float64, len(texts)), 0.0
	if everywhere == 0 {
		return row
	}
	for i, n := range u.texts {
		row[i] = math.Log((n + imagined*everywhere) / ((texts[i] + imagined) * everywhere))
		mean += row[i] / float64(len(row))
	}
	for i := range row {
		row[i] -= mean
	}
	return row
}

// grams returns each stem and each two in a row, once.
func grams(ids []int) []pair {
	list := make([]pair, 0, 2*len(ids))
	for i, id := range ids {
		list = append(list, pair{id, 0})
		if i > 0 {
			list = append(list, pair{ids[i-1], id})
		}
	}
	slices.SortFunc(list, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.second, b.second))
	})
	return slices.Compact(list)
}

// recall adds up what the learned words of a question tell. They lean on each
// other, so that four tell but twice as much as one.
func (t *tongue) recall(ids []int, words, typed []string, s *Measures) {
	if len(t.told) == 0 {
		return
	}
	seen := make([]int, 0, 2*len(ids))
	count := func(gram pair, from, to int) {
		at, ok := t.rows[gram]
		if !ok || slices.Contains(seen, at) {
			return
		}
		seen = append(seen, at)
		best := 0
		for i, nats := range t.told[at] {
			s.Learned[i] += nats
			if nats > t.told[at][best] {
				best = i
			}
		}
		if nats := t.told[at][best]; nats >= tells && nats > s.quotes[best].nats && t.carries(words[to-1]) {
			s.quotes[best] = quotation{nats, strings.Join(typed[from:to], " ")}
		}
	}
	for i, id := range ids {
		count(pair{id, 0}, i, i+1)
		if i > 0 && id > 0 {
			count(pair{ids[i-1], id}, i-1, i+1)
		}
	}
	for i := range s.Learned {
		s.Learned[i] /= math.Sqrt(float64(max(len(seen), 1)))
	}
}

// carries reports whether a word says something about the subject. "Because of
// the word wrong" convinces nobody, nor does a number.
func (t *tongue) carries(word string) bool {
	return !text.IsFunction(word, t.base) && !text.IsFaint(word, t.base) && strings.Trim(word, "0123456789") != ""
}
