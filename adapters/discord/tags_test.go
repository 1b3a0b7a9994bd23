package discord

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTagged: a topic is given and loses tags as its marks say, and keeps those
// that they do not name.
func TestTagged(t *testing.T) {
	all := []tag{{ID: "1", Name: "Open"}, {ID: "2", Name: " SOLVED "}, {ID: "3", Name: "refunds"}, {ID: "4", Name: "urgent", Moderated: true}, {ID: "5", Name: "late"}, {ID: "6", Name: "vip"}}
	solved := map[string]bool{"open": false, "solved": true, "urgent": true}
	tests := []struct {
		name  string
		given []string
		marks map[string]bool
		ours  bool
		want  []string
	}{
		{"new", nil, solved, true, []string{"2"}},
		{"changed", []string{"1", "3"}, solved, true, []string{"3", "2"}},
		{"someone else's", []string{"1"}, solved, false, []string{"2", "4"}},
		{"as it is", []string{"2", "3"}, solved, true, []string{"2", "3"}},
		{"a moderator's", []string{"4"}, map[string]bool{"urgent": false}, true, []string{"4"}},
		{"of a tag that is no more", []string{"9"}, solved, true, []string{"9", "2"}},
		{"full", []string{"9", "8", "3", "5", "6"}, solved, true, []string{"9", "8", "3", "5", "6"}},
		{"nothing said", []string{"1"}, nil, true, []string{"1"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, tagged(all, test.given, test.marks, test.ours)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}
