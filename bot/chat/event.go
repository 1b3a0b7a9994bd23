package chat

import (
	"slices"
	"time"
)

// A Kind says what happened.
type Kind string

const (
	Message  Kind = "message"  // something was said
	Edit     Kind = "edit"     // what was said now reads otherwise
	Delete   Kind = "delete"   // what was said is gone
	Slash    Kind = "slash"    // a command was run
	Press    Kind = "press"    // a button was pressed
	Submit   Kind = "submit"   // a form was sent
	Menu     Kind = "menu"     // something was chosen from a message's menu
	Reaction Kind = "reaction" // an emoji was put on a message
	// Unreadable: what the platform sent is in Text, as it came. It is kept among
	// the dead letters.
	Unreadable Kind = "unreadable"

	// What the spool itself brings; adapters never do.
	Tick          Kind = "tick"          // a timer came due
	Delivered     Kind = "delivered"     // a reply that asked to be told stands at Place and Message
	Undeliverable Kind = "undeliverable" // one that asked to be told cannot be delivered at Place
)

// An Event is one thing that a person did on a platform, or that became of
// what the bot did.
type Event struct {
	ID    EventID   `json:"id"`
	Kind  Kind      `json:"kind"`
	At    time.Time `json:"at"` // UTC, by the platform's clock
	Place Place     `json:"place"`
	From  Sender    `json:"from"`

	// Addressed: the bot was spoken to, by mention, direct message, command or
	// button. Otherwise it only heard; whether what it heard in a thread is meant
	// for it all the same, the bot decides.
	Addressed bool `json:"addressed,omitempty"`
	// Mentioned: the bot was called by its name, which is no longer in Text.
	Mentioned bool `json:"mentioned,omitempty"`
	// Private: nobody but the sender reads the place.
	Private bool `json:"private,omitempty"`

	// Withheld: the platform keeps Text and Files from us, because the message did
	// not mention us.
	Withheld bool `json:"withheld,omitempty"`

	// Message is what was said, edited, deleted or reacted to, or the message
	// whose button was pressed; empty for a form.
	Message MessageID `json:"message,omitempty"`
	// About is that message where someone else than From may have written it:
	// for Menu and Reaction. Nil if the platform withholds it.
	About *Said `json:"about,omitempty"`
	// Stamp tells the edits of one message apart; empty for the first text.
	Stamp string `json:"stamp,omitempty"`

	// Named are those whom Text mentions, as far as the platform tells: there
	// they stand as @ and what the platform calls them.
	Named []Sender `json:"named,omitempty"`

	Text   string            `json:"text,omitempty"`   // said, or what followed the command
	Door   string            `json:"door,omitempty"`   // the command without its slash: ask, ticket
	Action Action            `json:"action,omitzero"`  // of the button, select, form or menu
	Values map[string]string `json:"values,omitempty"` // the form's fields by name
	Emoji  string            `json:"emoji,omitempty"`  // its name without colons, or the character
	Files  []File            `json:"files,omitempty"`
	Handle ReplyHandle       `json:"handle,omitempty"` // for answers that only a token can give

	Timer   string    `json:"timer,omitempty"`   // name of the timer that came due
	Report  string    `json:"report,omitempty"`  // as the reply gave it
	Cause   string    `json:"cause,omitempty"`   // why it could not be delivered
	Missing []Missing `json:"missing,omitempty"` // what of it could not
}

// Said is a message as it stands.
type Said struct {
	Message MessageID `json:"message"`
	From    Sender    `json:"from"`
	At      time.Time `json:"at"` // UTC
	Text    string    `json:"text,omitempty"`
	Files   []File    `json:"files,omitempty"`
}

// A Sender is who did it, as far as the platform tells.
type Sender struct {
	Account AccountID `json:"account"`
	// Person is set by the spool when the event is accepted; adapters leave it.
	Person   PersonID `json:"person,omitempty"`
	Name     string   `json:"name"`               // as shown to others; chosen by the person, so never trusted
	Locale   string   `json:"locale,omitempty"`   // BCP 47; empty if unknown
	Roles    []string `json:"roles,omitempty"`    // Discord roles: ids and names
	Groups   []string `json:"groups,omitempty"`   // Slack user groups: ids and handles; channels whose members count as one: # and the id
	Bot      bool     `json:"bot,omitempty"`      // a program, not a person
	External bool     `json:"external,omitempty"` // of another organisation (Slack Connect)
}

// HasRole reports whether the sender has any of the roles.
func (s Sender) HasRole(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.Roles, role) })
}

// InGroup reports whether the sender is in any of the groups.
func (s Sender) InGroup(groups ...string) bool {
	return slices.ContainsFunc(groups, func(group string) bool { return slices.Contains(s.Groups, group) })
}

// A File is an attachment. Its bytes stay on the platform until they are
// carried over.
type File struct {
	ID   string `json:"id"` // the platform's name for it
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // MIME; empty if unknown
	Size int64  `json:"size"`           // bytes
}

// An Attachment is a file to be carried over from where it was said, or one
// that is made when it is sent.
type Attachment struct {
	File File  `json:"file"`
	From Place `json:"from,omitzero"`
	// Made names what the bot makes of what is stored then: the kind of file, a
	// slash, and of what. The file has no ID, and its Size is filled in for the
	// platform that takes it. Empty: it was said at From.
	Made string `json:"made,omitempty"`
}

// Missing is a file that was not carried over.
type Missing struct {
	Name  string `json:"name"`
	Cause string `json:"cause"`
}

// Lane is the thread, or else the sender in their channel.
func (e Event) Lane() Lane {
	if e.Place.Thread != "" {
		return Lane(e.Place.String())
	}
	return Lane(e.Place.String() + "/" + string(e.From.Account))
}

// Identity is the same for every copy of an event. A message is known by where
// it stands and its edit, because platforms repeat it under other ids (a Slack
// mention comes twice); everything else by the transport's id.
func (e Event) Identity() string {
	switch e.Kind {
	case Message, Edit:
		return "message/" + e.Place.Outside().String() + "/" + string(e.Message) + "/" + e.Stamp
	case Delete:
		return "delete/" + e.Place.Outside().String() + "/" + string(e.Message)
	}
	return "event/" + string(e.ID)
}
