package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

type (
	heldConversation = spool.Versioned[conversation.Conversation]
	heldTicket       = spool.Versioned[desk.Ticket]
	heldPerson       = spool.Versioned[desk.Person]
)

// A turn is the handling of one event: what was read, and what is to change.
type turn struct {
	*Bot
	ctx      context.Context
	event    chat.Event
	came     chat.Event // the event as it came: a turn may speak for someone else
	view     spool.View
	at       time.Time // UTC
	lang     string    // that the sender reads
	alone    bool      // only the sender sees what is answered
	aside    bool      // this exchange must not take the lane over
	chosen   string    // audience that the sender chose just now
	chosenBy string    // name of the agent who chose it for them
	verb     string    // of the command that is run
	version  string    // of the articles that were searched last
	out      spool.Outcome

	conversations []*heldConversation
	tickets       []*heldTicket
	persons       []*heldPerson
	cards         map[chat.TicketID]map[chat.Place]chat.Reply // as they were, by channel
	stood         map[chat.TicketID]desk.Standing             // how tickets stood that were read
	pasts         map[chat.TicketID]past
	book          book
	act           *act // the command that is run; nil if none is
}

func (b *Bot) turn(ctx context.Context, e chat.Event, v spool.View) *turn {
	t := &turn{
		Bot: b, ctx: ctx, event: e, view: v, at: b.now().UTC(), lang: b.speaks(e.From),
		cards: map[chat.TicketID]map[chat.Place]chat.Reply{}, stood: map[chat.TicketID]desk.Standing{},
		pasts: map[chat.TicketID]past{},
	}
	if e.From.Account != "" { // it may have been linked since
		t.event.From.Person = b.Person(e.From.Account)
	}
	if command, ok := b.Lookup(e); ok {
		t.alone = command.Visibility == chat.Private
	}
	t.alone = t.alone || e.Private
	t.came = t.event
	return t
}

// speaks is the language of someone of whom nothing but the locale is known.
func (b *Bot) speaks(s chat.Sender) string {
	return b.words.speak(cmp.Or(s.Locale, b.settings.Languages[0]))
}

// outcome is everything that changed. Cards come before what is said in their
// threads.
func (t *turn) outcome() spool.Outcome {
	said := t.out.Replies
	t.out.Replies = nil
	for _, k := range t.tickets {
		t.tick(&k.Value)
		t.arm(&k.Value)
		before := t.cards[k.Value.ID]
		t.forDesk(&k.Value, func(place chat.Place) {
			if card := t.deskCard(&k.Value, place); !reflect.DeepEqual(card, before[place]) {
				t.post(card)
			}
		})
	}
	t.count()
	t.audit()
	t.out.Replies = append(t.out.Replies, said...)
	for _, k := range t.tickets {
		t.abandoned(&k.Value)
	}
	for _, c := range t.conversations {
		t.out.Conversations = append(t.out.Conversations, *c)
	}
	for _, k := range t.tickets {
		t.out.Tickets = append(t.out.Tickets, *k)
	}
	for _, p := range t.persons {
		t.out.Persons = append(t.out.Persons, *p)
	}
	for i := range t.out.Replies {
		r := &t.out.Replies[i]
		if len(t.conversations) > 0 {
			r.Conversation = t.conversations[0].Value.ID
		}
		if len(t.tickets) > 0 && r.Ticket == "" {
			r.Ticket = t.tickets[0].Value.ID
		}
	}
	return t.out
}

// keep stores a record when the turn is over.
func (t *turn) keepConversation(c *heldConversation) {
	if !slices.Contains(t.conversations, c) {
		t.conversations = append(t.conversations, c)
	}
}

func (t *turn) keepTicket(k *heldTicket) {
	if !slices.Contains(t.tickets, k) {
		t.tickets = append(t.tickets, k)
	}
}

func (t *turn) keepPerson(p *heldPerson) {
	if !slices.Contains(t.persons, p) {
		t.persons = append(t.persons, p)
	}
}

// here is the sender's conversation in this lane; nil if there is none. In a
// thread that someone else began, the sender's exchange is an aside.
func (t *turn) here() (*heldConversation, error) {
	c, ok, err := t.view.Here(t.ctx)
	if err != nil || !ok {
		return nil, err
	}
	if !t.isAsker(&c.Value) {
		t.aside = true
		return nil, nil
	}
	return &c, nil
}

// begin starts a conversation with this event.
func (t *turn) begin(private bool) *heldConversation {
	c := conversation.Begin(t.event, private)
	if t.aside {
		c.Lane += chat.Lane("/aside/" + t.event.From.Account)
	}
	return &heldConversation{Value: c}
}

// conversation reads one that a button names; nil if there is none such.
func (t *turn) conversation(id string) (*heldConversation, error) {
	c, err := t.view.Conversation(t.ctx, chat.ConversationID(id))
	if errors.Is(err, spool.ErrNotFound) {
		return nil, nil
	}
	return &c, err
}

// hear takes up the language of the sender's conversation in this lane, for
// someone whose locale nobody told.
func (t *turn) hear() error {
	if t.event.From.Locale != "" {
		return nil
	}
	c, err := t.here()
	if c != nil {
		t.lang = t.words.speak(c.Value.Trail.Lang)
	}
	return err
}

// ticket reads one; nil if there is none such.
func (t *turn) ticket(id chat.TicketID) (*heldTicket, error) {
	k, err := t.view.Ticket(t.ctx, id)
	if errors.Is(err, spool.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		t.remember(&k.Value)
	}
	return &k, err
}

// remember keeps how a ticket stands, and how its cards look, before anything
// is done to it.
func (t *turn) remember(k *desk.Ticket) {
	if _, ok := t.stood[k.ID]; ok {
		return
	}
	t.recall(k)
	t.stood[k.ID] = k.Standing()
	t.readTicket(k)
	if len(t.cardPlaces(k)) == 0 {
		return
	}
	t.cards[k.ID] = map[chat.Place]chat.Reply{}
	t.forDesk(k, func(place chat.Place) { t.cards[k.ID][place] = t.deskCard(k, place) })
}

func (t *turn) sender() (*heldPerson, error) {
	p, err := t.view.Person(t.ctx, t.event.From.Person)
	if p.Value.ID == "" {
		p.Value = desk.Person{ID: t.event.From.Person, Accounts: []chat.AccountID{t.event.From.Account}}
	}
	return &p, err
}

// post queues a reply. Without a Key it gets one of its own, the same each
// time the event is handled.
func (t *turn) post(r chat.Reply) {
	if r.Key == "" {
		r.Key = chat.Key(fmt.Sprintf("re/%s/%d", t.mark(), len(t.out.Replies)))
	}
	r.Deed = cmp.Or(r.Deed, chat.Post)
	r.Purpose = cmp.Or(r.Purpose, chat.Answering)
	r.Lang = cmp.Or(r.Lang, t.lang)
	r.Event = t.event.ID
	t.out.Replies = append(t.out.Replies, r)
}

// mark is short, and the same for every copy of the event.
func (t *turn) mark() string {
	sum := sha256.Sum256([]byte(t.event.Identity()))
	return hex.EncodeToString(sum[:10])
}

// tell answers the sender where they are, as privately as their door says.
func (t *turn) tell(blocks ...chat.Block) {
	r := chat.Reply{Place: t.event.Place, Handle: t.event.Handle, Blocks: blocks}
	if t.alone && !t.event.Private {
		r.Only = t.event.From.Account
	}
	t.post(r)
}

// refuse answers the sender alone, whatever the door.
func (t *turn) refuse(blocks ...chat.Block) {
	t.alone = true
	t.tell(blocks...)
}

// inform tells the asker of a ticket something, in their language, where they
// asked.
func (t *turn) inform(k *desk.Ticket, purpose chat.Purpose, blocks ...chat.Block) {
	r := chat.Reply{Place: k.Place, Purpose: purpose, Blocks: blocks, Lang: t.words.speak(k.Trail.Lang)}
	if k.Private && !k.Direct {
		r.Only = k.Asker.Account
	}
	t.post(r)
}

// notify tells an agent something in their direct messages, unless they are
// the one who did it. Their locale is not known, so say is called with the
// installation's first language.
func (t *turn) notify(agent desk.Agent, say func() []chat.Block) {
	if agent.Account == "" || agent.ID == t.event.From.Person {
		return
	}
	lang := t.lang
	t.lang = t.words.speak(t.settings.Languages[0])
	t.post(chat.Reply{Place: chat.Direct(agent.Account), Purpose: chat.Notifying, Blocks: say()})
	t.lang = lang
}

// text is a paragraph in the sender's language.
func (t *turn) text(id string, a ...args) chat.Block { return t.textIn(t.lang, id, a...) }

func (t *turn) textIn(lang, id string, a ...args) chat.Block {
	return chat.Block{Layout: chat.Paragraph, Text: t.words.say(lang, id, a...)}
}

func (t *turn) line(id string, a ...args) string { return t.words.line(t.lang, id, a...) }

// quote shows someone's words as theirs.
func quote(s string) chat.Block { return chat.Block{Layout: chat.Quote, Text: chat.Plain(s)} }

func contextLine(text chat.Text) chat.Block { return chat.Block{Layout: chat.Context, Text: text} }

func row(buttons ...chat.Button) chat.Block {
	return chat.Block{Layout: chat.Buttons, Buttons: buttons}
}
