package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are when a desk is open, as clocks show it in its zone.
type Hours struct {
	Zone     string   `yaml:"zone"`     // IANA; needed by the rest
	Week     []string `yaml:"week"`     // mon-fri 09:00-12:00 13:00-18:00; empty: always
	Holidays []string `yaml:"holidays"` // 2026-12-25
}

// An Opening is a part of a day, in time since midnight as clocks show it.
type Opening struct {
	Day      time.Weekday
	From, To time.Duration
}

// Location is the zone; UTC if it is not set.
func (h Hours) Location() *time.Location {
	if zone, err := location(h.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// location finds a zone by its name. The one of this machine has no name.
func location(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fmt.Errorf("unknown zone %s", name)
	}
	return time.LoadLocation(name)
}

// Openings are the week's, each within one day.
func (h Hours) Openings() []Opening {
	var list []Opening
	for _, line := range h.Week {
		openings, _ := parseOpenings(line) // checked
		list = append(list, openings...)
	}
	return list
}

// Dates are the holidays, at midnight in UTC.
func (h Hours) Dates() []time.Time {
	var list []time.Time
	for _, holiday := range h.Holidays {
		if date, err := time.Parse(time.DateOnly, holiday); err == nil { // checked
			list = append(list, date)
		}
	}
	return list
}

// weekdayNames are the days as they are written, from Sunday, as Go counts them.
var weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var (
	spanRule = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})$`)
	daysRule = regexp.MustCompile(`^([0-9]+)d(.*)$`)
)

// parseOpenings reads days and the times they are open: "mon-fri 09:00-12:00
// 13:00-18:00", or "sat,sun 22:00-06:00", which goes past midnight. The error
// says what is wrong with it, to be followed by the mend.
func parseOpenings(line string) ([]Opening, error) {
	words := strings.Fields(strings.ToLower(line))
	if len(words) < 2 {
		return nil, fmt.Errorf("%q does not have days and times", line)
	}
	var days []time.Weekday
	for part := range strings.SplitSeq(words[0], ",") {
		first, last, ranges := strings.Cut(part, "-")
		if !ranges {
			last = first
		}
		from, to := slices.Index(weekdayNames, first), slices.Index(weekdayNames, last)
		if from < 0 || to < 0 {
			return nil, fmt.Errorf("%q are not days", words[0])
		}
		for day := from; ; day = (day + 1) % 7 {
			days = append(days, time.Weekday(day))
			if day == to {
				break
			}
		}
	}
	var list []Opening
	for _, word := range words[1:] {
		m := spanRule.FindStringSubmatch(word)
		if m == nil {
			return nil, fmt.Errorf("%q is not from one time to another", word)
		}
		from, to := clock(m[1], m[2]), clock(m[3], m[4])
		switch {
		case from < 0 || to < 0 || from == day:
			return nil, fmt.Errorf("%q is beyond what a clock shows", word)
		case from == to:
			return nil, fmt.Errorf("%q ends when it begins", word)
		}
		for _, d := range days {
			if from < to {
				list = append(list, Opening{d, from, to})
				continue
			}
			list = append(list, Opening{d, from, day})
			if to > 0 {
				list = append(list, Opening{(d + 1) % 7, 0, to})
			}
		}
	}
	return list, nil
}

// clock is a time of day; negative if there is none such.
func clock(hours, minutes string) time.Duration {
	h, errHours := strconv.Atoi(hours)
	m, errMinutes := strconv.Atoi(minutes)
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if errHours != nil || errMinutes != nil || m > 59 || at > day {
		return -1
	}
	return at
}

// parseSpan reads a span of time, in which d stands for 24 hours.
func parseSpan(text string) (time.Duration, error) {
	m := daysRule.FindStringSubmatch(text)
	if m == nil {
		return time.ParseDuration(text)
	}
	days, err := strconv.ParseInt(m[1], 10, 16) // at most 89 years
	if err != nil || m[2] == "" {
		return time.Duration(days) * day, err
	}
	rest, err := time.ParseDuration(m[2])
	return time.Duration(days)*day + rest, err
}

// checkHours reports hours that cannot be.
func (l *loader) checkHours(path string, h Hours) {
	const example = "mon-fri 09:00-12:00 13:00-18:00"
	switch _, err := location(h.Zone); {
	case h.Zone == "" && len(h.Week)+len(h.Holidays) > 0:
		l.report(path, "zone is missing; add the one whose clocks are meant, such as zone: America/Sao_Paulo")
	case err != nil:
		l.report(path+".zone", "unknown zone %q; write one of the IANA's, such as America/Sao_Paulo or Europe/Madrid", h.Zone)
	}
	each(path+".week", h.Week, func(path, line string) {
		if _, err := parseOpenings(line); err != nil {
			l.report(path, "%v; write it such as %q", err, example)
		}
	})
	each(path+".holidays", h.Holidays, func(path, date string) {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			l.report(path, "%q is not a date; write it such as 2026-12-25", date)
		}
	})
	if len(h.Week) == 0 && len(h.Holidays) > 0 {
		l.report(path+".holidays", "week is empty, so the desk is open on holidays too; add the week, such as [%q], or remove holidays", example)
	}
}

// checkLevels reports promises that cannot be kept, or meant.
func (l *loader) checkLevels(path string, levels []Level, audiences []string) {
	for i, level := range levels {
		at := fmt.Sprintf("%s[%d]", path, i)
		if level.Priority != "" {
			l.oneOf(at+".priority", "priority", level.Priority, "low", "normal", "high", "urgent")
		}
		if level.Audience != "" {
			l.oneOf(at+".audience", "audience", level.Audience, audiences...)
		}
		promises := false
		for _, target := range []struct {
			key string
			time.Duration
		}{{"first", level.First}, {"next", level.Next}, {"resolve", level.Resolve}} {
			promises = promises || target.Duration != 0
			switch {
			case target.Duration < 0 || target.Duration > maxTarget:
				l.report(at+"."+target.key, "%s is %v; write 0s to %v", target.key, target.Duration, maxTarget)
			case target.Duration != 0 && level.Warn >= target.Duration:
				l.report(at+".warn", "warn is %v, which is not below %s, %v; lower it", level.Warn, target.key, target.Duration)
			}
		}
		if level.Warn < 0 {
			l.report(at+".warn", "warn is %v; write 0s or more", level.Warn)
		}
		if level.Step < 0 || level.Step > maxTarget {
			l.report(at+".step", "step is %v; write 0s to %v", level.Step, maxTarget)
		}
		if !promises {
			l.report(at, "the level promises nothing; add first, next or resolve")
		}
		for j, earlier := range levels[:i] {
			if (earlier.Priority == "" || earlier.Priority == level.Priority) && (earlier.Audience == "" || earlier.Audience == level.Audience) {
				l.report(at, "%s[%d] fits all that this level fits, and comes first; move it behind this one", name(path), j)
				break
			}
		}
	}
}

// maxTarget is the longest time that is promised, or waited: a year. In open hours
// that is many years already.
const maxTarget = 365 * day

// checkWaits reports how long a desk waits for its agents and askers, where it
// cannot be meant.
func (l *loader) checkWaits(path string, d Desk) {
	if d.Lease.After == 0 && d.Lease.Warn > 0 {
		l.report(path+"lease.warn", "after is 0s, so claims last for good and there is nothing to warn of; set after, or remove warn")
	}
	for _, wait := range []struct {
		section, key string
		early, late  time.Duration
	}{
		{"lease", "warn", d.Lease.Warn, d.Lease.After},
		{"auto_close", "remind", d.AutoClose.Remind, d.AutoClose.After},
	} {
		at := path + wait.section + "."
		switch {
		case wait.late < 0 || wait.late > maxTarget:
			l.report(at+"after", "after is %v; write 0s to %v", wait.late, maxTarget)
		case wait.early < 0:
			l.report(at+wait.key, "%s is %v; write 0s or more", wait.key, wait.early)
		case wait.late > 0 && wait.early >= wait.late:
			l.report(at+wait.key, "%s is %v, which is not below after, %v; lower it", wait.key, wait.early, wait.late)
		}
	}
}
