package bot

import (
	"errors"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// watch has the sender hear of what is said on a ticket, or no more.
func (t *turn) watch(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	switch watching, err := k.Value.Watch(agent); {
	case errors.Is(err, desk.ErrTooMany):
		return &refusal{id: "watch_full", args: args{"Ticket": k.Value.ID, "Count": desk.MaxWatchers}}
	case err != nil:
		return t.explain(&k.Value, err)
	case watching:
		return t.changed(k, "watching", args{})
	}
	return t.changed(k, "watching_no_more", args{})
}

// watchButton begins to watch a ticket, or ends that.
func (t *turn) watchButton(k *desk.Ticket) chat.Button {
	label := "button_watch"
	if slices.ContainsFunc(k.Watchers, func(w desk.Agent) bool { return w.ID == t.event.From.Person }) {
		label = "button_unwatch"
	}
	return chat.Button{Label: t.line(label), Action: chat.Do("watch", string(k.ID))}
}

// watchers are those who watch a ticket and work its desk, as far as the
// configuration tells: one who watched it elsewhere hears of it no more.
func (t *turn) watchers(k *desk.Ticket) []desk.Agent {
	d := t.access.desk(k.Desk)
	return slices.DeleteFunc(slices.Clone(k.Watchers), func(w desk.Agent) bool { return !t.access.stillWorks(w, d) })
}

// watchersLine names them.
func (t *turn) watchersLine(k *desk.Ticket) string {
	var names []string
	for _, w := range t.watchers(k) {
		names = append(names, w.Name)
	}
	return strings.Join(names, ", ")
}

// watching are the accounts that hear of what is said now: not of who says it,
// nor of the holder, who is told anyway.
func (t *turn) watching(k *desk.Ticket) []chat.AccountID {
	var accounts []chat.AccountID
	for _, w := range t.watchers(k) {
		if w.Account != "" && w.ID != t.event.From.Person && w.ID != k.Holder {
			accounts = append(accounts, w.Account)
		}
	}
	return accounts
}

// copyHeard gives watchers what the asker said, as it reads now.
func (t *turn) copyHeard(k *desk.Ticket, n int, deed chat.Deed) {
	t.copyTo(k, n, deed, func(platform string) []chat.Block { return t.heard(k, n, platform) })
}

// copyPassage gives watchers what an agent said, as it reads now, and how it
// fares. Only who said it can change it.
func (t *turn) copyPassage(k *desk.Ticket, n int, deed chat.Deed) {
	t.copyTo(k, n, deed, func(string) []chat.Block {
		return slices.DeleteFunc(t.passage(k, n, true), func(b chat.Block) bool { return b.Layout == chat.Buttons })
	})
}

func (t *turn) copyTo(k *desk.Ticket, n int, deed chat.Deed, say func(platform string) []chat.Block) {
	e := k.Entry(n)
	lang := t.lang
	t.lang = t.words.speak(t.settings.Languages[0])
	for _, account := range e.Copies {
		place := chat.Direct(account)
		r := chat.Reply{
			Key: copyKey("watch", k, n, place), Deed: deed, Purpose: chat.Notifying, Ticket: k.ID, Place: place,
			Blocks: append(say(place.Platform), row(t.showButton(k))),
		}
		if deed == chat.Post {
			r.Files = t.attach(e, place.Platform)
		}
		t.post(r)
	}
	t.lang = lang
}

// watched are the sentences for watchers, by those for a ticket's holder.
var watched = map[string]string{
	"told_resolved": "watch_resolved", "told_closed": "watch_closed", "told_reopened": "watch_reopened",
}

// tellWatchers tells them what was done to a ticket, as its holder is told by a
// sentence. Most of what is done to it is of no interest to them.
func (t *turn) tellWatchers(id string, k *desk.Ticket, by desk.Agent) {
	if id, ok := watched[id]; ok {
		t.notifyWatchers(k, func() []chat.Block {
			return []chat.Block{t.text(id, args{"Ticket": k.ID, "Name": by.Name}), row(t.showButton(k))}
		})
	}
}

// notifyWatchers tells those something who are not told as the holder.
func (t *turn) notifyWatchers(k *desk.Ticket, say func() []chat.Block) {
	for _, w := range t.watchers(k) {
		if w.ID != k.Holder {
			t.notify(w, say)
		}
	}
}
