package desk

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A Share is whose figures these are: everyone's, or those of one audience,
// language or agent.
type Share struct {
	By Facet
	Of string
}

// Figures are what tallies come to.
type Figures struct {
	Questions int
	Levels    map[string]int // by level; "": no article was looked for
	Endings   map[Ending]int
	Accepted  int // silent after an article
	Opened    int // tickets
	Resolved  int
	Replies   int
	Good, Bad int
	First     Times
	Work      Times // until tickets were resolved
	Promises  map[ClockName]Promised
}

// Promised is how often a promise was kept.
type Promised struct{ Kept, Late int }

// Strict is the part of the questions of which their askers said that an article
// settled them; Loose counts those too who got an article and said nothing more.
// Both are 0 if nothing was asked.
func (f *Figures) Strict() float64 { return part(f.Endings[Helped], f.Questions) }

func (f *Figures) Loose() float64 { return part(f.Endings[Helped]+f.Accepted, f.Questions) }

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Times are how often something took how long, by the bounds of tallies.
type Times map[time.Duration]int

// Within is the time that so much of it did not go past: 0.5 for half. It is
// false if there was nothing.
func (t Times) Within(part float64) (time.Duration, bool) {
	all := 0
	for _, n := range t {
		all += n
	}
	if all <= 0 {
		return 0, false
	}
	sum := 0
	var last time.Duration
	for _, bound := range slices.Sorted(maps.Keys(t)) {
		last = bound
		if sum += t[bound]; float64(sum) >= part*float64(all) {
			break
		}
	}
	return last, true
}

// Summarise adds tallies up by whose they are. There always are figures of
// everyone.
func Summarise(list []Tally) map[Share]*Figures {
	all := map[Share]*Figures{{}: newFigures()}
	for _, t := range list {
		share := Share{t.By, t.Of}
		if all[share] == nil {
			all[share] = newFigures()
		}
		all[share].add(t)
		if t.What == CountReply {
			all[Share{}].add(t) // replies are counted for agents alone
		}
	}
	return all
}

func newFigures() *Figures {
	return &Figures{
		Levels: map[string]int{}, Endings: map[Ending]int{}, First: Times{}, Work: Times{}, Promises: map[ClockName]Promised{},
	}
}

func (f *Figures) add(t Tally) {
	switch t.What {
	case CountQuestion:
		level, ending, _ := strings.Cut(t.How, "/")
		f.Questions += t.N
		f.Levels[level] += t.N
		f.Endings[Ending(ending)] += t.N
		if Ending(ending) == Silent && (level == "sure" || level == "unsure") {
			f.Accepted += t.N
		}
	case CountOpened:
		f.Opened += t.N
	case CountFirst:
		if bound, ok := Bound(t.How); ok {
			f.First[bound] += t.N
		}
	case CountResolved:
		f.Resolved += t.N
		if bound, ok := Bound(t.How); ok {
			f.Work[bound] += t.N
		}
	case CountPromise:
		name, how, _ := strings.Cut(t.How, "/")
		p := f.Promises[ClockName(name)]
		if how == "kept" {
			p.Kept += t.N
		} else {
			p.Late += t.N
		}
		f.Promises[ClockName(name)] = p
	case CountReply:
		f.Replies += t.N
	case CountRating:
		if t.How == "good" {
			f.Good += t.N
		} else {
			f.Bad += t.N
		}
	}
}
