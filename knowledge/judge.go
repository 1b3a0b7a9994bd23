package knowledge

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
)

// Where the levels begin, chosen on development questions. Together deserving and
// unsure turn away more than eight in ten messages that deserve no article, and
// nine in a hundred of the others, most of them descriptions without a question;
// above sure, the first article is right in more than nine of ten.
const (
	deserving = 0.70 // how likely the message must deserve an article
	unsure    = 0.15 // the confidence from which an answer is given
	sure      = 0.78 // and from which it may be sure
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
	far      = 0.4  // share of its score below which no other article is what was meant
	minRunes = 3    // of the text: fewer are a slip of the hand
)

// A message that reads like a question, and an article that has most of it in its
// title, belong together however few the words are. A word that means the same
// counts for less, so most may be all of it.
const (
	even      = 0.5
	mostOf    = 0.7
	nearlyAll = 0.95 // of the question, in a title
)

// A Ground is something that speaks for or against an answer.
type Ground int

const (
	GroundAlways    Ground = iota
	GroundFound            // how sure the search is of what it found
	GroundAsks             // how much the message reads like a question for us
	GroundFollows          // goes on from an earlier question
	GroundTitle            // how much of the question the title has
	GroundMeaning          // how much of it the article has
	GroundRarest           // how well the article has its rarest idea
	GroundPhrasings        // how likely the article is by its example questions
	GroundUnheard          // how much of the question no article has
	GroundStrange          // how much of its words, pairs and letters no article has
	GroundAlike            // how much the message is like an example question, where these decide
	GroundDecided          // how far the example questions are ahead of the next article's
	GroundForeign          // the article is in another language than the message
	GroundLead             // how far it is ahead of the second
	GroundMargin           // how far it is ahead of the fourth
	grounds
)

// Grounds are how much of each ground there is.
type Grounds [grounds]float64

// judge fills in intent, confidence and level. result is what the search made
// of it.
func (a *Answer) judge(r reading, follows bool, result search.Found, matches []found, rules Rules) {
	a.Grounds = groundsOf(r, follows, result, matches)
	byDeserves, byRight := a.judging()
	deserves, right := a.Grounds.weigh(byDeserves), a.Grounds.weigh(byRight)

	sureFrom, unsureFrom := rules.levels()
	a.Intent = r.intent(follows)
	a.Confidence = deserves * right
	if len(matches) == 0 {
		a.Confidence = 0
	}
	if r.titled(matches) {
		deserves = max(deserves, deserving)
	}
	switch {
	case a.Intent != Asks || deserves < deserving || len(matches) == 0 || a.Confidence < unsureFrom:
		a.Level = None
	default:
		a.Level = Unsure
		if a.Confidence >= sureFrom {
			if a.Held = a.holds(r, matches); a.Held == "" {
				a.Level = Sure
			}
		}
	}
	words := len(strings.Fields(r.rest))
	if a.Intent == Asks && a.Level == None && r.says(words, len(matches) > 0) {
		a.Intent = Says
	}
	if a.Intent != Asks {
		a.Confidence = 0 // there is nothing to be confident about
	}
}

// titled reports whether a message reads like a question most of which the title
// of the first match has.
func (r reading) titled(matches []found) bool {
	return len(matches) > 0 && r.wants >= even && matches[0].covered >= mostOf && matches[0].titled >= mostOf
}

// levels returns the confidences from which on an answer may be sure, and is
// given at all.
func (r Rules) levels() (sureFrom, unsureFrom float64) {
	return cmp.Or(r.Sure, sure), cmp.Or(r.Unsure, unsure)
}

// groundsOf reads the grounds off a message and what was found for it.
func groundsOf(r reading, follows bool, result search.Found, matches []found) Grounds {
	g := Grounds{GroundAlways: 1, GroundAsks: logit(r.wants), GroundFollows: one(follows)}
	if follows {
		g[GroundAsks] = max(g[GroundAsks], 0) // "and when?" is a question, if a bare one
	}
	if len(matches) == 0 {
		return g
	}
	first := matches[0]
	// lead is how far the first match is ahead of the i-th, from 0, as a share
	// of its score: scores of long questions are lower throughout.
	lead := func(i int) float64 {
		if i < len(matches) {
			return 1 - matches[i].Score/first.Score
		}
		return 1
	}
	g[GroundFound], g[GroundUnheard] = logit(result.Confidence), result.Signs[search.Unheard]
	g[GroundTitle], g[GroundMeaning], g[GroundRarest] = math.Sqrt(first.titled), first.covered, first.telling
	g[GroundPhrasings], g[GroundAlike], g[GroundDecided] = first.learned, result.Signs[search.Alike], result.Signs[search.Decided]
	g[GroundStrange], g[GroundForeign] = result.Signs[search.Strange], one(first.foreign)
	g[GroundLead], g[GroundMargin] = lead(1), lead(3)
	return g
}

func (g *Grounds) weigh(weights *Grounds) float64 {
	sum := 0.0
	for i, v := range g {
		sum += float64(v * weights[i])
	}
	return logistic(sum)
}

// A Hold is why an answer that is likely enough is not sure after all.
type Hold string

const (
	HeldLead     Hold = "lead"     // another article is as good
	HeldShort    Hold = "short"    // a slip of the hand
	HeldSubject  Hold = "subject"  // the article lacks what the question hangs on
	HeldAudience Hold = "audience" // it is for others than whoever asks
	HeldRival    Hold = "rival"    // another title has as much of the question
	HeldWho      Hold = "who"      // for someone else, another article would be first
)

// holds says what keeps the first match from being sure; "" if nothing does.
func (a *Answer) holds(r reading, matches []found) Hold {
	first := matches[0]
	switch {
	case len(matches) > 1 && 1-matches[1].Score/first.Score < ahead:
		return HeldLead
	case r.runes < minRunes:
		return HeldShort
	case first.Score < good || first.titled == 0 || first.telling < telling || !first.said:
		return HeldSubject
	case a.Audience.Name != "" && !slices.Contains(first.Article.Audiences, a.Audience.Name):
		return HeldAudience
	case rival(matches) > 0:
		return HeldRival
	case a.hinges(matches) > 0:
		return HeldWho
	}
	return ""
}

// rival finds another article that comes close and whose title has nearly as
// much of the question: then it is not what was asked that decides. It returns
// its place, 0 if there is none.
func rival(matches []found) int {
	first := matches[0]
	return 1 + slices.IndexFunc(matches[1:], func(m found) bool {
		return m.Score > first.Score*(1-aheadOf) && m.titled >= first.titled*nearly && m.telling >= telling
	})
}

// hinges finds an article that would be the first one if it were known who asks:
// one for others comes close, or has as much of the question in its title. That
// the first articles are for someone does not tell who asks. It returns its
// place, 0 if there is none.
func (a *Answer) hinges(matches []found) int {
	if a.Audience.Name != "" && !a.votedOnly() {
		return 0
	}
	first := matches[0]
	return 1 + slices.IndexFunc(matches[1:], func(m found) bool {
		close := m.Score > first.Score*elsewhere ||
			m.Score > first.Score*far && m.titled >= first.titled*nearly && m.covered >= first.covered*nearly
		return close && m.forOthersThan(first)
	})
}

// divided reports whether the articles found do not tell who asks, since one
// for others has all of the question in its title as well.
func divided(matches []found) bool {
	return slices.ContainsFunc(matches[1:], func(m found) bool {
		return m.titled >= nearlyAll && m.covered >= nearlyAll && m.Score > matches[0].Score*far && m.forOthersThan(matches[0])
	})
}

// forOthersThan reports whether f is for an audience that first is not for.
func (f found) forOthersThan(first found) bool {
	return slices.ContainsFunc(f.Article.Audiences, func(name string) bool { return !slices.Contains(first.Article.Audiences, name) })
}

// votedOnly reports whether nothing but the articles found says who asks.
func (a *Answer) votedOnly() bool {
	return a.Audience.Name != "" && !slices.ContainsFunc(a.Audience.Why, func(r audience.Reason) bool { return r.Source != audience.Articles })
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

// logit undoes logistic, within what a probability from a fit can mean.
func logit(p float64) float64 {
	p = min(max(p, 0.002), 0.998)
	return math.Log(p / (1 - p))
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
