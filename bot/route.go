package bot

import (
	"github.com/signpost-bot/signpost/bot/desk"
)

// route picks the desk of a new ticket.
func (t *turn) route(k *desk.Ticket) desk.Desk {
	return desk.Route(t.settings.Desks, desk.Asking{
		Audience: k.Trail.Audience, Topic: k.Topic, Language: k.Trail.Lang, Channel: k.Origin.Outside().String(),
	})
}
