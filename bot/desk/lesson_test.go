package desk

import (
	"testing"
	"time"
)

func TestTicketAsks(t *testing.T) {
	for _, test := range []struct{ question, detail, want string }{
		{"where is it?", "", "where is it?"},
		{"where is it?\n\nin a hurry", "in a hurry", "where is it?"},
		{"in a hurry", "in a hurry", "in a hurry"}, // the question itself says it
	} {
		k := Ticket{Question: test.question, Detail: test.detail}
		if got := k.Asks(); got != test.want {
			t.Errorf("Asks of %q with %q = %q, want %q", test.question, test.detail, got, test.want)
		}
	}
}

// What an agent made of a question goes when its asker takes it back.
func TestTakeBackPhrasing(t *testing.T) {
	k := Ticket{Question: "where is it?", Phrasing: "where is my thing", History: []Entry{{Did: DidOpen, Message: "m1"}}}
	k.TakeBack("m1", time.Time{})
	if k.Question != "" || k.Phrasing != "" {
		t.Errorf("%q and %q are left", k.Question, k.Phrasing)
	}
}

func TestDraftState(t *testing.T) {
	d := Draft{Ticket: "T-7"}
	if got, err := d.File(); err != nil || got != "draft-T-7.md" || d.State() != "new" {
		t.Errorf("%s is %s, %v", got, d.State(), err)
	}
	if d.Written = time.Unix(1, 0); d.State() != "written" {
		t.Errorf("it is %s", d.State())
	}
	if d.Committed = true; d.State() != "committed" {
		t.Errorf("it is %s", d.State())
	}
}

// Nothing of what an agent made of a question is left when its asker is forgotten.
func TestForgetPhrasing(t *testing.T) {
	k := Ticket{State: Resolved, Question: "where is it?", Phrasing: "where is my thing", History: []Entry{{Did: DidOpen}}}
	k.Teach(Agent{ID: "ana", Name: "Ana"}, "refund", "Where is my refund?", time.Time{})
	k.Revert("the golden question “where is my thing” …", time.Time{})
	k.Forget(time.Time{})
	if k.Phrasing != "" {
		t.Errorf("%q is left", k.Phrasing)
	}
	for _, e := range k.History {
		if e.Text != "" && e.Text != deleted {
			t.Errorf("%q is left", e.Text)
		}
	}
}
