package desk

import (
	"errors"
	"testing"
	"time"
)

func TestRemark(t *testing.T) {
	for state, want := range map[State]error{Open: ErrNotDone, Claimed: ErrNotDone, Waiting: ErrNotDone, Resolved: nil, Closed: ErrClosed} {
		k := in(state)
		if err := k.Remark("fine", now); !errors.Is(err, want) || (k.Comment == "fine") != (want == nil) || k.State != state {
			t.Errorf("comment on %s = %v, want %v; it is %s with %q", state, err, want, k.State, k.Comment)
		}
	}
	k := in(Resolved)
	k.End(now)
	for _, text := range []string{"fine", "fine", "very fine"} {
		if err := k.Remark(text, now); err != nil || k.Comment != text {
			t.Errorf("comment after time closed it = %v, %q", err, k.Comment)
		}
	}
	if n := k.Count(DidComment); n != 2 {
		t.Errorf("history has %d comments, want 2", n)
	}
	if err := k.Reopen(ana, now); err != nil {
		t.Fatal(err)
	}
	if err := k.Resolve(ana, false, "", now); err != nil || k.Comment != "" {
		t.Errorf("settled anew, it has %q", k.Comment)
	}
}

// What is written after a bad rating is its reason.
func TestRegret(t *testing.T) {
	for rating, want := range map[string]string{"": "", "good": "", "bad": "still broken"} {
		k := in(Resolved)
		k.Rating = rating
		if err := k.Add("m9", "still broken", nil, time.Hour, opened); err != nil || k.Comment != want || !k.Live() {
			t.Errorf("after %q: %v, comment %q, %s", rating, err, k.Comment, k.State)
		}
	}
}
