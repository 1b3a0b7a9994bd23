package discordtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"
)

// Types of answers to an interaction.
// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type
const (
	answerPong     = 1
	answerMessage  = 4
	answerLater    = 5
	answerNothing  = 6 // the message will be changed later, or not
	answerUpdate   = 7
	answerChoices  = 8
	answerModal    = 9
	webhookExpired = "Invalid Webhook Token"
)

// answers are what an interaction may be answered with.
var answers = map[int][]int{
	kindCommand:      {answerMessage, answerLater, answerModal},
	kindComponent:    {answerMessage, answerLater, answerNothing, answerUpdate, answerModal},
	kindAutocomplete: {answerChoices},
	kindSubmit:       {answerMessage, answerLater, answerNothing, answerUpdate},
}

// callback is Create Interaction Response.
func callback(c *call) (any, error) {
	i := c.s.interactions[c.path("interaction_token")]
	if i == nil || i.id != c.path("interaction_id") {
		return nil, refuse(http.StatusNotFound, codeUnknownInteraction, "Unknown interaction")
	}
	resource, err := c.respond(i)
	if err != nil || !c.flag("with_response") {
		return nil, err
	}
	o := object{"id": i.id, "type": i.kind}
	if i.original != "" {
		m := c.s.channels[i.channel].find(i.original)
		o["response_message_id"], o["response_message_loading"], o["response_message_ephemeral"] = i.original, m.Thinking, m.Only != ""
	}
	answer := object{"interaction": o}
	if resource != nil {
		answer["resource"] = resource
	}
	return answer, nil
}

// respond takes the first answer to an interaction. The lock is held.
func (c *call) respond(i *interaction) (any, error) {
	s := c.s
	switch {
	case i.state == answered:
		return nil, refuse(http.StatusBadRequest, codeAcknowledged, "Interaction has already been acknowledged.")
	case i.state == late, s.opts.Now().Sub(i.at) > respondWithin, s.channels[i.channel] == nil:
		return nil, refuse(http.StatusNotFound, codeUnknownInteraction, "Unknown interaction")
	}
	var a struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := c.body(&a); err != nil {
		return nil, err
	}
	if !slices.Contains(answers[i.kind], a.Type) || i.source == "" && (a.Type == answerNothing || a.Type == answerUpdate) {
		return nil, invalidForm(fault{[]string{"type"}, "INTERACTION_RESPONSE_TYPE_INVALID", fmt.Sprintf("An interaction of type %d cannot be answered with type %d.", i.kind, a.Type)})
	}
	resource, err := c.answer(i, a.Type, a.Data)
	if err != nil {
		return nil, err
	}
	i.state = answered
	close(i.done)
	s.change()
	return resource, nil
}

// answer does what the first answer says. The lock is held.
func (c *call) answer(i *interaction, kind int, data json.RawMessage) (any, error) {
	s := c.s
	var d draft
	if kind == answerMessage || kind == answerLater || kind == answerUpdate {
		if err := read(data, &d); err != nil {
			return nil, err
		}
	}
	switch kind {
	case answerMessage:
		m, err := c.say(i, d, true)
		if err != nil {
			return nil, err
		}
		i.original, i.ephemeral = m.ID, m.Only != ""
		return object{"type": kind, "message": s.messageJSON(m, false)}, nil
	case answerLater:
		flags := 0
		if d.Flags != nil {
			flags = *d.Flags
		}
		if flags&^flagEphemeral != 0 {
			c.judge("a deferred answer with the flags %d: only ephemeral counts", flags)
		}
		i.ephemeral = flags&flagEphemeral != 0
		m := s.answering(i, true, i.ephemeral)
		m.Thinking = true
		m.Flags |= flagLoading
		s.put(s.channels[i.channel], m)
		i.original = m.ID
		s.tellMessage("MESSAGE_CREATE", m)
		return nil, nil
	case answerNothing:
		i.original = i.source
		return nil, nil
	case answerUpdate:
		i.original = i.source
		m := s.channels[i.channel].find(i.source)
		if m == nil {
			return nil, errUnknownMessage
		}
		if len(data) > 0 && string(data) != "null" {
			if _, err := c.change(m, d); err != nil {
				return nil, err
			}
		}
		return object{"type": kind, "message": s.messageJSON(m, false)}, nil
	case answerChoices:
		return nil, c.suggest(i, data)
	default:
		return nil, c.open(i, data)
	}
}

// read reads the data of an answer, which may be missing.
func read(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return invalidForm(fault{[]string{"data"}, "BASE_TYPE_BAD_TYPE", "Could not interpret the value."})
	}
	return nil
}

// answering is a message that answers an interaction, first or not. The lock is
// held.
func (s *Server) answering(i *interaction, first, ephemeral bool) *Message {
	m := &Message{Channel: i.channel, Author: botID, interaction: i}
	switch {
	case !first:
	case i.kind == kindCommand && i.target != "":
		m.Type = typeMenu
	case i.kind == kindCommand:
		m.Type = typeCommand
	}
	if ephemeral {
		m.Only = i.user
		m.Flags = flagEphemeral
	}
	return m
}

// say posts an answer. The lock is held.
func (c *call) say(i *interaction, d draft, first bool) (*Message, error) {
	m := c.s.answering(i, first, d.Flags != nil && *d.Flags&flagEphemeral != 0)
	if err := c.compose(m, d, true); err != nil {
		return nil, err
	}
	c.s.put(c.s.channels[i.channel], m)
	c.s.tellMessage("MESSAGE_CREATE", m)
	return m, nil
}

// suggest takes what is offered for an option. The lock is held.
func (c *call) suggest(i *interaction, data json.RawMessage) error {
	var d struct {
		Choices []struct {
			Name  string `json:"name"`
			Value any    `json:"value"`
		} `json:"choices"`
	}
	if err := read(data, &d); err != nil {
		return err
	}
	path := []string{"data", "choices"}
	if len(d.Choices) > maxOptions {
		return invalidForm(fault{path, "BASE_TYPE_MAX_LENGTH", fmt.Sprintf("Must be %d or fewer in length.", maxOptions)})
	}
	i.choices = []Choice{}
	for n, one := range d.Choices {
		value := fmt.Sprint(one.Value)
		if k := utf8.RuneCountInString(one.Name); k < 1 || k > maxChoice || value == "" || utf8.RuneCountInString(value) > maxChoice {
			return invalidForm(fault{append(path, fmt.Sprint(n)), "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between 1 and %d in length.", maxChoice)})
		}
		i.choices = append(i.choices, Choice{one.Name, value})
	}
	return nil
}

// open opens a form for the person. The lock is held.
func (c *call) open(i *interaction, data json.RawMessage) error {
	var f form
	if err := read(data, &f); err != nil {
		return err
	}
	if faults := inspectForm(f).faults; len(faults) > 0 {
		return invalidForm(faults...)
	}
	f.Components = complete(f.Components, func(string) object { return nil })
	c.s.modals[i.user] = &modal{f, i}
	return nil
}

// hook is the interaction that a token is of, as long as it works. The lock is
// held.
// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
func (c *call) hook() (*interaction, error) {
	i := c.s.interactions[c.path("webhook_token")]
	switch {
	case c.path("webhook_id") != appID, i == nil, i.state != answered:
		return nil, errUnknownWebhook
	case c.s.opts.Now().Sub(i.at) >= tokenLasts:
		return nil, refuse(http.StatusUnauthorized, codeToken, webhookExpired)
	case c.s.channels[i.channel] == nil:
		return nil, errUnknownChannel
	}
	return i, nil
}

// followUp is Create Followup Message. The first one after a deferral fills
// that in.
func followUp(c *call) (any, error) {
	i, err := c.hook()
	if err != nil {
		return nil, err
	}
	var d draft
	if err := c.body(&d); err != nil {
		return nil, err
	}
	if m := c.s.channels[i.channel].find(i.original); m != nil && m.Thinking {
		return c.change(m, d)
	}
	m, err := c.say(i, d, false)
	if err != nil {
		return nil, err
	}
	return c.s.messageJSON(m, false), nil
}

// replied is the message of the bot's that a call is about. The lock is held.
func (c *call) replied() (*Message, error) {
	i, err := c.hook()
	if err != nil {
		return nil, err
	}
	id := cmp.Or(c.path("message_id"), i.original)
	m := c.s.channels[i.channel].find(id)
	if m == nil || m.ID != i.original && m.interaction != i {
		return nil, errUnknownMessage
	}
	return m, nil
}

// getAnswer is Get Original Interaction Response, or Get Followup Message.
func getAnswer(c *call) (any, error) {
	m, err := c.replied()
	if err != nil {
		return nil, err
	}
	return c.s.messageJSON(m, false), nil
}

// editAnswer is Edit Original Interaction Response, or Edit Followup Message.
func editAnswer(c *call) (any, error) {
	m, err := c.replied()
	if err != nil {
		return nil, err
	}
	var d draft
	if err := c.body(&d); err != nil {
		return nil, err
	}
	return c.change(m, d)
}

// deleteAnswer is Delete Original Interaction Response, or Delete Followup
// Message.
func deleteAnswer(c *call) (any, error) {
	m, err := c.replied()
	if err != nil {
		return nil, err
	}
	c.s.deleted(c.s.channels[m.Channel], m)
	return nil, nil
}
