package slack

import (
	"errors"
	"maps"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
)

// TestSave: while something may still have to be read, no cursor passes it, and
// nobody says that we listened. Who goes on after us begins where we did.
func TestSave(t *testing.T) {
	place := chat.Place{Platform: Name, Workspace: testTeam, Channel: "C1", Thread: "1700000000.000100"}
	thread := threadCursor(chat.Direct("slack:T0TEAM:U1"))
	const old, said = "1699990000.000000", "1700000300.000100"
	all := map[string]string{place.Outside().String(): said, thread: said, aliveCursor: tsOf(testNow)}
	own := map[string]string{thread: said}
	tests := []struct {
		name string
		do   func(p *progress)
		want map[string]string
	}{
		{"behind", func(*progress) {}, own},
		{"caught up", func(p *progress) { p.caughtUp() }, all},
		{"missed something meanwhile", func(p *progress) { p.missed(); p.caughtUp() }, own},
		{"missed something since", func(p *progress) { p.caughtUp(); p.missed() }, own},
		{"cannot store", func(p *progress) { p.caughtUp(); p.stored(errors.New("away")) }, map[string]string{place.Outside().String(): said, thread: said}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			p := d.progress
			d.mind.cursors = map[string]string{place.Outside().String(): old}
			if err := p.begin(t.Context(), identity{}); err != nil {
				t.Fatal(err)
			}
			p.up = 1
			p.saw(place, said)
			p.upto[thread] = said
			test.do(p)
			p.save(t.Context())
			want := map[string]string{place.Outside().String(): old}
			maps.Copy(want, test.want)
			if !maps.Equal(d.mind.cursors, want) {
				t.Errorf("cursors %v, want %v", d.mind.cursors, want)
			}
		})
	}
}

// TestMark: wherever replies may come to a message is found again when catching
// up, threads of direct messages too.
func TestMark(t *testing.T) {
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
