package bot

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// maxAlarms is how much is done on a ticket in one turn. What is left comes in
// the next.
const maxAlarms = 10

// alarms are what is done when something is due on a ticket. Each does away with
// what was due.
var alarms = map[desk.AlarmKind]func(*turn, *heldTicket, desk.Alarm) error{
	desk.End: (*turn).end,
}

// tick brings a ticket's clocks to this turn.
func (t *turn) tick(k *desk.Ticket) {
	t.handOutAfter(k, t.stood[k.ID])
	k.Tick(t.stood[k.ID], t.access.desk(k.Desk), t.at)
	t.stood[k.ID] = k.Standing()
}

// arm sets the timer of a ticket to when something is due on it next. There is
// one for each.
func (t *turn) arm(k *desk.Ticket) {
	next := k.Next(t.access.desk(k.Desk), t.settings.Grace)
	if next.Equal(k.AlarmAt) {
		return
	}
	k.AlarmAt = next
	t.out.Timers = append(t.out.Timers, spool.Timer{
		Name: ticketTimer + string(k.ID), Due: next,
		Event: chat.Event{Kind: chat.Tick, Place: k.Place, From: k.Asker},
	})
}

// alarm does what is due on a ticket by now, however late or early its timer
// is, and sets the timer anew.
func (t *turn) alarm(id chat.TicketID) error {
	k, err := t.ticket(id)
	if k == nil || err != nil {
		return err
	}
	t.event.From = chat.Sender{}  // nobody does this
	k.Value.AlarmAt = time.Time{} // its timer is gone
	t.keepTicket(k)
	for range maxAlarms {
		due, ok := k.Value.Due(t.access.desk(k.Value.Desk), t.settings.Grace, t.at)
		if !ok {
			break
		}
		if err := alarms[due.Kind](t, k, due); err != nil {
			return err
		}
		t.tick(&k.Value)
	}
	return nil
}

// end closes a ticket that its asker cannot bring back any more. They are told
// nothing: nothing has changed for them.
func (t *turn) end(k *heldTicket, _ desk.Alarm) error {
	k.Value.End(t.at)
	return nil
}
