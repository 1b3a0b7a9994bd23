package bot

import (
	"fmt"
	"strconv"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

const (
	beginTimer = "begin"  // when the program does
	roundTimer = "round/" // and the desk
)

const (
	roundEvery = time.Hour
	roundRead  = 100 // tickets that a round reads at once
	roundKept  = 25  // and those it changes at most
	// roundSlack is how long after its time a timer must have come. Beyond, it
	// was given up.
	roundSlack = 5 * time.Minute
)

// Begin is the event by which a program that has started sets off what nobody
// does: the rounds.
func (b *Bot) Begin(at time.Time) chat.Event {
	return chat.Event{ID: chat.EventID(fmt.Sprintf("begin/%d", at.UnixNano())), Kind: chat.Tick, Timer: beginTimer, At: at, Place: deskLane("")}
}

// deskLane is the place of what a desk does by itself, which is on no platform:
// a lane of its own.
func deskLane(name string) chat.Place {
	return chat.Place{Platform: "signpost", Workspace: "desk", Channel: name}
}

// rounds starts a round of every desk.
func (t *turn) rounds() {
	for _, d := range t.settings.Desks {
		t.goRound(d.Name, t.at, 0)
	}
}

// goRound sets a round of a desk, from the tickets above a number on.
func (t *turn) goRound(name string, at time.Time, after int64) {
	t.out.Timers = append(t.out.Timers, spool.Timer{
		Name: roundTimer + name, Due: at, Event: chat.Event{Kind: chat.Tick, Place: deskLane(name), Text: strconv.FormatInt(after, 10)},
	})
}

// round looks after the live tickets of a desk whose clocks are not what they
// should be by now: for its hours or promises have changed, or a timer was given
// up. What waits is given out, where that is done. It goes on by itself, some
// tickets at a time.
func (t *turn) round(name string) error {
	if t.access.desk(name).Name == "" {
		return nil // it is no more
	}
	t.handOutSoon(t.access.desk(name))
	after, _ := strconv.ParseInt(t.event.Text, 10, 64)
	list, _, err := t.view.LiveOf(t.ctx, name, after, roundRead)
	if err != nil {
		return err
	}
	for i := range list {
		if t.sound(list[i]) {
			continue
		}
		k, err := t.ticket(list[i].ID)
		if err != nil {
			return err
		}
		if k != nil && !t.sound(k.Value) {
			k.Value.AlarmAt = time.Time{} // so that its timer is set, whatever it was
			t.keepTicket(k)
		}
		if len(t.tickets) == roundKept {
			t.goRound(name, t.at, list[i].Number)
			return nil
		}
	}
	if len(list) == roundRead {
		t.goRound(name, t.at, list[len(list)-1].Number)
		return nil
	}
	t.goRound(name, t.at.Add(roundEvery), 0)
	return t.report(name) // whose timer may have been given up
}

// sound reports whether a ticket's clocks are as they would be if anything were
// done to it now, and its timer is to come.
func (t *turn) sound(k desk.Ticket) bool {
	d, was := t.access.desk(k.Desk), k
	k.Tick(k.Standing(), d, t.at)
	next := k.Next(d, t.settings.Grace)
	return k.DueAt.Equal(was.DueAt) && k.Clocks == was.Clocks && next.Equal(was.AlarmAt) &&
		(next.IsZero() || t.at.Sub(next) < roundSlack)
}
