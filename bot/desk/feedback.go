package desk

import "time"

// Remark keeps what the asker says of the help they got, in place of what they
// said before; it reopens nothing. As for [Ticket.Rate], it returns [ErrNotDone]
// for a live ticket, and [ErrClosed] for one that somebody closed.
func (t *Ticket) Remark(text string, at time.Time) error {
	switch {
	case t.Live():
		return ErrNotDone
	case t.State == Closed && !t.ended():
		return ErrClosed
	case t.Comment == text:
		return nil
	}
	t.Comment = text
	t.note(at, Agent{Name: t.Asker.Name}, DidComment, text)
	return nil
}

// regret takes what the asker says after a bad rating for the reason of it.
func (t *Ticket) regret(text string) {
	if t.Rating == "bad" && t.Comment == "" {
		t.Comment = text
	}
}
