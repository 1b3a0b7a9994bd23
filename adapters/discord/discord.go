// Package discord is the adapter of Discord.
//
// What people do comes in through the gateway (gateway.go), or, where there is
// none, interactions alone by HTTP (http.go). events.go and press.go make a
// [chat.Event] of it, and it is acknowledged once it is accepted. Replies go
// out through client.go: a [chat.Reply] becomes a message ([Render]) and a
// [chat.Form] a modal ([Modal]), within Discord's limits ([Limits]). Whatever
// people say comes as plain words and stays so: nothing of it formats, links or
// pings.
//
// commands.go registers what can be typed or chosen, and catchup.go reads what
// was said while nobody listened.
//
// gateway.go keeps a shard connected, over one connection after the other
// (socket.go); session.go keeps what is needed to go on where it was, so that
// nothing is missed in between and only one replica has the shard; shards.go
// runs all of them, and sees to it that not too many sessions begin.
package discord

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Name is the platform's, in places and accounts.
const Name = "discord"

// Options are what an Adapter works with.
type Options struct {
	Token     string // of the bot
	PublicKey string // hex, for interactions by HTTP
	APIURL    string // empty: Discord's own
	// Gateway is how everything comes in; without it only interactions do, by
	// HTTP.
	Gateway bool
	// Content says that the Message Content intent was granted: without it,
	// Discord withholds the words of messages that are not for the bot.
	Content bool
	// Threads says that questions in a channel are answered in a thread of their
	// own, and not with a reply.
	Threads bool
	// Guild is where direct messages belong; empty: the only one the bot is in.
	Guild string
	// Channels are those that the bot should see: where questions are heard, and
	// where desks have their cards.
	Channels []chat.Place
	Commands []chat.Command // to register
	Front    chat.Front
	Memory   chat.Memory
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default()
	HTTP     *http.Client     // nil: one with time limits
}
