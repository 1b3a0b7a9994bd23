package chat

import (
	"cmp"
	"strings"
)

// A Role is what a person must be to do something.
type Role string

const (
	Everyone Role = "everyone"
	Agent    Role = "agent"
	Lead     Role = "lead"
)

// A Visibility says who sees what a command or action answers.
type Visibility string

const (
	Private Visibility = "private" // only the person who did it
	Public  Visibility = "public"  // everyone in the place
)

// A Command is one thing that can be done through any door: slash command,
// mention, button, emoji. The one table of them is bot's; platforms register
// what it holds.
type Command struct {
	Door       string     // ask or ticket; empty for what only buttons do
	Under      string     // another name for Door, where a platform has no room for all verbs of one; empty: none
	Verb       string     // claim, queue ...; empty for the bare door (/ask QUESTION)
	Aliases    []string   // other words for Verb
	Params     []Param    // in order
	Role       Role       // who may
	Visibility Visibility // who sees the answer
	Opens      bool       // may open a form (see [Front.Open])
	Menu       string     // its name in the menu of a message, in English; empty: not there
	Emoji      []string   // put on a message, they do it: characters, and names without colons
	Audit      string     // what it is called in the audit, where Door and Verb do not tell; -: nothing
	Summary    string     // a line for lists of commands, in English
}

// A ParamKind says what a parameter holds, so that platforms can offer the
// right input and typeahead.
type ParamKind string

const (
	TicketParam ParamKind = "ticket" // T-12, or 12
	PersonParam ParamKind = "person" // an agent, by name or mention
	WordParam   ParamKind = "word"   // one word, from Options if there are any
	CountParam  ParamKind = "count"  // a number from 1 on
	SpanParam   ParamKind = "span"   // how long: 30m, 14d; see [ParseSpan]
	TextParam   ParamKind = "text"   // the rest of the line
)

// A Param is one parameter of a command.
type Param struct {
	Name     string
	Kind     ParamKind
	Optional bool
	Flag     bool // typed behind its name, before any words: --stale 14d; always Optional
	Options  []string
	// Suggested: [Front.Suggest] knows what a TextParam may be. It always does for
	// tickets and persons.
	Suggested bool
}

// A Wording is how a command reads in one language, for platforms that list
// commands in each person's own. Doors, verbs and what is typed are the same
// in all languages, since sentences of ours name them.
type Wording struct {
	Summary string         // what it does
	Menu    string         // its name in the menu of a message; empty: not there
	Params  []ParamWording // as its Params
}

// A ParamWording is how a parameter reads in one language.
type ParamWording struct {
	Name    string   // one word in lower case
	Summary string   // what is filled in
	Options []string // as its Options
}

// Usage is how the command is typed on every platform: /ticket claim [ticket].
func (c Command) Usage() string {
	s := "/" + cmp.Or(c.Under, c.Door)
	if c.Verb != "" {
		s += " " + c.Verb
	}
	for _, param := range c.Params {
		name := param.Name
		if len(param.Options) > 0 {
			name = strings.Join(param.Options, "|")
		}
		if param.Flag {
			s += " [--" + param.Name + " <" + string(param.Kind) + ">]"
		} else if param.Optional {
			s += " [" + name + "]"
		} else {
			s += " <" + name + ">"
		}
	}
	return s
}

// An Invocation is a command with its arguments, by parameter name. An
// argument that was not given is not in the map.
type Invocation struct {
	Command Command
	Args    map[string]string
}
