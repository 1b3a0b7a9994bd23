package desk

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A LineID names a line of the ledger.
type LineID string

// A Line is a question in the ledger: what was asked, what was shown for it, and
// how it ended. It is the one place there where words and people stand; a
// [Tally] has neither.
type Line struct {
	ID       LineID        `json:"id"`
	At       time.Time     `json:"at"`   // UTC
	Desk     string        `json:"desk"` // where its ticket goes, or would go
	Person   chat.PersonID `json:"person,omitempty"`
	Platform string        `json:"platform,omitempty"`
	Audience string        `json:"audience,omitempty"` // empty: unclear
	Lang     string        `json:"lang,omitempty"`
	Topic    string        `json:"topic,omitempty"`
	Level    string        `json:"level,omitempty"` // sure, unsure, none; empty: no article was looked for
	Text     string        `json:"text,omitempty"`
	Shown    []string      `json:"shown,omitempty"` // ids of articles, best first

	Conversation chat.ConversationID `json:"conversation,omitempty"`

	Helped   bool          `json:"helped,omitempty"`   // the asker said so
	Unhelped bool          `json:"unhelped,omitempty"` // they said it did not help
	Again    bool          `json:"again,omitempty"`    // they asked the same within [AskedAgain]
	Ticket   chat.TicketID `json:"ticket,omitempty"`   // that it became
	Gone     bool          `json:"gone,omitempty"`     // they took it back; it counts no more
}

const (
	// AskedAgain is how long after a question the same one, of the same person,
	// means that the answer did not do.
	AskedAgain = 72 * time.Hour
	// MaxLately is how many of someone's newest questions a new one is compared
	// with.
	MaxLately = 5
)

// An Ending is how a question ended, as far as is known.
type Ending string

const (
	Silent    Ending = "silent"    // the asker said nothing more
	Helped    Ending = "helped"    // they said that it helped
	Unhelped  Ending = "unhelped"  // they said that it did not, and left it at that
	Again     Ending = "again"     // they asked the same again
	Escalated Ending = "escalated" // it became a ticket
)

// Ending is how far from settled the question proved to be: one that became a
// ticket was not settled by an article, whatever was pressed before, and neither
// was one that had to be asked again. Of two presses, the good one counts. Who is
// thankful where no article was shown is polite, and no more.
func (l *Line) Ending() Ending {
	switch {
	case l.Ticket != "":
		return Escalated
	case l.Again:
		return Again
	case l.Helped && len(l.Shown) > 0:
		return Helped
	case l.Unhelped:
		return Unhelped
	}
	return Silent
}

// Gap reports whether an article is missing or does not do: nothing was found,
// or it became a ticket after an article had been shown.
func (l *Line) Gap() bool {
	return !l.Gone && (l.Level == "none" || len(l.Shown) > 0 && l.Ticket != "")
}

// Forget takes a question out of the ledger, as far as it can be read or
// counted.
func (l *Line) Forget() {
	*l = Line{ID: l.ID, At: l.At, Desk: l.Desk, Gone: true}
}

// A Tally is how often something happened on a day. A change is a Tally too,
// whose N may be negative.
type Tally struct {
	Day  time.Time // its midnight, UTC
	Desk string
	What Counted
	By   Facet  // Everyone, or whose share it is
	Of   string // which audience, language or agent; empty: Everyone, or one that is unclear
	How  string // see Counted
	N    int
}

// Counted is what a Tally counts.
type Counted string

const (
	CountQuestion Counted = "question" // How: the level, a slash, and the Ending
	CountOpened   Counted = "opened"   // tickets
	CountFirst    Counted = "first"    // first replies to a ticket. How: a Bound
	CountResolved Counted = "resolved" // tickets. How: a Bound of the time that was spent on them; "": on their parent
	CountPromise  Counted = "promise"  // service levels. How: first or resolve, a slash, and kept or late
	CountReply    Counted = "reply"    // replies and articles that agents sent
	CountRating   Counted = "rating"   // How: good or bad
)

// A Facet is whose share of a day a Tally is.
type Facet string

const (
	Everyone   Facet = ""
	OfAudience Facet = "audience"
	OfLang     Facet = "lang"
	OfAgent    Facet = "agent"
)

// bounds are how exactly tallies tell how long something took: by the least of
// these that it did not go past, in minutes.
var bounds = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute, 45 * time.Minute,
	time.Hour, 90 * time.Minute, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 8 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 72 * time.Hour, 120 * time.Hour, 168 * time.Hour, 336 * time.Hour, 672 * time.Hour,
}

// took finds the bound for d; what is longer than all of them has the last.
func took(d time.Duration) string {
	for _, b := range bounds {
		if d <= b {
			return minutes(b)
		}
	}
	return minutes(bounds[len(bounds)-1])
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }

// Bound is the time that a How of [CountFirst] or [CountResolved] stands for.
func Bound(how string) (time.Duration, bool) {
	for _, b := range bounds {
		if minutes(b) == how {
			return b, true
		}
	}
	return 0, false
}

// day is the midnight before a time, UTC.
func day(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// Tallies is what a line counts for.
func (l *Line) Tallies() []Tally {
	if l.Gone || l.ID == "" {
		return nil
	}
	how := l.Level + "/" + string(l.Ending())
	return shares(Tally{Day: day(l.At), Desk: l.Desk, What: CountQuestion, How: how, N: 1}, l.Audience, l.Lang, "")
}

// shares is a tally for everyone, an audience, a language, and an agent if one
// is named.
func shares(t Tally, audience, lang string, agent chat.PersonID) []Tally {
	list := []Tally{t}
	for _, s := range []struct {
		by Facet
		of string
	}{{OfAudience, audience}, {OfLang, lang}, {OfAgent, string(agent)}} {
		if s.by == OfAgent && s.of == "" {
			continue
		}
		t.By, t.Of = s.by, s.of
		list = append(list, t)
	}
	return list
}

// Tallies is what a ticket counts for, after Tick: as much as its history and its
// clocks say. A reply that was called back or did not arrive counts for nothing,
// and what was said to its parent counts there: of the work that was done once,
// nothing counts for each who waited for it.
func (t *Ticket) Tallies() []Tally {
	var list []Tally
	count := func(what Counted, at time.Time, how string, agent chat.PersonID) {
		list = append(list, shares(Tally{Day: day(at), Desk: t.Desk, What: what, How: how, N: 1}, t.Trail.Audience, t.Trail.Lang, agent)...)
	}
	count(CountOpened, t.OpenedAt, "", "")
	// promise counts whether a service level was kept, if there was one.
	promise := func(name string, c Clock, at time.Time, agent chat.PersonID) {
		switch {
		case c.Target == 0:
		case c.Spent <= c.Target:
			count(CountPromise, at, name+"/kept", agent)
		default:
			count(CountPromise, at, name+"/late", agent)
		}
	}
	if first := t.FirstReply(); first != nil && first.As == 0 {
		count(CountFirst, first.At, took(t.Clocks.First.Spent), first.By)
		promise("first", t.Clocks.First, first.At, first.By)
	}
	var resolved, rated *Entry
	var resolver chat.PersonID // empty: it settled by itself
	for i, e := range t.History {
		switch e.Did {
		case DidReply, DidArticle:
			if e.replies() && e.As == 0 {
				list = append(list, Tally{Day: day(e.At), Desk: t.Desk, What: CountReply, By: OfAgent, Of: string(e.By), N: 1})
			}
		case DidResolve, DidExpire:
			resolved, rated, resolver = &t.History[i], nil, e.By
			if resolver == Signpost.ID {
				resolver = ""
			}
		case DidReopen:
			resolved = nil
		case DidRate:
			rated = &t.History[i]
		}
	}
	// A ticket is resolved once: the last time, and as long as it stays so.
	switch {
	case resolved == nil || t.ResolvedAt.IsZero():
	case t.Parent != "":
		count(CountResolved, t.ResolvedAt, "", "")
	default:
		count(CountResolved, t.ResolvedAt, took(t.Clocks.Resolve.Spent), resolver)
		promise("resolve", t.Clocks.Resolve, t.ResolvedAt, resolver)
	}
	if rated != nil && t.Rating != "" {
		count(CountRating, rated.At, t.Rating, resolver)
	}
	return Sum(list)
}

// replies reports whether e is an agent's word to the asker that was sent and,
// as far as is known, arrived.
func (e *Entry) replies() bool {
	if e.By == "" || e.By == Signpost.ID || e.Did != DidReply && e.Did != DidArticle {
		return false
	}
	return e.Passage != Held && e.Passage != Withdrawn && e.Passage != Failed
}

// FirstReply is the first word that an agent sent to the asker; nil if there is
// none.
func (t *Ticket) FirstReply() *Entry {
	for i := range t.History {
		if t.History[i].replies() {
			return &t.History[i]
		}
	}
	return nil
}

// Change is what leads from one count to another.
func Change(before, after []Tally) []Tally {
	list := slices.Clone(after)
	for _, t := range before {
		t.N = -t.N
		list = append(list, t)
	}
	return Sum(list)
}

// Sum adds up tallies of the same, in order. What comes to nothing is left out.
func Sum(list []Tally) []Tally {
	sums := map[Tally]int{}
	for _, t := range list {
		n := t.N
		t.N = 0
		sums[t] += n
	}
	var all []Tally
	for t, n := range sums {
		if t.N = n; n != 0 {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b Tally) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Desk, b.Desk), cmp.Compare(a.What, b.What),
			cmp.Compare(a.By, b.By), cmp.Compare(a.Of, b.Of), cmp.Compare(a.How, b.How))
	})
	return all
}

// A Wait is how long an asker waited for the first reply to a ticket, in the
// open hours of its desk.
type Wait struct {
	Desk     string        `json:"-"`
	At       time.Time     `json:"at"` // of the reply, UTC
	Took     time.Duration `json:"took"`
	Audience string        `json:"audience,omitempty"`
}

// MaxWaits is how many of the newest waits are kept for each desk.
const MaxWaits = 200

// Waited is how long the asker waited for the first reply, in open hours; false
// if there is none yet.
func (t *Ticket) Waited() (Wait, bool) {
	first := t.FirstReply()
	if first == nil || first.As != 0 {
		return Wait{}, false // or it is the parent's
	}
	return Wait{Desk: t.Desk, At: first.At, Took: t.Clocks.First.Spent, Audience: t.Trail.Audience}, true
}
