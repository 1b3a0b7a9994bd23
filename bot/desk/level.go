package desk

import "time"

// A Level is how soon a desk means to answer. Times are open hours, and do not
// run while it is the asker's turn; 0 promises nothing.
type Level struct {
	Priority *Priority // of the tickets it is for; nil: any
	Audience string    // likewise; empty: any
	First    time.Duration
	Next     time.Duration // to what the asker adds
	Resolve  time.Duration
	Warn     time.Duration // how long before the end somebody is warned; 0: not
	Step     time.Duration // how long after the end the next one is told, while nothing happens
}

// Level is the first of a desk's levels that fits; a zero one if none does.
func (d Desk) Level(p Priority, audience string) Level {
	for _, l := range d.Levels {
		if (l.Priority == nil || *l.Priority == p) && (l.Audience == "" || l.Audience == audience) {
			return l
		}
	}
	return Level{}
}

// A Lease is how long a claim lasts in open hours without a deed of its holder,
// and how long before its end they are warned; 0: for good, and not at all.
type Lease struct {
	After, Warn time.Duration
}

// A Patience is how long a ticket waits for its asker, whatever the hours: until
// they are reminded, and until it is settled without them. 0: never.
type Patience struct {
	Remind, After time.Duration
}
