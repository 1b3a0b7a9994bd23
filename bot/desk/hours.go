package desk

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// A Day is a date of the calendar, whatever the zone.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the date that clocks show in the zone of at.
func DayOf(at time.Time) Day {
	year, month, day := at.Date()
	return Day{year, month, day}
}

// An Opening is a part of a day in which a desk is open, as clocks on the wall
// there show it: from From until just before To, in time since midnight. What
// goes past midnight is two openings.
type Opening struct {
	Day      time.Weekday
	From, To time.Duration // 0 to 24 h
}

// Hours are when a desk is open: at all times whose date and time of day, as
// clocks show them in its zone, are in one of its openings and on no holiday. An
// hour that clocks show twice counts twice, and one that they skip not at all.
// The zero value is always open.
type Hours struct {
	zone     *time.Location
	week     [7][]Opening // in order, and apart
	holidays map[Day]bool
}

// NewHours makes hours of openings, which may overlap. Without any, a desk is
// always open, holidays too.
func NewHours(zone *time.Location, openings []Opening, holidays []Day) Hours {
	h := Hours{zone: zone}
	for _, o := range openings {
		if o.From < o.To {
			h.week[o.Day] = append(h.week[o.Day], o)
		}
	}
	for day, list := range h.week {
		slices.SortFunc(list, func(a, b Opening) int { return cmp.Compare(a.From, b.From) })
		var apart []Opening
		for _, o := range list {
			if last := len(apart) - 1; last >= 0 && o.From <= apart[last].To {
				apart[last].To = max(apart[last].To, o.To)
				continue
			}
			apart = append(apart, o)
		}
		h.week[day] = apart
	}
	if len(holidays) > 0 {
		h.holidays = make(map[Day]bool, len(holidays))
		for _, day := range holidays {
			h.holidays[day] = true
		}
	}
	return h
}

// Always reports whether a desk never closes by its hours.
func (h Hours) Always() bool {
	return h.zone == nil || !slices.ContainsFunc(h.week[:], func(list []Opening) bool { return len(list) > 0 })
}

// Zone is where clocks show these hours; UTC if none is set.
func (h Hours) Zone() *time.Location {
	if h.zone == nil {
		return time.UTC
	}
	return h.zone
}

// Open reports whether a desk is open at a time.
func (h Hours) Open(at time.Time) bool {
	if h.Always() {
		return true
	}
	start, end, ok := h.spell(at)
	return ok && !at.Before(start) && at.Before(end)
}

// Between is how long a desk is open from a until b; 0 if b is before a.
func (h Hours) Between(a, b time.Time) time.Duration {
	if !a.Before(b) {
		return 0
	}
	if h.Always() {
		return b.Sub(a)
	}
	var open time.Duration
	for start, end := range h.spells(a) {
		if !start.Before(b) {
			break
		}
		open += earlier(end, b).Sub(later(start, a))
	}
	return open
}

// After is the first moment by which a desk has been open for d since a; a
// itself, if d is not positive.
func (h Hours) After(a time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return a
	}
	if h.Always() {
		return a.Add(d)
	}
	for start, end := range h.spells(a) {
		start = later(start, a)
		if open := end.Sub(start); open < d {
			d -= open
			continue
		}
		return start.Add(d)
	}
	return time.Time{} // there are always more spells
}

// Next is when a desk opens next; false if it is open.
func (h Hours) Next(at time.Time) (time.Time, bool) {
	if h.Always() {
		return time.Time{}, false
	}
	start, _, _ := h.spell(at)
	return start, start.After(at)
}

// spell is the spell that at is in, or else the next one.
func (h Hours) spell(at time.Time) (start, end time.Time, ok bool) {
	for start, end := range h.spells(at) {
		return start, end, true
	}
	return start, end, false
}

// spells are the times without a break in which the desk is open, in order,
// beginning with the first that ends after from. They never end: there are fewer
// holidays than days.
//
// Within bounds of the zone, clocks run as they do in UTC, a fixed offset away.
// So days and openings are laid out in UTC, moved by that offset, and cut at the
// bounds.
func (h Hours) spells(from time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(start, end time.Time) bool) {
		const day = 24 * time.Hour
		at := from.In(h.zone)
		for {
			since, until := at.ZoneBounds()
			_, seconds := at.Zone()
			offset := time.Duration(seconds) * time.Second
			for midnight := at.UTC().Add(offset).Truncate(day); until.IsZero() || midnight.Add(-offset).Before(until); midnight = midnight.Add(day) {
				if h.holidays[DayOf(midnight)] {
					continue
				}
				for _, o := range h.week[midnight.Weekday()] {
					start, end := midnight.Add(o.From-offset), midnight.Add(o.To-offset)
					if !since.IsZero() {
						start = later(start, since.UTC())
					}
					if !until.IsZero() {
						end = earlier(end, until.UTC())
					}
					if start.Before(end) && end.After(from) && !yield(start, end) {
						return
					}
				}
			}
			at = until
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
