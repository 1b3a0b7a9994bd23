package knowledge

// bias and weights are those of a logistic regression, in nats, fitted on
// testdata/messages.tsv by
//
//	go test ./knowledge -run TestFitIntent -fit -v
//
// which prints them anew. Fit again after a change of the traits, of intent.txt
// or of the messages.
const bias = -1.14

var weights = [traitCount]float64{
	1.32,  // question mark
	0.38,  // asks
	0.58,  // tells of trouble
	0.99,  // speaks of oneself
	0.56,  // trouble of one's own
	-0.72, // neither asks nor complains
	-1.67, // one word
	-0.88, // two to four words
	2.23,  // words of the articles or of any help centre
	-1.37, // no word of the articles
	-0.83, // no word that says anything
	2.29,  // bare search words
	-2.42, // nothing but a greeting
	-1.29, // thanks
	-2.12, // small talk
	-2.72, // talk of the office
	-1.55, // tells when
	-0.27, // speaks for a team
	-2.38, // speaks to somebody
	-0.54, // speaks of somebody
	-2.80, // reports
	-1.74, // agrees or brushes aside
	-1.16, // a mood
	-0.55, // calls somebody
	-0.87, // abuse
	-3.16, // orders the bot about
	-3.23, // another product
	-1.73, // code
	-1.73, // a log
	-1.42, // links
	-0.16, // pictures
	-0.35, // keys at random
}

// What each ground counts for a message deserving an article, and if it does,
// for the first one being right. Fitted on questions/dev.jsonl, everyday.jsonl
// and messages.tsv by
//
//	go test ./knowledge -run TestFitJudge -fit -v
//
// but for GroundFollows, which these have nothing of: as much as makes a bare
// "and when?" after a question a question.
var (
	deservesWeights = Grounds{
		GroundAlways: -0.28, GroundFound: 1.33, GroundAsks: 1.02, GroundFollows: 2.5, GroundUnheard: -1.18, GroundStrange: -0.11, GroundAlike: -1.33, GroundDecided: -1.12, GroundForeign: -0.69,
	}
	rightWeights = Grounds{
		GroundAlways: -1.68, GroundFound: 0.81, GroundTitle: 2.51, GroundMeaning: -0.23, GroundRarest: 0.22, GroundPhrasings: -1.81, GroundDecided: 0.3, GroundForeign: 1.55, GroundLead: 3.3, GroundMargin: 0.66,
	}

	// Likewise, where it was told what the message means; deserving one counts less
	// than fitted, so that as few messages are answered that deserve no article.
	deservesMeant = Grounds{
		GroundAlways: -0.75, GroundFound: 1.18, GroundAsks: 1.03, GroundFollows: 2.5, GroundUnheard: -1.24, GroundStrange: -0.2, GroundAlike: -0.99, GroundDecided: -0.88, GroundForeign: -0.43,
	}
	rightMeant = Grounds{
		GroundAlways: -0.1, GroundFound: 1.14, GroundTitle: 1.33, GroundMeaning: -0.75, GroundRarest: 0.75, GroundPhrasings: -1.08, GroundDecided: 0.42, GroundForeign: 0.89, GroundLead: 2.06, GroundMargin: -1.09,
	}
)

// judging returns what the grounds count for an answer.
func (a *Answer) judging() (deserves, right *Grounds) {
	if a.Meaning != "" {
		return &deservesMeant, &rightMeant
	}
	return &deservesWeights, &rightWeights
}
