package search

// Weights are the numbers of the ranking. They are fitted, not chosen: make fit,
// which is knowledge/compare, looks around the shipped ones for those that find
// the right article most often on the development sets, and prints them as Go.
type Weights struct {
	// What an occurrence of a word counts in a field; in a body it counts 1.
	Title, Phrasing, Heading float64

	// BM25: K1 says how soon repeating a word stops to help, B how much a long
	// text has to repeat it.
	K1, B float64

	// What a word of the question counts that is not the word itself, or says
	// little; the word itself counts 1.
	Function   float64 // how, where, my: only titles and phrasings have them
	Faint      float64 // says little in any text, or a number
	Related    float64 // means much the same
	Translated float64 // likewise, in another language
	Phrase     float64 // part of a phrase that means something as a whole
	Typo       float64 // the nearest known word instead of an unknown one
	Before     float64 // said in the question before

	Whole    float64 // the whole document against its best part, 0 to 1
	Adjacent float64 // words side by side in the question that are so in the document, against words
	Letters  float64 // the cosine of letters against words
	Spelled  float64 // likewise, where a classifier decides as well
	Learned  float64 // the probability by the classifier against words
	Sharp    float64 // how sharply the classifier decides: a factor of its logits
	Asked    float64 // what a title loses of which nothing was asked: special cases come after plain ones
	Doubt    float64 // how soon the classifier is doubted where another language has more of the query in its titles: an exponent
	Foreign  float64 // what is left of a document in another language than the question's
}

// fitted is the one shipped setting. It was found by a random search around what
// coordinate descent had found, with the aim of make fit and an eye on the sets
// that had least; make fit starts from it.
var fitted = Weights{
	Title: 7.1, Phrasing: 0.45, Heading: 1.5,
	K1: 1.73, B: 0.26,
	Function: 0.15, Faint: 0.77, Related: 0.78, Translated: 1, Phrase: 0.145, Typo: 0.9, Before: 0.5,
	Whole: 0.72, Adjacent: 0.15, Letters: 0.07, Spelled: 0.42, Learned: 0.6, Sharp: 1.4, Asked: 0.134, Doubt: 3.4, Foreign: 0.85,
}

// Fitted returns the shipped weights, for the program that fits them.
func Fitted() Weights { return fitted }

// What each sign counts, with a classifier and without. make fit prints these,
// too: a logistic regression in which the first hit being right counts 1, another
// one of ours being meant 0.6, and nothing of ours 0. Fit them after the weights,
// on which the signs depend.
var (
	taught = Judgement{
		Always: -1.79, Word: 1.06, Meaning: 0.52, Title: -1.07, Rarest: -0.13, Spelling: 3.74,
		Voted: -2.86, Decided: 2.06, Lead: -0.2, Margin: 1.09, Agreement: 0.39, Brevity: -2.44, Logit: 2.7,
		Near: 0.26, NearThree: -1.82, Strange: 0.27, Unheard: -0.54, Length: 0.76, Alike: 3.18,
	}
	plain = Judgement{
		Always: -1.73, Word: 4.14, Meaning: 0.31, Title: 1, Rarest: -0.33, Spelling: 2.15, Voted: -3.79,
		Decided: 2.24, Lead: 0.55, Margin: 0.23, Agreement: 0.1, Brevity: -3.46, Unheard: 0.38,
		Length: 1.07,
	}
)
