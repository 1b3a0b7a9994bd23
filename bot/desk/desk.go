package desk

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Desk is one queue and who works it.
type Desk struct {
	Name      string
	Agents    []string      // persons, accounts, and @roles or @groups
	Leads     []string      // likewise; a lead is an agent too
	Audiences []string      // whose tickets come here; empty: anyone's
	Topics    []string      // likewise by topic
	Languages []string      // by the language they are asked in
	From      []string      // by the channel they are asked in: platform:workspace:channel
	Names     Naming        // how its agents are called before askers
	Channels  []string      // platform:workspace:channel, where its cards are
	Undo      time.Duration // in which agents may call a reply back before it is sent
	Assign    Assigning
	Capacity  int // how many tickets one may be given whose next move is theirs; 0: any number

	Hours    Hours
	Levels   []Level // the first that fits counts
	Lease    Lease
	Patience Patience
	Report   Weekly // when it tells in its channels how it has been doing
}

// A Naming says what askers see of an agent.
type Naming string

const (
	ByName    Naming = "name"    // as their colleagues call them
	ByAlias   Naming = "alias"   // a name for askers, where they have one
	AsSupport Naming = "support" // no name at all
)

// A Person is one human: their accounts, and what they told us to remember.
type Person struct {
	ID       chat.PersonID    `json:"id"`
	Accounts []chat.AccountID `json:"accounts,omitempty"`
	Audience string           `json:"audience,omitempty"` // chosen by their own press
	ChosenAt time.Time        `json:"chosen_at,omitzero"`
	// Drafts are words that were not sent, by ticket: someone else was quicker.
	Drafts map[chat.TicketID]string `json:"drafts,omitempty"`
	// OnCall are the desks where they are on call.
	OnCall map[string]Duty `json:"on_call,omitempty"`
	// Blocked is how they are kept from the desks; nil, or over: they are not.
	Blocked *Block `json:"blocked,omitempty"`
}
