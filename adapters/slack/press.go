package slack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// maxSuggestions is how many options a typeahead may be answered with.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
	maxSuggestions = 100
	// maxMetadata is how many characters a view's private_metadata has.
	// Source: https://docs.slack.dev/reference/views/modal-views
	maxMetadata = 3000
)

// A command is a slash command.
// Source: https://docs.slack.dev/interactivity/implementing-slash-commands
type command struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	User        string `json:"user_id"`
	UserName    string `json:"user_name"`
	Channel     string `json:"channel_id"`
	ResponseURL string `json:"response_url"`
	Trigger     string `json:"trigger_id"`
}

// An interaction is a press, a choice, a sent form or something typed into a
// typeahead. As in events, blocks of messages are left out.
// Source: https://docs.slack.dev/reference/interaction-payloads
type interaction struct {
	Type     string `json:"type"`
	Callback string `json:"callback_id"`
	User     struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Username string `json:"username"`
		Team     string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		Type      string `json:"type"`
		Message   string `json:"message_ts"`
		Thread    string `json:"thread_ts"`
		Channel   string `json:"channel_id"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message     said     `json:"message"`
	MessageTS   string   `json:"message_ts"`
	Actions     []action `json:"actions"`
	View        view     `json:"view"`
	ResponseURL string   `json:"response_url"`
	Trigger     string   `json:"trigger_id"`
	// Of a typeahead.
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
}

// An action is what was pressed or chosen.
type action struct {
	Type     string `json:"type"`
	ActionID string `json:"action_id"`
	BlockID  string `json:"block_id"`
	Value    string `json:"value"`
	Selected struct {
		Value string `json:"value"`
	} `json:"selected_option"`
}

// A view is a modal, or someone's App Home.
type view struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	Hash     string `json:"hash"`
	State    struct {
		Values map[string]map[string]struct {
			Value    string `json:"value"`
			Selected struct {
				Value string `json:"value"`
			} `json:"selected_option"`
		} `json:"values"`
	} `json:"state"`
	Blocks []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

// An origin is where a form was opened from; it travels with the form.
type origin struct {
	Channel string           `json:"c,omitempty"`
	Thread  string           `json:"t,omitempty"`
	Handle  chat.ReplyHandle `json:"h,omitempty"`
}

// An outlet is how a person is told that something could not be taken in.
type outlet struct {
	user, url string
	thread    string
}

// ran takes in a slash command. What it returns is shown to the person alone.
func (a *Adapter) ran(ctx context.Context, s *session, c command, body []byte) (any, error) {
	if !isID(c.User) || !isID(c.Channel) || c.Command == "" {
		return nil, a.unreadable(ctx, s, body, errors.New("a command without user, channel or name"))
	}
	e := chat.Event{
		ID: bodyID(body), Kind: chat.Slash, At: a.now().UTC(), Addressed: true,
		Door: strings.ToLower(strings.TrimPrefix(c.Command, "/")),
		From: a.people.sender(ctx, s.self, c.User, c.UserName, "", false),
	}
	e.Text = c.Text
	if e.Door != "ask" { // whose words are the question
		e.Named = a.people.mentioned(ctx, s.self, e.Text)
		e.Text = mentions.ReplaceAllString(e.Text, "<@$1>") // people are looked up by id
	}
	e.Text = strings.TrimSpace(Unescape(e.Text))
	e.Place, e.Private = a.place(s.self, c.Channel, c.User, "")
	err := a.handled(ctx, &e, replyToken{URL: c.ResponseURL, Channel: c.Channel})
	if err == nil {
		err = a.open(ctx, s, e, c.Trigger, origin{Channel: c.Channel, Handle: e.Handle})
	}
	if err != nil {
		a.log.Warn("a command could not be taken in", "event", e.ID, "err", scrub(err))
		return slack.Msg{ResponseType: slack.ResponseTypeEphemeral, Text: escape(a.o.Front.Sorry(e.From))}, nil
	}
	return nil, nil
}

// interacted takes in an interaction. What it returns goes back in the same
// breath: what is wrong with a form, or what may be meant by what is typed.
func (a *Adapter) interacted(ctx context.Context, s *session, body []byte) (any, error) {
	var i interaction
	if err := json.Unmarshal(body, &i); err != nil {
		return nil, a.unreadable(ctx, s, body, err)
	}
	if !isID(i.User.ID) {
		return nil, a.unreadable(ctx, s, body, errors.New("an interaction of nobody"))
	}
	from := a.people.sender(ctx, s.self, i.User.ID, cmp.Or(i.User.Name, i.User.Username), i.User.Team, false)
	switch i.Type {
	case "block_actions":
		return nil, a.pressed(ctx, s, i, from, body)
	case "message_action":
		return nil, a.chose(ctx, s, i, from, body)
	case "view_submission":
		return a.sent(ctx, s, i, from, body), nil
	case "block_suggestion":
		return a.suggest(ctx, i, from), nil
	case "view_closed", "shortcut":
		return nil, nil
	}
	a.log.Debug("interaction of an unknown type", "type", chat.Shorten(i.Type, 40))
	return nil, nil
}

// pressed takes in a button that was pressed or an option that was chosen.
func (a *Adapter) pressed(ctx context.Context, s *session, i interaction, from chat.Sender, body []byte) error {
	if len(i.Actions) == 0 {
		return nil
	}
	act := i.Actions[0]
	e := chat.Event{ID: bodyID(body), Kind: chat.Press, At: a.now().UTC(), Addressed: true, From: from}
	if i.View.Type == "home" {
		e.Place, e.Private, e.Handle = chat.Direct(from.Account), true, homeHandle(e.ID)
		if asked := askedAtHome(act); asked != "" {
			e.Kind, e.Door, e.Text = chat.Slash, "ask", asked
		}
	} else {
		channel := cmp.Or(i.Container.Channel, i.Channel.ID)
		message, thread := cmp.Or(i.Container.Message, i.Message.TS), cmp.Or(i.Container.Thread, i.Message.Thread)
		if !isID(channel) || !isTS(message) || thread != "" && !isTS(thread) {
			return a.unreadable(ctx, s, body, errors.New("a press on nothing"))
		}
		e.Message = chat.MessageID(message)
		e.Place, e.Private = a.place(s.self, channel, from.Account.User(), thread)
		token := replyToken{URL: i.ResponseURL, Channel: channel, Thread: thread}
		if i.Container.Ephemeral {
			if token.Mark = markOf(act.BlockID); token.Mark != "" {
				e.Message = chat.MessageID(ephemeral + token.Mark)
			}
		}
		if e.Private && !i.Container.Ephemeral {
			e.Handle = a.inside(s.self, from.Account.User(), cmp.Or(thread, message), thread != "")
		} else if err := a.handled(ctx, &e, token); err != nil {
			return a.sorry(from, outlet{from.Account.User(), i.ResponseURL, thread}, e.ID, err)
		}
	}
	if e.Kind == chat.Press {
		var err error
		if e.Action, err = actionOf(act); err != nil {
			a.log.Info("what was pressed is not ours", "event", e.ID, "err", err)
			return nil
		}
	}
	at := origin{Channel: cmp.Or(i.Container.Channel, i.Channel.ID), Thread: e.Place.Thread, Handle: e.Handle}
	if err := a.open(ctx, s, e, i.Trigger, at); err != nil {
		return a.sorry(from, outlet{from.Account.User(), i.ResponseURL, e.Place.Thread}, e.ID, err)
	}
	return nil
}

// actionOf reads the action of what was pressed: a button carries it as its
// value, a menu in its action_id, with the option's value as one more
// argument.
func actionOf(act action) (chat.Action, error) {
	switch act.Type {
	case "button", "feedback_buttons":
		return chat.ParseAction(act.Value)
	case "static_select":
		menu, err := ParseID(act.ActionID)
		if err != nil {
			return chat.Action{}, err
		}
		return chat.Select{Action: menu}.Chosen(chat.Option{Value: act.Selected.Value}), nil
	}
	return chat.Action{}, fmt.Errorf("an element of the type %q", chat.Shorten(act.Type, 40))
}

// chose takes in what was chosen from a message's menu.
func (a *Adapter) chose(ctx context.Context, s *session, i interaction, from chat.Sender, body []byte) error {
	m := i.Message
	m.TS = cmp.Or(m.TS, i.MessageTS)
	do, err := chat.ParseAction(i.Callback)
	if err != nil || !isID(i.Channel.ID) || !isTS(m.TS) || m.Thread != "" && !isTS(m.Thread) {
		return a.unreadable(ctx, s, body, errors.New("a shortcut on nothing"))
	}
	e := chat.Event{
		ID: bodyID(body), Kind: chat.Menu, At: a.now().UTC(), Addressed: true, From: from,
		Message: chat.MessageID(m.TS), Action: do, About: a.about(ctx, s.self, m, false),
	}
	thread := m.Thread
	if !e.About.From.Bot {
		thread = cmp.Or(thread, m.TS)
	}
	e.Place, e.Private = a.place(s.self, i.Channel.ID, from.Account.User(), thread)
	if err = a.handled(ctx, &e, replyToken{URL: i.ResponseURL, Channel: i.Channel.ID, Thread: m.Thread}); err == nil {
		err = a.open(ctx, s, e, i.Trigger, origin{Channel: i.Channel.ID, Thread: thread, Handle: e.Handle})
	}
	if err != nil {
		return a.sorry(from, outlet{from.Account.User(), i.ResponseURL, m.Thread}, e.ID, err)
	}
	return nil
}

// sent takes in a form, or says what is wrong with it.
func (a *Adapter) sent(ctx context.Context, s *session, i interaction, from chat.Sender, body []byte) any {
	e := chat.Event{ID: bodyID(body), Kind: chat.Submit, At: a.now().UTC(), Addressed: true, From: from, Values: map[string]string{}}
	var at origin
	var err error
	if e.Action, err = chat.ParseAction(i.View.Callback); err == nil {
		err = json.Unmarshal([]byte(i.View.Metadata), &at)
	}
	if err != nil || at.Channel != "" && !isID(at.Channel) || at.Thread != "" && !isTS(at.Thread) {
		a.log.Info("what was sent is no form of ours", "event", e.ID)
		return nil
	}
	for field, inputs := range i.View.State.Values {
		input := inputs[field]
		e.Values[field] = cmp.Or(input.Value, input.Selected.Value)
	}
	e.Place, e.Private = chat.Direct(from.Account), true
	if at.Channel != "" {
		e.Place, e.Private = a.place(s.self, at.Channel, from.Account.User(), at.Thread)
	}
	e.Handle = at.Handle
	if wrong := a.o.Front.Check(e); len(wrong) > 0 {
		return i.View.errors(wrong)
	}
	if err := s.in.Accept(ctx, e); err != nil {
		a.log.Warn("a form could not be taken in", "event", e.ID, "err", scrub(err))
		return i.View.errors(map[string]string{"": a.o.Front.Sorry(from)}) // it stays open, with the words in it
	}
	return nil
}

// errors says below a form's fields what is wrong. What is about no field that
// is shown stands below the first.
func (v view) errors(wrong map[string]string) any {
	shown, first := map[string]bool{}, ""
	for _, b := range v.Blocks {
		if b.Type == "input" {
			shown[b.BlockID] = true
			first = cmp.Or(first, b.BlockID)
		}
	}
	told := map[string]string{}
	for field, sentence := range wrong {
		if !shown[field] {
			field = first
		}
		told[field] = sentence
	}
	return slack.NewErrorsViewSubmissionResponse(told)
}

// handled gives an event the handle of its response_url, which is kept for
// that long.
func (a *Adapter) handled(ctx context.Context, e *chat.Event, t replyToken) error {
	if t.URL == "" {
		return nil
	}
	handle, err := a.client.keepToken(ctx, strings.TrimPrefix(string(e.ID), Name+":"), t)
	e.Handle = handle
	return err
}

// open opens the form that an event asks for, or else accepts it.
func (a *Adapter) open(ctx context.Context, s *session, e chat.Event, trigger string, at origin) error {
	form, err := a.o.Front.Open(ctx, e)
	if err != nil {
		return err
	}
	if form == nil || trigger == "" {
		return s.in.Accept(ctx, e)
	}
	v := View(*form)
	metadata, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if len(metadata) > maxMetadata {
		return fmt.Errorf("a form's origin has %d characters", len(metadata))
	}
	v.PrivateMetadata = string(metadata)
	return a.ask(ctx, "views.open", func(ctx context.Context) error {
		_, err := a.api.OpenViewContext(ctx, trigger, v)
		return err
	})
}

// sorry tells a person that something could not be taken in. Slack does not
// bring presses again, so they have to.
func (a *Adapter) sorry(to chat.Sender, out outlet, id chat.EventID, err error) error {
	a.log.Warn("a press could not be taken in", "event", id, "err", scrub(err))
	if out.url == "" {
		return nil
	}
	a.beside(func(ctx context.Context) {
		if err := a.client.tell(ctx, out.url, out.thread, a.o.Front.Sorry(to)); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Warn("nor could the person be told", "event", id, "err", scrub(err))
		}
	})
	return nil
}

// suggest offers titles for what is being typed.
func (a *Adapter) suggest(ctx context.Context, i interaction, from chat.Sender) any {
	q := chat.Typing{From: from, Place: chat.Direct(from.Account), Door: "ask", Param: "question", Text: i.Value, Limit: maxSuggestions}
	found := []*slack.OptionBlockObject{} // none is an answer too
	for _, o := range options(a.o.Front.Suggest(ctx, q)) {
		found = append(found, option(o))
	}
	return map[string]any{"options": found}
}

// bodyID names what has no id of its own by what it says. A copy says the same,
// and everything else has another trigger_id.
func bodyID(body []byte) chat.EventID {
	sum := sha256.Sum256(body)
	return eventID(hex.EncodeToString(sum[:12]))
}
