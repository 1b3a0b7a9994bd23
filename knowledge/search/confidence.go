package search

import "math"

// A Sign is something by which the first hit may be told to be right.
type Sign int

const (
	Always       Sign = iota // 1
	Word                     // how well the words match
	Meaning                  // share of the query's meaning that the first hit has
	Title                    // likewise, its title
	Rarest                   // how well it has the rarest idea of the query
	Spelling                 // how well the letters match
	Voted                    // probability by the classifier
	Decided                  // how far that is ahead of the next document's
	Lead                     // how far the score is ahead of the second's, as a share
	Margin                   // likewise, of the fourth's
	Agreement                // share of the voices that have it first
	Brevity                  // few words: 1 for one, less for more
	Logit                    // what the classifier's probability is made of
	Near                     // how like a phrasing of the first hit the query is
	NearThree                // likewise, three of them
	Strange                  // share of the query's words, pairs and letters that no document has
	Unheard                  // share of the query's meaning that no document has
	Length                   // many words: 1 for twelve or more, 0 for none
	Alike                    // what the classifier says and how like a phrasing, together
	Semantic                 // how alike the query and the first hit mean
	SemanticLead             // how far that is ahead of the next document's
	signs
)

// Signs are the values of all signs, each about 0 to 1.
type Signs [signs]float64

// A Judgement is what each sign counts for the first hit being right, in nats.
type Judgement [signs]float64

// read reads the signs of a query off its hits. The query has n ideas, and no
// document has a share of what they mean.
func read(hits []Hit, n int, unheard float64) Signs {
	var s Signs
	if len(hits) == 0 {
		return s
	}
	first := hits[0]
	s[Always], s[Word], s[Meaning], s[Title], s[Rarest] = 1, first.Words, first.Covered, math.Sqrt(first.Titled), first.Telling
	s[Spelling], s[Voted] = first.Letters, first.Learned
	lead := func(i int) float64 {
		if i < len(hits) {
			return 1 - hits[i].Score/first.Score
		}
		return 1
	}
	s[Lead], s[Margin] = lead(1), lead(3)
	voices := 0.0
	s[Decided] = first.Learned
	var words, letters, learned float64
	for _, h := range hits[1:] {
		words, letters, learned = max(words, h.Words), max(letters, h.Letters), max(learned, h.Learned)
	}
	s[Decided] = max(0, first.Learned-learned)
	for _, ahead := range []bool{first.Words >= words, first.Letters >= letters, first.Learned >= learned} {
		if ahead {
			voices++
		}
	}
	s[Agreement] = voices / 3
	s[Strange], s[Unheard] = first.strange, unheard
	s[Logit], s[Near], s[NearThree] = first.logit/10, first.near, first.nearThree
	likest := 0.0
	for _, h := range hits[1:] {
		likest = max(likest, h.Alike)
	}
	s[Semantic], s[SemanticLead] = first.Alike, max(0, first.Alike-likest)
	s[Length] = min(float64(n), 12) / 12
	s[Alike] = first.Learned * first.near
	s[Brevity] = 1 / float64(max(n, 1))
	return s
}

// of returns how likely the first hit is right.
func (j *Judgement) of(s *Signs) float64 {
	sum := 0.0
	for i, v := range s {
		sum += float64(j[i] * v)
	}
	return 1 / (1 + math.Exp(-sum))
}
