package desk

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the tests mean real zones, wherever they run

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// weekdays are openings from Monday to Friday.
func weekdays(spans ...[2]time.Duration) []Opening {
	var list []Opening
	for day := time.Monday; day <= time.Friday; day++ {
		for _, s := range spans {
			list = append(list, Opening{day, s[0], s[1]})
		}
	}
	return list
}

func hm(hours, minutes int) time.Duration {
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}

// clock reads a local time.
func clock(t *testing.T, s string, loc *time.Location) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestHoursBetween(t *testing.T) {
	office := weekdays([2]time.Duration{hm(9, 0), hm(12, 0)}, [2]time.Duration{hm(13, 0), hm(18, 0)})
	night := []Opening{{time.Saturday, hm(22, 0), hm(24, 0)}, {time.Sunday, 0, hm(6, 0)}}
	everyDay := func(from, to time.Duration) (list []Opening) {
		for day := time.Sunday; day <= time.Saturday; day++ {
			list = append(list, Opening{day, from, to})
		}
		return list
	}
	tests := []struct {
		name, zone string
		openings   []Opening
		holidays   []Day
		from, to   string // as clocks show it
		want       time.Duration
	}{
		{"always", "Europe/Lisbon", nil, nil, "2026-03-06 09:00", "2026-03-07 09:00", hm(24, 0)},
		{"over lunch", "America/Sao_Paulo", office, nil, "2026-03-02 11:30", "2026-03-02 13:30", hm(1, 0)},
		{"over a night", "America/Sao_Paulo", office, nil, "2026-03-02 17:00", "2026-03-03 10:00", hm(2, 0)},
		{"over a weekend", "America/Sao_Paulo", office, nil, "2026-03-06 17:00", "2026-03-09 10:00", hm(2, 0)},
		{"a weekend", "America/Sao_Paulo", office, nil, "2026-03-07 00:00", "2026-03-09 09:00", 0},
		{"a holiday", "America/Sao_Paulo", office, []Day{{2026, 3, 3}}, "2026-03-02 17:00", "2026-03-04 10:00", hm(2, 0)},
		{"backwards", "America/Sao_Paulo", office, nil, "2026-03-03 10:00", "2026-03-02 10:00", 0},
		{"a week", "Asia/Kolkata", office, nil, "2026-03-02 00:00", "2026-03-09 00:00", hm(40, 0)},
		// Clocks skip 01:00 to 02:00.
		{"a night in spring", "Europe/Lisbon", night, nil, "2026-03-28 12:00", "2026-03-29 12:00", hm(7, 0)},
		// Clocks show 01:00 to 02:00 twice.
		{"a night in autumn", "Europe/Lisbon", night, nil, "2026-10-24 12:00", "2026-10-25 12:00", hm(9, 0)},
		{"in the hour that is skipped", "Europe/Lisbon", everyDay(hm(1, 0), hm(2, 0)), nil, "2026-03-29 00:00", "2026-03-29 23:00", 0},
		{"in the hour that comes twice", "Europe/Lisbon", everyDay(hm(1, 0), hm(2, 0)), nil, "2026-10-25 00:00", "2026-10-25 23:00", hm(2, 0)},
		{"half in the hour that comes twice", "Europe/Lisbon", everyDay(hm(0, 30), hm(1, 30)), nil, "2026-10-25 00:00", "2026-10-25 23:00", hm(1, 30)},
		{"half an hour less", "Australia/Lord_Howe", everyDay(0, hm(24, 0)), nil, "2026-10-04 00:00", "2026-10-05 00:00", hm(23, 30)},
		{"half an hour more", "Australia/Lord_Howe", everyDay(0, hm(24, 0)), nil, "2026-04-05 00:00", "2026-04-06 00:00", hm(24, 30)},
		// Samoa went from Thursday the 29th to Saturday the 31st.
		{"a day that never was", "Pacific/Apia", office, nil, "2011-12-29 00:00", "2012-01-01 00:00", hm(8, 0)},
		{"to New York", "America/New_York", office, nil, "2026-03-06 12:00", "2026-03-09 13:00", hm(8, 0)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			loc := zone(t, test.zone)
			h := NewHours(loc, test.openings, test.holidays)
			from, to := clock(t, test.from, loc), clock(t, test.to, loc)
			if got := h.Between(from, to); got != test.want {
				t.Errorf("Between = %v, want %v", got, test.want)
			}
			if slow := slowBetween(h, from, to); slow != test.want {
				t.Errorf("minute by minute it is %v, want %v", slow, test.want)
			}
		})
	}
}

// slowBetween looks at a clock every minute.
func slowBetween(h Hours, from, to time.Time) time.Duration {
	var open time.Duration
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		if slowOpen(h, at) {
			open += time.Minute
		}
	}
	return open
}

func slowOpen(h Hours, at time.Time) bool {
	if h.Always() {
		return true
	}
	at = at.In(h.zone)
	if h.holidays[DayOf(at)] {
		return false
	}
	since := hm(at.Hour(), at.Minute())
	for _, o := range h.week[at.Weekday()] {
		if o.From <= since && since < o.To {
			return true
		}
	}
	return false
}

func TestHoursAfterAndNext(t *testing.T) {
	loc := zone(t, "Europe/Lisbon")
	h := NewHours(loc, weekdays([2]time.Duration{hm(9, 0), hm(12, 0)}, [2]time.Duration{hm(13, 0), hm(18, 0)}), []Day{{2026, 12, 25}})
	tests := []struct {
		name, from string
		after      time.Duration
		want       string // the end of that
		next       string // when it opens; empty: it is open
	}{
		{"at work", "2026-03-02 10:00", hm(1, 0), "2026-03-02 11:00", ""},
		{"until lunch", "2026-03-02 10:00", hm(2, 0), "2026-03-02 12:00", ""},
		{"over lunch", "2026-03-02 10:00", hm(2, 1), "2026-03-02 13:01", ""},
		{"nothing, at lunch", "2026-03-02 12:30", 0, "2026-03-02 12:30", "2026-03-02 13:00"},
		{"at the end of the day", "2026-03-02 18:00", hm(0, 1), "2026-03-03 09:01", "2026-03-03 09:00"},
		{"over the weekend", "2026-03-06 17:30", hm(1, 0), "2026-03-09 09:30", ""},
		{"over the change of clocks", "2026-03-27 17:30", hm(1, 0), "2026-03-30 09:30", ""},
		{"over Christmas", "2026-12-24 17:59", hm(0, 2), "2026-12-28 09:01", ""},
		{"on Christmas", "2026-12-25 10:00", hm(8, 0), "2026-12-28 18:00", "2026-12-28 09:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			from := clock(t, test.from, loc)
			if got, want := h.After(from, test.after), clock(t, test.want, loc); !got.Equal(want) {
				t.Errorf("After = %v, want %v", got.In(loc), want)
			}
			next, closed := h.Next(from)
			if closed != (test.next != "") || closed && !next.Equal(clock(t, test.next, loc)) {
				t.Errorf("Next = %v, %t, want %q", next.In(loc), closed, test.next)
			}
			if h.Open(from) == closed {
				t.Errorf("Open = %t, and it opens next: %t", h.Open(from), closed)
			}
		})
	}
}

func TestHoursOverlap(t *testing.T) {
	h := NewHours(time.UTC, []Opening{
		{time.Monday, hm(12, 0), hm(14, 0)}, {time.Monday, hm(9, 0), hm(13, 0)}, {time.Monday, hm(14, 0), hm(15, 0)}, {time.Monday, hm(10, 0), hm(10, 0)},
	}, nil)
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	if got := h.Between(monday, monday.AddDate(0, 0, 7)); got != hm(6, 0) {
		t.Errorf("a week has %v, want 6h", got)
	}
}

// Whatever the zone and the hours, they are what a clock on the wall shows,
// looked at every minute, and After undoes Between.
func TestHoursAreWhatClocksShow(t *testing.T) {
	zones := []string{
		"UTC", "America/Sao_Paulo", "Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
		"Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Africa/Cairo",
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		var openings []Opening
		for i := range rapid.IntRange(1, 6).Draw(t, "openings") {
			from := rapid.IntRange(0, 24*4-1).Draw(t, fmt.Sprint("from", i))
			to := rapid.IntRange(from+1, 24*4).Draw(t, fmt.Sprint("to", i))
			openings = append(openings, Opening{
				time.Weekday(rapid.IntRange(0, 6).Draw(t, fmt.Sprint("day", i))), hm(0, 15*from), hm(0, 15*to),
			})
		}
		// Around a change of clocks, mostly.
		start := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 20*365*24*60).Draw(t, "minute")) * time.Minute)
		if _, change := start.In(loc).ZoneBounds(); !change.IsZero() && rapid.Bool().Draw(t, "change") {
			start = change.Truncate(time.Minute).Add(-hm(0, rapid.IntRange(-600, 3*24*60).Draw(t, "before")))
		}
		var holidays []Day
		for i := range rapid.IntRange(0, 2).Draw(t, "holidays") {
			holidays = append(holidays, DayOf(start.In(loc).AddDate(0, 0, rapid.IntRange(0, 5).Draw(t, fmt.Sprint("holiday", i)))))
		}
		h := NewHours(loc, openings, holidays)
		end := start.Add(hm(0, rapid.IntRange(0, 4*24*60).Draw(t, "minutes")))
		got := h.Between(start, end)
		if slow := slowBetween(h, start, end); got != slow {
			t.Fatalf("Between(%v, %v) = %v; minute by minute it is %v", start.In(loc), end.In(loc), got, slow)
		}
		if h.Open(start) != slowOpen(h, start) {
			t.Fatalf("Open(%v) = %t", start.In(loc), h.Open(start))
		}
		if next, closed := h.Next(start); closed == h.Open(start) || closed && (!h.Open(next) || h.Between(start, next) != 0) {
			t.Fatalf("Next(%v) = %v, %t", start.In(loc), next.In(loc), closed)
		}
		d := time.Duration(rapid.IntRange(1, 60*60).Draw(t, "d")) * time.Minute
		after := h.After(start, d)
		if h.Between(start, after) != d || h.Between(start, after.Add(-time.Second)) != d-time.Second {
			t.Fatalf("After(%v, %v) = %v, by which %v have passed", start.In(loc), d, after.In(loc), h.Between(start, after))
		}
	})
}

// BenchmarkHoursYear counts the open hours of a year: a ticket that has been
// forgotten.
func BenchmarkHoursYear(b *testing.B) {
	h := NewHours(zone(b, "Europe/Lisbon"), weekdays([2]time.Duration{hm(9, 0), hm(18, 0)}), nil)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		h.Between(start, start.AddDate(1, 0, 0))
	}
}
