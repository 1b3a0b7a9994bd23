package slack

import (
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
)

// TestMarkedPlaces: wherever replies may come to a message is found again when catching
// up, threads of direct messages too.
func TestMarkedPlaces(t *testing.T) {
	channel, direct := chat.Place{Platform: Name, Workspace: testTeam, Channel: "C1"}, chat.Direct("slack:T0TEAM:U1")
	const thread, id = "1700000000.000100", "1700000300.000100"
	tests := []struct {
		name  string
		place chat.Place
		at    spot
		want  string // empty: nothing
	}{
		{"in a channel", channel, spot{channel: "C1"}, "slack:T0TEAM:C1:" + id},
		{"in a thread", channel, spot{"C1", thread}, "slack:T0TEAM:C1:" + thread},
		{"in direct messages", direct, spot{channel: "D1"}, ""},
		{"in a thread of direct messages", direct, spot{"D1", thread}, "slack:T0TEAM:D1:" + thread},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			d.mark(t.Context(), test.place, test.at, id)
			got := ""
			for _, place := range d.mind.marks {
				got += place.String()
			}
			if got != test.want {
				t.Errorf("marked %q, want %q", got, test.want)
			}
		})
	}
}

// TestLink: a connection counts from when Slack greets it until it ends, once.
func TestLink(t *testing.T) {
	var got []bool
	l := link{note: func(up bool) { got = append(got, up) }}
	l.ended() // it never began
	l.greeted()
	l.greeted()
	l.ended()
	l.ended()
	l.greeted()
	if want := []bool{true, false, true}; !slices.Equal(got, want) {
		t.Errorf("noted %v, want %v", got, want)
	}
}
