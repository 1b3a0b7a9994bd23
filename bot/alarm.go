package bot

import (
	"errors"
	"fmt"
	"slices"
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
	desk.Promise:   (*turn).promise,
	desk.LeaseWarn: (*turn).leaseEnds,
	desk.Lapse:     (*turn).lapse,
	desk.Wake:      (*turn).wake,
	desk.Remind:    (*turn).remind,
	desk.Expire:    (*turn).expire,
	desk.End:       (*turn).end,
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

// promise says that a promise is in danger, to the first who is there: the
// holder, those who are on call, or everyone in the desk's channels. Once it is
// broken, the next of them is told too, a step later each; where there is nobody,
// the one after that at once.
func (t *turn) promise(k *heldTicket, due desk.Alarm) error {
	id, first := "late_"+string(due.Clock), due.Stage
	if due.Stage == desk.Warned {
		id, first = "warn_"+string(due.Clock), desk.Breached
	}
	at := k.Value.Promised(due.Clock, t.access.desk(k.Value.Desk))
	say := func() []chat.Block { return t.danger(&k.Value, id, at) }
	told, stage := false, first
	for ; !told && stage < desk.Raised; stage++ {
		if stage == desk.Breached {
			told = t.toItsHolder(&k.Value, say)
		} else if on, err := t.toOnCall(&k.Value, say); err != nil {
			return err
		} else {
			told = on
		}
		if due.Stage != desk.Warned {
			due.Stage = stage
		}
	}
	if !told {
		if due.Stage != desk.Warned {
			due.Stage = desk.Raised
		}
		if err := t.raise(&k.Value, due, at, say); err != nil {
			return err
		}
	}
	k.Value.Tell(due.Clock, due.Stage)
	d := t.audited("ticket.escalate")
	d.Who, d.Account, d.Of, d.How = desk.Signpost.ID, "", []string{string(k.Value.ID)}, []string{string(due.Clock)}
	t.out.Audit = append(t.out.Audit, d)
	return nil
}

// danger words a promise that is in danger, and what to do about it.
func (t *turn) danger(k *desk.Ticket, id string, at time.Time) []chat.Block {
	buttons := []chat.Button{{Label: t.line("button_claim"), Action: chat.Do("claim", string(k.ID)), Style: chat.Primary}}
	if k.Holder != "" {
		buttons = []chat.Button{{Label: t.line("button_reply"), Action: chat.Do("reply", string(k.ID)), Style: chat.Primary}}
	}
	return []chat.Block{
		t.text(id, args{"Ticket": k.ID, "When": t.when(at, k)}), quote(chat.Defuse(chat.Shorten(oneLine(k.Question), listed))),
		row(append(buttons, t.showButton(k))...),
	}
}

// toItsHolder tells a ticket's holder something, and reports whether there is
// one.
func (t *turn) toItsHolder(k *desk.Ticket, say func() []chat.Block) bool {
	if k.HolderAs == "" {
		return false
	}
	t.notify(holderOf(k), say)
	return true
}

// toOnCall tells those who are on call and do not hold the ticket, and reports
// whether there are any.
func (t *turn) toOnCall(k *desk.Ticket, say func() []chat.Block) (told bool, err error) {
	crew, err := t.crew(t.access.desk(k.Desk))
	for _, on := range crew {
		if on.Agent.ID != k.Holder {
			t.notify(on.Agent, say)
			told = true
		}
	}
	return told, err
}

// raisedRead is how many tickets are read that wait and are due, to be told of
// at once.
const raisedRead = 50

// raise tells everyone at the desk, beside the cards. What becomes due within a
// minute and is nobody's is one message, which grows: after a weekend it may be
// much. What someone holds is in no list that could grow, so it is told alone.
func (t *turn) raise(k *desk.Ticket, due desk.Alarm, at time.Time, say func() []chat.Block) error {
	by, id := t.at, "late_many"
	if due.Stage == desk.Warned {
		by, id = at, "warn_many"
	}
	key := fmt.Sprintf("%s/%s/%d", id, k.Desk, t.at.Unix()/60)
	list := []desk.Ticket{*k}
	if k.Holder != "" {
		key += fmt.Sprintf("/%s/%s", k.ID, due.Clock)
	} else {
		waiting, _, err := t.view.Queue(t.ctx, k.Desk, by, raisedRead)
		if err != nil {
			return err
		}
		list = append(list, slices.DeleteFunc(waiting, func(other desk.Ticket) bool {
			return other.DueAt.IsZero() || other.DueAt.After(by) || other.ID == k.ID
		})...)
	}
	t.forDesk(k, func(place chat.Place) {
		r := chat.Reply{Place: place, Purpose: chat.Notifying, Ticket: k.ID, Deed: chat.Replace, Blocks: say()}
		r.Key = chat.Key(key + "/" + place.String())
		if n := len(list); n > 1 {
			r.Blocks = append([]chat.Block{t.text(id, args{"N": n})}, t.list(list[:min(n, queueShown)])...)
			if n > queueShown {
				r.Blocks = append(r.Blocks, contextLine(t.words.say(t.lang, "queue_rest", args{"Count": n - queueShown})))
			}
			r.Blocks = append(r.Blocks, row(chat.Button{Label: t.line("button_next"), Action: chat.Do("next"), Style: chat.Primary}))
		}
		t.post(r)
	})
	return nil
}

// leaseEnds asks a silent holder whether they are still there.
func (t *turn) leaseEnds(k *heldTicket, _ desk.Alarm) error {
	k.Value.Nag(t.at)
	ends := k.Value.Lapses(t.access.desk(k.Value.Desk))
	button := func(verb string, style chat.Style) chat.Button {
		return chat.Button{Label: t.line("button_" + verb), Action: chat.Do(verb, string(k.Value.ID)), Style: style}
	}
	t.notify(holderOf(&k.Value), func() []chat.Block {
		return []chat.Block{
			t.text("lease_ends", args{"Ticket": k.Value.ID, "When": t.when(ends, &k.Value)}),
			row(button("reply", chat.Primary), button("keep", chat.Secondary), button("release", chat.Secondary), t.showButton(&k.Value)),
		}
	})
	return nil
}

// lapse ends the claim of a holder of whom nothing was heard.
func (t *turn) lapse(k *heldTicket, _ desk.Alarm) error {
	holder := holderOf(&k.Value)
	k.Value.Lapse(t.at)
	t.notify(holder, func() []chat.Block {
		return []chat.Block{
			t.text("lapsed_holder", args{"Ticket": k.Value.ID}),
			row(chat.Button{Label: t.line("button_claim"), Action: chat.Do("claim", string(k.Value.ID))}, t.showButton(&k.Value)),
		}
	})
	t.forDesk(&k.Value, func(place chat.Place) {
		t.underCard(&k.Value, place, chat.Reply{Blocks: []chat.Block{t.text("lapsed_desk", args{"Ticket": k.Value.ID, "Name": holder.Name})}})
	})
	return nil
}

// wake brings a ticket back that was put off.
func (t *turn) wake(k *heldTicket, _ desk.Alarm) error {
	k.Value.Wake(t.at)
	t.notify(holderOf(&k.Value), func() []chat.Block {
		return append([]chat.Block{t.text("woken", args{"Ticket": k.Value.ID})}, t.card(&k.Value)...)
	})
	return nil
}

// remind asks a silent asker for a word.
func (t *turn) remind(k *heldTicket, _ desk.Alarm) error {
	k.Value.Nag(t.at)
	return t.bring(&k.Value, desk.Nagged)
}

// reminder asks an asker for a word, and says when it is too late for one.
func (t *turn) reminder(k *desk.Ticket) []chat.Block {
	blocks := []chat.Block{t.text("remind_asker", args{"Ticket": k.ID, "Name": t.holderFor(k)})}
	if ends := k.Expires(t.access.desk(k.Desk)); !ends.IsZero() {
		blocks = append(blocks, t.text("remind_ends", args{"When": t.when(ends, k)}))
	}
	return append(blocks, row(
		chat.Button{Label: t.line("button_add", args{"Ticket": k.ID}), Action: chat.Do("add", string(k.ID)), Style: chat.Primary},
		t.cancelButton(k)))
}

// expire settles a ticket whose asker says nothing.
func (t *turn) expire(k *heldTicket, _ desk.Alarm) error {
	k.Value.Expire(t.at)
	if err := t.tellExpired(&k.Value); err != nil {
		return err
	}
	say := func() []chat.Block {
		return []chat.Block{t.text("told_expired", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name}), row(t.showButton(&k.Value))}
	}
	t.notify(holderOf(&k.Value), say)
	t.notifyWatchers(&k.Value, say)
	return nil
}

// tellExpired tells an asker that their ticket is settled for want of a word of
// theirs.
func (t *turn) tellExpired(k *desk.Ticket) error {
	return errors.Join(t.bring(k, desk.Expired), t.settledTicket(k, true))
}

// end closes a ticket that its asker cannot bring back any more. Nobody is told:
// nothing has changed for them.
func (t *turn) end(k *heldTicket, _ desk.Alarm) error {
	k.Value.End(t.at)
	return nil
}

// forAsker does something in the language of a ticket's asker.
func (t *turn) forAsker(k *desk.Ticket, do func()) {
	lang := t.lang
	t.lang = t.words.speak(k.Trail.Lang)
	do()
	t.lang = lang
}
