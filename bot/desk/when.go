package desk

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Why a time that was typed is none to wait for.
var (
	ErrWhen = errors.New("not a time")
	ErrPast = errors.New("time is over")
	ErrFar  = errors.New("time is too far away")
)

// MaxWait is how long a ticket is put off at most.
const MaxWait = 366 * 24 * time.Hour

// morning is when a day begins at a desk that is always open.
const morning = 9 * time.Hour

// dayWords are the days that can be named, in our languages and without accents:
// how many days from today, or which weekday.
var (
	fromToday = map[string]int{"today": 0, "hoje": 0, "hoy": 0, "tomorrow": 1, "amanha": 1, "manana": 1}
	dayWords  = [7][]string{
		{"sunday", "sun", "domingo", "dom"},
		{"monday", "mon", "segunda", "seg", "lunes", "lun"},
		{"tuesday", "tue", "terca", "ter", "martes", "mar"},
		{"wednesday", "wed", "quarta", "qua", "miercoles", "mie"},
		{"thursday", "thu", "quinta", "qui", "jueves", "jue"},
		{"friday", "fri", "sexta", "sex", "viernes", "vie"},
		{"saturday", "sat", "sabado", "sab"},
	}
	// fillers mean nothing between a day and a time.
	fillers = []string{"at", "on", "until", "as", "ate", "a", "las", "la", "el", "hasta", "o", "os"}
)

var timeRule = regexp.MustCompile(`^([0-9]{1,2})(?:[:h]([0-9]{2}))?(h|am|pm)?$`)

// ParseWhen reads until when something waits: for how long (2h, 3d), a date
// (2026-12-01), a time (9:30), a day (tomorrow, monday), or a day and a time, in
// any of our languages. Days and times are those of the desk's zone; a day
// without a time begins when the desk opens, and a time without a day is the next
// one. It returns [ErrWhen], [ErrPast] or [ErrFar].
func ParseWhen(text string, now time.Time, h Hours) (time.Time, error) {
	at, err := parseWhen(text, now, h)
	switch {
	case err != nil:
		return time.Time{}, err
	case !at.After(now):
		return time.Time{}, ErrPast
	case at.Sub(now) > MaxWait:
		return time.Time{}, ErrFar
	}
	return at.UTC(), nil
}

func parseWhen(text string, now time.Time, h Hours) (time.Time, error) {
	words := strings.FieldsFunc(unaccented(strings.ToLower(text)), func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(fillers, w) })
	if len(words) == 0 || len(words) > 2 {
		return time.Time{}, ErrWhen
	}
	if span, err := chat.ParseSpan(strings.Join(words, "")); err == nil {
		return now.Add(span), nil
	}
	local := now.In(h.Zone())
	day, weekday, dated := dayAt(words[0], local)
	if !dated {
		if len(words) > 1 {
			return time.Time{}, ErrWhen
		}
		clock, ok := clockAt(words[0])
		if !ok {
			return time.Time{}, ErrWhen
		}
		at := on(local, 0, clock)
		if !at.After(now) {
			at = on(local, 1, clock)
		}
		return at, nil
	}
	if len(words) == 1 {
		if weekday && DayOf(day) == DayOf(local) {
			day = on(day, 7, 0)
		}
		return opens(day, h), nil
	}
	clock, ok := clockAt(words[1])
	if !ok {
		return time.Time{}, ErrWhen
	}
	at := on(day, 0, clock)
	if weekday && !at.After(now) {
		at = on(day, 7, clock)
	}
	return at, nil
}

// dayAt is the day that a word names, and whether it is a day of the week: then
// the next such day, which may be today.
func dayAt(word string, local time.Time) (day time.Time, weekday, ok bool) {
	if n, ok := fromToday[word]; ok {
		return on(local, n, 0), false, true
	}
	if date, err := time.ParseInLocation(time.DateOnly, word, local.Location()); err == nil {
		return date, false, true
	}
	name := strings.TrimSuffix(word, "-feira")
	for i, names := range dayWords {
		if slices.Contains(names, name) {
			return on(local, (i-int(local.Weekday())+7)%7, 0), true, true
		}
	}
	return time.Time{}, false, false
}

// clockAt reads a time of day: 9:30, 9h30, 9am.
func clockAt(word string) (time.Duration, bool) {
	m := timeRule.FindStringSubmatch(word)
	if m == nil || m[2] == "" && m[3] == "" || m[2] != "" && m[3] == "h" {
		return 0, false
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	switch half := m[3]; {
	case (half == "am" || half == "pm") && (hours < 1 || hours > 12), hours > 23, minutes > 59:
		return 0, false
	case half == "am" && hours == 12:
		hours = 0
	case half == "pm" && hours < 12:
		hours += 12
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute, true
}

// on is the time that clocks show so many days after another.
func on(day time.Time, days int, clock time.Duration) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day()+days, int(clock.Hours()), int(clock.Minutes())%60, 0, 0, day.Location())
}

// opens is when a desk opens on a day, or next after it.
func opens(day time.Time, h Hours) time.Time {
	if h.Always() {
		return on(day, 0, morning)
	}
	if next, closed := h.Next(day); closed {
		return next
	}
	return day
}

// unaccented is text without the marks on its letters.
func unaccented(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return plain
}
