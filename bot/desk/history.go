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
}

// Internal reports whether the asker must never see the entry.
func (e Entry) Internal() bool {
	switch e.Did {
	case DidOpen, DidReply, DidArticle, DidAdd, DidCancel, DidResolve, DidReopen, DidRate:
		return false
	}
	return true
}

func (t *Ticket) note(at time.Time, by Agent, did Doing, text string) {
	t.History = append(t.History, Entry{At: at, By: by.ID, Name: by.Name, Did: did, Text: text})
}
