package discord

import (
	"slices"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
)

// TestRooms: channels that Discord does not list for us are caught up with as
// long as they are watched or a desk's, whenever that began.
func TestRooms(t *testing.T) {
	d := newDesk(t)
	d.session.self.guilds = nil // nothing is listed
	in := func(channel string) chat.Place { return chat.Place{Platform: Name, Workspace: "100", Channel: channel} }
	watched := []chat.Place{in("401")}
	d.o.Channels, d.o.Watched = []chat.Place{in("403")}, func() []chat.Place { return watched }
	rooms := func(want ...string) {
		t.Helper()
		c := catch{Adapter: d.Adapter, session: d.session}
		list, err := c.rooms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range list {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("caught up with %q, want %q", got, want)
		}
	}
	rooms("401", "403")
	watched = []chat.Place{in("402")}
	rooms("402", "403")
}
