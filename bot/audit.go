package bot

import (
	"context"
	"maps"
	"slices"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// Here is what a turn leaves in the audit. What the one table does leaves one
// line, whichever door it came through and however it ended; [turn.do] sees to
// it, so no verb has to, and none can forget. What is done without a command,
// by a word in a ticket's thread or by time, leaves a line for each thing that
// became of a ticket.

// An act is the command that a turn runs, as the audit tells of it.
type act struct {
	what string
	of   []string
	to   string
	how  []string

	no     *refusal // why it was not done
	misuse bool     // it was not understood, so nothing was tried
}

// deedOf names what a command does, in words that stay the same for those who
// look for them.
func deedOf(c chat.Command) string {
	switch {
	case c.Audit != "":
		return c.Audit
	case c.Under != "":
		return c.Under + "." + c.Verb
	}
	return "ticket." + c.Verb
}

// audits names what a command does where its verb would not tell.
func audits(what string, c command) command {
	c.Audit = what
	return c
}

// unaudited leaves a command out: asking, and looking at what is one's own. What
// changes something, or shows what others may not see, is never left out.
func unaudited(c command) command { return audits(noAudit, c) }

const noAudit = "-"

// acts notes which command this turn runs, and what it is told to do it to.
// Words that were typed are kept only if the table lists them.
func (t *turn) acts(c chat.Command, typed map[string]string) {
	t.act = &act{what: deedOf(c)}
	for _, p := range c.Params {
		word := typed[p.Name]
		switch {
		case p.Kind == chat.TicketParam:
			if id, err := desk.ParseID(word); err == nil {
				t.of(string(id))
			}
		case slices.Contains(p.Options, word):
			t.act.how = append(t.act.how, word)
		}
	}
}

// of notes what the turn's command is done to, and to, whom or where it is
// given.
func (t *turn) of(ids ...string) {
	if t.act != nil {
		t.act.of = append(t.act.of, ids...)
	}
}

func (t *turn) to(id string) {
	if t.act != nil {
		t.act.to = id
	}
}

// refusedAs notes why the turn's command is not done.
func (t *turn) refusedAs(no *refusal) {
	if t.act != nil {
		t.act.no = no
	}
}

// audited is a line about this turn.
func (t *turn) audited(what string) desk.Deed {
	d := desk.Deed{
		At: t.at, Who: desk.Signpost.ID, Door: doorOf[t.came.Kind], What: what, Result: desk.Done, Event: t.came.ID,
	}
	if t.came.Place.Platform != "" {
		d.Where = t.came.Place.Outside().String()
	}
	if t.came.From.Account != "" {
		d.Who, d.Account = t.came.From.Person, t.came.From.Account
	}
	return d
}

var doorOf = map[chat.Kind]desk.Door{
	chat.Slash: desk.BySlash, chat.Press: desk.ByButton, chat.Submit: desk.ByForm, chat.Menu: desk.ByMenu, chat.Reaction: desk.ByEmoji,
	chat.Message: desk.ByMessage, chat.Edit: desk.ByMessage, chat.Delete: desk.ByMessage, chat.Tick: desk.ByTimer,
	chat.Delivered: desk.ByDelivery, chat.Undeliverable: desk.ByDelivery,
}

// audit writes the lines of this turn.
func (t *turn) audit() {
	switch {
	case t.act == nil:
		t.auditEntries()
	case t.act.no != nil && t.act.no.denied:
		d := t.audited(desk.Denied)
		if d.Result, d.Why, d.Of, d.How = desk.Refused, t.act.no.id, t.act.of, t.act.how; t.act.what != noAudit {
			d.Tried = t.act.what
		}
		t.out.Audit = append(t.out.Audit, d)
	case t.act.what != noAudit && !t.act.misuse:
		t.out.Audit = append(t.out.Audit, t.acted())
	}
}

// acted is the line of the turn's command.
func (t *turn) acted() desk.Deed {
	d := t.audited(t.act.what)
	d.Of, d.To, d.How = t.act.of, t.act.to, t.act.how
	switch {
	case t.act.no != nil:
		d.Result, d.Why = desk.Refused, t.act.no.id
		return d
	case len(t.tickets)+len(t.persons)+len(t.out.Sets)+len(t.out.Learned)+len(t.out.Unlearned)+len(t.out.Forget) == 0:
		d.Result = desk.Shown
	}
	for _, k := range t.tickets {
		d.Of = append(d.Of, string(k.Value.ID))
		for _, e := range t.fresh(&k.Value) {
			switch e.Did {
			case desk.DidAssign, desk.DidTransfer:
				d.To = string(k.Value.Holder)
			}
		}
	}
	for _, a := range t.out.Learned {
		d.Of = append(d.Of, string(a.ID))
		d.To = a.Article
	}
	for _, id := range t.out.Unlearned {
		d.Of = append(d.Of, string(id))
	}
	return d
}

// fresh are the entries of a ticket's history that this turn has written.
func (t *turn) fresh(k *desk.Ticket) []desk.Entry {
	said := t.pasts[k.ID].said // none for a new one
	return k.History[min(said, len(k.History)):]
}

// followUps are the entries that only tell one ticket what was done to another,
// which has a line.
var followUps = []desk.Doing{desk.DidHear, desk.DidLink, desk.DidPart}

// auditEntries tells of what became of tickets without a command.
func (t *turn) auditEntries() {
	for _, k := range t.tickets {
		for _, e := range t.fresh(&k.Value) {
			if slices.Contains(followUps, e.Did) {
				continue
			}
			d := t.audited("ticket." + string(e.Did))
			d.Of = []string{string(k.Value.ID)}
			switch {
			case e.By != "":
				if d.Who != e.By {
					d.Who, d.Account = e.By, ""
				}
			case t.came.Kind == chat.Tick || t.came.Kind == chat.Delivered || t.came.Kind == chat.Undeliverable:
				d.Who, d.Account = desk.Signpost.ID, "" // it is about the asker, who did nothing
			}
			if e.Did == desk.DidAssign {
				d.To = string(k.Value.Holder)
			}
			t.out.Audit = append(t.out.Audit, d)
		}
	}
	for _, a := range t.out.Learned {
		d := t.audited("alias.add")
		d.Of, d.To = []string{string(a.ID)}, a.Article
		t.out.Audit = append(t.out.Audit, d)
	}
	for _, id := range t.out.Unlearned {
		d := t.audited("alias.revert") // a golden question was lost by it
		d.Who, d.Account = desk.Signpost.ID, ""
		d.Of = []string{string(id)}
		t.out.Audit = append(t.out.Audit, d)
	}
}

// Failed tells of a command that was given up after too many failures. It
// implements [spool.Handler].
func (b *Bot) Failed(e chat.Event) []desk.Deed {
	c, in, err := b.lookup(e)
	if err != nil || deedOf(c.Command) == noAudit || e.Kind == chat.Reaction || e.From.Bot {
		return nil
	}
	t := b.turn(context.Background(), e, nil)
	t.acts(c.Command, in.Args)
	d := t.audited(t.act.what)
	d.Of, d.How, d.Result, d.Why = t.act.of, t.act.how, desk.Erred, "apology"
	return []desk.Deed{d}
}

// forbidden refuses what someone has no right to.
func forbidden(id string, a args) *refusal {
	no := new(refusal)
	no.id, no.args, no.denied = id, a, true
	return no
}

// Deeds lists all that commands are called in the audit.
func (b *Bot) Deeds() []string {
	names := map[string]bool{desk.Denied: true}
	for _, c := range b.table {
		if what := deedOf(c.Command); what != noAudit {
			names[what] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
