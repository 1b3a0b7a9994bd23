package bot

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// answer is the message that answers a question: who we take the asker for,
// the articles, and what to do next.
func (t *turn) answer(c *conversation.Conversation, ans knowledge.Answer, matches []knowledge.Match) []chat.Block {
	if len(matches) == 0 {
		id := "none"
		if c.Misses >= t.settings.Misses {
			id = "none_again"
		}
		return []chat.Block{t.text(id), row(t.contactButton(c.ID), t.browseButton())}
	}
	var blocks []chat.Block
	if line := t.audienceLine(c); line != nil {
		blocks = append(blocks, contextLine(line))
	}
	lead := "lead_unsure"
	switch {
	case ans.Level == knowledge.Sure:
		lead = "lead_sure"
	case len(matches) == 1:
		lead = "lead_maybe"
	}
	blocks = append(blocks, t.text(lead))
	blocks = append(blocks, t.articles(c, matches)...)
	buttons := []chat.Button{t.helpedButton(c.ID)}
	if len(ans.Matches) > len(matches) {
		buttons = append(buttons, chat.Button{Label: t.line("button_more"), Action: chat.Do("more", string(c.ID))})
	}
	buttons = append(buttons, t.contactButton(c.ID))
	if c.Private && !c.Direct {
		buttons = append(buttons, chat.Button{Label: t.line("button_share"), Action: chat.Do("share", string(c.ID))})
	}
	blocks = append(blocks, row(buttons...))
	return append(blocks, t.corrections(c)...)
}

// audienceLine says who we take the asker for, and why. Nil if there is only
// one kind of asker.
func (t *turn) audienceLine(c *conversation.Conversation) chat.Text {
	switch {
	case len(t.settings.Audiences) < 2:
		return nil
	case c.Trail.Audience == "":
		return t.words.say(t.lang, "as_unclear")
	}
	label := t.audienceLabel(t.lang, c.Trail.Audience)
	if why := t.why("why_", c.Trail); why != "" {
		return t.words.say(t.lang, "as_because", args{"Audience": label, "Why": why})
	}
	return t.words.say(t.lang, "as", args{"Audience": label})
}

// why words the strongest reasons for the audience in the trail: to the asker
// ("why_") or to an agent ("they_").
func (t *turn) why(whose string, trail conversation.Trail) string {
	var parts []string
	for _, r := range trail.Why {
		if r.Audience != trail.Audience || len(parts) == 2 {
			continue
		}
		id := whose + r.Source
		if r.Source == string(audience.Chosen) && r.Detail != "" {
			id = "told_by" // an agent, for them
		}
		parts = append(parts, t.line(id, args{"Detail": r.Detail}))
		if r.Source == string(audience.Chosen) {
			break // their own word needs no support
		}
	}
	return strings.Join(parts, " "+t.line("why_and")+" ")
}

// corrections are buttons for those we took for someone else.
func (t *turn) corrections(c *conversation.Conversation) []chat.Block {
	if len(t.settings.Audiences) < 2 {
		return nil
	}
	var buttons []chat.Button
	for _, a := range t.choices(c.Asker, t.alone) {
		if a.Name == c.Trail.Audience {
			continue
		}
		buttons = append(buttons, chat.Button{Label: t.asLabel(t.lang, a.Name), Action: chat.Do("as", string(c.ID), a.Name)})
	}
	return rows(buttons)
}

// asLabel is the button of those who are of an audience: I'm a creator.
func (b *Bot) asLabel(lang, name string) string {
	label := lower(b.audienceLabel(lang, name))
	return b.words.line(lang, "button_as", args{"Audience": label, "A": article(label)})
}

// articles lists matches: linked title, where it stands, the passage, and what
// says nearly the same.
func (t *turn) articles(c *conversation.Conversation, matches []knowledge.Match) []chat.Block {
	var blocks []chat.Block
	for _, m := range matches {
		blocks = append(blocks,
			chat.Block{Layout: chat.Paragraph, Text: chat.Text{{Text: m.Article.Title, URL: link(m), Bold: true}}},
			contextLine(chat.Plain(t.where(c.Trail, m.Article))))
		if m.Passage != "" {
			blocks = append(blocks, quote(m.Passage))
		}
		if len(m.Also) > 0 {
			blocks = append(blocks, contextLine(t.seeAlso(m.Also)))
		}
	}
	return blocks
}

// seeAlso mentions articles in one line.
func (t *turn) seeAlso(articles []*knowledge.Article) chat.Text {
	line := t.words.say(t.lang, "see_also")
	for i, a := range articles {
		between := " "
		if i > 0 {
			between = " · "
		}
		line = append(line, chat.Span{Text: between}, chat.Span{Text: a.Title, URL: a.URL})
	}
	return line
}

// where an article stands: Creator › Wallet, and its language if it is not
// the asker's.
func (t *turn) where(trail conversation.Trail, a *knowledge.Article) string {
	name := trail.Audience
	if !slices.Contains(a.Audiences, name) && len(a.Audiences) > 0 {
		name = a.Audiences[0]
	}
	s := t.audienceLabel(t.lang, name) + " › " + t.topicLabel(t.lang, a.Topic)
	if string(a.Lang) != trail.Lang {
		s += " · " + t.words.named(t.lang, "in", string(a.Lang), nil)
	}
	return s
}

// link is the address of the best section, where the page has anchors.
func link(m knowledge.Match) string {
	if m.Section == nil || m.Section.Anchor == "" {
		return m.Article.URL
	}
	return m.Article.URL + "#" + m.Section.Anchor
}

// helpedButton ends a conversation well; its opposite offers a person.
func (t *turn) helpedButton(id chat.ConversationID) chat.Button {
	return chat.Button{
		Label: t.line("button_helped"), Action: chat.Do("helped", string(id)),
		Opposite: &chat.Button{Label: t.line("button_unhelped"), Action: chat.Do("unhelped", string(id))},
	}
}

func (t *turn) contactButton(id chat.ConversationID) chat.Button {
	return chat.Button{Label: t.line("button_contact"), Action: chat.Do("contact", string(id)), Style: chat.Primary}
}

func (t *turn) browseButton() chat.Button {
	return chat.Button{Label: t.line("button_browse"), Action: chat.Do("browse")}
}

// buttonsPerRow is how many buttons stand in a row: Discord allows five.
// Source: https://docs.discord.com/developers/components/reference#action-row
const buttonsPerRow = 5

// maxRows keeps a message within Discord's five rows of buttons.
const maxRows = 5

// rows puts buttons into rows. Those whose action is too long to travel and
// those beyond the last row are left out.
func rows(buttons []chat.Button) []chat.Block {
	buttons = slices.DeleteFunc(buttons, func(b chat.Button) bool { return len(b.Action.String()) > chat.MaxAction })
	buttons = buttons[:min(len(buttons), buttonsPerRow*maxRows)]
	var blocks []chat.Block
	for some := range slices.Chunk(buttons, buttonsPerRow) {
		blocks = append(blocks, row(some...))
	}
	return blocks
}
