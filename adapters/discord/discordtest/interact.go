package discordtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// ErrFailed is what a person reads when the bot did not answer in time, or
// answered with what Discord does not take: This interaction failed.
var ErrFailed = errors.New("this interaction failed")

// Types of interactions.
// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type
const (
	kindPing         = 1
	kindCommand      = 2
	kindComponent    = 3
	kindAutocomplete = 4
	kindSubmit       = 5
)

// tokenBegins is how every interaction's token does.
const tokenBegins = "aW50ZXJhY3Rpb246"

type state int

const (
	waiting state = iota
	answered
	late
)

// An interaction is something that someone did with the bot, who waits.
type interaction struct {
	id, token     string
	kind          int
	user, channel string
	guild         string
	name          string // of the command
	source        string // id of the message whose component it was, or from which the form came
	target        string // id of the message that a menu was opened on
	opened        *interaction
	at            time.Time

	state     state
	done      chan struct{} // closed once it is answered
	original  string        // id of the message that answers it
	ephemeral bool
	choices   []Choice
}

// interactionJSON makes an interaction and what the bot is told of it. The lock is held.
// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
func (s *Server) interactionJSON(i *interaction, data object) object {
	u, c := s.users[i.user], s.channels[i.channel]
	i.id, i.token, i.at, i.done = s.id(), tokenBegins+s.secret()+s.secret(), s.opts.Now(), make(chan struct{})
	i.guild = c.Guild
	s.interactions[i.token] = i
	o := object{
		"id": i.id, "application_id": appID, "type": i.kind, "token": i.token, "version": 1, "data": data, "channel_id": c.ID,
		"channel": s.partChannel(c, i.user), "locale": cmp.Or(u.Locale, "en-US"), "entitlements": []object{},
		"attachment_size_limit": maxFile, "app_permissions": s.may(botID, c).String(),
	}
	if g := s.guilds[c.Guild]; g != nil {
		member := s.memberJSON(u, g)
		member["permissions"] = s.may(u.ID, c).String()
		maps.Copy(o, object{
			"guild_id": g.ID, "guild": object{"id": g.ID, "locale": g.Locale, "features": []string{}}, "guild_locale": g.Locale, "member": member, "context": 0,
			"authorizing_integration_owners": object{"0": g.ID},
		})
	} else {
		maps.Copy(o, object{"user": s.userJSON(u), "context": 1, "authorizing_integration_owners": object{"0": "0"}})
	}
	return o
}

// partChannel is a channel as interactions tell of it. The lock is held.
func (s *Server) partChannel(c *Channel, user string) object {
	o := s.channelJSON(c)
	if user != "" {
		o["permissions"] = s.may(user, c).String()
	} else {
		o["permissions"] = s.may(botID, c).String()
	}
	return o
}

// metadataJSON tells what a message answers. The lock is held.
func (s *Server) metadataJSON(i *interaction) object {
	owner := cmp.Or(i.guild, "0")
	o := object{"id": i.id, "type": i.kind, "user": s.userJSON(s.users[i.user]), "authorizing_integration_owners": object{"0": owner}}
	switch i.kind {
	case kindCommand:
		o["name"], o["command_type"] = i.name, commandSlash
		if i.target != "" {
			o["target_message_id"], o["command_type"] = i.target, commandMessage
		}
	case kindComponent:
		o["interacted_message_id"] = i.source
	case kindSubmit:
		o["triggering_interaction_metadata"] = s.metadataJSON(i.opened)
	}
	return o
}

// ask tells the bot of an interaction, and waits for its first answer. The lock
// is held, and given back.
func (s *Server) ask(i *interaction, payload object) error {
	s.pending++
	base := s.base
	if base == "" {
		s.tell(event{name: "INTERACTION_CREATE", guild: i.guild, data: payload})
	} else if s.sent != nil {
		s.sent(payload)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.pending--
		s.change()
		s.mu.Unlock()
	}()
	if base != "" {
		s.background(func() { s.post(base, i, payload) })
	}
	limit := time.NewTimer(s.opts.RespondWithin)
	defer limit.Stop()
	select {
	case <-i.done:
	case <-limit.C:
	case <-s.ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.state == answered {
		return nil
	}
	i.state = late
	return ErrFailed
}

// somewhere is the channel in which someone does something with the bot. The
// lock is held.
func (s *Server) somewhere(user, channel string) (*Channel, error) {
	return s.present(user, channel, ViewChannel)
}

// Slash runs a command, such as /ticket claim, with the values of its options by
// name: words, or the id or name of a person, a channel or a role. It is an
// error if the command is not registered, or the client would not send it so.
func (s *Server) Slash(user, channel, name string, options map[string]string) error {
	s.mu.Lock()
	i, payload, err := s.slash(user, channel, name, options)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	return s.ask(i, payload)
}

// slash is Slash, up to its being sent. The lock is held.
func (s *Server) slash(user, channel, name string, options map[string]string) (*interaction, object, error) {
	c, err := s.somewhere(user, channel)
	if err != nil {
		return nil, nil, err
	}
	cmd, path, err := s.command(user, channel, name)
	if err != nil {
		return nil, nil, err
	}
	left := maps.Clone(options)
	given := []object{}
	r := newResolved()
	for _, o := range path[len(path)-1].Options {
		typed, ok := left[o.Name]
		delete(left, o.Name)
		if !ok {
			if o.Required {
				return nil, nil, fmt.Errorf("%s: option %s is required", name, o.Name)
			}
			continue
		}
		value, err := s.value(o, typed, c, r)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		given = append(given, object{"type": o.Type, "name": o.Name, "value": value})
	}
	for extra := range left {
		return nil, nil, fmt.Errorf("%s: there is no option %s", name, extra)
	}
	data := object{"id": cmd.ID, "name": cmd.Name, "type": commandSlash}
	if len(given) > 0 || len(path) > 1 {
		data["options"] = nested(path, given)
	}
	if len(r.json()) > 0 {
		data["resolved"] = r.json()
	}
	if cmd.Guild != "" {
		data["guild_id"] = cmd.Guild
	}
	i := &interaction{kind: kindCommand, user: user, channel: channel, name: cmd.Name}
	return i, s.interactionJSON(i, data), nil
}

// Autocomplete types in an option of a command, and returns what the bot
// offers.
func (s *Server) Autocomplete(user, channel, name, field, typed string) ([]Choice, error) {
	s.mu.Lock()
	c, err := s.somewhere(user, channel)
	var cmd *command
	var path []option
	if err == nil {
		cmd, path, err = s.command(user, channel, name)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	last := path[len(path)-1].Options
	n := slices.IndexFunc(last, func(o option) bool { return o.Name == field && o.Autocomplete })
	if n < 0 {
		s.mu.Unlock()
		return nil, fmt.Errorf("%s: nothing is offered for %s", name, field)
	}
	data := object{"id": cmd.ID, "name": cmd.Name, "type": commandSlash, "options": nested(path, []object{
		{"type": last[n].Type, "name": field, "value": typed, "focused": true},
	})}
	if cmd.Guild != "" {
		data["guild_id"] = c.Guild
	}
	i := &interaction{kind: kindAutocomplete, user: user, channel: channel, name: cmd.Name}
	if err := s.ask(i, s.interactionJSON(i, data)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return i.choices, nil
}

// Menu chooses one of the bot's entries in the menu of a message.
func (s *Server) Menu(user, name, channel, message string) error {
	s.mu.Lock()
	c, err := s.somewhere(user, channel)
	var m *Message
	if err == nil {
		m = c.find(message)
		if m == nil || !s.sees(user, m) {
			err = fmt.Errorf("%s: %w", message, errNoMessage)
		}
	}
	all := s.offered(user, channel)
	n := slices.IndexFunc(all, func(cmd *command) bool { return cmd.Type == commandMessage && cmd.Name == name })
	if err == nil && n < 0 {
		err = fmt.Errorf("%s finds no %q in the menu", user, name)
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	data := object{"id": all[n].ID, "name": name, "type": commandMessage, "target_id": m.ID, "resolved": object{"messages": object{m.ID: s.messageJSON(m, false)}}}
	if all[n].Guild != "" {
		data["guild_id"] = all[n].Guild
	}
	i := &interaction{kind: kindCommand, user: user, channel: channel, name: name, target: m.ID}
	return s.ask(i, s.interactionJSON(i, data))
}

// Press presses a button of a message, ephemeral or not.
func (s *Server) Press(user, channel, message, customID string) error {
	return s.touch(user, channel, message, customID, func(_ *Channel, p part) (object, error) {
		if p.Type != componentButton || p.Style == styleLink || p.Style == stylePremium {
			return nil, fmt.Errorf("%s is no button", customID)
		}
		return object{}, nil
	})
}

// Select chooses in a menu of a message: options by their value, or people,
// roles and channels by id or name.
func (s *Server) Select(user, channel, message, customID string, values ...string) error {
	return s.touch(user, channel, message, customID, func(c *Channel, p part) (object, error) {
		if !p.menu() {
			return nil, fmt.Errorf("%s is no menu", customID)
		}
		r := newResolved()
		chosen, err := s.choose(p, c, values, r)
		if err != nil {
			return nil, err
		}
		data := object{"values": chosen}
		if p.Type != componentSelect {
			data["resolved"] = r.json()
		}
		return data, nil
	})
}

// choose is what someone chose in a menu, as it travels. The lock is held.
func (s *Server) choose(p part, c *Channel, values []string, r *resolved) ([]string, error) {
	least, most := 1, 1
	if p.MinValues != nil {
		least = *p.MinValues
	}
	if p.MaxValues != nil {
		most = *p.MaxValues
	}
	if len(values) < least || len(values) > most {
		return nil, fmt.Errorf("%s takes %d to %d values", p.id(), least, most)
	}
	kinds := map[int]int{componentUsers: optionUser, componentRoles: optionRole, componentMentionable: optionUser, componentChannels: optionChannel}
	chosen := []string{}
	for _, v := range values {
		id := v
		if p.Type == componentSelect || p.Type == componentRadio {
			if !slices.ContainsFunc(p.Options, func(o choice) bool { return o.Value == v }) {
				id = ""
			}
		} else {
			id = s.pick(kinds[p.Type], v, c, r)
		}
		if id == "" {
			return nil, fmt.Errorf("%s has no option %q", p.id(), v)
		}
		chosen = append(chosen, id)
	}
	return chosen, nil
}

// touch does something with a component of a message.
func (s *Server) touch(user, channel, message, customID string, do func(c *Channel, p part) (object, error)) error {
	s.mu.Lock()
	c, err := s.somewhere(user, channel)
	var m *Message
	var data object
	if err == nil {
		m = c.find(message)
		if m == nil || !s.sees(user, m) {
			err = fmt.Errorf("%s sees no message %s", user, message)
		}
	}
	if err == nil {
		all := parts(m.Components)
		n := slices.IndexFunc(all, func(p part) bool { return p.id() == customID && customID != "" })
		switch {
		case n < 0 || all[n].Disabled:
			err = fmt.Errorf("%s sees nothing to press with %q", user, customID)
		default:
			if data, err = do(c, all[n]); err == nil {
				data["component_type"], data["custom_id"], data["id"] = all[n].Type, customID, all[n].ID
			}
		}
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	i := &interaction{kind: kindComponent, user: user, channel: channel, source: m.ID}
	payload := s.interactionJSON(i, data)
	payload["message"] = s.messageJSON(m, false)
	return s.ask(i, payload)
}

// A form is a modal as the bot sends it.
type form struct {
	CustomID   string          `json:"custom_id"`
	Title      string          `json:"title"`
	Components json.RawMessage `json:"components"`
}

// A modal is a form that someone has open.
type modal struct {
	form
	from *interaction
}

// Modal is the form that a person has open: custom_id, title and components. Nil:
// none.
func (s *Server) Modal(user string) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.modals[user]; m != nil {
		return encode(m.form)
	}
	return nil
}

var errNoModal = errors.New("no modal is open")

// Dismiss closes the form without sending it, of which the bot does not hear.
func (s *Server) Dismiss(user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.modals[user] == nil {
		return errNoModal
	}
	delete(s.modals, user)
	s.change()
	return nil
}

// Submit sends the form that a person has open, with what they filled in by
// custom_id: words, or the value of an option. What is left out stays as it is.
// If the bot does not answer, the form stays open.
func (s *Server) Submit(user string, values map[string]string) error {
	s.mu.Lock()
	m := s.modals[user]
	if m == nil {
		s.mu.Unlock()
		return errNoModal
	}
	r := newResolved()
	filled, err := s.fill(m, values, r)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	i := &interaction{kind: kindSubmit, user: user, channel: m.from.channel, source: m.from.source, opened: m.from}
	data := object{"custom_id": m.CustomID, "components": filled}
	if len(r.json()) > 0 {
		data["resolved"] = r.json()
	}
	payload := s.interactionJSON(i, data)
	if c := s.channels[i.channel]; i.source != "" && c != nil && c.find(i.source) != nil {
		payload["message"] = s.messageJSON(c.find(i.source), false)
	}
	if err := s.ask(i, payload); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.modals[user] == m {
		delete(s.modals, user)
	}
	s.change()
	return nil
}

// fill is what a form holds once it was filled in, as it travels. The lock is
// held.
func (s *Server) fill(m *modal, values map[string]string, r *resolved) ([]object, error) {
	left := maps.Clone(values)
	c := s.channels[m.from.channel]
	if c == nil {
		return nil, errNoChannel
	}
	field := func(p part) (object, error) {
		typed, given := left[p.id()]
		delete(left, p.id())
		required := p.Required == nil || *p.Required
		o := object{"type": p.Type, "id": p.ID, "custom_id": p.id()}
		switch {
		case p.Type == componentInput:
			if !given {
				typed = p.Value
			}
			n := utf8.RuneCountInString(typed)
			if n == 0 && required {
				return nil, fmt.Errorf("field %s has to be filled in", p.id())
			}
			if n > 0 && n < p.MinLength || p.MaxLength != nil && n > *p.MaxLength || n > maxInput {
				return nil, fmt.Errorf("field %s: %d characters are too few or too many", p.id(), n)
			}
			o["value"] = typed
		case p.menu() || p.Type == componentRadio:
			chosen := []string{}
			if given && typed != "" {
				chosen = []string{typed}
			} else if !given {
				for _, option := range p.Options {
					if option.Default {
						chosen = append(chosen, option.Value)
					}
				}
			}
			if len(chosen) == 0 && required {
				return nil, fmt.Errorf("field %s has to be filled in", p.id())
			}
			if len(chosen) > 0 {
				var err error
				if chosen, err = s.choose(p, c, chosen, r); err != nil {
					return nil, err
				}
			}
			if p.Type == componentRadio {
				o["value"] = nil
				if len(chosen) > 0 {
					o["value"] = chosen[0]
				}
				break
			}
			o["values"] = chosen
		default:
			return nil, fmt.Errorf("nothing can be entered in a component of type %d", p.Type)
		}
		return o, nil
	}
	var top []part
	if err := json.Unmarshal(m.Components, &top); err != nil {
		return nil, err
	}
	filled := []object{}
	for n, p := range top {
		o := object{"type": p.Type, "id": cmp.Or(p.ID, n+1)}
		switch {
		case p.Type == componentLabel && p.Component != nil:
			inner, err := field(*p.Component)
			if err != nil {
				return nil, err
			}
			o["component"] = inner
		case p.Type == componentRow:
			list := []object{}
			for _, one := range p.Components {
				inner, err := field(one)
				if err != nil {
					return nil, err
				}
				list = append(list, inner)
			}
			o["components"] = list
		}
		filled = append(filled, o)
	}
	for id := range left {
		return nil, fmt.Errorf("there is no field %s", strconv.Quote(id))
	}
	return filled, nil
}
