package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sahilm/fuzzy"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// maxFormText is how many runes a form's text may have: what is kept of a
// message, and less than Slack's 3,000.
// Source: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
const maxFormText = maxStored

// maxOptions is how many options a select may have, with one kept for
// "something else": Discord allows 25.
// Source: https://docs.discord.com/developers/components/reference#string-select
const maxOptions = 25

// An opening is the question whether an event opens a form.
type opening struct {
	*Bot
	ctx   context.Context
	event chat.Event
	lang  string
}

// Open implements [chat.Front]. A press or command that opens nothing, be it
// for want of access, is left to Handle, which says why.
func (b *Bot) Open(ctx context.Context, e chat.Event) (*chat.Form, error) {
	e.From.Person = b.Person(e.From.Account)
	c, in, err := b.lookup(e)
	var usage *chat.UsageError
	switch {
	case errors.As(err, &usage) && usage.Command != nil && usage.Param == "text":
		// `/ticket reply T-3` and nothing to say yet: the form asks for it.
		i := slices.IndexFunc(b.table, func(c command) bool {
			return c.Door == usage.Command.Door && c.Verb == usage.Command.Verb
		})
		c = b.table[i]
	case err != nil:
		return nil, nil
	case e.Kind == chat.Slash:
		return nil, nil // nothing is left to ask
	}
	if c.form == nil || !b.access.may(e.From, c.Role, "") {
		return nil, nil
	}
	o := &opening{b, ctx, e, b.speaks(e.From)}
	form, err := c.form(o, in)
	if form != nil {
		form.Again = b.words.line(o.lang, "button_again")
	}
	if errors.As(err, new(*refusal)) || errors.Is(err, spool.ErrNotFound) {
		return nil, nil
	}
	return form, err
}

// detailRoom is how many runes the detail of a question may have: with it and
// the empty line between them it is no longer than one text.
func detailRoom(question string) int {
	return max(0, maxFormText-utf8.RuneCountInString(question)-len("\n\n"))
}

// contactForm asks for question and topic, filled in from the conversation, and
// for what else there is to know.
func (o *opening) contactForm(chat.Invocation) (*chat.Form, error) {
	held, err := o.reader.Conversation(o.ctx, chat.ConversationID(o.event.Action.Arg(0)))
	if err != nil {
		return nil, err
	}
	c := &held.Value
	if !o.access.same(c.Asker, o.event.From) || c.Newest() == nil {
		return nil, nil
	}
	if out, err := o.barred(); out || err != nil {
		return nil, err // Handle says so
	}
	if c.Ticket != "" {
		k, err := o.reader.Ticket(o.ctx, c.Ticket)
		if err != nil || k.Value.Live() {
			return nil, err // there is one already: Handle shows it
		}
	}
	lang := o.words.speak(c.Trail.Lang)
	topic := o.topicOf(c)
	options := o.topicOptions(lang, c)
	if !slices.ContainsFunc(options, func(option chat.Option) bool { return option.Value == topic }) {
		topic = otherTopic
	}
	return &chat.Form{
		Action: o.event.Action,
		Title:  o.words.line(lang, "button_contact"),
		Submit: o.words.line(lang, "form_send"),
		Fields: []chat.Field{
			{Name: "question", Label: o.words.line(lang, "form_question"), Kind: chat.Lines, Value: chat.Shorten(c.Newest().Text, maxFormText), Max: maxFormText},
			{Name: "topic", Label: o.words.line(lang, "form_topic"), Kind: chat.Pick, Value: topic, Options: options},
			{Name: "detail", Label: o.words.line(lang, "form_detail"), Kind: chat.Lines, Optional: true, Max: maxFormText},
		},
	}, nil
}

// otherTopic is the choice of none of the topics.
const otherTopic = "*"

// topicOptions are the topics of the asker's audience, and something else.
func (b *Bot) topicOptions(lang string, c *conversation.Conversation) []chat.Option {
	var options []chat.Option
	for _, found := range b.library().Topics(c.Trail.Audience, knowledge.Lang(lang), b.private(c.Asker, c.Private)) {
		if len(options) < maxOptions-1 {
			options = append(options, chat.Option{Label: b.topicLabel(lang, found.Name), Value: found.Name})
		}
	}
	return append(options, chat.Option{Label: b.words.line(lang, "topic_other"), Value: otherTopic})
}

// textForm asks an agent for the words of a reply or note.
func (o *opening) textForm(in chat.Invocation) (*chat.Form, error) {
	k, err := o.which(o.ctx, o.reader, o.event.From, in)
	if err != nil {
		return nil, err
	}
	// Nobody writes a reply without having been told that someone else holds it.
	if in.Command.Verb == "reply" && !(k.Value.Live() && o.free(&k.Value)) {
		return nil, nil
	}
	return o.ask(in.Command.Verb, &k.Value.ID, "form_"+in.Command.Verb), nil
}

// free reports whether nobody else holds a ticket.
func (o *opening) free(k *desk.Ticket) bool { return k.Holder == "" || k.Holder == o.event.From.Person }

// anywayForm asks an agent who has been told, and brings what they wrote
// before.
func (o *opening) anywayForm(in chat.Invocation) (*chat.Form, error) {
	k, err := o.which(o.ctx, o.reader, o.event.From, in)
	if err != nil || !k.Value.Live() {
		return nil, err
	}
	p, err := o.reader.Person(o.ctx, o.event.From.Person)
	if err != nil {
		return nil, err
	}
	form := o.ask("reply_anyway", &k.Value.ID, "form_reply")
	form.Fields[0].Value = p.Value.Drafts[k.Value.ID]
	return form, nil
}

// resolveForm asks an agent for a last word, which there need not be.
func (o *opening) resolveForm(in chat.Invocation) (*chat.Form, error) {
	k, err := o.which(o.ctx, o.reader, o.event.From, in)
	if err != nil || !k.Value.Live() || !o.free(&k.Value) && !o.access.leads(o.event.From, k.Value.Desk) {
		return nil, err
	}
	form := o.ask("resolve", &k.Value.ID, "form_resolve")
	form.Fields[0].Label, form.Fields[0].Optional = o.words.line(o.lang, "form_last_word"), true
	form.Submit = o.words.line(o.lang, "button_resolve")
	if k.Value.Question == "" || k.Value.Parent != "" {
		return form, nil // there is nothing to learn from
	}
	fields, err := o.lessonFields(&k.Value)
	form.Fields = append(form.Fields, fields...)
	return form, err
}

// rewriteForm brings an agent's words to be changed.
func (o *opening) rewriteForm(in chat.Invocation) (*chat.Form, error) {
	k, err := o.which(o.ctx, o.reader, o.event.From, in)
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(in.Args["entry"])
	if k.Value.Entry(n) == nil {
		return nil, nil
	}
	form := o.ask("rewrite", &k.Value.ID, "form_rewrite")
	form.Action = o.event.Action
	form.Fields[0].Value = chat.Shorten(k.Value.Text(n), maxFormText)
	return form, nil
}

// detailsForm asks for what someone said where it could not be heard.
func (o *opening) detailsForm(chat.Invocation) (*chat.Form, error) {
	form := o.ask("details", new(chat.TicketID), "form_details")
	form.Action = o.event.Action
	return form, nil
}

// addForm asks an asker for further words.
func (o *opening) addForm(in chat.Invocation) (*chat.Form, error) {
	id, err := desk.ParseID(in.Args["ticket"])
	if err != nil {
		return nil, nil
	}
	k, err := o.reader.Ticket(o.ctx, id)
	if err != nil || !o.asks(&k.Value) {
		return nil, err
	}
	if out, err := o.barred(); out || err != nil {
		return nil, err
	}
	return o.ask("add", &k.Value.ID, "form_add"), nil
}

func (o *opening) ask(verb string, id *chat.TicketID, label string) *chat.Form {
	return &chat.Form{
		Action: chat.Do(verb, string(*id)),
		Title:  o.words.line(o.lang, label, args{"Ticket": *id}),
		Submit: o.words.line(o.lang, "form_send"),
		Fields: []chat.Field{{Name: "text", Label: o.words.line(o.lang, "form_text"), Kind: chat.Lines, Max: maxFormText}},
	}
}

// Check says what is wrong with a sent form. It implements [chat.Front].
func (b *Bot) Check(e chat.Event) map[string]string {
	lang := b.speaks(e.From)
	wrong := map[string]string{}
	for name, value := range e.Values {
		if n := utf8.RuneCountInString(value); n > maxFormText {
			wrong[name] = b.words.line(lang, "form_too_long", args{"Count": maxFormText})
		}
	}
	for _, name := range []string{"question", "text"} {
		if value, ok := e.Values[name]; ok && strings.TrimSpace(value) == "" && !b.optional(e, name) {
			wrong[name] = b.words.line(lang, "form_empty")
		}
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(e.Values["phrasing"])); n > desk.MaxPhrasing {
		wrong["phrasing"] = b.words.line(lang, "form_too_long", args{"Count": desk.MaxPhrasing})
	}
	detail := strings.TrimSpace(e.Values["detail"])
	room := detailRoom(strings.TrimSpace(e.Values["question"]))
	if len(wrong) == 0 && utf8.RuneCountInString(detail) > room {
		wrong["detail"] = b.words.line(lang, "form_too_long", args{"Count": room})
	}
	return wrong
}

// optional reports whether a form may leave a field empty.
func (b *Bot) optional(e chat.Event, name string) bool {
	c, _, err := b.lookup(e)
	return err == nil && slices.ContainsFunc(c.Params, func(p chat.Param) bool { return p.Name == name && p.Optional })
}

// Suggest offers what is being typed: verbs, tickets, colleagues, titles. It
// implements [chat.Front].
func (b *Bot) Suggest(ctx context.Context, q chat.Typing) []chat.Option {
	q.From.Person = b.Person(q.From.Account)
	limit := cmp.Or(q.Limit, maxOptions)
	role := chat.Everyone
	if q.Door == deskDoor {
		q.Door = "ticket"
	}
	if q.Door == "ticket" {
		role = chat.Agent
	}
	if !b.access.may(q.From, role, "") {
		return nil
	}
	var options []chat.Option
	i := slices.IndexFunc(b.table, func(c command) bool {
		return c.Door == q.Door && (c.Verb == q.Verb || slices.Contains(c.Aliases, q.Verb))
	})
	switch {
	case q.Param == "":
		for _, c := range b.table {
			if c.Door == q.Door && c.Verb != "" {
				options = append(options, chat.Option{Label: c.Verb, Value: c.Verb})
			}
		}
	case i < 0:
		return nil
	case q.Param == "snippet":
		options = b.snippetOptions(b.speaks(q.From))
	case q.Param == "question" || q.Param == "query":
		return b.titles(q, limit)
	default:
		options = b.values(ctx, b.table[i].Command, q)
	}
	return likely(q.Text, options, limit)
}

// titles offers articles. A query's value is the article's id; a question's is
// its title, to be asked.
func (b *Bot) titles(q chat.Typing, limit int) []chat.Option {
	var options []chat.Option
	for _, a := range b.library().Suggest(q.Text, knowledge.Lang(b.speaks(q.From)), nil, limit) {
		option := chat.Option{Label: a.Title, Value: a.Title}
		if q.Param == "query" {
			option.Value = string(a.ID)
		}
		options = append(options, option)
	}
	return options
}

// values lists what a parameter may be.
func (b *Bot) values(ctx context.Context, c chat.Command, q chat.Typing) []chat.Option {
	var options []chat.Option
	for _, p := range c.Params {
		if p.Name != q.Param {
			continue
		}
		for _, word := range p.Options {
			options = append(options, chat.Option{Label: word, Value: word})
		}
		if p.Name == "desk" {
			for _, name := range b.otherDesks("") {
				options = append(options, chat.Option{Label: name, Value: name})
			}
		}
		switch p.Kind {
		case chat.PersonParam:
			for _, agent := range b.access.agents("") {
				option := chat.Option{Label: agent.Name, Value: "@" + string(agent.ID)}
				if _, ok := b.access.member(agent.ID); !ok {
					option.Value = "@" + agent.Account.User()
				}
				if !slices.Contains(options, option) { // one with two accounts
					options = append(options, option)
				}
			}
		case chat.TicketParam:
			options = b.tickets(ctx, q)
		}
	}
	return options
}

// tickets offers those at hand: an agent's own, then what waits; an asker's
// own.
func (b *Bot) tickets(ctx context.Context, q chat.Typing) []chat.Option {
	list, err := b.reader.Asked(ctx, q.From.Person, maxOptions)
	if q.Door == "ticket" {
		list, err = b.reader.Held(ctx, q.From.Person, maxOptions)
		list = b.access.readable(q.From, list)
		for _, d := range b.access.worked(q.From) {
			waiting, _, waitErr := b.reader.Queue(ctx, d.Name, b.now(), maxOptions)
			list, err = append(list, waiting...), cmp.Or(err, waitErr)
		}
	}
	if err != nil {
		b.log.Warn("no suggestions", "err", err)
		return nil
	}
	var options []chat.Option
	for _, k := range list {
		options = append(options, chat.Option{Label: string(k.ID) + " " + chat.Shorten(oneLine(k.Question), 60), Value: string(k.ID)})
	}
	return options
}

// likely keeps the options that fit what was typed, best first.
func likely(typed string, options []chat.Option, limit int) []chat.Option {
	if typed == "" {
		return options[:min(limit, len(options))]
	}
	labels := make([]string, len(options))
	for i, option := range options {
		labels[i] = option.Label
	}
	var found []chat.Option
	for _, match := range fuzzy.Find(typed, labels) {
		if len(found) < limit {
			found = append(found, options[match.Index])
		}
	}
	return found
}

// Sorry implements [chat.Front].
func (b *Bot) Sorry(to chat.Sender) string { return b.words.line(b.speaks(to), "sorry") }
