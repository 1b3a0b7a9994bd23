package desk

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// An Asking is what decides which desk a question goes to.
type Asking struct {
	Audience string // empty: unclear
	Topic    string // empty: none
	Language string
	Channel  string // where it is asked: platform:workspace:channel
}

// Route picks the desk for a question: the first that wants its audience,
// topic, language and channel, else the first of all. There is at least one
// desk.
func Route(desks []Desk, a Asking) Desk {
	for _, d := range desks {
		if wants(d.Audiences, a.Audience) && wants(d.Topics, a.Topic) &&
			wants(d.Languages, a.Language) && wants(d.From, a.Channel) {
			return d
		}
	}
	return desks[0]
}

func wants(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// DidMove: it went to another desk.
const DidMove Doing = "move"

// Move puts t into the queue of another desk, at the place of its age, whatever
// it waited for: somebody there is to look at it. Only its holder or a lead may
// take it from whoever holds it, anyone if nobody does. At its own desk it is
// [ErrUnchanged].
func (t *Ticket) Move(a Agent, lead bool, desk string, at time.Time) error {
	if err := errors.Join(t.live(), t.alone()); err != nil {
		return err
	}
	switch {
	case t.Desk == desk:
		return ErrUnchanged
	case t.Holder != "" && t.Holder != a.ID && !lead:
		return fmt.Errorf("move %s by %s: %w", t.ID, a.ID, ErrHeld)
	}
	t.free()
	t.Desk, t.Left = desk, nil
	t.note(at, a, DidMove, desk)
	return nil
}
