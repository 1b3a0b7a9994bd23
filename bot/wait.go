package bot

import (
	"errors"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// timeRows are what agents and askers say about time.
func timeRows() []command {
	return []command{
		ticket("wait", "snooze pause", "put a ticket off, until a time if you like", (*turn).wait, aTicket,
			chat.Param{Name: "until", Kind: chat.TextParam, Optional: true}),
	}
}

// timeButtons are those that only alarms bring.
func timeButtons() []command {
	return []command{
		{Command: chat.Command{Verb: "keep", Params: []chat.Param{aTicket}, Role: chat.Agent, Visibility: chat.Private}, run: (*turn).keep},
	}
}

// wait puts a ticket off, until a time or until its asker says something.
func (t *turn) wait(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	var until time.Time
	if typed := strings.TrimSpace(in.Args["until"]); typed != "" {
		switch until, err = desk.ParseWhen(typed, t.at, t.access.desk(k.Value.Desk).Hours); {
		case errors.Is(err, desk.ErrPast):
			return &refusal{id: "when_past"}
		case errors.Is(err, desk.ErrFar):
			return &refusal{id: "when_far"}
		case err != nil:
			return &refusal{id: "when_unclear"}
		}
	}
	if err := k.Value.Wait(agent, t.access.leads(t.event.From, k.Value.Desk), until, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	if until.IsZero() {
		return t.changed(k, "put_off", args{"Name": k.Value.Asker.Name})
	}
	return t.changed(k, "put_off_until", args{"When": t.when(until, &k.Value)})
}

// keep renews a claim whose holder was asked whether they are still there.
func (t *turn) keep(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if err := k.Value.Keep(agent, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	return t.changed(k, "kept", args{})
}

// when words a time, as clocks at a ticket's desk show it, in the turn's
// language; where the platform can, the reader sees their own.
func (t *turn) when(at time.Time, k *desk.Ticket) chat.Text {
	zone := t.access.desk(k.Desk).Hours.Zone()
	return chat.Text{{Text: t.words.moment(t.lang, at.In(zone), t.at.In(zone)), At: at}}
}

// stateOf names how far a ticket has come.
func (t *turn) stateOf(k *desk.Ticket) string {
	if !k.WaitUntil.IsZero() {
		return t.line("state_put_off")
	}
	return t.line("state_" + string(k.State))
}

// teamBack says when a ticket's desk opens, if it is closed and has the next
// word.
func (t *turn) teamBack(k *desk.Ticket) []chat.Block {
	opens, closed := t.access.desk(k.Desk).Hours.Next(t.at)
	if !closed || k.State != desk.Open && k.State != desk.Claimed {
		return nil
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "team_back", args{"When": t.when(opens, k)}))}
}
