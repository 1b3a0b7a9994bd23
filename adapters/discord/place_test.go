package discord

import (
	"testing"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// TestPlace: where answers stand in threads, a question in a channel has one of
// its own, unless the channel has no threads.
func TestPlace(t *testing.T) {
	in := func(channel, thread string) chat.Place {
		return chat.Place{Platform: Name, Workspace: "1", Channel: channel, Thread: thread}
	}
	tests := []struct {
		name    string
		threads bool
		room    room
		message string
		want    chat.Place
	}{
		{"a channel", false, room{ID: "10"}, "30", in("10", "")},
		{"a channel, in threads", true, room{ID: "10"}, "30", in("10", "30")},
		{"a channel, no message", true, room{ID: "10"}, "", in("10", "")},
		{"announcements", true, room{ID: "10", Kind: discordgo.ChannelTypeGuildNews}, "30", in("10", "30")},
		{"the chat of a voice channel", true, room{ID: "10", Kind: discordgo.ChannelTypeGuildVoice}, "30", in("10", "")},
		{"a thread", false, room{ID: "20", Parent: "10", Kind: discordgo.ChannelTypeGuildPublicThread}, "30", in("10", "20")},
		{"a thread, in threads", true, room{ID: "20", Parent: "10", Kind: discordgo.ChannelTypeGuildPublicThread}, "30", in("10", "20")},
	}
	for _, test := range tests {
		w := newWorld(&Adapter{o: Options{Threads: test.threads}})
		w.keep(test.room)
		got, _, err := w.place(t.Context(), "1", test.room.ID, test.message)
		if err != nil || got != test.want {
			t.Errorf("%s: %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

// TestWithheld: without the intent, words are only missing where Discord keeps
// them back, not where there are none.
func TestWithheld(t *testing.T) {
	us := []mention{{user: user{ID: "9"}}}
	tests := []struct {
		name    string
		granted bool
		m       heardMessage
		want    bool
	}{
		{"for others", false, heardMessage{}, true},
		{"for others, granted", true, heardMessage{}, false}, // a sticker
		{"a mention", false, heardMessage{Content: "<@9> hi", Mentions: us}, false},
		{"a reply that pings", false, heardMessage{Mentions: us}, false}, // a sticker
		{"a reply that does not", false, heardMessage{Replied: &heardMessage{Author: &user{ID: "9"}}}, true},
		{"who mentions others", false, heardMessage{Mentions: []mention{{user: user{ID: "8"}}}}, true},
	}
	for _, test := range tests {
		a := &Adapter{o: Options{Content: test.granted}}
		if got := a.withheld(identity{user: "9"}, test.m); got != test.want {
			t.Errorf("%s: withheld = %t, want %t", test.name, got, test.want)
		}
	}
}
