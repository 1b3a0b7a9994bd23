package knowledge

import (
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// maxPassage is how many runes a passage has at most.
const maxPassage = 300

// passage quotes the lines of s that have most of the terms: a stretch of s,
// word for word.
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

// clip shortens s to whole lines, or else whole words, of maxPassage runes.
func clip(s string) string {
	end, runes := len(s), 0
	for i := range s {
		if runes == maxPassage {
			end = i
			break
		}
		runes++
	}
	if end < len(s) {
		if line := strings.LastIndexByte(s[:end], '\n'); line > 0 {
			end = line
		} else if space := strings.LastIndexByte(s[:end], ' '); space > 0 {
			end = space
		}
	}
	return strings.TrimSpace(s[:end])
}
