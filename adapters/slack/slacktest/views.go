package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// A view is a modal, or someone's Home.
type view struct {
	id, user       string
	request        object // as the app sent it
	blocks         json.RawMessage
	hash           string
	root, previous string
	values         map[string]map[string]object // by block and action
}

func (v *view) text(name string) string { s, _ := v.request[name].(string); return s }

func (v *view) flag(name string) bool { on, _ := v.request[name].(bool); return on }

// A trigger is a trigger_id: the right to open a modal.
type trigger struct {
	user string
	view string // the modal it came from
	at   time.Time
	body string // what it was used for, empty if it was not
}

// trigger makes a trigger_id. The lock is held.
func (s *Server) trigger(user, view string) string {
	id := fmt.Sprintf("%d.%d.%s", s.opts.Now().UnixMilli(), len(s.triggers)+1, s.secret())
	s.triggers[id] = &trigger{user: user, view: view, at: s.opts.Now()}
	return id
}

// maxModals is how many modals may lie on top of each other.
// Source: https://docs.slack.dev/surfaces/modals
const maxModals = 3

// viewJSON is a view as Slack tells of it.
func (s *Server) viewJSON(v *view) object {
	o := object{
		"id": v.id, "team_id": s.opts.Team, "type": v.text("type"), "blocks": v.blocks, "private_metadata": v.text("private_metadata"),
		"callback_id": v.text("callback_id"), "external_id": v.text("external_id"), "hash": v.hash, "state": object{"values": v.held()},
		"title": v.request["title"], "submit": v.request["submit"], "close": v.request["close"], "clear_on_close": v.flag("clear_on_close"),
		"notify_on_close": v.flag("notify_on_close"), "root_view_id": v.root, "previous_view_id": nil, "app_id": appID,
		"app_installed_team_id": s.opts.Team, "bot_id": botID,
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

// held is what the elements hold just now: while it travels, people go on.
func (v *view) held() map[string]map[string]object {
	held := map[string]map[string]object{}
	for block, values := range v.values {
		held[block] = maps.Clone(values)
	}
	return held
}

// draw makes a view of what the app sent, or says why not. The lock is held.
func (c *call) draw(kind, user string) (*view, error) {
	var request object
	if err := c.json("view", &request); err != nil {
		return nil, err
	}
	return c.s.draw(request, kind, user)
}

func (s *Server) draw(request object, kind, user string) (*view, error) {
	if request == nil || request["type"] != kind {
		return nil, fail("invalid_arguments", "[ERROR] view is no "+kind)
	}
	if faults := s.judge.view(request); len(faults) > 0 {
		return nil, fail("invalid_arguments", faults...)
	}
	v := &view{id: s.id("V"), user: user, request: request, values: map[string]map[string]object{}}
	v.root = v.id
	s.redraw(v)
	return v, nil
}

// redraw gives a view its blocks, and what is filled in beforehand. What was
// filled in stays. The lock is held.
func (s *Server) redraw(v *view) {
	raw, _ := v.request["blocks"].([]any)
	var blocks []object
	for _, b := range raw {
		if o, ok := b.(object); ok {
			blocks = append(blocks, o)
		}
	}
	v.blocks, v.hash = s.complete(blocks), fmt.Sprintf("%d.%s", s.opts.Now().Unix(), s.blockID())
	before := v.values
	v.values = map[string]map[string]object{}
	for _, a := range actions(v.blocks) {
		block, _ := a.block["block_id"].(string)
		action, _ := a.element["action_id"].(string)
		value := filled(a.element)
		if old := before[block][action]; old != nil && value != nil {
			value = old
		}
		if value != nil {
			if v.values[block] == nil {
				v.values[block] = map[string]object{}
			}
			v.values[block][action] = value
		}
	}
	s.change()
}

// filled is what an element holds at first, as a view's state has it. Nil for
// those that hold nothing, like buttons.
func filled(element object) object {
	value := object{"type": element["type"]}
	switch element["type"] {
	case "plain_text_input":
		value["value"] = element["initial_value"]
	case "static_select", "external_select", "radio_buttons":
		value["selected_option"] = element["initial_option"]
	default:
		return nil
	}
	return value
}

// use takes a trigger for a view.
func (c *call) use() (*trigger, error) {
	t := c.s.triggers[c.text("trigger_id")]
	body := fingerprint(c.args["view"])
	switch {
	case t == nil:
		return nil, fail("invalid_trigger_id")
	case t.body != "":
		if t.body != body {
			c.s.judge.add("%s: one trigger for two views", c.method)
		}
		return nil, fail("exchanged_trigger_id")
	case c.s.opts.Now().Sub(t.at) > triggerLasts:
		return nil, fail("expired_trigger_id")
	}
	t.body = body
	return t, nil
}

// openView is views.open.
func openView(c *call) (object, error) {
	t, err := c.use()
	if err != nil {
		return nil, err
	}
	v, err := c.draw("modal", t.user)
	if err != nil {
		return nil, err
	}
	c.s.modals[t.user] = []*view{v}
	return object{"view": c.s.viewJSON(v)}, nil
}

// pushView is views.push, on the modal that the trigger came from.
func pushView(c *call) (object, error) {
	t, err := c.use()
	if err != nil {
		return nil, err
	}
	if t.view == "" || !slices.ContainsFunc(c.s.modals[t.user], func(v *view) bool { return v.id == t.view }) {
		return nil, fail("not_found")
	}
	v, err := c.draw("modal", t.user)
	if err != nil {
		return nil, err
	}
	if err := c.s.push(v); err != nil {
		return nil, err
	}
	return object{"view": c.s.viewJSON(v)}, nil
}

// push lays a modal on top of those a person has open. The lock is held.
func (s *Server) push(v *view) error {
	stack := s.modals[v.user]
	if len(stack) == maxModals {
		return fail("push_limit_reached")
	}
	if len(stack) > 0 {
		v.root, v.previous = stack[0].id, stack[len(stack)-1].id
	}
	s.modals[v.user] = append(stack, v)
	s.change()
	return nil
}

// updateView is views.update.
func updateView(c *call) (object, error) {
	var v *view
	for _, stack := range c.s.modals {
		for _, open := range stack {
			if external := c.text("external_id"); open.id == c.text("view_id") || external != "" && open.text("external_id") == external {
				v = open
			}
		}
	}
	if v == nil {
		return nil, fail("not_found")
	}
	if hash := c.text("hash"); hash != "" && hash != v.hash {
		return nil, fail("hash_conflict")
	}
	drawn, err := c.draw("modal", v.user)
	if err != nil {
		return nil, err
	}
	v.request = drawn.request
	c.s.redraw(v)
	return object{"view": c.s.viewJSON(v)}, nil
}

// publishView is views.publish: someone's Home.
func publishView(c *call) (object, error) {
	user := c.text("user_id")
	if u := c.s.users[user]; u == nil || u.Bot {
		return nil, fail("user_not_found")
	}
	old := c.s.homes[user]
	if hash := c.text("hash"); hash != "" && (old == nil || hash != old.hash) {
		return nil, fail("hash_conflict")
	}
	v, err := c.draw("home", user)
	if err != nil {
		return nil, err
	}
	if old != nil {
		v.id, v.root = old.id, old.id
	}
	c.s.homes[user] = v
	c.s.change()
	return object{"view": c.s.viewJSON(v)}, nil
}

// Home is what a person finds on the app's Home, and Modal the modal that lies
// on top for them, as JSON. Nil: nothing.
func (s *Server) Home(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.homes[user]; v != nil {
		return encode(s.viewJSON(v))
	}
	return nil
}

func (s *Server) Modal(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.modal(user); v != nil {
		return encode(s.viewJSON(v))
	}
	return nil
}

// modal is the one on top. The lock is held.
func (s *Server) modal(user string) *view {
	stack := s.modals[user]
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

// OpenHome is what a person does to see the app: its tab home, or messages.
func (s *Server) OpenHome(user, tab string) error {
	s.mu.Lock()
	if u := s.users[user]; u == nil || tab != "home" && tab != "messages" {
		s.mu.Unlock()
		return fmt.Errorf("%s cannot open the tab %s", user, tab)
	}
	e := object{"user": user, "channel": s.direct(user).ID, "tab": tab, "event_ts": s.ts()}
	if v := s.homes[user]; v != nil && tab == "home" {
		e["view"] = s.viewJSON(v)
	}
	event := s.event("app_home_opened", e, nil)
	s.mu.Unlock()
	s.deliver(event)
	return nil
}

var errNoModal = errors.New("no modal is open")

// Submit sends the modal that lies on top, with what was filled in, by
// block_id: words, or the value of an option. What is left out stays as it is.
// It returns the errors that the app shows under the fields, by block_id.
func (s *Server) Submit(user string, values map[string]string) (map[string]string, error) {
	s.mu.Lock()
	v, err := s.fill(user, values)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	payload := s.interaction("view_submission", s.users[user])
	payload["view"], payload["trigger_id"] = s.viewJSON(v), s.trigger(user, v.id)
	s.mu.Unlock()
	answer, err := s.ask(&delivery{kindAction, "view_submission", payload})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.submitted(v, answer)
}

// fill fills in the modal on top, if it lets itself be. The lock is held.
func (s *Server) fill(user string, values map[string]string) (*view, error) {
	v := s.modal(user)
	if v == nil {
		return nil, errNoModal
	}
	if v.request["submit"] == nil {
		return nil, errors.New("the modal cannot be sent")
	}
	left := maps.Clone(values)
	for _, a := range actions(v.blocks) {
		if a.block["type"] != "input" {
			continue
		}
		block, action := a.block["block_id"].(string), a.element["action_id"].(string)
		if value, given := left[block]; given {
			delete(left, block)
			held, err := s.enter(user, a.element, value)
			if err != nil {
				return nil, fmt.Errorf("field %s: %w", block, err)
			}
			v.values[block][action] = held
		}
		held := v.values[block][action]
		if optional, _ := a.block["optional"].(bool); !optional && held["value"] == nil && held["selected_option"] == nil {
			return nil, fmt.Errorf("field %s has to be filled in", block)
		}
	}
	for block := range left {
		return nil, fmt.Errorf("there is no field %s", block)
	}
	return v, nil
}

// enter is what an element holds once a person entered something. The lock is
// held.
func (s *Server) enter(user string, element object, value string) (object, error) {
	held := object{"type": element["type"]}
	switch element["type"] {
	case "plain_text_input":
		limit, limited := element["max_length"].(float64)
		n := utf8.RuneCountInString(value)
		least, _ := element["min_length"].(float64)
		if limited && n > int(limit) || n < int(least) {
			return nil, fmt.Errorf("%d characters are too many or too few", n)
		}
		held["value"] = nil
		if value != "" {
			held["value"] = value
		}
	case "static_select", "radio_buttons", "external_select":
		options := optionsOf(element)
		if element["type"] == "external_select" {
			options = s.offered[user+" "+element["action_id"].(string)]
		}
		i := slices.IndexFunc(options, func(o object) bool { return o["value"] == value })
		if i < 0 {
			return nil, fmt.Errorf("there is no option %q", value)
		}
		held["selected_option"] = options[i]
	default:
		return nil, fmt.Errorf("nothing can be entered in %v", element["type"])
	}
	return held, nil
}

// submitted does with a modal what the app answered. The lock is held.
func (s *Server) submitted(v *view, answer []byte) (map[string]string, error) {
	var a struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   object            `json:"view"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &a); err != nil {
			s.judge.add("view_submission: the answer is no JSON")
			return nil, ErrDispatch
		}
	}
	defer s.change()
	stack := s.modals[v.user]
	switch a.Action {
	case "":
		s.modals[v.user] = slices.DeleteFunc(stack, func(o *view) bool { return o == v })
	case "clear":
		delete(s.modals, v.user)
	case "errors":
		for block := range a.Errors {
			if v.values[block] == nil {
				s.judge.add("view_submission: an error under %s, which is no field", block)
			}
		}
		if len(a.Errors) == 0 {
			s.judge.add("view_submission: errors without any")
		}
		return a.Errors, nil
	case "update", "push":
		drawn, err := s.draw(a.View, "modal", v.user)
		if err != nil {
			s.judge.add("view_submission: the view to %s is none: %v", a.Action, err)
			return nil, err
		}
		if a.Action == "push" {
			return nil, s.push(drawn)
		}
		v.request = drawn.request
		s.redraw(v)
	default:
		s.judge.add("view_submission: response_action %q", a.Action)
	}
	return nil, nil
}

// Dismiss closes the modal on top, without sending it.
func (s *Server) Dismiss(user string) error {
	s.mu.Lock()
	v := s.modal(user)
	if v == nil {
		s.mu.Unlock()
		return errNoModal
	}
	if stack := s.modals[user]; v.flag("clear_on_close") {
		delete(s.modals, user)
	} else {
		s.modals[user] = stack[:len(stack)-1]
	}
	s.change()
	payload := s.interaction("view_closed", s.users[user])
	payload["view"], payload["is_cleared"] = s.viewJSON(v), v.flag("clear_on_close")
	s.mu.Unlock()
	if !v.flag("notify_on_close") {
		return nil
	}
	_, err := s.ask(&delivery{kindAction, "view_closed", payload})
	return err
}
