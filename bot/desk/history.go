package desk

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Doing is what was done to a ticket.
type Doing string

const (
	DidOpen     Doing = "open"
	DidClaim    Doing = "claim"
	DidRelease  Doing = "release"
	DidAssign   Doing = "assign"
	DidTransfer Doing = "transfer"
	DidReply    Doing = "reply"
	DidNote     Doing = "note"
	DidArticle  Doing = "article"
	DidResolve  Doing = "resolve"
	DidClose    Doing = "close"
	DidCancel   Doing = "cancel"
	DidReopen   Doing = "reopen"
	DidAdd      Doing = "add"
	DidEdit     Doing = "edit"
	DidTakeBack Doing = "take_back"
	DidRate     Doing = "rate"
	DidPriority Doing = "priority"
	DidLabel    Doing = "label"
	DidUnlabel  Doing = "unlabel"
)

// An Entry is a line of a ticket's history: who did what, when.
type Entry struct {
	At    time.Time     `json:"at"`           // UTC
	By    chat.PersonID `json:"by,omitempty"` // empty: the asker
	Name  string        `json:"name"`
	Did   Doing         `json:"did"`
	Text  string        `json:"text,omitempty"` // what was said, or to whom, or which
	Files []chat.File   `json:"files,omitempty"`
	// Message is where the asker said it; empty for everything else.
	Message chat.MessageID `json:"message,omitempty"`
}

// Internal reports whether the asker must never see the entry.
func (e Entry) Internal() bool {
	switch e.Did {
	case DidOpen, DidReply, DidArticle, DidAdd, DidEdit, DidTakeBack, DidCancel, DidResolve, DidReopen, DidRate:
		return false
	}
	return true
}

// Added lists the newest of what the asker added, at most n, oldest first.
func (t *Ticket) Added(n int) []Entry {
	var added []Entry
	for _, e := range t.History {
		if e.Did == DidAdd && e.Text != "" {
			added = append(added, e)
		}
	}
	return added[max(0, len(added)-n):]
}

// Count is how often something was done to t.
func (t *Ticket) Count(did Doing) int {
	n := 0
	for _, e := range t.History {
		if e.Did == did {
			n++
		}
	}
	return n
}

func (t *Ticket) note(at time.Time, by Agent, did Doing, text string) {
	t.History = append(t.History, Entry{At: at, By: by.ID, Name: by.Name, Did: did, Text: text})
}
