package desk

import (
	"slices"
	"testing"
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
