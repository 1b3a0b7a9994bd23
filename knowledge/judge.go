package knowledge

import (
	"cmp"
	"math"
	"strings"
)

// Where the levels begin. Both were chosen on development questions: below
// deserving, nine in ten messages that deserve no article are turned away, and
// one in twenty of the others; above sure, the first article is right in more
// than eight of ten.
const (
	deserving = 0.74
	sure      = 0.60
)

// judge fills in intent, confidence and level. The constants are those of two
// logistic regressions over the development questions, rounded.
func (a *Answer) judge(r reading, follows bool, matches []found, rules Rules) {
	score := func(i int) float64 {
		if i < len(matches) {
			return matches[i].Score
		}
		return 0
	}
	covered := 0.0
	if len(matches) > 0 {
		covered = matches[0].covered
	}

	// Does the message deserve an article? By how it is put, and by how much
	// of it the best article knows.
	words := max(len(strings.Fields(r.rest))-r.count["thanks"], 4)
	deserves := logistic(-4.9 + 1.5*score(0) + 1.7*covered +
		1.9*math.Log(float64(words)) + 1.9*one(words == 4) + // a story, or a search
		0.6*one(r.asks() || follows) + 0.9*one(r.count["trouble"] > 0) -
		1.4*one(r.count["chatter"] > 0) - 0.5*one(r.count["hostile"] > 0) - 1.5*one(r.count["elsewhere"] > 0))

	// If it does, is the first article right? Mostly if it leads the others.
	right := logistic(-1.1 + 2.1*score(0) + 3.4*(score(0)-score(1)) + 3.6*(score(0)-score(3)))

	a.Intent = r.intent(follows)
	a.Confidence = deserves * right
	if len(matches) == 0 {
		a.Confidence = 0
	}
	switch {
	case a.Intent != Asks || deserves < deserving || len(matches) == 0 || a.Confidence < rules.Unsure:
		a.Level = None
	case a.Confidence >= cmp.Or(rules.Sure, sure):
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
