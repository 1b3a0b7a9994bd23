package desk

import (
	"slices"
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
	DidWait     Doing = "wait"   // it was put off
	DidWake     Doing = "wake"   // and is back
	DidLapse    Doing = "lapse"  // a silent holder lost it
	DidExpire   Doing = "expire" // it was settled without a word from the asker
	DidEnd      Doing = "end"    // the asker's time to come back is over
	DidComment  Doing = "comment"
	DidBlock    Doing = "block" // the asker is kept from the desks: until Until, if that is not zero
	DidUnblock  Doing = "unblock"
	DidMerge    Doing = "merge" // into another ticket: Text
	DidLink     Doing = "link"  // another one, Text, into it
	DidHear     Doing = "hear"  // what the asker of one that goes with it, Text, said there
	DidPart     Doing = "part"  // with it, or it itself: Text
	// DidTranscript: the asker was sent all that was said.
	DidTranscript Doing = "transcript"
	// DidForget: the asker wished to be forgotten, and with them all that was said.
	DidForget Doing = "forget"
)

// A Passage says how far words have come on their way to the other side.
type Passage string

const (
	Held      Passage = "held"      // they may still be undone
	Sending   Passage = "sending"   // they are on their way
	Arrived   Passage = "arrived"   // they stand where the other side reads them
	Called    Passage = "called"    // the other side was called to come and read them
	Failed    Passage = "failed"    // they could not be delivered
	Withdrawn Passage = "withdrawn" // they were taken back
)

// An Entry is a line of a ticket's history: who did what, when. Entries are
// numbered from 1 in the order they came.
type Entry struct {
	At   time.Time     `json:"at"`           // UTC
	By   chat.PersonID `json:"by,omitempty"` // empty: the asker
	Name string        `json:"name"`
	Did  Doing         `json:"did"`
	Text string        `json:"text,omitempty"` // what was said, or to whom, or which
	URL  string        `json:"url,omitempty"`  // of an article that was sent
	// Markup: the text, and what it is changed to, is the little Markdown of the
	// snippet with that name.
	Markup  bool        `json:"markup,omitempty"`
	Snippet string      `json:"snippet,omitempty"`
	Files   []chat.File `json:"files,omitempty"`
	Of      int         `json:"of,omitempty"` // number of the entry that it changes or tells of
	// Thanks are no request, and Until is when a wait ends.
	Thanks bool      `json:"thanks,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Article is the id of one that was sent, and As the number of the parent's
	// entry that this one repeats.
	Article string `json:"article,omitempty"`
	As      int    `json:"as,omitempty"`
	// Message is where it was said, and Said the place, if as a message.
	Message chat.MessageID `json:"message,omitempty"`
	Said    chat.Place     `json:"said,omitzero"`
	Mark    string         `json:"mark,omitempty"` // of the event that brought it: names its copies

	// Of an agent's words to the asker:
	Passage Passage      `json:"passage,omitempty"`
	Cause   string       `json:"cause,omitempty"` // why they failed, in the platform's words
	Place   chat.Place   `json:"place,omitzero"`  // where they arrived
	Tried   []chat.Place `json:"tried,omitempty"` // where they were sent
	Ack     *Ack         `json:"ack,omitempty"`

	// Missing are the files that did not come through.
	Missing []chat.Missing `json:"missing,omitempty"`
	// Told is the holder who got the asker's words in direct messages, and Copies
	// are the watchers who got them, or an agent's.
	Told   chat.AccountID   `json:"told,omitempty"`
	Copies []chat.AccountID `json:"copies,omitempty"`
}

// An Ack is where an agent was told that their words are on their way, to be
// told again when they have arrived.
type Ack struct {
	Place  chat.Place       `json:"place"`
	Only   chat.AccountID   `json:"only,omitempty"`
	Handle chat.ReplyHandle `json:"handle,omitempty"`
	Lang   string           `json:"lang"`
}

// Entry is the entry with a number; nil if there is none.
func (t *Ticket) Entry(n int) *Entry {
	if n < 1 || n > len(t.History) {
		return nil
	}
	return &t.History[n-1]
}

// Newest is the entry that came last. There is always one.
func (t *Ticket) Newest() *Entry { return &t.History[len(t.History)-1] }

// FromMessage is the number of the entry that a message brought first; 0 if
// none did.
func (t *Ticket) FromMessage(id chat.MessageID) int {
	for i, e := range t.History {
		if e.Message == id && id != "" {
			return i + 1
		}
	}
	return 0
}

// Heard reports whether the asker's message in a place is in t's history.
func (t *Ticket) Heard(id chat.MessageID, place chat.Place) bool {
	return id != "" && slices.ContainsFunc(t.History, func(e Entry) bool {
		return e.By == "" && e.Message == id && e.Said.Outside() == place.Outside()
	})
}

// Text is what an entry says now, after its edits.
func (t *Ticket) Text(n int) string {
	text := ""
	if e := t.Entry(n); e != nil {
		text = e.Text
	}
	for _, e := range t.History {
		if e.Of == n && e.Did == DidEdit {
			text = e.Text
		}
	}
	return text
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
