package bot

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// routeRows are the verbs between desks.
func routeRows() []command {
	return []command{
		ticket("move", "switch", "take a ticket to another desk", (*turn).move, aTicket, chat.Param{Name: "desk", Kind: chat.WordParam, Suggested: true}),
	}
}

// route picks the desk of a new ticket.
func (t *turn) route(k *desk.Ticket) desk.Desk {
	return desk.Route(t.settings.Desks, desk.Asking{
		Audience: k.Trail.Audience, Topic: k.Topic, Language: k.Trail.Lang, Channel: k.Origin.Outside().String(),
	})
}

// otherDesks are the names of the desks that a ticket can be moved to.
func (b *Bot) otherDesks(from string) []string {
	var names []string
	for _, d := range b.settings.Desks {
		if d.Name != from {
			names = append(names, d.Name)
		}
	}
	return names
}

// move takes a ticket to another desk. Its card goes there, and what was said
// on it so far.
func (t *turn) move(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	from, to := k.Value.Desk, strings.ToLower(in.Args["desk"])
	a := args{"Ticket": k.Value.ID, "Desk": to}
	others := t.otherDesks(from)
	switch {
	case to == from && k.Value.Live():
		return &refusal{id: "moved_already", args: a}
	case len(others) == 0:
		return &refusal{id: "no_other_desk", args: a}
	case to != from && !slices.Contains(others, to):
		return &refusal{id: "no_desk", args: args{"Name": chat.Shorten(to, 40)}, more: []chat.Block{contextLine(chat.Plain(strings.Join(others, " · ")))}}
	}
	holder, places := holderOf(&k.Value), t.cardPlaces(&k.Value)
	if err := k.Value.Move(agent, t.access.leads(t.event.From, from), to, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.to(to)
	t.handOutSoon(t.access.desk(to))
	t.notify(holder, func() []chat.Block {
		return []chat.Block{t.text("told_moved", args{"Ticket": k.Value.ID, "Name": agent.Name, "Desk": to})}
	})
	t.unwatched(&k.Value)
	if holder.ID != "" { // they were told that someone is there
		if err := t.bring(&k.Value, desk.Moved); err != nil {
			return err
		}
	}
	if here := t.event.Place.Outside(); slices.Contains(places, here) && !slices.Contains(t.cardPlaces(&k.Value), here) {
		t.event.Place = here // a thread may go with its card
	}
	t.leave(&k.Value, places, agent)
	t.retell(&k.Value, places)
	return t.changed(k, "moved", a)
}

// unwatched has those watch a ticket no more of whom nobody knows that they work
// the desk where it is now. Whoever does so by a role watches it again.
func (t *turn) unwatched(k *desk.Ticket) {
	known := t.access.known(k.Watchers, t.access.desk(k.Desk))
	for _, w := range k.Watchers {
		if !slices.Contains(known, w) {
			t.notify(w, func() []chat.Block { return []chat.Block{t.text("watch_moved", args{"Ticket": k.ID, "Desk": k.Desk})} })
		}
	}
	k.Watchers = known
}

// leave says in the threads of the cards that a ticket leaves behind where it
// went. The cards themselves go when the turn is over.
func (t *turn) leave(k *desk.Ticket, places []chat.Place, by desk.Agent) {
	now, lang := t.cardPlaces(k), t.lang
	t.lang = t.words.speak(t.settings.Languages[0])
	for _, place := range places {
		if !slices.Contains(now, place) {
			t.underCard(k, place, chat.Reply{Blocks: []chat.Block{
				contextLine(t.words.say(t.lang, "moved_line", args{"Ticket": k.ID, "Name": by.Name, "Desk": k.Desk})),
			}})
		}
	}
	t.lang = lang
}

// maxRetold is how much of what was said on a ticket goes with it to another
// desk: the newest. The rest is in its history.
const maxRetold = 10

// retell says in the threads of a ticket's new cards what was said on it.
func (t *turn) retell(k *desk.Ticket, old []chat.Place) {
	var said []int
	for i, e := range k.History {
		switch n := i + 1; {
		case e.Mark == "" || e.Passage == desk.Withdrawn || e.By == "" && k.Text(n) == "" && len(e.Files) == 0:
		case e.Did == desk.DidReply, e.Did == desk.DidArticle, e.Did == desk.DidNote, e.Did == desk.DidAdd:
			said = append(said, n)
		case e.Did == desk.DidOpen && len(e.Files) > 0: // the question is on the card
			said = append(said, n)
		}
	}
	t.forDesk(k, func(place chat.Place) {
		if slices.Contains(old, place) {
			return
		}
		for _, n := range said[max(0, len(said)-maxRetold):] {
			r := chat.Reply{Key: copyKey("line", k, n, place), Blocks: t.passage(k, n, true)}
			if e := k.Entry(n); e.By == "" {
				r = chat.Reply{
					Key: copyKey("words", k, n, place), Purpose: chat.Relaying, Report: report(k, n),
					Blocks: t.heard(k, n, place.Platform), Files: t.attach(e, place.Platform),
				}
			}
			t.underCard(k, place, r)
		}
	})
}

// abandoned takes away the cards in the channels that a ticket has left.
func (t *turn) abandoned(k *desk.Ticket) {
	now := t.cardPlaces(k)
	var left []chat.Place
	for place := range t.cards[k.ID] {
		if !slices.Contains(now, place) {
			left = append(left, place)
		}
	}
	slices.SortFunc(left, func(a, b chat.Place) int { return strings.Compare(a.String(), b.String()) })
	for _, place := range left {
		t.post(chat.Reply{Key: cardKey(k, place), Deed: chat.Remove, Purpose: chat.Notifying, Place: place, Ticket: k.ID})
	}
}

// deskChoice offers to move a ticket, where there is more than one desk; nil
// if there is not.
func (t *turn) deskChoice(k *desk.Ticket) []chat.Block {
	var options []chat.Option
	for _, name := range t.otherDesks(k.Desk) {
		options = append(options, chat.Option{Label: name, Value: name})
	}
	if len(options) == 0 {
		return nil
	}
	return []chat.Block{{Layout: chat.Choice, Select: &chat.Select{
		Label: t.line("choice_desk"), Action: chat.Do("move", string(k.ID)), Options: options[:min(len(options), maxOptions)],
	}}}
}
