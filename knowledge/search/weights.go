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

	Whole   float64 // the whole document against its best part, 0 to 1
	Letters float64 // the cosine of letters against words
	Spelled float64 // likewise, where a classifier decides as well
	Learned float64 // the probability by the classifier against words
	Sharp   float64 // how sharply the classifier decides: a factor of its logits
	Asked   float64 // what a title loses of which nothing was asked: special cases come after plain ones
	Doubt   float64 // how soon the classifier is doubted where another language has more of the query in its titles: an exponent
	Foreign float64 // what is left of a document in another language than the question's
}

// fitted is the one shipped setting.
var fitted = Weights{
	Title: 7.1, Phrasing: 0.45, Heading: 1.5,
	K1: 1.73, B: 0.26,
	Function: 0.15, Faint: 1, Related: 0.78, Translated: 1, Phrase: 0.145, Typo: 0.9, Before: 0.5,
	Whole: 0.72, Letters: 0.07, Spelled: 0.42, Learned: 0.6, Sharp: 1.4, Asked: 0.134, Doubt: 3.4, Foreign: 0.85,
}

// Fitted returns the shipped weights, for the program that fits them.
func Fitted() Weights { return fitted }

// What each sign counts, with a classifier and without. make fit prints these,
// too: a logistic regression in which the first hit being right counts 1, another
// one of ours being meant 0.6, and nothing of ours 0. Fit them after the weights,
// on which the signs depend.
var (
	taught = Judgement{
		Always: -1.48, Word: 2.65, Meaning: 0.36, Title: -0.62, Rarest: -0.19, Spelling: 2.43,
		Voted: -2.58, Decided: 1.89, Lead: -0.05, Margin: 0.57, Agreement: 0.7, Brevity: -2.19,
		Logit: 1.53, Near: -0.53, NearThree: -2.73, Strange: -1.79, Unheard: -0.14, Length: 1.19,
		Alike: 4.82,
	}
	plain = Judgement{
		Always: -0.52, Word: 2.73, Meaning: -0.41, Title: 0.62, Rarest: -0.14, Spelling: 1.64,
		Lead: 0.64, Margin: 0.34, Agreement: 0.28, Brevity: -2.9, Unheard: -0.12, Length: 0.49,
	}
)
