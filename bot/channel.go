package bot

import (
	"slices"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Channels is the set of channels where leads chose to answer questions to
// nobody, or no longer to: on or off, whatever the configuration says.
const Channels spool.Set = "channels"

const (
	heardOn  = "on"
	heardOff = "off"
)

// Watched are the channels where questions to nobody are answered now.
func (b *Bot) Watched() []string {
	chosen := b.sets(Channels)
	list := slices.DeleteFunc(slices.Clone(b.settings.Watched), func(place string) bool { return chosen[place] == heardOff })
	for place, state := range chosen {
		if state == heardOn && !slices.Contains(list, place) {
			list = append(list, place)
		}
	}
	slices.Sort(list)
	return list
}

// watches reports whether questions to nobody are answered in a channel.
func (b *Bot) watches(channel chat.Place) bool {
	switch b.sets(Channels)[channel.String()] {
	case heardOn:
		return true
	case heardOff:
		return false
	}
	return slices.Contains(b.settings.Watched, channel.String())
}

// listen begins or ends answering questions to nobody in the channel where it
// is said.
func (t *turn) listen(in chat.Invocation) error {
	channel := t.event.Place.Outside()
	on := in.Args["listen"] == "watch"
	switch {
	case t.event.Private || direct(channel):
		return &refusal{id: "channel_private", args: args{"Verb": in.Args["listen"]}}
	case t.access.inside(channel):
		return &refusal{id: "channel_inside"}
	case on && slices.Contains(t.settings.Deaf, channel.Platform):
		return &refusal{id: "channel_deaf"}
	case on == t.watches(channel) && on:
		return &refusal{id: "channel_watched_already"}
	case on == t.watches(channel):
		return &refusal{id: "channel_unwatched_already"}
	}
	state, id := heardOff, "channel_unwatched"
	if on {
		state, id = heardOn, "channel_watched"
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Channels, Member: channel.String(), Value: state})
	t.log.Info("a channel is watched, or no longer", "event", t.event.ID, "channel", channel, "state", state, "by", t.event.From.Account)
	t.tell(t.text(id, args{"Seconds": int(t.settings.OverheardWait.Seconds())}))
	return nil
}
