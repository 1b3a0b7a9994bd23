package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

// Here is what becomes of tickets that go with another: see [desk.Ticket.Merge].

func mergeRows() []command {
	return []command{
		ticket("merge", "", "answer two askers as one", (*turn).merge, aTicket, chat.Param{Name: "into", Kind: chat.TicketParam}),
	}
}

// merge makes a ticket go with another.
func (t *turn) merge(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	into, _, err := t.worked(chat.Invocation{Command: in.Command, Args: map[string]string{"ticket": in.Args["into"]}})
	if err != nil {
		return err
	}
	switch parent := into.Value.Parent; {
	case parent == k.Value.ID:
		return &refusal{id: "merge_already", args: args{"Ticket": into.Value.ID, "Into": parent}}
	case parent != "" && into.Value.ID != k.Value.ID && k.Value.Parent == "":
		// What is meant is what it goes with.
		if into, err = t.kin(parent); err != nil {
			return err
		}
		if into == nil {
			return &refusal{id: "no_ticket", args: args{"Ticket": parent}}
		}
	}
	var its []*heldTicket
	for _, c := range k.Value.Children {
		one, err := t.kin(c.ID)
		if err != nil {
			return err
		}
		if one != nil {
			its = append(its, one)
		}
	}
	if k.Value.Desk != into.Value.Desk {
		k.Value.Watchers = t.access.known(k.Value.Watchers, t.access.desk(into.Value.Desk))
	}
	holder := holderOf(&k.Value)
	err = into.Value.Merge(agent, t.access.leads(t.event.From, k.Value.Desk), t.at, &k.Value, tickets(its)...)
	a := args{"Ticket": k.Value.ID, "Into": into.Value.ID, "Asker": k.Value.Asker.Name, "Name": agent.Name, "Count": desk.MaxChildren}
	switch {
	case errors.Is(err, desk.ErrSelf):
		return &refusal{id: "merge_self", args: a}
	case errors.Is(err, desk.ErrUnchanged):
		return &refusal{id: "merge_already", args: a}
	case errors.Is(err, desk.ErrCrowded):
		return &refusal{id: "merge_crowded", args: a}
	case err != nil && !into.Value.Live():
		return t.explain(&into.Value, err)
	case err != nil:
		return t.explain(&k.Value, err)
	}
	t.to(string(into.Value.ID))
	t.keepTicket(into)
	t.keepTicket(k)
	for _, one := range its {
		t.keepTicket(one)
	}
	t.sayMerged(&into.Value, &k.Value, chat.Post)
	if holder.ID != into.Value.Holder {
		t.tellHolder(holder, "told_merged", &k.Value, agent, desk.Agent{Name: string(into.Value.ID)})
	}
	t.notify(holderOf(&into.Value), func() []chat.Block {
		return []chat.Block{t.text("told_joined", a), t.asks(&k.Value), row(t.showButton(&into.Value))}
	})
	t.tell(t.text("merged", a))
	return nil
}

// sayMerged says in the threads of a parent's cards who merged a ticket into it,
// and what that one's asker asks, as it reads now.
func (t *turn) sayMerged(parent, k *desk.Ticket, deed chat.Deed) {
	t.forDesk(parent, func(place chat.Place) {
		t.underCard(parent, place, chat.Reply{
			Key: chat.Key(fmt.Sprintf("merged/%s/%s/%s", k.ID, parent.ID, place)), Deed: deed,
			Blocks: []chat.Block{t.text("line_merged", args{"Name": k.Last(desk.DidMerge).Name, "Ticket": k.ID, "Asker": k.Asker.Name}), t.asks(k)},
		})
	})
}

func tickets(held []*heldTicket) []*desk.Ticket {
	var list []*desk.Ticket
	for _, k := range held {
		list = append(list, &k.Value)
	}
	return list
}

// inThread says something in the threads of a ticket's cards.
func (t *turn) inThread(k *desk.Ticket, say func() []chat.Block) {
	t.forDesk(k, func(place chat.Place) { t.underCard(k, place, chat.Reply{Blocks: say()}) })
}

// kin reads a ticket as it will be, should this turn have changed it; nil if
// there is none such.
func (t *turn) kin(id chat.TicketID) (*heldTicket, error) {
	for _, k := range t.tickets {
		if k.Value.ID == id {
			return k, nil
		}
	}
	return t.ticket(id)
}

// A past is what a ticket was when it was read, as far as those that go with it
// care.
type past struct {
	course   desk.Course
	parent   chat.TicketID
	question string
	said     int // entries of its history
}

// recall notes what a ticket is before anything is done to it.
func (t *turn) recall(k *desk.Ticket) {
	t.pasts[k.ID] = past{k.Course(), k.Parent, k.Question, len(k.History)}
}

// family lets tickets that go with each other do so, whatever this turn did to
// some of them.
func (t *turn) family() error {
	for _, k := range slices.Clone(t.tickets) {
		if err := errors.Join(t.succeeded(k), t.heeded(k)); err != nil {
			return err
		}
	}
	for _, k := range slices.Clone(t.tickets) {
		if err := t.followed(k); err != nil {
			return err
		}
	}
	return nil
}

// succeeded puts another ticket in the place of a parent that its asker has
// cancelled.
func (t *turn) succeeded(k *heldTicket) error {
	if len(k.Value.Children) == 0 || k.Value.Newest().Did != desk.DidCancel {
		return nil
	}
	var heirs []*heldTicket
	for _, c := range k.Value.Children {
		one, err := t.kin(c.ID)
		if err != nil {
			return err
		}
		if one != nil {
			t.keepTicket(one)
			heirs = append(heirs, one)
		}
	}
	if len(heirs) == 0 {
		return nil
	}
	heir := &heirs[0].Value
	k.Value.Succeed(heir, tickets(heirs[1:]), t.at)
	for _, k := range []*desk.Ticket{&k.Value, heir} {
		t.inThread(k, func() []chat.Block { return []chat.Block{t.heirLine(k, heir)} })
	}
	t.notify(holderOf(heir), func() []chat.Block { return []chat.Block{t.heirLine(&k.Value, heir), row(t.showButton(heir))} })
	return nil
}

func (t *turn) heirLine(k, heir *desk.Ticket) chat.Block {
	return t.text("heir", args{"Ticket": k.ID, "Into": heir.ID, "Name": heir.Asker.Name})
}

// heeded tells a parent what the asker of a ticket that goes with it did: said
// something, asked it otherwise, or something that makes it go its own way.
func (t *turn) heeded(k *heldTicket) error {
	past := t.pasts[k.Value.ID]
	if past.parent == "" {
		return nil
	}
	parent, err := t.kin(past.parent)
	if parent == nil || err != nil {
		return err
	}
	switch {
	case k.Value.Parent == "":
		t.inThread(&parent.Value, func() []chat.Block {
			return []chat.Block{t.text("line_parted", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name})}
		})
		parent.Value.Leave(&k.Value, t.at)
		t.keepTicket(parent)
	case slices.ContainsFunc(k.Value.History[past.said:], func(e desk.Entry) bool { return e.Did == desk.DidAdd && !e.Thanks }):
		parent.Value.Hear(&k.Value, t.at)
		t.keepTicket(parent)
	case k.Value.Question != past.question:
		t.sayMerged(&parent.Value, &k.Value, chat.Replace)
	}
	return nil
}

// followed brings what goes with a ticket where that is now.
func (t *turn) followed(k *heldTicket) error {
	if k.Value.Course() == t.pasts[k.Value.ID].course {
		return nil
	}
	for _, c := range slices.Clone(k.Value.Children) {
		one, err := t.kin(c.ID)
		if err != nil {
			return err
		}
		if one == nil {
			continue // nothing is left to bring along
		}
		f := one.Value.Follow(&k.Value, t.at)
		t.keepTicket(one)
		if err := t.passOn(&one.Value, f); err != nil {
			return err
		}
	}
	return nil
}

// passOn tells the asker of a ticket what is new since it followed its parent.
func (t *turn) passOn(k *desk.Ticket, f desk.Following) error {
	for _, n := range f.Carry {
		if err := t.inTheirs(k, k.Entry(n)); err != nil {
			return err
		}
		t.carry(k, n, k.Place)
	}
	for _, n := range f.Again {
		t.again(k, n)
	}
	for _, n := range f.Unsay {
		t.unsaid(k, n)
	}
	for _, news := range f.News {
		var err error
		switch news {
		case desk.Parted: // which changes nothing for them
		case desk.Settled:
			err = t.askHelped(k)
		case desk.Expired:
			err = t.tellExpired(k)
		case desk.Back:
			err = t.tellReopened(k)
		default:
			err = t.bring(k, news)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inTheirs words what was sent to someone else for a ticket's own asker: an
// article or a snippet in their language, a snippet with their name in it. The
// article counts as suggested to them.
func (t *turn) inTheirs(k *desk.Ticket, e *desk.Entry) error {
	agent := desk.Agent{ID: e.By, Name: e.Name}
	var linked *knowledge.Article
	switch {
	case e.Did == desk.DidArticle:
		a, ok := t.library().Article(knowledge.ArticleID(e.Article), knowledge.Lang(k.Trail.Lang), nil)
		if !ok {
			return nil
		}
		linked, e.Text, e.URL = a, a.Title, a.URL
	case e.Snippet != "":
		sets := t.snippetSets()
		i := slices.IndexFunc(sets, func(set snippetSet) bool { return set.name == e.Snippet })
		if i < 0 {
			return nil
		}
		_, e.Text, linked = t.filled(sets[i], k, agent)
	}
	if linked == nil {
		return nil
	}
	sent := suggestion(linked, agent)
	k.Trail.Suggest(sent)
	return t.suggested(k, sent)
}

// alsoTo tells to whom else an agent's words on a parent went; nil if to
// nobody.
func (t *turn) alsoTo(k *desk.Ticket, n int) []chat.Block {
	var names []string
	for _, c := range k.Children {
		if c.After < n {
			names = append(names, string(c.ID))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "also_to", args{"N": len(names), "Tickets": t.few(names)}))}
}

// linkedShown is how many tickets that go with another are named: a line.
const linkedShown = 5

// few names the first of a list, and says how many more there are.
func (t *turn) few(names []string) string {
	rest := len(names) - linkedShown
	if rest <= 0 {
		return strings.Join(names, ", ")
	}
	return t.line("names_more", args{"Names": strings.Join(names[:linkedShown], ", "), "Count": rest})
}

// alsoAsked names those whose tickets go with this one.
func (t *turn) alsoAsked(k *desk.Ticket) chat.Text {
	var names []string
	for _, c := range k.Children {
		names = append(names, c.Name+" ("+string(c.ID)+")")
	}
	return chat.Plain(t.few(names))
}

// followMerged tells the desk how words fare that went to the asker of a child
// too: nothing, as long as they fare well.
func (t *turn) followMerged(k *desk.Ticket, n int) {
	e := k.Entry(n)
	if e.Passage != desk.Called && e.Passage != desk.Failed && len(e.Tried) < 2 {
		return
	}
	t.forDesk(k, func(place chat.Place) {
		lines := slices.DeleteFunc(t.passage(k, n, false), func(b chat.Block) bool { return b.Layout == chat.Buttons })
		t.underCard(k, place, chat.Reply{Key: copyKey("line", k, n, place), Deed: chat.Replace, Blocks: lines})
	})
}

// onCard is the ticket on whose card a ticket is worked, as far as that card is
// concerned: the one it goes with, or itself.
func onCard(k *desk.Ticket) *desk.Ticket {
	if k.Parent == "" {
		return k
	}
	return &desk.Ticket{ID: k.Parent, Desk: k.Desk}
}

// tone is the colour of a ticket's card.
func tone(k *desk.Ticket) chat.Tone {
	if k.Parent != "" {
		return chat.Over
	}
	return tones[k.State]
}

// goesWith sends an agent from a ticket to the one that it goes with.
func (t *turn) goesWith(k *desk.Ticket) error {
	return &refusal{id: "is_merged", args: args{"Ticket": k.ID, "Parent": k.Parent}, more: []chat.Block{row(t.parentButton(k))}}
}

func (t *turn) parentButton(k *desk.Ticket) chat.Button { return t.showButton(onCard(k)) }
