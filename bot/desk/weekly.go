package desk

import "time"

// A Weekly is a time that comes once a week. The zero value never comes.
type Weekly struct {
	On  bool
	Day time.Weekday
	At  time.Duration // since midnight, on a clock on the wall
}

// Last is when it came last, as of now, and Next when it comes next, both on
// the clocks of a zone. They are zero if it never comes.
func (w Weekly) Last(now time.Time, zone *time.Location) time.Time {
	if !w.On {
		return time.Time{}
	}
	for back := 0; ; back++ {
		if at := w.on(now, -back, zone); !at.IsZero() && !at.After(now) {
			return at
		}
	}
}

func (w Weekly) Next(now time.Time, zone *time.Location) time.Time {
	if !w.On {
		return time.Time{}
	}
	for days := 0; ; days++ {
		if at := w.on(now, days, zone); !at.IsZero() && at.After(now) {
			return at
		}
	}
}

// on is when it comes on the day that is so many from today's; zero if it does
// not. A time that the clocks leave out that day is an hour off.
func (w Weekly) on(now time.Time, days int, zone *time.Location) time.Time {
	local := now.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day()+days, 0, int(w.At/time.Minute), 0, 0, zone)
	if at.Weekday() != w.Day {
		return time.Time{}
	}
	return at.UTC()
}
