package bot

import (
	"slices"
	"strconv"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/knowledge"
)

// asked answers /ask QUESTION, privately. What is said aloud in the place, to
// a ticket say, goes on as if nothing had been asked.
func (t *turn) asked(in chat.Invocation) error {
	t.aside = true
	return t.understand(nil, in.Args["question"], true)
}

// theirs reads the conversation that a button belongs to. If the person who
// pressed is neither its asker nor an agent, it is nil and they have been answered; if
// it is gone, or not theirs to see, they are refused.
func (t *turn) theirs() (*heldConversation, error) {
	c, err := t.conversation(t.event.Action.Arg(0))
	if err != nil {
		return nil, err
	}
	if c == nil || c.Value.Newest() == nil {
		return nil, &refusal{id: "button_old"}
	}
	t.lang = t.words.speak(c.Value.Trail.Lang)
	t.alone = c.Value.Private // what is answered appears there, wherever the press came from
	switch {
	case t.isAsker(&c.Value):
		return c, nil
	case c.Value.Private: // nobody else has seen its buttons
		return nil, forbidden("button_old", nil)
	case t.access.may(t.event.From, chat.Agent, ""):
		return c, nil
	}
	return nil, t.ownCopy(c.Value.Newest().Text)
}

func (t *turn) isAsker(c *conversation.Conversation) bool {
	return t.access.same(c.Asker, t.event.From)
}

// ownCopy answers someone who pressed under another's answer: the same
// question, asked by themselves, seen by nobody else.
func (t *turn) ownCopy(question string) error {
	t.alone, t.aside = true, true
	if t.event.Action.Verb == "as" {
		if err := t.choose(t.event.Action.Arg(1), t.event.From); err != nil {
			return err
		}
	}
	return t.understand(nil, question, true)
}

// helped ends a conversation well.
func (t *turn) helped(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	if c.Value.State != conversation.Helped {
		c.Value.Help(t.at)
		t.keepConversation(c)
		t.nudgeNoMore(c.Value.ID)
	}
	t.tell(t.text("thanked"))
	t.settled(&c.Value, true)
	return t.confirmed(&c.Value)
}

// notHelped offers a person, as for the word that it did not help.
func (t *turn) notHelped(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	return t.unhelped(c)
}

// more shows further articles for the newest question.
func (t *turn) more(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	asked := c.Value.Newest()
	ans, err := t.findAgain(c, asked)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(ans.Matches), func(m knowledge.Match) bool {
		return slices.ContainsFunc(asked.Shown, func(s conversation.Shown) bool { return s.ID == string(m.Article.ID) })
	})
	if len(rest) == 0 {
		t.tell(t.text("more_none"), row(t.contactButton(c.Value.ID), t.browseButton()))
		return nil
	}
	now := rest[:min(len(rest), t.settings.Articles)]
	c.Value.Show(shown(now), t.at)
	t.keepConversation(c)
	buttons := []chat.Button{t.helpedButton(c.Value.ID)}
	if len(rest) > len(now) {
		buttons = append(buttons, chat.Button{Label: t.line("button_more"), Action: chat.Do("more", string(c.Value.ID))})
	}
	blocks := append([]chat.Block{t.text("lead_more")}, t.articles(&c.Value, now)...)
	blocks = append(blocks, row(append(buttons, t.contactButton(c.Value.ID))...))
	t.post(t.public(&c.Value, "", chat.Post, blocks))
	return t.corrected(&c.Value, asked)
}

// as answers anew for the audience that the asker says they are, and
// remembers it.
func (t *turn) as(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	name := t.event.Action.Arg(1)
	if err := t.choose(name, t.asker(c)); err != nil {
		return err
	}
	c.Value.Choose(name, t.at)
	return t.answerAnew(c, c.Value.Newest())
}

// choose sets who an asker is, and remembers it if they say so themselves.
// What is not theirs to choose is refused: the button came from outside.
func (t *turn) choose(name string, asker chat.Sender) error {
	if !slices.ContainsFunc(t.choices(asker, t.alone), func(a Audience) bool { return a.Name == name }) {
		return forbidden("audience_not_yours", nil)
	}
	t.chosen = name
	if asker.Person != t.event.From.Person {
		t.chosenBy = t.access.agent(t.event.From).Name
		return nil
	}
	p, err := t.sender()
	if err != nil {
		return err
	}
	p.Value.Audience, p.Value.ChosenAt = name, t.at
	t.keepPerson(p)
	return nil
}

// share puts a private answer into the channel, as far as everyone may see it.
func (t *turn) share(chat.Invocation) error {
	c, err := t.theirs()
	if c == nil || err != nil {
		return err
	}
	if !t.isAsker(&c.Value) {
		return forbidden("share_own", nil) // an agent may press for others, but these are their words
	}
	asked := c.Value.Newest()
	t.alone = false
	ans, err := t.findAgain(c, asked)
	if err != nil {
		return err
	}
	matches := t.worth(ans)
	if len(matches) == 0 {
		return &refusal{id: "share_nothing"}
	}
	blocks := append([]chat.Block{t.text("shared", args{"Name": t.event.From.Name}), quote(asked.Text)}, t.articles(&c.Value, matches)...)
	t.post(chat.Reply{Place: c.Value.Place, Blocks: blocks})
	return nil
}

// browse walks the help centre: audiences, then topics, then articles.
// Arguments: audience, topic, page; each may be missing.
func (t *turn) browse(chat.Invocation) error {
	private := t.private(t.event.From, true)
	audience, topic := t.event.Action.Arg(0), t.event.Action.Arg(1)
	lang := knowledge.Lang(t.lang)
	var buttons []chat.Button
	switch {
	case audience == "" && len(t.choices(t.event.From, true)) > 1:
		for _, a := range t.choices(t.event.From, true) {
			buttons = append(buttons, chat.Button{Label: t.audienceLabel(t.lang, a.Name), Action: chat.Do("browse", a.Name)})
		}
		t.tell(append([]chat.Block{t.text("browse_audiences")}, rows(buttons)...)...)
		return nil
	case topic == "":
		for _, found := range t.library().Topics(audience, lang, private) {
			buttons = append(buttons, chat.Button{Label: t.topicLabel(t.lang, found.Name), Action: chat.Do("browse", audience, found.Name)})
		}
		if len(buttons) == 0 {
			return &refusal{id: "browse_none"}
		}
		page, _ := strconv.Atoi(t.event.Action.Arg(2))
		page = max(0, min(page, (len(buttons)-1)/topicsPage))
		more := len(buttons) > (page+1)*topicsPage
		buttons = buttons[page*topicsPage : min(len(buttons), (page+1)*topicsPage)]
		if more {
			buttons = append(buttons, chat.Button{Label: t.line("button_more"), Action: chat.Do("browse", audience, "", strconv.Itoa(page+1))})
		}
		title := t.text("browse_all")
		if audience != "" {
			title = t.text("browse_topics", args{"Audience": t.audienceLabel(t.lang, audience)})
		}
		t.tell(append([]chat.Block{title}, rows(buttons)...)...)
		return nil
	}
	articles := t.library().Browse(audience, topic, lang, private)
	page, _ := strconv.Atoi(t.event.Action.Arg(2))
	page = max(0, min(page, (len(articles)-1)/browsePage))
	if len(articles) == 0 {
		return &refusal{id: "browse_none"}
	}
	blocks := []chat.Block{{Layout: chat.Heading, Text: chat.Plain(t.audienceLabel(t.lang, audience) + " › " + t.topicLabel(t.lang, topic))}}
	for _, a := range articles[page*browsePage : min(len(articles), (page+1)*browsePage)] {
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: chat.Link(a.Title, a.URL)})
	}
	if (page+1)*browsePage < len(articles) {
		buttons = append(buttons, chat.Button{Label: t.line("button_more"), Action: chat.Do("browse", audience, topic, strconv.Itoa(page+1))})
	}
	buttons = append(buttons, chat.Button{Label: t.line("button_topics"), Action: chat.Do("browse", audience)})
	t.tell(append(blocks, rows(buttons)...)...)
	return nil
}

const (
	// browsePage is how many articles are listed at once: a screenful.
	browsePage = 8
	// topicsPage leaves room for one more button below them.
	topicsPage = buttonsPerRow*maxRows - 1
)
