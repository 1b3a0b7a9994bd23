package bot

import (
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
)

// settledNames are what else people call a thread's mark for what is settled,
// beside our own words for it.
var settledNames = []string{"solved", "resolved", "done", "answered"}

// marks are being gathered for [chat.Reply.Marks].
type marks map[string]bool

func (m marks) add(on bool, names ...string) {
	for _, name := range names {
		name = strings.ToLower(name)
		m[name] = m[name] || on
	}
}

// inAll is what something is called in all our languages.
func (t *turn) inAll(id string) []string {
	var names []string
	for _, tag := range t.words.tags {
		names = append(names, t.words.line(tag.String(), id))
	}
	return names
}

// ticketMarks are those of a thread that is a ticket's own: its state and
// priority.
func (t *turn) ticketMarks(k *desk.Ticket) map[string]bool {
	m := marks{}
	for _, s := range []desk.State{desk.Open, desk.Claimed, desk.Waiting, desk.Resolved, desk.Closed} {
		m.add(k.State == s, append(t.inAll("state_"+string(s)), string(s))...)
	}
	for _, p := range []desk.Priority{desk.Low, desk.Normal, desk.High, desk.Urgent} {
		m.add(k.Priority == p, append(t.inAll("priority_"+p.String()), p.String())...)
	}
	m.add(k.State == desk.Resolved, settledNames...)
	return m
}

// settled marks what was said last, where a conversation is what a thread is
// about: an exchange that someone else has there leaves it as it is.
func (t *turn) settled(c *conversation.Conversation, yes bool) {
	if c.Place.Thread == "" || c.Lane != chat.Lane(c.Place.String()) {
		return
	}
	m := marks{}
	m.add(yes, append(t.inAll("state_resolved"), settledNames...)...)
	t.out.Replies[len(t.out.Replies)-1].Marks = m
}

// settledTicket is settled for what a ticket came of.
func (t *turn) settledTicket(k *desk.Ticket, yes bool) error {
	if k.Place.Thread == "" {
		return nil
	}
	c, err := t.conversation(string(k.Conversation))
	if c == nil || err != nil {
		return err
	}
	t.settled(&c.Value, yes)
	return nil
}
