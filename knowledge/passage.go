package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPassage is how many runes a passage has at most.
const maxPassage = 300

// passage quotes the stretch of s that has most of what was asked: word for
// word, from the beginning of a line or sentence, and with [more] if it stops
// within a line. in tells how much of each idea of the question a text has.
//
// Of stretches that have as much the first is quoted, so that a step comes with
// those before it. A line that announces what follows stays with it.
func passage(s string, in func(string) []float64) string {
	if whole := clip(s); whole == strings.TrimSpace(s) {
		return whole
	}
	starts := startsOf(s)
	ideas := make([][]float64, len(starts)) // from one start to the next
	for i, from := range starts {
		to := len(s)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		ideas[i] = in(s[from:to])
	}
	best, most := 0, 0.0
	for i, from := range starts {
		quoted := clip(s[from:])
		to := from + len(strings.TrimSuffix(quoted, more))
		var has []float64
		for k := i; k < len(starts) && starts[k] < to; k++ {
			piece := ideas[k]
			if k+1 < len(starts) && starts[k+1] > to || k+1 == len(starts) && len(s) > to {
				piece = in(s[starts[k]:to]) // cut short
			}
			has = merge(has, piece)
		}
		if sum := total(has); sum > most*(1+hardly) {
			best, most = i, sum
		}
	}
	from := starts[best]
	if before := strings.TrimRight(s[:from], "\n"); best > 0 && strings.HasSuffix(before, ":") {
		lead := strings.LastIndexByte(before, '\n') + 1
		if utf8.RuneCountInString(s[lead:from]) <= maxPassage/3 {
			from = lead
		}
	}
	return clip(s[from:])
}

// hardly is by how much, as a share, a later stretch must have more than an
// earlier one to be quoted instead.
const hardly = 0.01

func merge(a, b []float64) []float64 {
	if a == nil {
		return append(a, b...)
	}
	for i, x := range b {
		a[i] = max(a[i], x)
	}
	return a
}

func total(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum
}

// startsOf lists where in s its lines begin, and the sentences of lines that
// are longer than a passage.
func startsOf(s string) []int {
	var starts []int
	at := 0
	for line := range strings.Lines(s) {
		starts = append(starts, at)
		if utf8.RuneCountInString(line) > maxPassage {
			for i := range sentences(line) {
				starts = append(starts, at+i)
			}
		}
		at += len(line)
	}
	return starts
}

// sentences calls yield with where each sentence of a line begins but the
// first: with a capital letter after the end of one and a space.
func sentences(line string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		ended, spaced := false, false
		for i, c := range line {
			switch {
			case ended && spaced && (unicode.IsUpper(c) || c == '¿' || c == '¡'):
				if !yield(i) {
					return
				}
				ended, spaced = false, false
			case c == '.' || c == '!' || c == '?':
				ended, spaced = true, false
			case unicode.IsSpace(c):
				spaced = true
			default:
				ended, spaced = false, false
			}
		}
	}
}

// more ends a passage that stops within a line.
const more = "…"

// clip shortens s to whole lines, or else whole words and [more], of
// maxPassage runes together.
func clip(s string) string {
	s = strings.TrimSpace(s)
	end, runes := 0, 0 // end is where the last rune begins that was counted
	for i := range s {
		if runes == maxPassage {
			return cutAt(s, end)
		}
		runes++
		end = i
	}
	return s
}

// cutAt cuts s before the byte at end, and at the end of a line or word if it
// can.
func cutAt(s string, end int) string {
	if line := strings.LastIndexByte(s[:end], '\n'); line > 0 {
		return strings.TrimSpace(s[:line])
	}
	if space := strings.LastIndexByte(s[:end], ' '); space > 0 {
		end = space
	}
	return strings.TrimRight(strings.TrimSpace(s[:end]), ",;:") + more
}
