package desk

import "time"

// A Block keeps someone from the people at the desks: no tickets, and no word to
// one they have. Articles they get as before.
type Block struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until,omitzero"` // zero: until someone lifts it
	By    string    `json:"by"`             // name of who did it
	Told  bool      `json:"told,omitempty"` // the one it is about
}

// Block keeps p from the desks, for a while if that is not 0. A new block takes
// the place of the one before, and p is told anew.
func (p *Person) Block(by string, d time.Duration, at time.Time) {
	p.Blocked = &Block{Since: at, By: by}
	if d > 0 {
		p.Blocked.Until = at.Add(d)
	}
}

// Unblock ends it, and reports whether there was anything to end.
func (p *Person) Unblock(at time.Time) bool {
	was := p.IsBlocked(at)
	p.Blocked = nil
	return was
}

// IsBlocked reports whether p is kept from the desks at a time.
func (p *Person) IsBlocked(at time.Time) bool {
	return p.Blocked != nil && (p.Blocked.Until.IsZero() || at.Before(p.Blocked.Until))
}
