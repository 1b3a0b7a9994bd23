package chat

import (
	"fmt"
	"strings"
)

// Identifiers of different things are different types, so that the compiler
// catches a swap.
type (
	// An EventID is what the transport calls an event, prefixed by the platform.
	EventID string
	// A MessageID is what a platform calls a message, unique in its channel.
	MessageID string
	// An AccountID is one login: platform:workspace:user.
	AccountID string
	// A PersonID is one human, who may have several accounts. A person without
	// configuration is named like their one account.
	PersonID string
	// A TicketID is the name of a ticket: T-12.
	TicketID string
	// A ConversationID names a conversation; short, because buttons carry it.
	ConversationID string
	// A Key names a reply for good: replacing or deleting it names the Key, not
	// the platform's message.
	Key string
	// A Lane is the unit of order: events of one lane are handled one after the
	// other, lanes side by side.
	Lane string
	// A ReplyHandle stands for a platform's reply token, which is a secret with
	// an end; the handle is neither.
	ReplyHandle string
)

// NewAccountID joins the parts of an account.
func NewAccountID(platform, workspace, user string) AccountID {
	return AccountID(platform + ":" + workspace + ":" + user)
}

// Platform is the first part of the account: slack, discord, console.
func (a AccountID) Platform() string {
	platform, _, _ := strings.Cut(string(a), ":")
	return platform
}

// Workspace is the second part of the account.
func (a AccountID) Workspace() string {
	_, rest, _ := strings.Cut(string(a), ":")
	workspace, _, _ := strings.Cut(rest, ":")
	return workspace
}

// User is the third part of the account: what the platform calls it.
func (a AccountID) User() string {
	_, rest, _ := strings.Cut(string(a), ":")
	_, user, _ := strings.Cut(rest, ":")
	return user
}

// A Place is where something was said. None of its parts holds a colon or a
// space.
type Place struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	// Thread is named after the message it began with; empty outside a thread.
	// The adapter begins it when it first has to.
	Thread string `json:"thread,omitempty"`
}

// Direct is the place where only an account reads: its direct messages with
// the bot. The adapter opens them when it first has to.
func Direct(a AccountID) Place {
	return Place{Platform: a.Platform(), Workspace: a.Workspace(), Channel: "@" + a.User()}
}

// Apart is a private thread of a channel, where an account reads what nobody
// else in the channel does. The adapter begins it when it first has to, and
// tells the thread's own place in the receipt. On a platform without private
// threads nothing can be delivered there.
func Apart(p Place, a AccountID) Place {
	p.Thread = "@" + a.User()
	return p
}

// ParsePlace reads what [Place.String] writes.
func ParsePlace(s string) (Place, error) {
	parts := strings.Split(s, ":")
	if len(parts) < 3 || len(parts) > 4 || strings.ContainsAny(s, " \t\r\n") {
		return Place{}, fmt.Errorf("place %q is not platform:workspace:channel or platform:workspace:channel:thread", s)
	}
	for _, part := range parts {
		if part == "" {
			return Place{}, fmt.Errorf("place %q has an empty part", s)
		}
	}
	p := Place{Platform: parts[0], Workspace: parts[1], Channel: parts[2]}
	if len(parts) == 4 {
		p.Thread = parts[3]
	}
	return p, nil
}

// String is platform:workspace:channel, with :thread inside a thread.
func (p Place) String() string {
	s := p.Platform + ":" + p.Workspace + ":" + p.Channel
	if p.Thread != "" {
		s += ":" + p.Thread
	}
	return s
}

// Outside is the channel around a thread.
func (p Place) Outside() Place {
	p.Thread = ""
	return p
}
