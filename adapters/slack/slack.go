// Package slack is the adapter of Slack.
//
// What people do comes in through one of two doors, Socket Mode (socket.go) or
// HTTP (http.go), which hand it to the same code: events.go and press.go make a
// [chat.Event] of it, with what people.go knows of the person, and it is
// acknowledged once it is accepted. Replies go out through client.go: a
// [chat.Reply] becomes a message ([Render]) and a [chat.Form] a modal ([View]),
// within Slack's limits ([Limits]). Whatever people say comes as plain words
// and stays so: nothing of it formats, links or pings.
//
// home.go is the app's own page, and catchup.go reads what was said while
// nobody listened.
package slack

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Name is the platform's, in places and accounts.
const Name = "slack"

// Options are what an Adapter works with.
type Options struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-…, for Socket Mode; empty: events come by HTTP
	SigningSecret string // for HTTP
	APIURL        string // empty: Slack's own
	// Agent says that the app is declared an agent: direct messages are threads,
	// with suggested prompts, a status, and feedback buttons.
	Agent bool
	// Watched are channels where questions are heard that nobody asked us.
	Watched []chat.Place
	// Members are channels whose members count as a group, named # and the
	// channel's id.
	Members []string
	// Commands are what can be typed or chosen from a message's menu.
	Commands []chat.Command
	Front    chat.Front
	Memory   chat.Memory
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default()
	HTTP     *http.Client     // nil: one with time limits
}
