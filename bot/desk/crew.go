package desk

import (
	"cmp"
	"slices"
	"time"
)

// An Assigning says how tickets come to those who work a desk.
type Assigning string

const (
	ByClaim    Assigning = "claim"       // whoever wants one takes it
	RoundRobin Assigning = "round-robin" // they are given to those on call, in turn
)

// Room reports whether someone may be given another ticket, of as many as
// capacity; 0: any number.
func (o OnCall) Room(capacity int) bool { return capacity == 0 || o.Load < capacity }

// Busy reports whether everyone who is on call has as much as they may; false if
// nobody is.
func Busy(crew []OnCall, capacity int) bool {
	return len(crew) > 0 && !slices.ContainsFunc(crew, func(o OnCall) bool { return o.Room(capacity) })
}

// Choose picks who is given t: of those with room, whoever was given none for the
// longest, and then has the least to do. Nobody is given again what they
// gave back. It is the place in the crew; false if there is nobody, and then t
// waits for one.
func Choose(crew []OnCall, t *Ticket, capacity int) (int, bool) {
	best := -1
	for i, o := range crew {
		if !o.Room(capacity) || slices.Contains(t.Left, o.Agent.ID) {
			continue
		}
		if best < 0 || o.before(crew[best]) {
			best = i
		}
	}
	return best, best >= 0
}

func (o OnCall) before(p OnCall) bool {
	return cmp.Or(
		o.Given.Compare(p.Given), cmp.Compare(o.Load, p.Load), o.Since.Compare(p.Since), cmp.Compare(o.Agent.ID, p.Agent.ID),
	) < 0
}

// What is said of a typical wait rests on that many waits at least, none of them
// older.
const (
	FewestWaits = 10
	OldestWait  = 30 * 24 * time.Hour
)

// Typical is how long askers waited for a first reply of late: as long as the
// one in the middle. False if there were too few to say.
func Typical(waits []Wait, now time.Time) (time.Duration, bool) {
	var took []time.Duration
	for _, w := range waits {
		if age := now.Sub(w.At); age >= 0 && age <= OldestWait {
			took = append(took, w.Took)
		}
	}
	if len(took) < FewestWaits {
		return 0, false
	}
	slices.Sort(took)
	return took[len(took)/2], true
}
