package discordtest

import (
	"regexp"
	"slices"
	"strings"
)

// typed finds mentions as a client's list puts them in (<@1>, <@&1>, <#1>), or
// typed out in full (@kim, @agents, #help, @everyone).
var typed = regexp.MustCompile(`<@!?\d+>|<@&\d+>|<#\d+>|(?:^|[\s(])[@#][a-z0-9][a-z0-9._-]*`)

// Words are what someone typed, as it is sent.
type words struct {
	text     string
	users    []string
	roles    []string
	everyone bool
}

// read reads what someone typed in a channel. The lock is held.
func (s *Server) read(user string, c *Channel, text string) words {
	var w words
	w.text = typed.ReplaceAllStringFunc(text, func(found string) string {
		before := ""
		if mark := found[0]; mark != '<' && mark != '@' && mark != '#' {
			before, found = found[:1], found[1:]
		}
		if found[0] == '<' {
			return before + s.point(&w, c, found)
		}
		name := strings.TrimRight(found[1:], ".-_")
		return before + s.named(&w, user, c, found[0], name) + found[1+len(name):]
	})
	return w
}

// point is a mention by its id: it counts if there is such a thing.
func (s *Server) point(w *words, c *Channel, found string) string {
	id := strings.Trim(found, "<@!&#>")
	switch {
	case strings.HasPrefix(found, "<@&"):
		if r := s.roles[id]; r != nil && r.Guild == c.Guild && !slices.Contains(w.roles, id) {
			w.roles = append(w.roles, id)
		}
	case strings.HasPrefix(found, "<@"):
		if s.users[id] != nil && !slices.Contains(w.users, id) {
			w.users = append(w.users, id)
		}
	}
	return found
}

// named is a mention typed out in full, or the words if there is no such thing.
func (s *Server) named(w *words, user string, c *Channel, mark byte, name string) string {
	if mark == '#' {
		for _, id := range s.order {
			if o := s.channels[id]; o.Name == name && o.Guild == c.Guild {
				return "<#" + id + ">"
			}
		}
		return "#" + name
	}
	if name == "everyone" || name == "here" {
		w.everyone = w.everyone || s.may(user, c).has(MentionEveryone)
		return "@" + name
	}
	for _, id := range s.userOrder {
		if s.users[id].Name == name {
			return s.point(w, c, "<@"+id+">")
		}
	}
	for _, id := range s.roleOrder {
		if r := s.roles[id]; r.Guild == c.Guild && r.Name == name {
			return s.point(w, c, "<@&"+id+">")
		}
	}
	return "@" + name
}
