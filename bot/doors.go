package bot

import (
	"errors"
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Here is what leads into the one table besides commands, buttons and forms:
// mentions, emoji, and the menus of messages.

// saidInside handles what is said where a desk's cards are. It is between the
// agents, and none of it leaves; the bot does what it is told by name.
func (t *turn) saidInside() error {
	if !t.event.Mentioned {
		return nil
	}
	t.alone = true
	c, in, err := t.parse("ticket", t.event.Text)
	return t.do(c, in, err)
}

// editedInside changes what an agent said to an asker, or noted, by a message
// that they now have changed. A message that meant nothing before is taken as
// if it had been said now.
func (t *turn) editedInside() error {
	k, n, err := t.saidHere()
	if err != nil {
		return err
	}
	if k == nil {
		return t.saidInside()
	}
	t.alone = true
	t.acts(chat.Command{Audit: "ticket.rewrite"}, nil)
	t.of(string(k.Value.ID))
	verb := map[desk.Doing]string{desk.DidReply: "reply", desk.DidNote: "note"}[k.Value.Entry(n).Did]
	c, in, err := t.parse("ticket", t.event.Text)
	text := strings.TrimSpace(in.Args["text"])
	switch {
	case !t.access.may(t.event.From, chat.Agent, k.Value.Desk):
		return t.notAllowed(chat.Agent)
	case err != nil || c.Verb != verb || text == "":
		return t.answerFor(&refusal{id: "edit_keeps", args: args{"Verb": verb}})
	}
	t.verb = "rewrite"
	return t.answerFor(t.rewrite(k, n, t.access.agent(t.event.From), false, text))
}

// deletedInside brings a card back that someone deleted, and takes an agent's
// words back with the message that said them.
func (t *turn) deletedInside() error {
	message := t.event.Message
	if message == "" {
		message = chat.MessageID(t.event.Place.Thread) // the thread as a whole
	}
	posted, err := t.view.Posted(t.ctx, t.event.Place.Outside(), message)
	if err == nil && strings.HasPrefix(string(posted.Key), "card/") {
		k, err := t.ticket(posted.Ticket)
		if k == nil || err != nil {
			return err
		}
		t.keepTicket(k) // so that the card is never older than the ticket
		t.forDesk(&k.Value, func(place chat.Place) {
			switch {
			case place != t.event.Place.Outside():
			case t.event.Message == "":
				t.newCard(&k.Value, place)
			default:
				t.post(t.deskCard(&k.Value, place))
			}
		})
		return nil
	}
	if err != nil && !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	k, n, err := t.saidHere()
	if k == nil || err != nil {
		return err
	}
	// Whoever deleted it, its author's words are gone.
	e := k.Value.Entry(n)
	t.verb = "unsend"
	return t.answerFor(t.withdraw(k, n, desk.Agent{ID: e.By, Name: e.Name}, true))
}

// saidHere finds the ticket of this thread, and which of its entries the
// event's message said; nil if none.
func (t *turn) saidHere() (*heldTicket, int, error) {
	k, err := t.ofCard()
	if k == nil || err != nil {
		return nil, 0, err
	}
	for i, e := range k.Value.History {
		if e.Message == t.event.Message && e.By != "" && e.Said == t.event.Place {
			return k, i + 1, nil
		}
	}
	return nil, 0, nil
}

// ofCard is the ticket in whose card's thread the event happened; nil if it
// did not.
func (t *turn) ofCard() (*heldTicket, error) {
	if t.event.Place.Thread == "" || !t.access.inside(t.event.Place) {
		return nil, nil
	}
	return t.ticketAt(chat.MessageID(t.event.Place.Thread))
}

// ticketAt is the ticket that a message of ours is about; nil if it is about
// none.
func (t *turn) ticketAt(m chat.MessageID) (*heldTicket, error) {
	posted, err := t.view.Posted(t.ctx, t.event.Place.Outside(), m)
	switch {
	case errors.Is(err, spool.ErrNotFound):
		return nil, nil
	case err != nil || posted.Ticket == "":
		return nil, err
	}
	return t.ticket(posted.Ticket)
}

// about is the ticket that something without a number is about, by where it is
// done: on a message of the ticket's, in the thread of its card, or in the
// thread where its asker is. Nil if there is none.
func (t *turn) about() (*heldTicket, error) {
	k, err := t.ofCard()
	if k != nil || err != nil {
		return k, err
	}
	if t.event.Kind == chat.Reaction {
		if k, err := t.ticketAt(t.event.Message); k != nil || err != nil {
			return k, err
		}
		if c, err := t.begunBy(t.event.Place, t.event.Message); c != nil && c.Value.Ticket != "" || err != nil {
			if err != nil {
				return nil, err
			}
			return t.ticket(c.Value.Ticket)
		}
	}
	if t.event.Place.Thread == "" {
		return nil, nil
	}
	c, ok, err := t.view.Here(t.ctx)
	if err != nil || !ok || c.Value.Ticket == "" {
		return nil, err
	}
	return t.ticket(c.Value.Ticket)
}

// begunBy is the conversation that a message began; nil if it began none.
func (t *turn) begunBy(place chat.Place, m chat.MessageID) (*heldConversation, error) {
	return t.conversation(string(conversation.NewID(chat.Event{Kind: chat.Message, Place: place, Message: m})))
}

// told reports whether the bot was called by name to do something: in a thread
// about a ticket, or to a ticket that is named. Anyone else's words, and any
// other words, are a question.
func (t *turn) told() (bool, error) {
	verb, rest := cutWord(t.event.Text)
	if !t.event.Mentioned || !t.access.may(t.event.From, chat.Agent, "") {
		return false, nil
	}
	if !slices.ContainsFunc(t.table, func(c command) bool { return c.Door == "ticket" && c.called(strings.ToLower(verb)) }) {
		return false, nil
	}
	if word, _ := cutWord(rest); word != "" && isTicket(word) {
		return true, nil
	}
	k, err := t.about()
	return k != nil, err
}

// called reports whether a word is the command's.
func (c command) called(word string) bool { return c.Verb == word || slices.Contains(c.Aliases, word) }

// pointed handles an emoji that was put on a message, or what was chosen from
// its menu.
func (t *turn) pointed() error {
	c, in, err := t.lookup(t.event)
	switch {
	case err != nil:
		return nil // an emoji is mostly just that
	case t.event.Kind == chat.Reaction && !t.access.may(t.event.From, c.Role, ""):
		t.log.Debug("emoji of someone who may not", "event", t.event.ID, "verb", c.Verb)
		return nil
	}
	t.alone = true
	if t.event.Kind == chat.Reaction && len(c.Params) > 0 {
		k, err := t.about()
		if k == nil || err != nil {
			return err
		}
	}
	return t.do(c, in, nil)
}

// create makes a ticket of a message that someone else wrote.
func (t *turn) create(chat.Invocation) error {
	said := t.event.About
	switch {
	case said == nil || strings.TrimSpace(said.Text) == "" && len(said.Files) == 0:
		return &refusal{id: "menu_empty"}
	case said.From.Bot || said.From.Account == "":
		return &refusal{id: "create_bot"}
	case t.access.inside(t.event.Place):
		return &refusal{id: "create_inside"}
	}
	from := t.event
	c, err := t.begunBy(t.event.Place, said.Message)
	if err != nil {
		return err
	}
	if c != nil && c.Value.Ticket != "" {
		k, err := t.ticket(c.Value.Ticket)
		if err != nil {
			return err
		}
		if k != nil && k.Value.Live() {
			t.tell(t.text("create_exists", args{"Ticket": k.Value.ID}), row(t.showButton(&k.Value)))
			return nil
		}
	}
	lang, alone := t.lang, t.alone
	t.speakFor(*said)
	if t.event.Place.Thread == "" && !t.event.Private {
		t.event.Place.Thread = string(said.Message) // what follows does not fill the channel
	}
	if c == nil {
		ans, err := t.find(nil, said.Text)
		if err != nil {
			return err
		}
		c = t.begin(false)
		t.note(c, ans)
		asked := t.question(said.Text, ans)
		asked.Shown = nil // nothing was shown
		c.Value.Ask(asked)
	}
	t.lang = t.words.speak(c.Value.Trail.Lang)
	err = t.open(c, chat.Shorten(said.Text, maxFormText), "", t.topicOf(&c.Value))
	t.event, t.lang, t.alone = from, lang, alone
	if err != nil {
		return err
	}
	k := &t.tickets[len(t.tickets)-1].Value
	t.tell(t.text("created", args{"Ticket": k.ID, "Name": said.From.Name}), row(
		chat.Button{Label: t.line("button_claim"), Action: chat.Do("claim", string(k.ID)), Style: chat.Primary}, t.showButton(k)))
	return nil
}

// speakFor makes the turn that of someone who said something, as if they had
// said it to us.
func (t *turn) speakFor(said chat.Said) {
	t.event = chat.Event{
		ID: t.event.ID, Kind: chat.Message, At: said.At, Place: t.event.Place, From: said.From, Addressed: true,
		Private: direct(t.event.Place), Message: said.Message, Text: said.Text, Files: said.Files,
	}
	t.event.From.Person = t.Person(said.From.Account)
	t.alone = t.event.Private
	t.lang = t.speaks(said.From)
}

// findFor answers a message that was pointed at. Its author, and agents, get
// the answer where it stands; anyone else, and whoever chose it from a menu,
// get their own.
func (t *turn) findFor(chat.Invocation) error {
	said := t.event.About
	if t.event.Withheld {
		return &refusal{id: "find_withheld"}
	}
	if said == nil || strings.TrimSpace(said.Text) == "" {
		return &refusal{id: "menu_empty"}
	}
	t.aside = true
	author := t.Person(said.From.Account) == t.event.From.Person
	open := t.event.Kind == chat.Reaction && !said.From.Bot && !t.access.inside(t.event.Place)
	if open && (author || t.access.may(t.event.From, chat.Agent, "")) {
		c, err := t.begunBy(t.event.Place, said.Message)
		if c != nil || err != nil {
			return err // it is answered
		}
		t.speakFor(*said)
		t.aside = false
		return t.understand(nil, said.Text, t.event.Private)
	}
	return t.understand(nil, said.Text, true)
}

func (t *turn) showButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_show"), Action: chat.Do("show", string(k.ID))}
}
