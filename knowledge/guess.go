package knowledge

import (
	"slices"

	"github.com/signpost-bot/signpost/knowledge/audience"
	"github.com/signpost-bot/signpost/knowledge/search"
)

// guess tells who asks: from what is known of them, from their words, and from
// whom the articles are for that fit best.
func (v *view) guess(q Question, r reading, before, lang string, hits []search.Hit) audience.Guess {
	return v.model.Guess(q.Known, v.asked(q, r, before, lang, hits))
}

// maxVotes is how many articles have a vote at most.
const maxVotes = 8

// asked is the question as the audience is guessed from it.
func (v *view) asked(q Question, r reading, before, lang string, hits []search.Hit) audience.Question {
	asked := audience.Question{Text: q.Text, Lang: lang, Hits: make([]audience.Hit, 0, maxVotes)}
	if before != "" {
		asked.Text = before + "\n" + q.Text
	}
	asked.Idle = r.intent(before != "") != Asks || r.wants < 0.5 && before == ""
	var voted [maxVotes]ArticleID
	for _, hit := range hits {
		n := len(asked.Hits)
		if n == maxVotes {
			break
		}
		a := v.articles[hit.ID]
		if !slices.Contains(voted[:n], a.ID) { // translations vote together
			voted[n] = a.ID
			asked.Hits = append(asked.Hits, audience.Hit{Audiences: a.Audiences, Score: hit.Score})
		}
	}
	return asked
}
