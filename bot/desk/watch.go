package desk

import (
	"fmt"
	"slices"
)

// MaxWatchers is how many agents watch a ticket at most: each hears of every
// word.
const MaxWatchers = 20

// Watch has a hear of all that is said on t, or no more if they do already, and
// reports which. One too many returns [ErrTooMany], and one that goes with
// another [ErrMerged].
func (t *Ticket) Watch(a Agent) (watching bool, err error) {
	if err := t.alone(); err != nil {
		return false, err
	}
	if i := slices.IndexFunc(t.Watchers, func(w Agent) bool { return w.ID == a.ID }); i >= 0 {
		t.Watchers = slices.Delete(slices.Clone(t.Watchers), i, i+1)
		return false, nil
	}
	if len(t.Watchers) >= MaxWatchers {
		return false, fmt.Errorf("watch %s: %w", t.ID, ErrTooMany)
	}
	t.Watchers = append(slices.Clone(t.Watchers), a)
	return true, nil
}
