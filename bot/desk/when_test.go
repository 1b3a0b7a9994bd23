package desk

import (
	"errors"
	"testing"
	"time"
)

func TestParseWhen(t *testing.T) {
	lisbon := zone(t, "Europe/Lisbon")
	office := NewHours(lisbon, weekdays([2]time.Duration{hm(9, 0), hm(18, 0)}), []Day{{2026, 12, 1}})
	always := NewHours(zone(t, "America/Sao_Paulo"), nil, nil)
	tests := []struct {
		typed string
		hours Hours
		want  string // as clocks show it; empty: refused
		err   error
	}{
		// It is Wednesday 4 March 2026, 10:15 in Lisbon.
		{"2h", office, "2026-03-04 12:15", nil},
		{"3d", office, "2026-03-07 10:15", nil},
		{"1d 12h", office, "2026-03-05 22:15", nil},
		{"2026-03-09", office, "2026-03-09 09:00", nil},
		{"2026-12-01", office, "2026-12-02 09:00", nil}, // a holiday
		{"2026-03-07", office, "2026-03-09 09:00", nil}, // a Saturday
		{"2026-03-09 14:30", office, "2026-03-09 14:30", nil},
		{"2026-03-07 14:30", office, "2026-03-07 14:30", nil}, // as they wish
		{"16:00", office, "2026-03-04 16:00", nil},
		{"9:30", office, "2026-03-05 09:30", nil},
		{"9h30", office, "2026-03-05 09:30", nil},
		{"9am", office, "2026-03-05 09:00", nil},
		{"12am", office, "2026-03-05 00:00", nil},
		{"12pm", office, "2026-03-04 12:00", nil},
		{"4:05pm", office, "2026-03-04 16:05", nil},
		{"tomorrow", office, "2026-03-05 09:00", nil},
		{"amanhã", office, "2026-03-05 09:00", nil},
		{"Mañana", office, "2026-03-05 09:00", nil},
		{"tomorrow at 14:00", office, "2026-03-05 14:00", nil},
		{"amanhã às 14h", office, "2026-03-05 14:00", nil},
		{"mañana a las 14:00", office, "2026-03-05 14:00", nil},
		{"today 17:00", office, "2026-03-04 17:00", nil},
		{"today 9:00", office, "", ErrPast},
		{"until Monday", office, "2026-03-09 09:00", nil},
		{"segunda-feira", office, "2026-03-09 09:00", nil},
		{"terça", office, "2026-03-10 09:00", nil},
		{"hasta el miércoles", office, "2026-03-11 09:00", nil}, // not today
		{"wednesday 17:00", office, "2026-03-04 17:00", nil},
		{"wednesday 9:00", office, "2026-03-11 09:00", nil},
		{"sábado", office, "2026-03-09 09:00", nil},
		{"sexta 9:30", office, "2026-03-06 09:30", nil},
		// Clocks there show 07:15.
		{"9:00", always, "2026-03-04 09:00", nil},
		{"friday", always, "2026-03-06 09:00", nil},
		{"2026-03-29 01:30", office, "2026-03-29 02:30", nil}, // which clocks skip
		{"2026-03-03", office, "", ErrPast},
		{"2028-01-01", office, "", ErrFar},
		{"400d", office, "", ErrFar},
		{"2026-02-30", office, "", ErrWhen},
		{"25:00", office, "", ErrWhen},
		{"13pm", office, "", ErrWhen},
		{"9:75", office, "", ErrWhen},
		{"9", office, "", ErrWhen},
		{"soon", office, "", ErrWhen},
		{"", office, "", ErrWhen},
		{"until", office, "", ErrWhen},
		{"monday tuesday", office, "", ErrWhen},
		{"9:00 monday", office, "", ErrWhen},
		{"monday 9:00 or so", office, "", ErrWhen},
	}
	now := time.Date(2026, 3, 4, 10, 15, 0, 0, time.UTC)
	for _, test := range tests {
		t.Run(test.typed, func(t *testing.T) {
			got, err := ParseWhen(test.typed, now, test.hours)
			if !errors.Is(err, test.err) {
				t.Fatalf("ParseWhen = %v, %v, want %v", got, err, test.err)
			}
			if test.want != "" && got.In(test.hours.Zone()).Format("2006-01-02 15:04") != test.want {
				t.Errorf("ParseWhen = %v, want %s", got.In(test.hours.Zone()), test.want)
			}
		})
	}
}

// FuzzParseWhen: what is taken for a time is one that can be waited for.
func FuzzParseWhen(f *testing.F) {
	for _, s := range []string{"2h", "tomorrow 9:30", "sexta-feira às 14h", "2026-12-01", "mañana", "12pm", "9999d"} {
		f.Add(s, int64(1772619300))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		if unix < 0 || unix > 1<<33 {
			return
		}
		now := time.Unix(unix, 0)
		for _, h := range []Hours{{}, NewHours(zone(t, "Europe/Lisbon"), weekdays([2]time.Duration{hm(9, 0), hm(18, 0)}), nil)} {
			if at, err := ParseWhen(s, now, h); err == nil && (!at.After(now) || at.Sub(now) > MaxWait) {
				t.Errorf("ParseWhen(%q) at %v = %v", s, now, at)
			}
		}
	})
}
