package chat

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A day of a span is 24 hours, whatever a clock on a wall does in it.
const day = 24 * time.Hour

// MaxSpan is the longest span that can be typed: nobody means more, and times
// stay far from where they overflow.
const MaxSpan = 3650 * day

// spanUnits are how long a unit is, by what may be typed for it in English,
// Portuguese and Spanish.
var spanUnits = map[string]time.Duration{
	"m": time.Minute, "min": time.Minute, "h": time.Hour, "d": day, "w": 7 * day,
}

// ParseSpan reads how long something is to last: 30m, 2h, 14d, 1w, or several
// of these, the longer first: 1d12h. It refuses nothing at all, and more than
// [MaxSpan].
func ParseSpan(s string) (time.Duration, error) {
	refused := fmt.Errorf("%q is not a time such as 30m, 2h or 14d", Shorten(s, 40))
	rest, total, last := strings.ToLower(strings.TrimSpace(s)), time.Duration(0), MaxSpan+1
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if digits <= 0 {
			return 0, refused
		}
		letters := strings.IndexFunc(rest[digits:], func(r rune) bool { return r >= '0' && r <= '9' })
		if letters < 0 {
			letters = len(rest) - digits
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		unit, known := spanUnits[rest[digits:digits+letters]]
		if err != nil || !known || unit >= last {
			return 0, refused
		}
		if total += time.Duration(n) * unit; total > MaxSpan || n > int64(MaxSpan/unit) {
			return 0, refused
		}
		rest, last = rest[digits+letters:], unit
	}
	if total == 0 {
		return 0, refused
	}
	return total, nil
}
