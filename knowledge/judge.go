package knowledge

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Where the levels begin. Both were chosen on development questions: below
// deserving, nearly nine in ten messages that deserve no article are turned
// away, and one in twenty-five of the others; above sure, the first article is
// right in more than eight of ten.
const (
	deserving = 0.74
	sure      = 0.60
)

// What a sure answer needs besides confidence. The first article must have the
// rarest idea of the question: one that has all of "how can I get my money
// back" but the money back is no answer. It must be good in itself, not just
// better than the rest, and ahead of them.
const (
	telling  = 0.5  // how well the first article has the rarest idea
	good     = 0.15 // its score
	ahead    = 0.02 // of the second, as a share of its score
	aheadOf  = 0.12 // of one whose title has nearly as much of the question
	nearly   = 0.75 // as much as the first has: a related word for the word itself
	minRunes = 3    // of the text: fewer are a slip of the hand
)

// judge fills in intent, confidence and level. The constants are those of two
// logistic regressions over the development and the everyday questions,
// rounded.
func (a *Answer) judge(r reading, follows bool, matches []found, rules Rules) {
	var first found
	if len(matches) > 0 {
		first = matches[0]
	}
	// lead is how far the first match is ahead of the i-th, from 0, as a share
	// of its score: scores of long questions are lower throughout.
	lead := func(i int) float64 {
		if i < len(matches) {
			return 1 - matches[i].Score/first.Score
		}
		return 1
	}

	// Does the message deserve an article? By how it is put, and by how much
	// of it the best article knows. Few words are a search, many a story; what
	// people say to each other in a channel lies between.
	words := max(len(strings.Fields(r.rest))-r.count["thanks"], 4)
	brief := min(max(float64(6-words)/2, 0), 1)
	deserves := logistic(-10 + 3.4*math.Sqrt(first.titled) + 3.4*first.covered +
		3.2*math.Log(float64(words)) + 3.3*brief +
		1.1*one(r.asks() || follows) + 1.3*one(r.count["trouble"] > 0) -
		1.9*one(r.count["chatter"] > 0) - 0.3*one(r.count["hostile"] > 0) - 2.7*one(r.count["elsewhere"] > 0))

	// If it does, is the first article right? Mostly if it leads the others.
	right := logistic(-1.3 + 2.7*lead(1) + 3.7*lead(3) + 2.1*first.titled)

	a.Intent = r.intent(follows)
	a.Confidence = deserves * right
	if len(matches) == 0 {
		a.Confidence = 0
	}
	switch {
	case a.Intent != Asks || deserves < deserving || len(matches) == 0 || a.Confidence < rules.Unsure:
		a.Level = None
	case a.Confidence >= cmp.Or(rules.Sure, sure) && lead(1) >= ahead && r.runes >= minRunes && a.fits(first) && !rivalled(matches) && !a.hinges(matches):
		a.Level = Sure
	default:
		a.Level = Unsure
	}
	if a.Intent == Asks && a.Level == None && r.says(words, len(matches) > 0) {
		a.Intent = Says
	}
	if a.Intent != Asks {
		a.Confidence = 0 // there is nothing to be confident about
	}
}

// fits reports whether the first article may be answered with surely: it is for
// whoever asks, and has what they asked about in its title and in their own
// words, not just in words that mean much the same.
func (a *Answer) fits(first found) bool {
	return first.Score >= good && first.titled > 0 && first.telling >= telling && first.said &&
		(a.Audience.Name == "" || slices.Contains(first.Article.Audiences, a.Audience.Name))
}

// rivalled reports whether another article comes close whose title has nearly as
// much of the question: then it is not what was asked that decides.
func rivalled(matches []found) bool {
	first := matches[0]
	return slices.ContainsFunc(matches[1:], func(m found) bool {
		return m.Score > first.Score*(1-aheadOf) && m.titled >= first.titled*nearly && m.telling >= telling
	})
}

// hinges reports whether the first article would be another one if it were
// known who asks.
func (a *Answer) hinges(matches []found) bool {
	if a.Audience.Name != "" {
		return false
	}
	first := matches[0]
	return slices.ContainsFunc(matches[1:], func(m found) bool {
		return m.Score > first.Score*elsewhere && slices.ContainsFunc(m.Article.Audiences, func(name string) bool {
			return !slices.Contains(first.Article.Audiences, name)
		})
	})
}

// says reports whether a message that deserves no article is talk rather than
// a question that cannot be answered. found reports whether the articles have
// any of its words.
func (r reading) says(words int, found bool) bool {
	if r.count["chatter"]+r.count["hostile"] > 0 {
		return true
	}
	return !r.asks() && r.count["trouble"] == 0 && (words > 4 || !found)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
