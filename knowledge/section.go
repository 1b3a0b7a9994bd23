package knowledge

import (
	"slices"

	"github.com/signpost-bot/signpost/knowledge/search"
	"github.com/signpost-bot/signpost/knowledge/text"
)

const (
	// titleSaid is what an idea of the question counts that the title has: all
	// sections are about that, so it hardly tells them apart.
	titleSaid = 0.3
	// headed is how much more it counts that a heading says it, and nothing else.
	headed = 0.4
	// kind is what it counts, as a share of the question, that a section is of the
	// kind that is asked for: with steps if it is how to do something, the first if
	// it is what something is. One with other points may be, and gets half.
	kind = 0.2
	// ranked is what it counts that the index takes a section for the best.
	ranked = 0.05
	// maxSections is among how many sections is chosen like that: it costs some
	// 20 µs for each. Of an article with more, the index chooses.
	maxSections = 40
)

// section returns which section of an article answers best. Part is the one
// that has most of the question's words for the index; here the title is taken
// into account, and what kind of answer is asked for.
func section(a *Article, part int, sense search.Sense, wants want) int {
	if len(a.Sections) == 1 || len(a.Sections) > maxSections {
		return part
	}
	titled, tells := sense.In(a.Title), sense.Tells()
	whole := 0.0
	for _, t := range tells {
		whole += t
	}
	if whole == 0 {
		return part
	}
	best, most := part, -1.0
	for i, s := range a.Sections {
		heading, body := sense.In(s.Heading), sense.In(s.Text)
		asked, sum := 0, 0.0
		for _, has := range heading {
			if has > 0 {
				asked++
			}
		}
		plain := min(float64(asked)/float64(max(len(text.Terms(s.Heading, string(a.Lang))), 1)), 1)
		for k := range tells {
			has := max(heading[k], body[k]) + headed*plain*heading[k]
			if titled[k] > 0 {
				has *= titleSaid
			}
			sum += has
		}
		score := sum / whole
		switch {
		case wants == howTo && s.Steps, wants == whatIs && i == 0:
			score += kind
		case wants == howTo && s.Ways:
			score += kind / 2
		}
		if i == part {
			score += ranked
		}
		if score > most {
			best, most = i, score
		}
	}
	return best
}

// A want is the kind of answer that a question is after.
type want int

const (
	anything want = iota
	howTo         // how to do something
	whatIs        // what something is, or how it works
)

// wanted tells what kind of answer a question is after.
func wanted(r reading) want {
	for i, w := range r.tokens {
		next := ""
		if i+1 < len(r.tokens) {
			next = r.tokens[i+1]
		}
		switch {
		case w == "how" && (next == "does" || next == "is"), w == "what" && (next == "is" || next == "are"), w == "que" && (next == "e" || next == "es" || next == "son" || next == "sao"),
			w == "como" && (next == "funciona" || next == "funcionam" || next == "funcionan"):
			return whatIs
		case w == "how" && slices.Contains(howNext, next), w == "como" && i < howWithin, wishes[w]:
			return howTo
		}
	}
	return anything
}

// howWithin is among how many words at the beginning "como" asks how; further
// on it means "as".
const howWithin = 4

var (
	howNext = []string{"do", "can", "to", "should", "could", "would"}
	wishes  = set("want need quero queria quiero preciso necesito")
)
