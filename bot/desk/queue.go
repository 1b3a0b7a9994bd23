package desk

import (
	"cmp"
	"time"
)

// Before reports whether t is worked before u at a time: first what is due by
// then, the most overdue first, then by priority, then by age. Times count to
// the millisecond, as they are stored.
func (t *Ticket) Before(u *Ticket, now time.Time) bool {
	if a, b := t.due(now), u.due(now); a != b {
		return a
	} else if due := cmp.Compare(t.DueAt.UnixMilli(), u.DueAt.UnixMilli()); a && due != 0 {
		return due < 0
	}
	return cmp.Or(cmp.Compare(t.Rank(), u.Rank()), cmp.Compare(t.Number, u.Number)) < 0
}

func (t *Ticket) due(now time.Time) bool {
	return !t.DueAt.IsZero() && !t.DueAt.After(now)
}

// rankStep sets priorities further apart than any two ages: it is more than
// the milliseconds of 300 years. Every rank is below 2^53, so a sorted set's
// double holds it exactly.
const rankStep = 1e13

// Rank orders tickets that are not due: the smaller the earlier.
func (t *Ticket) Rank() int64 {
	return int64(Urgent-t.Priority)*rankStep + t.OpenedAt.UnixMilli()
}

// Ranks are the lowest and the highest rank of a priority.
func Ranks(p Priority) (first, last int64) {
	first = int64(Urgent-p) * rankStep
	return first, first + rankStep - 1
}
