package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// A Surface is where something can be pressed.
type Surface struct {
	channel, ts string
	view        string
}

var (
	// OnHome is the person's Home, OnModal the modal that lies on top for them.
	OnHome  = Surface{view: "home"}
	OnModal = Surface{view: "modal"}
)

// OnMessage is a message, ephemeral or not.
func OnMessage(channel, ts string) Surface { return Surface{channel: channel, ts: ts} }

// An Option is one that was suggested.
type Option struct {
	Text, Value string
}

// A spot is an element on a surface.
type spot struct {
	placed
	view    *view
	message *Message
}

// spot finds an element for someone. The lock is held.
func (s *Server) spot(user string, at Surface, actionID string) (spot, error) {
	var sp spot
	var blocks json.RawMessage
	switch {
	case s.users[user] == nil:
		return sp, fmt.Errorf("%s: %w", user, errNobody)
	case at.view == "home":
		sp.view = s.homes[user]
	case at.view == "modal":
		sp.view = s.modal(user)
	default:
		if c := s.channels[at.channel]; c != nil {
			sp.message = c.find(at.ts)
		}
	}
	switch {
	case sp.view != nil:
		blocks = sp.view.blocks
	case sp.message != nil && s.sees(user, sp.message):
		blocks = sp.message.Blocks
	default:
		return sp, fmt.Errorf("%s sees nothing there", user)
	}
	all := actions(blocks)
	i := slices.IndexFunc(all, func(p placed) bool { return p.element["action_id"] == actionID })
	if i < 0 {
		return sp, fmt.Errorf("%s sees no element %q there", user, actionID)
	}
	sp.placed = all[i]
	return sp, nil
}

// interaction is what every interaction tells. The lock is held.
// Source: https://docs.slack.dev/reference/interaction-payloads
func (s *Server) interaction(kind string, u *User) object {
	return object{
		"type": kind, "api_app_id": appID, "token": "verification", "enterprise": nil, "is_enterprise_install": false,
		"team": object{"id": s.opts.Team, "domain": domain},
		"user": object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team},
	}
}

// channelName is how interactions and commands name a channel.
func channelName(c *Channel) string {
	switch c.Kind {
	case IM:
		return "directmessage"
	case Private:
		return "privategroup"
	}
	return c.Name
}

// place adds where an interaction happened, and what it opens. The lock is
// held.
func (s *Server) place(payload object, u *User, sp spot) {
	if sp.view != nil {
		payload["container"] = object{"type": "view", "view_id": sp.view.id}
		payload["view"] = s.viewJSON(sp.view)
		return
	}
	m := sp.message
	container := object{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.Only != ""}
	if m.Thread != "" {
		container["thread_ts"] = m.Thread
	}
	payload["container"] = container
	payload["channel"] = object{"id": m.Channel, "name": channelName(s.channels[m.Channel])}
	if m.Only == "" { // the app is not told again what an ephemeral message said
		payload["message"] = s.messageJSON(m)
	}
}

// act sends what someone did with an element, with what it then holds.
func (s *Server) act(user string, at Surface, actionID string, kinds []string, do func(sp spot) (object, error)) error {
	s.mu.Lock()
	sp, err := s.spot(user, at, actionID)
	var action object
	if err == nil {
		if kind, _ := sp.element["type"].(string); !slices.Contains(kinds, kind) {
			err = fmt.Errorf("element %q is a %s", actionID, kind)
		} else {
			action, err = do(sp)
		}
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	u := s.users[user]
	action["type"], action["action_id"], action["block_id"], action["action_ts"] = sp.element["type"], actionID, sp.block["block_id"], s.ts()
	payload := s.interaction("block_actions", u)
	payload["actions"] = []object{action}
	if sp.view != nil {
		payload["trigger_id"] = s.trigger(user, sp.view.id)
	} else {
		payload["trigger_id"] = s.trigger(user, "")
		payload["response_url"] = s.hook(user, sp.message.Channel, sp.message.TS)
		values := object{}
		if held := filled(sp.element); held != nil {
			if option := action["selected_option"]; option != nil {
				held["selected_option"] = option
			}
			values[sp.block["block_id"].(string)] = object{actionID: held}
		}
		payload["state"] = object{"values": values}
	}
	s.place(payload, u, sp)
	s.mu.Unlock()
	_, err = s.ask(&delivery{kindAction, "block_actions", payload})
	return err
}

// Press presses a button.
func (s *Server) Press(user string, at Surface, actionID string) error {
	return s.act(user, at, actionID, []string{"button", "icon_button"}, func(sp spot) (object, error) {
		action := object{}
		for _, name := range []string{"text", "value", "style", "url"} {
			if v := sp.element[name]; v != nil {
				action[name] = v
			}
		}
		return action, nil
	})
}

// Select chooses an option of a menu, by its value.
func (s *Server) Select(user string, at Surface, actionID, value string) error {
	return s.choose(user, at, actionID, value, "static_select", "radio_buttons")
}

// Choose chooses one of the options that were last suggested, by its value.
func (s *Server) Choose(user string, at Surface, actionID, value string) error {
	return s.choose(user, at, actionID, value, "external_select")
}

func (s *Server) choose(user string, at Surface, actionID, value string, kinds ...string) error {
	return s.act(user, at, actionID, kinds, func(sp spot) (object, error) {
		held, err := s.enter(user, sp.element, value)
		if err != nil {
			return nil, err
		}
		s.hold(sp, actionID, held)
		return object{"selected_option": held["selected_option"]}, nil
	})
}

// hold keeps what an element of a view holds. The lock is held.
func (s *Server) hold(sp spot, actionID string, held object) {
	if sp.view != nil {
		sp.view.values[sp.block["block_id"].(string)][actionID] = held
	}
}

// Input enters words in a field that the app hears of at once.
func (s *Server) Input(user string, at Surface, actionID, text string) error {
	return s.act(user, at, actionID, []string{"plain_text_input"}, func(sp spot) (object, error) {
		if now, _ := sp.block["dispatch_action"].(bool); !now {
			return nil, errors.New("the app does not hear of the field before it is sent")
		}
		held, err := s.enter(user, sp.element, text)
		if err != nil {
			return nil, err
		}
		s.hold(sp, actionID, held)
		return object{"value": held["value"]}, nil
	})
}

// Feedback presses one of a pair of feedback buttons.
func (s *Server) Feedback(user string, at Surface, actionID string, positive bool) error {
	return s.act(user, at, actionID, []string{"feedback_buttons"}, func(sp spot) (object, error) {
		name := "negative_button"
		if positive {
			name = "positive_button"
		}
		button, _ := sp.element[name].(object)
		return object{"value": button["value"], "text": button["text"]}, nil
	})
}

// leastQuery is how much has to be typed before options are asked for, unless
// the menu says so.
// Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
const leastQuery = 3

// Suggest types in a menu whose options the app gives, and returns those. Nil:
// too little was typed.
func (s *Server) Suggest(user string, at Surface, actionID, typed string) ([]Option, error) {
	s.mu.Lock()
	sp, err := s.spot(user, at, actionID)
	if err == nil && sp.element["type"] != "external_select" {
		err = fmt.Errorf("element %q is a %v", actionID, sp.element["type"])
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	least := leastQuery
	if n, ok := sp.element["min_query_length"].(float64); ok {
		least = int(n)
	}
	if utf8.RuneCountInString(typed) < least {
		s.mu.Unlock()
		return nil, nil
	}
	u := s.users[user]
	payload := s.interaction("block_suggestion", u)
	payload["action_id"], payload["block_id"], payload["value"] = actionID, sp.block["block_id"], typed
	s.place(payload, u, sp)
	s.mu.Unlock()
	answer, err := s.ask(&delivery{kindAction, "block_suggestion", payload})
	if err != nil {
		return nil, err
	}
	var a struct {
		Options []object `json:"options"`
		Groups  []struct {
			Options []object `json:"options"`
		} `json:"option_groups"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &a); err != nil {
			s.judge.add("block_suggestion: the answer is no JSON")
			return nil, ErrDispatch
		}
	}
	options := a.Options
	for _, g := range a.Groups {
		options = append(options, g.Options...)
	}
	if !s.judge.options("block_suggestion", options) {
		return nil, ErrDispatch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered[user+" "+actionID] = options
	all := []Option{}
	for _, o := range options {
		text, _ := o["text"].(object)
		shown, _ := text["text"].(string)
		value, _ := o["value"].(string)
		all = append(all, Option{shown, value})
	}
	return all, nil
}

// Slash runs a command, such as /ask, in a channel; there is no running one in
// a thread. The app need not be there. Mentions in the text are typed out, and
// come escaped.
func (s *Server) Slash(user, channel, command, text string) error {
	s.mu.Lock()
	u, c := s.users[user], s.channels[channel]
	var err error
	switch {
	case u == nil:
		err = errNobody
	case c == nil:
		err = errNoChannel
	case c.Kind != Public && !slices.Contains(c.Members, user):
		err = errNotMember
	case !s.scopes["commands"]:
		err = fmt.Errorf("%s is not a valid command", command)
	}
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("%s in %s: %w", user, channel, err)
	}
	address := s.hook(user, channel, "")
	payload := object{
		"token": "verification", "team_id": s.opts.Team, "team_domain": domain, "channel_id": c.ID, "channel_name": channelName(c),
		"user_id": u.ID, "user_name": u.Name, "command": command, "text": markup(s.runs(text), true), "api_app_id": appID,
		"is_enterprise_install": "false", "response_url": address, "trigger_id": s.trigger(user, ""),
	}
	s.mu.Unlock()
	answer, err := s.ask(&delivery{kindSlash, command, payload})
	if err != nil {
		return err
	}
	s.mu.Lock()
	call, err := s.respondAtOnce(&hook{user: user, channel: channel}, answer)
	s.mu.Unlock()
	s.deliverLater(call.events...)
	return err
}

// Shortcut chooses the app's entry in the menu of a message.
func (s *Server) Shortcut(user, callbackID, channel, ts string) error {
	s.mu.Lock()
	c := s.channels[channel]
	var m *Message
	if c != nil {
		m = c.find(ts)
	}
	if s.users[user] == nil || m == nil || m.Only != "" || c.Kind != Public && !s.sees(user, m) {
		s.mu.Unlock()
		return fmt.Errorf("%s sees nothing there", user)
	}
	payload := s.interaction("message_action", s.users[user])
	delete(payload, "api_app_id") // as the sample has it
	person := payload["user"].(object)
	delete(person, "username")
	message := s.messageJSON(m)
	payload["callback_id"], payload["trigger_id"], payload["message_ts"], payload["action_ts"] = callbackID, s.trigger(user, ""), m.TS, s.ts()
	payload["response_url"], payload["message"] = s.hook(user, channel, m.TS), message
	payload["channel"] = object{"id": c.ID, "name": channelName(c)}
	s.mu.Unlock()
	_, err := s.ask(&delivery{kindAction, "message_action", payload})
	return err
}
