package audience

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/knowledge/text"
)

// hints is a tree of cues, word by word. It knows no languages: a phrase is in
// the one that it is written in.
type hints struct {
	forms map[string]int // words of cues, in the singular, numbered from 1
	steps map[pair]int   // a node and a form → the next node; the root is 0
	ends  [][]int        // by node: audiences of the cue that ends here
}

// A cue is one that was found.
type cue struct {
	audience int
	words    float64
	detail   string // as it was typed
}

func newHints() *hints {
	return &hints{forms: map[string]int{}, steps: map[pair]int{}, ends: [][]int{nil}}
}

// add adds a cue for the i-th audience.
func (h *hints) add(i int, cue string) {
	words := text.Words(cue)
	if len(words) == 0 {
		return
	}
	node := 0
	for _, w := range words {
		form, ok := h.forms[singular(w)]
		if !ok {
			form = len(h.forms) + 1
			h.forms[singular(w)] = form
		}
		next, ok := h.steps[pair{node, form}]
		if !ok {
			next = len(h.ends)
			h.steps[pair{node, form}] = next
			h.ends = append(h.ends, nil)
		}
		node = next
	}
	if !slices.Contains(h.ends[node], i) {
		h.ends[node] = append(h.ends[node], i)
	}
}

// singular drops an s at the end, which makes a plural in all languages that
// we have cues in: near enough to tell words of a few phrases apart.
func singular(word string) string {
	if len(word) > 2 {
		return strings.TrimSuffix(word, "s")
	}
	return word
}

// find looks for cues, the longest where several begin. A word may stand behind
// the first: "my new students". Each word belongs to one cue, and the same
// words count once.
func (h *hints) find(words, typed []string, s *Measures) {
	forms := make([]int, len(words))
	for i, w := range words {
		forms[i] = h.forms[singular(w)]
	}
	for i := 0; i < len(forms); i++ {
		node, found, end := 0, 0, i
		for j := i; j < len(forms); j++ {
			next, ok := h.steps[pair{node, forms[j]}]
			if !ok && j == i+1 && j+1 < len(forms) {
				j++
				next, ok = h.steps[pair{node, forms[j]}]
			}
			if !ok {
				break
			}
			if node = next; len(h.ends[node]) > 0 {
				found, end = node, j+1
			}
		}
		if found == 0 || repeated(forms, i, end) {
			continue
		}
		weight := float64(min(end-i, 2))
		detail := strings.Join(typed[i:end], " ")
		i = end - 1
		for _, who := range h.ends[found] {
			s.Cues[who] += weight
			s.cues = append(s.cues, cue{who, weight, detail})
		}
	}
}

// repeated reports whether forms[from:to] stand further left already.
func repeated(forms []int, from, to int) bool {
	for i := range from {
		if slices.Equal(forms[i:i+to-from], forms[from:to]) {
			return true
		}
	}
	return false
}
