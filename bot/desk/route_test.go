package desk

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRoute(t *testing.T) {
	const shop, lounge = "slack:T1:CSHOP", "slack:T1:CLOUNGE"
	desks := []Desk{
		{Name: "money", Audiences: []string{"buyer"}, Topics: []string{"refunds", "payments"}},
		{Name: "lisbon", Languages: []string{"pt-BR"}, Audiences: []string{"creator"}},
		{Name: "creators", Audiences: []string{"creator"}},
		{Name: "tracking", Topics: []string{"tracking"}},
		{Name: "shop", From: []string{shop}},
		{Name: "madrid", Languages: []string{"es", "pt-BR"}},
	}
	tests := []struct {
		name string
		a    Asking
		want string
	}{
		{"audience and topic", Asking{"buyer", "refunds", "en", shop}, "money"},
		{"topic alone", Asking{"buyer", "tracking", "en", lounge}, "tracking"},
		{"the first of two that fit", Asking{"creator", "tracking", "pt-BR", shop}, "lisbon"},
		{"audience alone", Asking{"creator", "tracking", "es", shop}, "creators"},
		{"audience unclear", Asking{"", "tracking", "es", shop}, "tracking"},
		{"channel", Asking{"buyer", "access", "es", shop}, "shop"},
		{"language", Asking{"buyer", "access", "es", lounge}, "madrid"},
		{"nobody wants it: the first", Asking{"buyer", "access", "en", lounge}, "money"},
		{"nothing is known", Asking{}, "money"},
	}
	for _, test := range tests {
		if got := Route(desks, test.a).Name; got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	all := slices.Insert(slices.Clone(desks), 1, Desk{Name: "all"})
	if got := Route(all, Asking{"stranger", "anything", "fr", lounge}).Name; got != "all" {
		t.Errorf("a desk that names nothing wants everything, not %s", got)
	}
}

func TestTicketMove(t *testing.T) {
	bo := Agent{ID: "bo", Name: "Bo"}
	tests := []struct {
		name   string
		ticket Ticket
		lead   bool
		to     string
		err    error
	}{
		{"open", Ticket{State: Open}, false, "sales", nil},
		{"one's own", Ticket{State: Claimed, Holder: "bo"}, false, "sales", nil},
		{"one that waits for the asker", Ticket{State: Waiting, Holder: "bo"}, false, "sales", nil},
		{"someone else's", Ticket{State: Claimed, Holder: "ana"}, false, "sales", ErrHeld},
		{"someone else's, by a lead", Ticket{State: Claimed, Holder: "ana"}, true, "sales", nil},
		{"to where it is", Ticket{State: Open}, false, "support", ErrUnchanged},
		{"resolved", Ticket{State: Resolved, Holder: "bo"}, true, "sales", ErrResolved},
		{"closed", Ticket{State: Closed}, true, "sales", ErrClosed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := test.ticket
			k.ID, k.Desk, k.OpenedAt = "T-1", "support", now.Add(-time.Hour)
			before := k
			err := k.Move(bo, test.lead, test.to, now)
			if !errors.Is(err, test.err) {
				t.Fatalf("Move = %v, want %v", err, test.err)
			}
			if err != nil {
				if diff := cmp.Diff(before, k); diff != "" {
					t.Errorf("refused, and yet:\n%s", diff)
				}
				return
			}
			// Who has left it at one desk may be given it at the other.
			if len(k.Left) > 0 || k.Desk != "sales" || k.State != Open || k.Holder != "" || !k.OpenedAt.Equal(before.OpenedAt) {
				t.Errorf("moved: %+v", k)
			}
			if e := k.Newest(); e.Did != DidMove || e.By != "bo" || e.Text != "sales" {
				t.Errorf("noted: %+v", e)
			}
		})
	}
}
