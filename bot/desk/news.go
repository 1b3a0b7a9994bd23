package desk

import "slices"

// What became of a ticket that its asker is to be told.
type News string

const (
	Opened  News = "opened"  // it is there, in line
	Taken   News = "taken"   // someone is on it
	Moved   News = "moved"   // others look after it
	Settled News = "settled" // it is resolved
	Expired News = "expired" // likewise, for want of a word from the asker
	Ended   News = "ended"   // it is closed
	Back    News = "back"    // it is live again
	Nagged  News = "nagged"  // a word of theirs is waited for
	Parted  News = "parted"  // it goes its own way, of which the asker is not told
)

// Still reports whether news of t is true now: it may have been on its way for
// long.
func (t *Ticket) Still(news News) bool {
	switch news {
	case Opened:
		return t.State == Open
	case Taken:
		return t.Live() && t.Holder != ""
	case Moved, Back:
		return t.Live()
	case Nagged:
		return t.State == Waiting
	case Settled, Expired:
		return t.State == Resolved
	case Ended:
		return t.State == Closed
	}
	return false
}

// Seeks reports whether an agent's words are looking for another way to the
// asker, for the first one was closed.
func (t *Ticket) Seeks() bool {
	return slices.ContainsFunc(t.History, func(e Entry) bool {
		return (e.Did == DidReply || e.Did == DidArticle) && e.Passage == Sending && len(e.Tried) > 1
	})
}
