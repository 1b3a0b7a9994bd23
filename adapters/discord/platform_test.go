package discord

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord/discordtest"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// TestPlatform holds the adapter to the contract of platforms, through the
// gateway: by HTTP nobody can say anything.
func TestPlatform(t *testing.T) { chattest.TestPlatform(t, stage) }

// stage is a Discord with kim in front of it, who writes direct messages.
func stage(t *testing.T) chattest.Stage {
	t.Helper()
	s := discordtest.New(discordtest.Options{Limit: 1000}) // in five seconds: the spool is what keeps the pace
	kim := s.AddUser(discordtest.User{Name: "kim"})
	a := New(Options{
		Token: s.Token(), APIURL: s.APIURL(), Gateway: true,
		Front: wordsOnly{}, Memory: memoryOfPlaces{newMemoryOfShards()}, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		for _, v := range s.Violations() {
			t.Error("Discord minds:", v)
		}
	})
	return chattest.Stage{
		Platform: a,
		Leave:    s.Close,
		Say: func(text string) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := s.WaitSockets(ctx, 1); err != nil {
				t.Fatal("the adapter does not take anything in: ", err)
			}
			if _, err := s.Say(kim, s.Direct(kim), text); err != nil {
				t.Fatal(err)
			}
		},
		Seen: func() string {
			var all strings.Builder
			for _, m := range s.Sees(kim) {
				all.WriteString(m.Text() + "\n")
			}
			return all.String()
		},
	}
}

// wordsOnly is a front that has no commands.
type wordsOnly struct{ chat.Front }

func (wordsOnly) Lookup(chat.Event) (chat.Command, bool) { return chat.Command{}, false }
func (wordsOnly) Parse(door, _ string) (chat.Invocation, error) {
	return chat.Invocation{}, &chat.UsageError{Door: door}
}

// A memoryOfPlaces also takes marks, and tells how far all was read.
type memoryOfPlaces struct{ *memoryOfShards }

func (memoryOfPlaces) Mark(context.Context, time.Time, ...chat.Place) error { return nil }
func (memoryOfPlaces) Marked(context.Context, string, time.Time, int) ([]chat.Place, error) {
	return nil, nil
}

func (m memoryOfPlaces) Cursors(_ context.Context, platform string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]string{}
	for name, value := range m.cursors {
		if name, ours := strings.CutPrefix(name, platform+" "); ours {
			all[name] = value
		}
	}
	return all, nil
}
