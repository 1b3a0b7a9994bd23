package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// A Source says where a piece of evidence comes from.
type Source string

const (
	Chosen   Source = "chosen"   // what the person said they are
	Role     Source = "role"     // a Discord role
	Group    Source = "group"    // a Slack user group
	Channel  Source = "channel"  // where they ask
	Words    Source = "words"    // how they ask
	Articles Source = "articles" // whom the articles are for that fit best
)

// sources lists them all, the strongest first.
var sources = []Source{Chosen, Role, Group, Channel, Words, Articles}

// Evidence is one sign that the asker belongs to an audience.
type Evidence struct {
	Audience string
	Source   Source
	Detail   string  // as people know it: @creators, #sellers, my students; words without it are not quoted
	Weight   float64 // of Words, in nats; of the others, relative to their source; 0 means 1
}

// strength is the weight of a source in nats; of Words, the most that they
// tell for an audience. Each of those that are known beats all weaker ones
// together: within one source an audience gains at most its strength.
var strength = map[Source]float64{
	Chosen:   60,
	Role:     20,
	Group:    20,
	Channel:  10,
	Words:    5,
	Articles: 2.5,
}

// against is the most that words tell against an audience, in nats.
const against = 1

// A Reason is why a guess was made, for the bot to put into words.
type Reason struct {
	Source   Source
	Audience string
	Detail   string // for Words, the quoted words, separated by commas
}

// String words the reason in English, to follow "because of".
func (r Reason) String() string {
	switch r.Source {
	case Chosen:
		return "your choice"
	case Role:
		return "the role " + r.Detail
	case Group:
		return "the group " + r.Detail
	case Channel:
		return "the channel " + r.Detail
	case Words:
		return "the words " + r.Detail
	case Articles:
		return "the articles that fit best"
	}
	return fmt.Sprintf("%s %s", r.Source, r.Detail)
}

// A Guess is who is probably asking.
type Guess struct {
	Name       string  // "" if unclear
	Confidence float64 // 0 to 1, of the likeliest audience even if unclear
	Why        []Reason
}

// lead is how many nats the likeliest audience must be ahead to be named.
const lead = 0.6

// maxQuoted is how many words a reason quotes.
const maxQuoted = 3

// mostly is the share of the articles' votes from which on they are a reason.
const mostly = 0.5

// Weigh adds up the evidence for the candidates. Evidence for others does not
// count, nor is it mentioned.
func Weigh(candidates []string, evidence []Evidence) Guess {
	return weigh(candidates, evidence, 0)
}

// weigh is Weigh with so many nats for nobody in particular. An audience that
// has less is not named, nor is one without a reason.
func weigh(candidates []string, evidence []Evidence, doubt float64) Guess {
	if len(candidates) == 0 {
		return Guess{}
	}
	totals := make([]float64, len(candidates))
	for i, name := range candidates {
		totals[i] = total(name, evidence)
	}
	best := 0
	for i := range totals {
		if totals[i] > totals[best] {
			best = i
		}
	}
	sum, second := math.Exp(doubt-totals[best]), math.Inf(-1)
	for i, t := range totals {
		sum += math.Exp(t - totals[best])
		if i != best {
			second = max(second, t)
		}
	}
	guess := Guess{Confidence: 1 / sum}
	if totals[best] <= 0 || totals[best] < doubt || totals[best]-second < lead {
		return guess
	}
	if why := reasons(candidates[best], evidence); len(why) > 0 {
		guess.Name, guess.Why = candidates[best], why
	}
	return guess
}

// total is the evidence for one audience, in nats. Words add up to the
// strength of their source; any other source counts once, by its heaviest
// piece.
func total(name string, evidence []Evidence) float64 {
	sum := 0.0
	for _, source := range sources {
		words, heaviest := 0.0, 0.0
		for _, e := range evidence {
			switch {
			case e.Audience != name || e.Source != source:
			case source == Words:
				words += weight(e)
			default:
				heaviest = max(heaviest, min(weight(e), 1))
			}
		}
		sum += heaviest*strength[source] + max(min(words, strength[Words]), -against)
	}
	return sum
}

func weight(e Evidence) float64 {
	if e.Weight == 0 {
		return 1
	}
	return e.Weight
}

// reasons lists what speaks for an audience, the strongest source first.
func reasons(name string, evidence []Evidence) []Reason {
	var why []Reason
	var words []Evidence
	for _, source := range sources {
		for _, e := range evidence {
			switch {
			case e.Audience != name || e.Source != source:
			case source == Words && e.Detail != "":
				words = append(words, e)
			case source == Words, source == Articles && weight(e) < mostly:
			default:
				why = append(why, Reason{source, name, e.Detail})
			}
		}
		if source == Words {
			slices.SortStableFunc(words, func(a, b Evidence) int { return cmp.Compare(weight(b), weight(a)) })
			if quoted := quote(words); len(quoted) > 0 {
				why = append(why, Reason{Words, name, `"` + strings.Join(quoted, `", "`) + `"`})
			}
		}
	}
	return why
}

// quote picks the words that a reason quotes, the heaviest first. Words that
// are part of others say nothing new: "become" beside "become an affiliate".
func quote(words []Evidence) []string {
	within := func(inner, outer string) bool {
		return strings.Contains(" "+text.Normal(outer)+" ", " "+text.Normal(inner)+" ")
	}
	var quoted []string
	for _, e := range words {
		if weight(e) <= 0 || slices.ContainsFunc(quoted, func(q string) bool { return within(e.Detail, q) }) {
			continue
		}
		if i := slices.IndexFunc(quoted, func(q string) bool { return within(q, e.Detail) }); i >= 0 {
			// What is within e gives its place to e, so that the heaviest stays first.
			quoted[i] = e.Detail
			quoted = slices.DeleteFunc(quoted, func(q string) bool { return q != e.Detail && within(q, e.Detail) })
			continue
		}
		quoted = append(quoted, e.Detail)
	}
	return quoted[:min(len(quoted), maxQuoted)]
}
