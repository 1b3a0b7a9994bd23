package chat

import (
	"testing"
	"time"
)

func TestAccountID(t *testing.T) {
	a := NewAccountID("slack", "T1", "U1")
	if a != "slack:T1:U1" || a.Platform() != "slack" || a.Workspace() != "T1" || a.User() != "U1" {
		t.Errorf("%s is %s, %s, %s", a, a.Platform(), a.Workspace(), a.User())
	}
	if got := (Place{Platform: "slack", Workspace: "T1", Channel: "@U1"}); Direct(a) != got {
		t.Errorf("direct messages of %s are at %s", a, Direct(a))
	}
	for _, odd := range []AccountID{"", "ana", "slack:T1"} {
		if odd.User() != "" {
			t.Errorf("%q has the user %q", odd, odd.User())
		}
	}
}

func TestParsePlace(t *testing.T) {
	for _, p := range []Place{
		{Platform: "slack", Workspace: "T1", Channel: "C1"},
		{Platform: "slack", Workspace: "T1", Channel: "C1", Thread: "171.2"},
		Direct("discord:1:2"),
	} {
		if got, err := ParsePlace(p.String()); got != p || err != nil {
			t.Errorf("ParsePlace(%q) = %+v, %v", p, got, err)
		}
		if got := p.Outside(); got.Thread != "" || got.Channel != p.Channel {
			t.Errorf("outside of %s is %s", p, got)
		}
	}
	for _, s := range []string{"", "slack", "slack:T1", "slack:T1:", "slack::C1", ":T1:C1", "slack:T1:C1:", "a:b:c:d:e", "slack:T1:a b", "slack:T1:C1\n"} {
		if got, err := ParsePlace(s); err == nil {
			t.Errorf("ParsePlace(%q) = %+v, want an error", s, got)
		}
	}
}

func FuzzParsePlace(f *testing.F) {
	f.Add("slack:T1:C1:171.2")
	f.Add("a:b:@c")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePlace(s)
		if err != nil {
			return
		}
		if got := p.String(); got != s {
			t.Errorf("ParsePlace(%q) prints as %q", s, got)
		}
		if p.Platform == "" || p.Workspace == "" || p.Channel == "" {
			t.Errorf("ParsePlace(%q) has an empty part", s)
		}
	})
}

var (
	here   = Place{Platform: "slack", Workspace: "T1", Channel: "C1"}
	thread = Place{Platform: "slack", Workspace: "T1", Channel: "C1", Thread: "171.2"}
	kim    = Sender{Account: "slack:T1:U1"}
	lee    = Sender{Account: "slack:T1:U2"}
)

func TestEventLane(t *testing.T) {
	tests := []struct {
		name string
		a, b Event
		same bool
	}{
		{"one person in a channel", Event{Place: here, From: kim, Message: "1"}, Event{Place: here, From: kim, Message: "2"}, true},
		{"two persons in a channel", Event{Place: here, From: kim}, Event{Place: here, From: lee}, false},
		{"two persons in a thread", Event{Place: thread, From: kim}, Event{Place: thread, From: lee}, true},
		{"thread and channel", Event{Place: thread, From: kim}, Event{Place: here, From: kim}, false},
	}
	for _, test := range tests {
		if got := test.a.Lane() == test.b.Lane(); got != test.same {
			t.Errorf("%s: %s and %s, same = %t", test.name, test.a.Lane(), test.b.Lane(), got)
		}
	}
}

func TestEventIdentity(t *testing.T) {
	message := Event{ID: "1", Kind: Message, Place: here, From: kim, Message: "m"}
	with := func(change func(*Event)) Event { e := message; change(&e); return e }
	tests := []struct {
		name string
		e    Event
		same bool // as message
	}{
		{"sent again under another id", with(func(e *Event) { e.ID = "2" }), true},
		{"at another time", with(func(e *Event) { e.At = time.Unix(1, 0) }), true},
		{"seen from its thread", with(func(e *Event) { e.Place = thread }), true},
		{"another message", with(func(e *Event) { e.Message = "n" }), false},
		{"another channel", with(func(e *Event) { e.Place.Channel = "C2" }), false},
		{"an edit", with(func(e *Event) { e.Kind, e.Stamp = Edit, "5" }), false},
		{"its deletion", with(func(e *Event) { e.Kind = Delete }), false},
		{"a press on it", with(func(e *Event) { e.Kind = Press }), false},
	}
	for _, test := range tests {
		if got := test.e.Identity() == message.Identity(); got != test.same {
			t.Errorf("%s: same = %t", test.name, got)
		}
	}
	press, again := Event{ID: "1", Kind: Press, Message: "m"}, Event{ID: "2", Kind: Press, Message: "m"}
	if press.Identity() == again.Identity() {
		t.Error("two presses of one button are one event")
	}
	edit, second := Event{Kind: Edit, Message: "m", Stamp: "1"}, Event{Kind: Edit, Message: "m", Stamp: "2"}
	if edit.Identity() == second.Identity() {
		t.Error("two edits of one message are one event")
	}
}

func TestSenderHasRole(t *testing.T) {
	s := Sender{Roles: []string{"R1", "creators"}}
	if !s.HasRole("staff", "creators") || s.HasRole("staff") || s.HasRole() || (Sender{}).HasRole("") {
		t.Error("HasRole is true for any of the named roles, and no other")
	}
}
