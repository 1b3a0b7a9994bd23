package desk

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Duty is being on call at a desk. It holds what must be known of an agent
// when nothing comes from them: their name, and where they are told things.
type Duty struct {
	Name    string         `json:"name"`
	Account chat.AccountID `json:"account"`
	Since   time.Time      `json:"since"`          // UTC
	Given   time.Time      `json:"given,omitzero"` // when they were last given a ticket
}

// OnCall is someone who is on call at a desk, and how busy they are.
type OnCall struct {
	Agent Agent
	Since time.Time
	Given time.Time // zero: they were given none yet
	Load  int       // tickets that they hold, of any desk, and whose next move is theirs
}

// On is p as someone on call at a desk; false if they are not. Their load is for
// the caller to count.
func (p *Person) On(desk string) (OnCall, bool) {
	duty, ok := p.OnCall[desk]
	return OnCall{
		Agent: Agent{ID: p.ID, Name: duty.Name, Account: duty.Account}, Since: duty.Since, Given: duty.Given,
	}, ok
}

// Theirs reports whether the next move on t is its holder's.
func (t *Ticket) Theirs() bool { return t.Holder != "" && t.State == Claimed && t.Parent == "" }

// LatestWord is when someone last did anything to t: asked, answered, or moved
// it. What happens by itself does not count.
func (t *Ticket) LatestWord() time.Time {
	latest := t.OpenedAt
	for _, e := range t.History {
		if e.By != Signpost.ID && e.At.After(latest) {
			latest = e.At
		}
	}
	return latest
}
