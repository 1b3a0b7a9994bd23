package knowledge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// A Problem is one mistake in a knowledge base, and how to mend it.
type Problem struct {
	File    string // path inside the folder, with slashes
	Line    int    // from 1; 0 if the file as a whole is meant
	Column  int    // from 1, in characters; 0 if the line as a whole is meant
	Message string // what is wrong; how to mend it
}

// String writes the problem as file:line:column: message, without the numbers
// that are 0.
func (p Problem) String() string {
	switch {
	case p.Line == 0:
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	case p.Column == 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems are all mistakes found in one run, by file, then by line.
type Problems []Problem

// Error writes one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
}

// didYouMean ends a message with the choice nearest to word, or with all of
// them if none is near.
func didYouMean(word string, choices []string) string {
	best, distance := "", 2+utf8.RuneCountInString(word)/3
	for _, choice := range choices {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(choice)); d < distance {
			best, distance = choice, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "use one of " + strings.Join(choices, ", ")
}
