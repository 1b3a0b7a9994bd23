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
	DidFail     Doing = "fail" // a reply did not reach the asker
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
	URL   string        `json:"url,omitempty"`  // of an article that was sent
	Files []chat.File   `json:"files,omitempty"`
	// Message is where the asker said it; empty for everything else.
	Message chat.MessageID `json:"message,omitempty"`
}

// Added lists the newest of what the asker added, as it reads now, at most n,
// oldest first.
func (t *Ticket) Added(n int) []Entry {
	var added []Entry
	for _, e := range t.History {
		switch e.Did {
		case DidAdd:
			if e.Text != "" {
				added = append(added, e)
			}
		case DidEdit:
			for i := range added {
				if added[i].Message == e.Message && e.Message != "" && e.Text != "" {
					added[i].Text, added[i].Files = e.Text, e.Files
				}
			}
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
