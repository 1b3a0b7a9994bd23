package slacktest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// escaper does what Slack does to everything that people type.
// Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// typed finds what Slack makes more of than words: mentions as they are picked
// from its list (<@U1>, <#C1>, <!subteam^S1>, <!here>), or typed out in full
// (@kim, #help), addresses, and names of emoji.
var typed = regexp.MustCompile(`<@[A-Z0-9]+>|<#[A-Z0-9]+>|<!subteam\^[A-Z0-9]+>|<!(?:here|channel|everyone)>|` +
	`https?://[^\s<>|]+|:[a-z0-9_+'-]+:|(?:^|[\s(])[@#][a-z0-9][a-z0-9._-]*`)

// A run is a piece of text as rich text has it.
type run struct {
	kind  string // text, user, channel, usergroup, broadcast, link, emoji
	value string // an id, an address, a name, or the words
	label string // the name, for commands
}

// runs read what a person typed. The lock is held.
func (s *Server) runs(text string) []run {
	var all []run
	words := func(t string) {
		if n := len(all); t != "" && n > 0 && all[n-1].kind == "text" {
			all[n-1].value += t
		} else if t != "" {
			all = append(all, run{kind: "text", value: t})
		}
	}
	for text != "" {
		at := typed.FindStringIndex(text)
		if at == nil {
			words(text)
			break
		}
		found := text[at[0]:at[1]]
		words(text[:at[0]])
		if c := found[0]; c == ' ' || c == '\n' || c == '\t' || c == '(' {
			words(found[:1])
			found = found[1:]
		}
		text = text[at[1]:]
		if r, rest := s.run(found); r.kind != "" {
			all = append(all, r)
			words(rest)
		} else {
			words(found)
		}
	}
	return all
}

// run is what something found is, and what of it is words after all.
func (s *Server) run(found string) (r run, rest string) {
	id := strings.TrimSuffix(found, ">")
	switch {
	case strings.HasPrefix(found, "<@"):
		if u := s.users[id[2:]]; u != nil {
			return run{"user", u.ID, u.Name}, ""
		}
	case strings.HasPrefix(found, "<#"):
		if c := s.channels[id[2:]]; c != nil {
			return run{"channel", c.ID, c.Name}, ""
		}
	case strings.HasPrefix(found, "<!subteam^"):
		if g := s.groups[id[len("<!subteam^"):]]; g != nil {
			return run{"usergroup", g.ID, "@" + g.Handle}, ""
		}
	case strings.HasPrefix(found, "<!"):
		return run{"broadcast", id[2:], "@" + id[2:]}, ""
	case strings.HasPrefix(found, "http"):
		address := strings.TrimRight(found, ".,;:!?)")
		return run{"link", address, ""}, found[len(address):]
	case strings.HasPrefix(found, ":"):
		return run{"emoji", strings.Trim(found, ":"), ""}, ""
	case found[0] == '@' || found[0] == '#':
		name := strings.TrimRight(found[1:], ".-_")
		if r := s.named(found[0], name); r.kind != "" {
			return r, found[1+len(name):]
		}
	}
	return run{}, ""
}

// named is a mention typed out in full.
func (s *Server) named(mark byte, name string) run {
	if mark == '#' {
		for _, id := range s.order {
			if c := s.channels[id]; c.Name == name && c.Kind != IM {
				return run{"channel", c.ID, c.Name}
			}
		}
		return run{}
	}
	switch name {
	case "here", "channel", "everyone":
		return run{"broadcast", name, "@" + name}
	}
	for _, id := range s.userOrder {
		if s.users[id].Name == name {
			return run{"user", id, name}
		}
	}
	for _, id := range s.groupList {
		if s.groups[id].Handle == name {
			return run{"usergroup", id, "@" + name}
		}
	}
	return run{}
}

// markup is what Slack makes of typed text, with names beside ids in a command.
func markup(runs []run, labels bool) string {
	var b strings.Builder
	for _, r := range runs {
		label := ""
		if labels {
			label = "|" + r.label
		}
		switch r.kind {
		case "text":
			b.WriteString(escaper.Replace(r.value))
		case "user":
			b.WriteString("<@" + r.value + label + ">")
		case "channel":
			b.WriteString("<#" + r.value + "|" + r.label + ">")
		case "usergroup":
			b.WriteString("<!subteam^" + r.value + label + ">")
		case "broadcast":
			b.WriteString("<!" + r.value + ">")
		case "link":
			b.WriteString("<" + escaper.Replace(r.value) + ">")
		case "emoji":
			b.WriteString(":" + r.value + ":")
		}
	}
	return b.String()
}

// rich is typed text as a rich_text block.
func (s *Server) rich(runs []run) json.RawMessage {
	names := map[string]string{"user": "user_id", "channel": "channel_id", "usergroup": "usergroup_id", "broadcast": "range", "link": "url", "emoji": "name", "text": "text"}
	elements := []object{}
	for _, r := range runs {
		elements = append(elements, object{"type": r.kind, names[r.kind]: r.value})
	}
	if len(elements) == 0 {
		return nil
	}
	return encode([]object{{"type": "rich_text", "block_id": s.blockID(), "elements": []object{{"type": "rich_text_section", "elements": elements}}}})
}

// blockID is one that Slack makes up. The lock is held.
func (s *Server) blockID() string { return s.secret()[:5] }

// encode is v as JSON. It panics where that cannot be.
func encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
