package bot

import (
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// What leads chose counts more than what is configured, and what a channel
// cannot be is refused.
func TestListen(t *testing.T) {
	known := map[string]string{}
	p := newPost(t, func(s *Settings) {
		s.Watched, s.Deaf = []string{"test:w:help", "test:w:studio"}, []string{"other"}
	})
	p.Bot.sets = func(name spool.Set) map[string]string {
		if name != Channels {
			t.Errorf("the set %q is read", name)
		}
		return known
	}
	listen := func(what string, at chat.Place) (spool.Outcome, string) {
		t.Helper()
		o := p.do(p.world.event(chat.Event{Kind: chat.Slash, Door: "desk", Text: "channel " + what, Place: at, Private: direct(at)}, ana))
		for _, c := range o.Sets {
			known[c.Member] = c.Value
		}
		return o, spoken(o)
	}
	office := chat.Place{Platform: "test", Workspace: "w", Channel: "office"}
	thread := office
	thread.Thread = "m7"
	steps := []struct {
		what string
		at   chat.Place
		says string
		then []string
	}{
		{"watch", help, "I'm listening here already", []string{"test:w:help", "test:w:studio"}},
		{"unwatch", help, "I no longer answer here", []string{"test:w:studio"}},
		{"unwatch", help, "I'm not listening here", []string{"test:w:studio"}},
		{"watch", thread, "I'm listening here now", []string{"test:w:office", "test:w:studio"}},
		{"watch", help, "I'm listening here now", []string{"test:w:help", "test:w:office", "test:w:studio"}},
		{"watch", inside, "This channel is between agents", []string{"test:w:help", "test:w:office", "test:w:studio"}},
		{"watch", chat.Direct(ana.Account), "That is about a channel", []string{"test:w:help", "test:w:office", "test:w:studio"}},
		{"watch", chat.Place{Platform: "other", Workspace: "w", Channel: "help"}, "Message Content", []string{"test:w:help", "test:w:office", "test:w:studio"}},
	}
	for _, step := range steps {
		if _, said := listen(step.what, step.at); !strings.Contains(said, step.says) {
			t.Errorf("%s in %s: %s", step.what, step.at, said)
		}
		if got := p.Watched(); !slices.Equal(got, step.then) {
			t.Errorf("after %s in %s, %q are watched, want %q", step.what, step.at, got, step.then)
		}
		for _, place := range []chat.Place{help, office} {
			if got, want := p.watches(place), slices.Contains(step.then, place.String()); got != want {
				t.Errorf("after %s in %s, %s is watched: %t", step.what, step.at, place, got)
			}
		}
	}
}
