package discordtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An Option is what a command can be given, as a client offers it.
type Option struct {
	Name         string
	Type         int // 3 words, 4 a whole number, 5 yes or no, 6 a person, 7 a channel, 8 a role, 10 a number
	Required     bool
	Autocomplete bool
	Choices      []Choice
}

// A Choice is one of the values that are offered for an option.
type Choice struct {
	Name  string
	Value string
}

// Commands are the names of all commands that a person finds in a channel, with
// their subcommands: /ask, /ticket claim. Those of menus have no slash.
func (s *Server) Commands(user, channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, cmd := range s.offered(user, channel) {
		if cmd.Type != commandSlash {
			all = append(all, cmd.Name)
			continue
		}
		var walk func(name string, options []option)
		walk = func(name string, options []option) {
			leaf := true
			for _, o := range options {
				if o.Type == optionSub || o.Type == optionGroup {
					leaf = false
					walk(name+" "+o.Name, o.Options)
				}
			}
			if leaf {
				all = append(all, name)
			}
		}
		walk("/"+cmd.Name, cmd.Options)
	}
	return all
}

// Options are what a command, such as /ticket claim, can be given in a channel.
func (s *Server) Options(user, channel, name string) ([]Option, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, path, err := s.command(user, channel, name)
	if err != nil {
		return nil, err
	}
	var all []Option
	for _, o := range path[len(path)-1].Options {
		shown := Option{Name: o.Name, Type: o.Type, Required: o.Required, Autocomplete: o.Autocomplete}
		for _, c := range o.Choices {
			shown.Choices = append(shown.Choices, Choice{c.Name, fmt.Sprint(c.Value)})
		}
		all = append(all, shown)
	}
	return all, nil
}

// offered are the commands that a person finds in a channel. The lock is held.
// Source: https://docs.discord.com/developers/interactions/application-commands#permissions
func (s *Server) offered(user, channel string) []*command {
	c := s.channels[channel]
	if c == nil || s.users[user] == nil {
		return nil
	}
	may := s.may(user, c)
	if !may.has(ViewChannel) || c.Kind != DM && !may.has(UseCommands) {
		return nil
	}
	var all []*command
	for _, scope := range []string{c.Guild, ""} {
		for _, cmd := range s.commands[scope] {
			switch {
			case c.Kind == DM && (cmd.Guild != "" || cmd.InDMs != nil && !*cmd.InDMs || cmd.Contexts != nil && !slices.Contains(cmd.Contexts, 1)):
			case c.Kind != DM && cmd.Contexts != nil && !slices.Contains(cmd.Contexts, 0):
			case c.Kind != DM && cmd.Permissions != nil && !may.has(Permission(*cmd.Permissions)):
			case slices.ContainsFunc(all, func(o *command) bool { return o == cmd }):
			default:
				all = append(all, cmd)
			}
		}
	}
	return all
}

// command is a slash command by its name, and the way to the part of it that is
// run: itself, a group, a subcommand. The lock is held.
func (s *Server) command(user, channel, name string) (*command, []option, error) {
	words := strings.Fields(strings.TrimPrefix(name, "/"))
	all := s.offered(user, channel)
	i := slices.IndexFunc(all, func(cmd *command) bool { return cmd.Type == commandSlash && len(words) > 0 && cmd.Name == words[0] })
	if i < 0 {
		return nil, nil, fmt.Errorf("%s finds no command %s", user, name)
	}
	path := []option{{Name: all[i].Name, Options: all[i].Options}}
	for _, word := range words[1:] {
		at := path[len(path)-1]
		j := slices.IndexFunc(at.Options, func(o option) bool { return o.Name == word && (o.Type == optionSub || o.Type == optionGroup) })
		if j < 0 {
			return nil, nil, fmt.Errorf("there is no %s", name)
		}
		path = append(path, at.Options[j])
	}
	if last := path[len(path)-1].Options; len(last) > 0 && (last[0].Type == optionSub || last[0].Type == optionGroup) {
		return nil, nil, fmt.Errorf("%s has to be followed by one of its subcommands", name)
	}
	return all[i], path, nil
}

// nested wraps options into the way to them.
func nested(path []option, options []object) []object {
	for i := len(path) - 1; i > 0; i-- {
		inner := object{"type": path[i].Type, "name": path[i].Name, "options": options}
		options = []object{inner}
	}
	return options
}

// resolved are the things that ids in an interaction stand for.
type resolved struct{ users, members, roles, channels object }

func newResolved() *resolved { return &resolved{object{}, object{}, object{}, object{}} }

func (r *resolved) json() object {
	o := object{}
	for name, some := range map[string]object{"users": r.users, "members": r.members, "roles": r.roles, "channels": r.channels} {
		if len(some) > 0 {
			o[name] = some
		}
	}
	return o
}

// value is what a person put into an option, as it travels. The lock is held.
func (s *Server) value(o option, typed string, c *Channel, r *resolved) (any, error) {
	wrong := fmt.Errorf("option %s cannot be %q", o.Name, typed)
	for _, ch := range o.Choices {
		if typed == ch.Name || typed == fmt.Sprint(ch.Value) {
			return ch.Value, nil
		}
	}
	if len(o.Choices) > 0 {
		return nil, wrong
	}
	within := func(n float64) bool {
		return (o.MinValue == nil || n >= *o.MinValue) && (o.MaxValue == nil || n <= *o.MaxValue)
	}
	switch o.Type {
	case optionString:
		if n := utf8.RuneCountInString(typed); n < o.MinLength || o.MaxLength != nil && n > *o.MaxLength {
			return nil, wrong
		}
		return typed, nil
	case optionInteger:
		if n, err := strconv.ParseInt(typed, 10, 64); err == nil && within(float64(n)) {
			return n, nil
		}
	case optionNumber:
		if n, err := strconv.ParseFloat(typed, 64); err == nil && within(n) {
			return n, nil
		}
	case optionBoolean:
		if on, err := strconv.ParseBool(typed); err == nil {
			return on, nil
		}
	case optionUser, optionChannel, optionRole:
		if id := s.pick(o.Type, typed, c, r); id != "" {
			return id, nil
		}
	}
	return nil, wrong
}

// pick finds a person, a channel or a role by id or name. The lock is held.
func (s *Server) pick(kind int, typed string, c *Channel, r *resolved) string {
	name := strings.TrimLeft(typed, "@#")
	switch kind {
	case optionUser:
		for _, id := range s.userOrder {
			if u := s.users[id]; id == name || u.Name == name {
				s.resolveUser(r, u, c)
				return id
			}
		}
	case optionChannel:
		for _, id := range s.order {
			if o := s.channels[id]; o.Guild == c.Guild && (id == name || o.Name == name) {
				r.channels[id] = s.partChannel(o, "")
				return id
			}
		}
	case optionRole:
		for _, id := range s.roleOrder {
			if o := s.roles[id]; o.Guild == c.Guild && (id == name || o.Name == name) {
				r.roles[id] = s.roleJSON(o)
				return id
			}
		}
	}
	return ""
}

// resolveUser adds a person to what ids stand for. The lock is held.
func (s *Server) resolveUser(r *resolved, u *User, c *Channel) {
	r.users[u.ID] = s.userJSON(u)
	if g := s.guilds[c.Guild]; g != nil {
		if _, in := g.members[u.ID]; in {
			m := s.partMember(u, g)
			delete(m, "deaf")
			delete(m, "mute")
			m["permissions"] = s.may(u.ID, c).String()
			r.members[u.ID] = m
		}
	}
}
