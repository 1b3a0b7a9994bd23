package desk

import (
	"testing"
	"time"
)

func TestWeekly(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	monday := Weekly{On: true, Day: time.Monday, At: 9 * time.Hour}
	tests := []struct {
		name       string
		weekly     Weekly
		now, zone  string
		last, next string
	}{
		{"never", Weekly{}, "2026-03-02T09:30:00Z", "UTC", "", ""},
		{"just past", monday, "2026-03-02T09:30:00Z", "UTC", "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z"},
		{"at it", monday, "2026-03-02T09:00:00Z", "UTC", "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z"},
		{"before", monday, "2026-03-02T08:59:59Z", "UTC", "2026-02-23T09:00:00Z", "2026-03-02T09:00:00Z"},
		{"where it is Monday already", monday, "2026-03-01T23:30:00Z", "Pacific/Auckland", "2026-03-01T20:00:00Z", "2026-03-08T20:00:00Z"},
		{"across the spring day", monday, "2026-03-09T12:00:00Z", "America/New_York", "2026-03-02T14:00:00Z", "2026-03-09T13:00:00Z"},
		{"a time that is left out", Weekly{true, time.Sunday, 150 * time.Minute}, "2026-03-07T12:00:00Z", "America/New_York",
			"2026-03-01T07:30:00Z", "2026-03-08T06:30:00Z"},
		{"a day that is left out", Weekly{true, time.Friday, time.Hour}, "2011-12-30T12:00:00Z", "Pacific/Apia",
			"2011-12-23T11:00:00Z", "2012-01-05T11:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, test.now)
			if err != nil {
				t.Fatal(err)
			}
			show := func(at time.Time) string {
				if at.IsZero() {
					return ""
				}
				return at.Format(time.RFC3339)
			}
			if got := show(test.weekly.Last(now, zone(test.zone))); got != test.last {
				t.Errorf("last = %s, want %s", got, test.last)
			}
			if got := show(test.weekly.Next(now, zone(test.zone))); got != test.next {
				t.Errorf("next = %s, want %s", got, test.next)
			}
		})
	}
}
