package knowledge

import (
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// maxPassage is how many runes a passage has at most.
const maxPassage = 300

// passage quotes the lines of s that have most of the terms: a stretch of s,
// word for word, and [more] if it stops within a line.
func passage(s string, terms []string, lang string) string {
	wanted := map[string]bool{}
	for _, t := range terms {
		wanted[t] = true
	}
	best, bestHits := 0, -1
	start := 0
	for line := range strings.Lines(s) {
		hits := 0
		for _, t := range text.Terms(clip(s[start:]), lang) {
			if wanted[t] {
				hits++
			}
		}
		if hits > bestHits {
			best, bestHits = start, hits
		}
		start += len(line)
	}
	return clip(s[best:])
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
