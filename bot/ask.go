package bot

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

const (
	// fresh is how long a word in a channel or direct message belongs to the
	// conversation before it. A thread is one conversation for good.
	fresh = time.Hour
	// asMuch is how many articles are ranked, so that "Show more" has some.
	asMuch = 10
	// maxStored is how many runes of a message are kept, and so carried: with what
	// stands beside them, and marks that a platform's markup needs, they fit into
	// Discord's 4,000.
	// Source: https://docs.discord.com/developers/components/reference#text-display
	maxStored = 2900
	// contextQuestions is how many earlier questions a follow-up is understood
	// with: itself the fifth, say, that goes on from the same one.
	contextQuestions = 6
)

// said handles something said in a place.
func (t *turn) said() error {
	if t.access.inside(t.event.Place) {
		return t.saidInside()
	}
	if told, err := t.told(); told || err != nil {
		if err != nil {
			return err
		}
		t.alone = true
		c, in, err := t.parse("ticket", t.event.Text)
		return t.do(c, in, err)
	}
	if !t.event.Addressed {
		own, err := t.inOwnThread()
		if err != nil {
			return err
		}
		if !own {
			return t.overheard()
		}
		t.awaitNoMore()
	}
	if t.event.Withheld {
		return t.unheard()
	}
	return t.saidToUs()
}

// saidToUs handles what someone said that is meant for us.
func (t *turn) saidToUs() error {
	if strings.TrimSpace(t.event.Text) == "" && len(t.event.Files) == 0 {
		t.welcome()
		return nil
	}
	if t.asksPrivacy() {
		t.alone = true
		return t.do(t.parse(privacyDoor, ""))
	}
	c, err := t.here()
	if err != nil {
		return err
	}
	if c != nil && c.Value.Ticket != "" {
		out, err := t.keptOut()
		if err != nil {
			return err
		}
		// Who is kept out still gets articles, beside their ticket.
		if t.aside = t.aside || out; !out {
			done, err := t.saidToTicket(c)
			if done || err != nil {
				return err
			}
		}
	}
	if c != nil && (c.Value.State == conversation.Escalated || t.event.Place.Thread == "" && c.Value.Stale(t.at, fresh)) {
		c = nil
	}
	if name := t.saysWho(); name != "" {
		return t.choseInWords(c, name)
	}
	if strings.TrimSpace(t.event.Text) == "" {
		return t.showed(c)
	}
	return t.understand(c, t.event.Text, t.event.Private)
}

// unheard asks someone, once in a conversation, to say it so that we can hear
// it: with a mention, or in a form.
func (t *turn) unheard() error {
	c, err := t.here()
	if err != nil || c != nil && c.Value.Hinted {
		return err
	}
	var id string
	if c != nil {
		c.Value.Hinted = true
		t.keepConversation(c)
		t.lang = t.words.speak(c.Value.Trail.Lang)
		id = string(c.Value.ID)
	}
	t.tell(t.text("unheard"), row(chat.Button{Label: t.line("button_details"), Action: chat.Do("details", id), Style: chat.Primary}))
	return nil
}

// details takes what someone wrote into a form as if they had said it where
// they are.
func (t *turn) details(chat.Invocation) error {
	if t.event.Kind != chat.Submit {
		return nil // it only opens the form
	}
	t.event.Text = strings.TrimSpace(t.event.Values["text"])
	return t.saidToUs()
}

// inOwnThread reports whether the sender speaks in the thread of a conversation
// of theirs: it needs no mention there. Whoever else does may speak to them.
func (t *turn) inOwnThread() (bool, error) {
	if t.event.Place.Thread == "" {
		return false, nil
	}
	c, ok, err := t.view.Here(t.ctx)
	return ok && t.isAsker(&c.Value), err
}

// showed keeps files that came without a word, for the person who will look at
// the question they belong to.
func (t *turn) showed(c *heldConversation) error {
	name := t.event.Files[len(t.event.Files)-1].Name
	if c == nil || c.Value.Newest() == nil {
		ans, err := t.find(nil, "")
		if err != nil {
			return err
		}
		c = t.begin(t.event.Private)
		t.note(c, ans)
		c.Value.Ask(t.question("", ans))
		c.Value.Misses = 0 // nothing was asked yet
		t.keepConversation(c)
		t.tell(t.text("file_first", args{"Name": name}))
		return nil
	}
	asked := c.Value.Newest()
	asked.Files = slices.Concat(asked.Files, t.event.Files)
	t.keepConversation(c)
	t.lang = t.words.speak(c.Value.Trail.Lang)
	t.tell(t.text("file_kept", args{"Name": name}), row(t.contactButton(c.Value.ID)))
	return nil
}

// saysWho is the audience whose button the sender wrote instead of pressing
// it, in any of our languages; empty if none.
func (t *turn) saysWho() string {
	said := strings.TrimSpace(t.event.Text)
	for _, a := range t.choices(t.event.From, t.alone) {
		for _, tag := range t.words.tags {
			if strings.EqualFold(said, t.asLabel(tag.String(), a.Name)) {
				return a.Name
			}
		}
	}
	return ""
}

// choseInWords remembers who the sender is, and answers their newest question
// anew.
func (t *turn) choseInWords(c *heldConversation, name string) error {
	if err := t.choose(name, t.event.From); err != nil {
		return err
	}
	if c == nil || c.Value.Newest() == nil {
		t.welcome()
		return nil
	}
	c.Value.Choose(name, t.at)
	return t.answerAnew(c, c.Value.Newest())
}

// understand answers what was said: in c, or in a new conversation.
func (t *turn) understand(c *heldConversation, text string, private bool) error {
	ans, err := t.find(c, text)
	if err != nil {
		return err
	}
	t.lang = t.words.speak(string(ans.Lang))
	answered := c != nil && len(c.Value.Trail.Asked) > 0
	switch ans.Intent {
	case knowledge.Greets:
		t.welcome()
	case knowledge.Thanks:
		return t.thank(c)
	case knowledge.Unhelped:
		if !answered {
			t.tell(t.text("unhelped_what"))
			return nil
		}
		return t.unhelped(c)
	case knowledge.Person:
		t.offer(c, text, ans, private, "person_offer")
	case knowledge.Says:
		t.offer(c, text, ans, private, "statement")
	default:
		if c == nil || c.Value.State == conversation.Helped {
			c = t.begin(private)
		}
		if ans.Says != "" {
			c.Value.Choose(ans.Says, t.at)
		}
		return t.ask(c, text, ans)
	}
	return nil
}

// offer offers a person where articles are no answer. Words without a question
// before them are what the person will be asked.
func (t *turn) offer(c *heldConversation, text string, ans knowledge.Answer, private bool, id string) {
	if c == nil || c.Value.Newest() == nil {
		c = t.begin(private)
		t.note(c, ans)
		c.Value.Ask(t.question(text, ans))
		c.Value.Misses = 0 // no article was asked for
		t.keepConversation(c)
	}
	t.tell(t.text(id), row(t.contactButton(c.Value.ID), t.browseButton()))
}

// question is what was asked, as the trail keeps it.
func (t *turn) question(text string, ans knowledge.Answer) conversation.Asked {
	asked := conversation.Asked{
		At: t.event.At, Message: t.event.Message, Stamp: t.event.Stamp, Text: chat.Shorten(text, maxStored), Files: t.event.Files,
		Level: string(ans.Level), Confidence: ans.Confidence, Knowledge: t.version,
		Answer: chat.Key("answer/" + t.mark()),
	}
	if said := t.event.About; said != nil && said.From.Account != t.event.From.Account {
		asked.By = said.From.Account
	}
	return asked
}

// find asks the library something new, with everything known of the asker.
func (t *turn) find(c *heldConversation, text string) (knowledge.Answer, error) {
	var before []conversation.Asked
	if c != nil {
		before = slices.DeleteFunc(slices.Clone(c.Value.Trail.Asked), func(a conversation.Asked) bool {
			return a.Message != "" && a.Message == t.event.Message
		})
	}
	return t.findAfter(c, before, knowledge.Question{Text: text})
}

// findAgain asks the library a question of c anew.
func (t *turn) findAgain(c *heldConversation, asked *conversation.Asked) (knowledge.Answer, error) {
	all := c.Value.Trail.Asked
	place := slices.IndexFunc(all, func(a conversation.Asked) bool { return a.Answer == asked.Answer && a.Message == asked.Message })
	return t.findAfter(c, all[:max(place, 0)], knowledge.Question{Text: asked.Text, Settled: asked.Settled})
}

// findAfter asks the library q, which comes after what was asked before in c.
func (t *turn) findAfter(c *heldConversation, before []conversation.Asked, q knowledge.Question) (knowledge.Answer, error) {
	asker := t.asker(c)
	person, err := t.view.Person(t.ctx, asker.Person)
	if err != nil {
		return knowledge.Answer{}, err
	}
	q.Limit, q.Locale = asMuch, knowledge.Lang(asker.Locale)
	for _, a := range before[max(0, len(before)-contextQuestions):] {
		q.Before = append(q.Before, a.Text)
	}
	chosen := cmp.Or(t.chosen, person.Value.Audience)
	if c != nil {
		q.Locale = cmp.Or(knowledge.Lang(c.Value.Trail.Lang), q.Locale)
		for i := len(before) - 1; i >= 0 && q.Topic == ""; i-- {
			q.Topic = t.topicShown(t.private(c.Value.Asker, c.Value.Private), &before[i])
		}
		chosen = cmp.Or(t.chosen, c.Value.As, person.Value.Audience)
	}
	q.Known = t.known(asker, chosen)
	q.Private = t.private(asker, t.alone)
	library := t.library()
	t.version = library.Version()
	return library.Find(t.ctx, q)
}

// asker is whose question it is: an agent may press for the asker, and then
// the asker's rights and roles count.
func (t *turn) asker(c *heldConversation) chat.Sender {
	if c != nil && !t.isAsker(&c.Value) {
		return c.Value.Asker
	}
	return t.event.From
}

// known is the evidence for who is asking, apart from the words. Chosen is the
// audience that they said they are; empty if they did not.
func (t *turn) known(asker chat.Sender, chosen string) []audience.Evidence {
	var known []audience.Evidence
	for _, a := range t.choices(asker, t.alone) {
		if chosen == a.Name {
			known = append(known, audience.Evidence{Audience: a.Name, Source: audience.Chosen, Detail: t.chosenBy})
		}
		if i := slices.IndexFunc(a.Roles, func(role string) bool { return asker.HasRole(role) }); i >= 0 {
			known = append(known, audience.Evidence{Audience: a.Name, Source: audience.Role, Detail: "@" + a.Roles[i]})
		}
		if i := slices.IndexFunc(a.Groups, func(group string) bool { return asker.InGroup(group) }); i >= 0 {
			known = append(known, audience.Evidence{Audience: a.Name, Source: audience.Group, Detail: "@" + a.Groups[i]})
		}
		if slices.Contains(a.Channels, t.event.Place.Outside().String()) {
			known = append(known, audience.Evidence{Audience: a.Name, Source: audience.Channel})
		}
	}
	return known
}

// ask notes a question in c and answers it.
func (t *turn) ask(c *heldConversation, text string, ans knowledge.Answer) error {
	matches := t.worth(ans)
	asked := t.question(text, ans)
	asked.Shown = shown(matches)
	t.note(c, ans)
	c.Value.Ask(asked)
	t.keepConversation(c)
	t.post(t.public(&c.Value, asked.Answer, chat.Post, t.answer(&c.Value, ans, matches)))
	t.nudgeLater(&c.Value, ans.Level)
	return t.enter(&c.Value)
}

// note keeps in the trail who we think asks, and in which language.
func (t *turn) note(c *heldConversation, ans knowledge.Answer) {
	trail := &c.Value.Trail
	trail.Lang, trail.Audience, trail.Why = string(ans.Lang), ans.Audience.Name, reasons(ans.Audience)
}

// reasons are those of a guess, as a trail keeps them.
func reasons(guess audience.Guess) []conversation.Reason {
	var list []conversation.Reason
	for _, why := range guess.Why {
		list = append(list, conversation.Reason{Source: string(why.Source), Audience: why.Audience, Detail: why.Detail})
	}
	return list
}

// worth is what is shown at first: one article if it is sure, a few if not.
func (t *turn) worth(ans knowledge.Answer) []knowledge.Match {
	n := 0
	switch ans.Level {
	case knowledge.Sure:
		n = 1
	case knowledge.Unsure:
		n = t.settings.Articles
	}
	return ans.Matches[:min(n, len(ans.Matches))]
}

func shown(matches []knowledge.Match) []conversation.Shown {
	var list []conversation.Shown
	for _, m := range matches {
		list = append(list, conversation.Shown{
			ID: string(m.Article.ID), Lang: string(m.Article.Lang), Title: m.Article.Title, URL: link(m), Score: m.Score,
		})
	}
	return list
}

// public is a reply where a conversation takes place, as private as that is.
func (t *turn) public(c *conversation.Conversation, key chat.Key, deed chat.Deed, blocks []chat.Block) chat.Reply {
	r := chat.Reply{Key: key, Deed: deed, Place: c.Place, Handle: t.event.Handle, Blocks: blocks}
	if c.Private && !c.Direct {
		r.Only = c.Asker.Account
	}
	return r
}

// thank answers a thank-you; after an answer it means that it helped.
func (t *turn) thank(c *heldConversation) error {
	helped := c != nil && c.Value.State == conversation.Answered && len(c.Value.Trail.Asked) > 0
	if helped {
		c.Value.Help(t.at)
		t.keepConversation(c)
		t.nudgeNoMore(c.Value.ID)
	}
	t.tell(t.text("thanked"))
	if !helped {
		return nil
	}
	t.settled(&c.Value, true)
	return t.confirmed(&c.Value)
}

// unhelped offers a person after an answer that did not help.
func (t *turn) unhelped(c *heldConversation) error {
	c.Value.Miss(t.at)
	t.keepConversation(c)
	t.tell(t.text("unhelped_offer"), row(t.contactButton(c.Value.ID), t.browseButton()))
	return t.disputed(&c.Value)
}

// welcome says what can be had here.
func (t *turn) welcome() {
	t.tell(t.text("welcome"), row(t.browseButton()))
}

// edited answers an edited question anew, in place of its old answer.
func (t *turn) edited() error {
	if t.access.inside(t.event.Place) {
		return t.editedInside()
	}
	c, err := t.around()
	if err != nil {
		return err
	}
	if done, err := t.changedOnTicket(c); done || err != nil {
		return err
	}
	var asked *conversation.Asked
	if c != nil {
		asked = c.Value.ByMessage(t.event.Message)
	}
	switch {
	case asked != nil && t.event.Withheld:
		return t.unheard()
	case asked == nil:
		return t.said()
	case asked.Stamp == t.event.Stamp && t.event.Stamp != "":
		return nil
	}
	again := asked.Text == t.event.Text
	asked.Stamp, asked.Text, asked.Files = t.event.Stamp, chat.Shorten(t.event.Text, maxStored), t.event.Files
	asked.Settled = asked.Settled && again
	t.keepConversation(c)
	if again {
		if len(t.event.Files) > 0 {
			t.lang = t.words.speak(c.Value.Trail.Lang)
			name := t.event.Files[len(t.event.Files)-1].Name
			t.tell(t.text("file_kept", args{"Name": name}), row(t.contactButton(c.Value.ID)))
		}
		return nil
	}
	return t.answerAnew(c, asked)
}

// around is the conversation that the event's message is part of: the lane's,
// or an older one that the message began.
func (t *turn) around() (*heldConversation, error) {
	c, err := t.here()
	if err != nil || c != nil && c.Value.ByMessage(t.event.Message) != nil {
		return c, err
	}
	first := t.event
	first.Kind, first.Stamp = chat.Message, ""
	old, err := t.conversation(string(conversation.NewID(first)))
	if err != nil || old != nil && t.isAsker(&old.Value) {
		return old, err
	}
	return c, nil
}

// answerAnew finds what answers a question now and replaces its old answer.
func (t *turn) answerAnew(c *heldConversation, asked *conversation.Asked) error {
	ans, err := t.findAgain(c, asked)
	if err != nil {
		return err
	}
	t.lang = t.words.speak(string(ans.Lang))
	if ans.Says != "" && asked == c.Value.Newest() {
		c.Value.As = ans.Says // it was edited
	}
	matches := t.worth(ans)
	asked.Level, asked.Confidence, asked.Knowledge, asked.Shown = string(ans.Level), ans.Confidence, t.version, shown(matches)
	t.note(c, ans)
	t.keepConversation(c)
	t.post(t.public(&c.Value, asked.Answer, chat.Replace, t.answer(&c.Value, ans, matches)))
	return t.corrected(&c.Value, asked)
}

// deleted takes the answer to a deleted question back.
func (t *turn) deleted() error {
	if t.access.inside(t.event.Place) {
		return t.deletedInside()
	}
	if t.event.From.Account == "" { // nobody told whose it was
		first := t.event
		first.Kind, first.Stamp = chat.Message, ""
		c, err := t.conversation(string(conversation.NewID(first)))
		if err != nil || c == nil {
			return err
		}
		t.event.From = c.Value.Asker
	}
	c, err := t.around()
	if err != nil || c == nil {
		return err
	}
	if done, err := t.changedOnTicket(c); done || err != nil {
		return err
	}
	if asked := c.Value.ByMessage(t.event.Message); asked != nil {
		line := lineID(asked)
		t.post(t.public(&c.Value, asked.Answer, chat.Remove, nil))
		c.Value.Forget(t.event.Message)
		t.keepConversation(c)
		return t.forgotten(line)
	}
	return nil
}
