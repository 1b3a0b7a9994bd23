package bot

import (
	"cmp"
	"errors"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/knowledge"
)

// contact makes a ticket of a conversation. The form brings question, topic and
// what else there is to know; a press that came without one goes by the question as it was asked.
// An agent may press for the asker, who stays the asker.
func (t *turn) contact(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	if c.Value.Ticket != "" {
		k, err := t.ticket(c.Value.Ticket)
		if err != nil {
			return err
		}
		if k != nil && k.Value.Live() {
			return t.showOwn("ticket_exists", &k.Value)
		}
	}
	if t.isAsker(&c.Value) {
		if err := t.ifBarred(); err != nil {
			return err
		}
	}
	question, detail, topic := c.Value.Newest().Text, "", t.topicOf(&c.Value)
	if t.event.Kind == chat.Submit && t.isAsker(&c.Value) {
		question = cmp.Or(strings.TrimSpace(t.event.Values["question"]), question)
		detail = strings.TrimSpace(t.event.Values["detail"])
		topic = ""
		for _, option := range t.topicOptions(t.lang, &c.Value) {
			if option.Value == t.event.Values["topic"] && option.Value != otherTopic {
				topic = option.Value
			}
		}
	}
	question = chat.Shorten(question, maxFormText)
	return t.open(c, question, chat.Shorten(detail, detailRoom(question)), topic)
}

// open opens the ticket for a conversation.
func (t *turn) open(c *heldConversation, question, detail, topic string) error {
	number, err := t.view.Number(t.ctx)
	if err != nil {
		return err
	}
	k := &heldTicket{Value: desk.New(number, &c.Value, question, topic, t.at)}
	k.Value.Asker.Person = t.Person(k.Value.Asker.Account) // by now
	k.Value.Explain(detail)
	k.Value.Desk = t.route(&k.Value).Name
	ahead, err := t.view.Ahead(t.ctx, k.Value, t.at)
	if err != nil {
		return err
	}
	wait, err := t.waitLines(k.Value.Desk)
	if err != nil {
		return err
	}
	if t.event.Kind == chat.Tick {
		c.Value.EscalateUnasked(k.Value.ID, t.at)
	} else {
		c.Value.Escalate(k.Value.ID, t.at)
	}
	k.Value.Trail = c.Value.Trail
	t.keepConversation(c)
	if c.Value.Private && !c.Value.Direct {
		// What only they see in a channel does not last; their direct messages do.
		if err := t.moveTo(&k.Value, chat.Direct(c.Value.Asker.Account)); err != nil {
			return err
		}
	}
	t.keepTicket(k)
	if err := t.escalated(&c.Value, &k.Value); err != nil {
		return err
	}
	t.passQuestion(&k.Value)
	t.nudgeNoMore(c.Value.ID)
	blocks := append([]chat.Block{t.text("ticket_opened", args{"Ticket": k.Value.ID}), t.queueLine(ahead)}, wait...)
	blocks = append(blocks, t.teamBack(&k.Value)...)
	opened := t.public(&c.Value, "", chat.Post, append(blocks, row(t.cancelButton(&k.Value))))
	opened.Report = newsOf(&k.Value, desk.Opened, 1)
	t.post(opened)
	return nil
}

// queueLine tells the place in the queue.
func (t *turn) queueLine(ahead int) chat.Block {
	if ahead == 0 {
		return t.text("queue_first")
	}
	return t.text("queue_ahead", args{"N": ahead})
}

func (t *turn) cancelButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_cancel", args{"Ticket": k.ID}), Action: chat.Do("cancel", string(k.ID))}
}

// topicOf guesses what a conversation is about: the topic of the article that
// was shown first for the newest question, empty if none was.
func (b *Bot) topicOf(c *conversation.Conversation) string {
	if asked := c.Newest(); asked != nil {
		return b.topicShown(b.private(c.Asker, c.Private), asked)
	}
	return ""
}

// topicShown is the topic of the article that was shown first for a question, to
// those who may see these private audiences; empty if none was.
func (b *Bot) topicShown(private []string, asked *conversation.Asked) string {
	if len(asked.Shown) == 0 {
		return ""
	}
	first := asked.Shown[0]
	a, ok := b.library().Article(knowledge.ArticleID(first.ID), knowledge.Lang(first.Lang), private)
	if !ok {
		return ""
	}
	return a.Topic
}

// saidToTicket takes what an asker says after escalating to the ticket. It
// reports false if the ticket is over, so that the words begin anew.
func (t *turn) saidToTicket(c *heldConversation) (done bool, err error) {
	k, err := t.ticket(c.Value.Ticket)
	if k == nil || err != nil {
		return false, err
	}
	if k.Value.Heard(t.event.Message, t.event.Place) {
		return true, nil // a platform was read again, long after
	}
	t.lang = t.words.speak(c.Value.Trail.Lang)
	ans, err := t.find(c, t.event.Text)
	if err != nil {
		return false, err
	}
	if ans.Intent == knowledge.Thanks && (k.Value.State != desk.Closed || k.Value.Returns(t.settings.Grace, t.event.At)) { // which reopens nothing
		k.Value.Thank(t.event.Message, chat.Shorten(t.event.Text, maxStored), t.at)
		t.keepTicket(k)
		t.pass(&k.Value, false)
		t.tell(t.text("thanked"))
		return true, nil
	}
	settled := !k.Value.Live()
	switch err := k.Value.Add(t.event.Message, chat.Shorten(t.event.Text, maxStored), t.event.Files, t.settings.Grace, t.event.At); {
	case errors.Is(err, desk.ErrClosed):
		return false, nil
	case err != nil:
		return false, err
	}
	t.keepTicket(k)
	t.added(&k.Value, settled)
	if settled {
		t.settled(&c.Value, false)
	}
	return true, nil
}

// changedOnTicket takes an edit or the deletion of what an asker said to their
// ticket there. It reports false if the message is no part of one.
func (t *turn) changedOnTicket(c *heldConversation) (bool, error) {
	if c == nil || c.Value.Ticket == "" {
		return false, nil
	}
	k, err := t.ticket(c.Value.Ticket)
	if k == nil || err != nil {
		return false, err
	}
	said := k.Value.Said(t.event.Message)
	if t.event.Kind == chat.Edit { // taking it back still counts
		if out, err := t.keptOut(); out || err != nil {
			return false, err
		}
	}
	// The question itself: its answer changes too, as it would without a ticket.
	asked := c.Value.ByMessage(t.event.Message)
	switch {
	case said == nil && asked == nil:
		return false, nil
	case asked != nil && !k.Value.Live() && t.event.Kind == chat.Edit:
		return false, nil // nobody works on it any more; taking it back still counts
	case said == nil:
		said = &desk.Entry{Text: asked.Text, Files: asked.Files}
	}
	n := k.Value.FromMessage(t.event.Message)
	switch {
	case t.event.Kind == chat.Delete:
		k.Value.TakeBack(t.event.Message, t.at)
		if asked == nil {
			t.tell(t.text("ticket_taken_back", args{"Ticket": k.Value.ID}))
		}
	case said.Text != t.event.Text || len(said.Files) != len(t.event.Files):
		k.Value.Edit(t.event.Message, chat.Shorten(t.event.Text, maxStored), t.event.Files, t.at)
		k.Value.Question = chat.Shorten(k.Value.Question, maxFormText)
		t.passNewFiles(&k.Value, said.Files)
		if asked == nil && (k.Value.Holder == "" || tooLong(t.event.Text)) {
			t.tell(append([]chat.Block{t.text("ticket_edited", args{"Ticket": k.Value.ID})}, t.cut()...)...)
		}
	default:
		return asked == nil, nil
	}
	t.keepTicket(k)
	if n > 0 && k.Value.Entry(n).Did != desk.DidOpen {
		t.passed(&k.Value, n, chat.Replace)
	} else {
		t.toHolder(&k.Value, map[chat.Kind]string{chat.Delete: "asker_took_back", chat.Edit: "asker_edited"}[t.event.Kind], t.event.Text)
	}
	return asked == nil, nil
}

// added carries the asker's words to the desk, and tells the asker so where
// nobody there could.
func (t *turn) added(k *desk.Ticket, reopened bool) {
	t.pass(k, true)
	var blocks []chat.Block
	switch {
	case reopened:
		blocks = append(blocks, t.text("ticket_reopened", args{"Ticket": k.ID}))
	case k.Holder == "" || t.event.Kind != chat.Message:
		blocks = append(blocks, t.text("ticket_added", args{"Ticket": k.ID}))
	}
	if len(blocks) > 0 && (reopened || k.Count(desk.DidAdd) == 1) { // once is enough
		blocks = append(blocks, contextLine(t.words.say(t.lang, "ticket_new")))
	}
	for _, f := range t.tooLarge(k, t.event.Files) {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "file_left", args{"File": t.fileLine(f)})))
	}
	if blocks = append(blocks, t.cut()...); len(blocks) > 0 {
		t.tell(blocks...)
	}
}

// cut tells the sender if not all of their words are kept.
func (t *turn) cut() []chat.Block {
	if !tooLong(t.event.Text) {
		return nil
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "words_cut", args{"Count": maxStored}))}
}

// toHolder tells a ticket's holder what its asker did with it as a whole.
func (t *turn) toHolder(k *desk.Ticket, id, words string) {
	say := func() []chat.Block {
		blocks := []chat.Block{t.text(id, args{"Name": k.Asker.Name, "Ticket": k.ID})}
		if words != "" {
			blocks = append(blocks, quote(chat.Defuse(words)))
		}
		return append(blocks, row(t.showButton(k)))
	}
	t.notify(holderOf(k), say)
	t.notifyWatchers(k, say)
}

// ownTickets is how many of one's tickets are listed: a screenful.
const ownTickets = 10

// status lists the sender's own tickets.
func (t *turn) status(chat.Invocation) error {
	list, err := t.view.Asked(t.ctx, t.event.From.Person, ownTickets)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		t.tell(t.text("status_none"))
		return nil
	}
	var blocks []chat.Block
	var buttons []chat.Button
	for i := range list {
		k := &list[i]
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: t.ownLine(k)}, quote(chat.Shorten(k.Question, listed)))
		place, err := t.placeLines(k)
		if err != nil {
			return err
		}
		blocks = append(blocks, place...)
		blocks = append(blocks, t.teamBack(k)...)
		if k.Live() {
			buttons = append(buttons, chat.Button{Label: t.line("button_add", args{"Ticket": k.ID}), Action: chat.Do("add", string(k.ID))}, t.cancelButton(k))
		}
	}
	t.tell(append(blocks, rows(buttons)...)...)
	return nil
}

// ownLine is a ticket as its asker sees it.
func (t *turn) ownLine(k *desk.Ticket) chat.Text {
	a := args{"Ticket": k.ID, "Ago": t.words.ago(t.lang, t.at.Sub(k.OpenedAt)), "Name": t.holderFor(k)}
	if !k.WaitUntil.IsZero() {
		a["When"] = t.when(k.WaitUntil, k)
		return t.words.say(t.lang, "own_put_off", a)
	}
	return t.words.say(t.lang, "own_"+string(k.State), a)
}

// holderFor is how a ticket's holder is called before its asker.
func (t *turn) holderFor(k *desk.Ticket) string {
	return t.signed(k, desk.Agent{ID: k.Holder, Name: k.HolderName})
}

// showOwn answers with the state of the sender's own ticket.
func (t *turn) showOwn(id string, k *desk.Ticket) error {
	t.of(string(k.ID))
	t.tell(t.text(id, args{"Ticket": k.ID}), chat.Block{Layout: chat.Paragraph, Text: t.ownLine(k)}, row(
		chat.Button{Label: t.line("button_add", args{"Ticket": k.ID}), Action: chat.Do("add", string(k.ID))},
		t.cancelButton(k)))
	return nil
}

// own reads a ticket that the sender asked. Anyone else's does not exist for
// them.
func (t *turn) own(in chat.Invocation) (*heldTicket, error) {
	id, err := desk.ParseID(in.Args["ticket"])
	if err != nil {
		return nil, &refusal{id: "own_none", args: args{"Ticket": chat.Shorten(in.Args["ticket"], 20)}}
	}
	k, err := t.ticket(id)
	if err != nil {
		return nil, err
	}
	t.of(string(id))
	if k == nil || !t.access.same(k.Value.Asker, t.event.From) {
		// They are told the same; only the audit tells the two apart.
		return nil, &refusal{id: "own_none", args: args{"Ticket": id}, denied: k != nil}
	}
	return k, nil
}

// ownExplain turns a rule's refusal into words for the asker.
func ownExplain(k *desk.Ticket, err error) error {
	a := args{"Ticket": k.ID}
	switch {
	case errors.Is(err, desk.ErrResolved):
		return &refusal{id: "own_is_resolved", args: a}
	case errors.Is(err, desk.ErrClosed):
		return &refusal{id: "own_is_closed", args: a}
	case errors.Is(err, desk.ErrNotDone):
		return &refusal{id: "not_settled", args: a}
	}
	return err
}

// add takes further words from the asker into their ticket.
func (t *turn) add(in chat.Invocation) error {
	k, err := t.own(in)
	if err != nil {
		return err
	}
	if err := t.ifBarred(); err != nil {
		return err
	}
	text := strings.TrimSpace(in.Args["text"])
	if text == "" {
		return &refusal{id: "add_what", args: args{"Ticket": k.Value.ID}}
	}
	reopened := !k.Value.Live()
	if err := k.Value.Add("", chat.Shorten(text, maxStored), t.event.Files, t.settings.Grace, t.event.At); err != nil {
		return ownExplain(&k.Value, err)
	}
	t.keepTicket(k)
	t.event.Text = text
	t.added(&k.Value, reopened)
	if reopened {
		return t.settledTicket(&k.Value, false)
	}
	return nil
}

// cancel takes the asker's own ticket back.
func (t *turn) cancel(in chat.Invocation) error {
	k, err := t.own(in)
	if err != nil {
		return err
	}
	if err := k.Value.Cancel(t.at); err != nil {
		return ownExplain(&k.Value, err)
	}
	t.keepTicket(k)
	t.tell(t.text("cancelled", args{"Ticket": k.Value.ID}))
	t.toHolder(&k.Value, "asker_cancelled", "")
	return nil
}
