package chat

import (
	"slices"
	"strings"
)

// A Deed says what a reply does.
type Deed string

const (
	Post    Deed = "post"    // a new message
	Replace Deed = "replace" // in place of the message with the same Key; posted anew if that is gone
	Remove  Deed = "remove"  // the message with the same Key
)

// A Purpose says what a reply is for. What happens when its delivery is
// uncertain follows from it.
type Purpose string

const (
	Answering Purpose = "answering" // what an event asked for
	Relaying  Purpose = "relaying"  // words from one person to another
	Notifying Purpose = "notifying" // news of a ticket
)

// A Reply is one message for one place.
type Reply struct {
	Key     Key     `json:"key"`
	Deed    Deed    `json:"deed"`
	Purpose Purpose `json:"purpose"`
	Place   Place   `json:"place"`
	// Under puts it into the thread of the message that stands under this Key,
	// in Place, which is then a channel. It is delivered after that message.
	Under  Key         `json:"under,omitempty"`
	Only   AccountID   `json:"only,omitempty"`   // nobody else sees it; empty: everyone there does
	Handle ReplyHandle `json:"handle,omitempty"` // of the event it answers
	Lang   string      `json:"lang,omitempty"`   // of its own words, not of those it quotes
	Tone   Tone        `json:"tone,omitempty"`
	Blocks []Block     `json:"blocks,omitempty"` // none for Remove
	// Files are carried over with a Post, as far as the platform takes them. A
	// Replace leaves those alone that came with the message.
	Files []Attachment `json:"files,omitempty"`
	// Report asks for a Delivered or Undeliverable event that carries it back, in
	// the lane of Place. Empty: a failure is only logged and kept.
	Report string `json:"report,omitempty"`
	// Marks are what the whole thread that it is in may be marked with, by names
	// in lower case, and whether it is so now: for platforms whose threads have
	// tags. A tag of another name stays as it is.
	Marks map[string]bool `json:"marks,omitempty"`
	// What it came of and is about, for the log.
	Event        EventID        `json:"event,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	Ticket       TicketID       `json:"ticket,omitempty"`
}

// A Tone is the colour of a message: the state of what it shows.
type Tone string

const (
	Plainly  Tone = ""
	Waiting  Tone = "waiting"  // someone has to take it up
	Underway Tone = "underway" // someone has
	Done     Tone = "done"     // well
	Over     Tone = "over"     // nothing will come of it any more
)

// A Layout says how a block looks.
type Layout string

const (
	Paragraph Layout = "paragraph"
	Heading   Layout = "heading"
	Quote     Layout = "quote"   // words of an article or a person
	Context   Layout = "context" // a small line beside the matter
	Facts     Layout = "facts"   // names and values
	Links     Layout = "links"   // a list of links
	Section   Layout = "section" // text, with its one button at its side
	Buttons   Layout = "buttons" // a row of buttons
	Choice    Layout = "choice"  // a menu to choose one option from
	Divider   Layout = "divider" // a line between two matters
)

// A Block is a part of a message. Its Layout says which fields it uses.
type Block struct {
	Layout  Layout   `json:"layout"`
	Text    Text     `json:"text,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
	Links   []Linked `json:"links,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	Select  *Select  `json:"select,omitempty"`
}

// Linked is a link in a list, with a small line below it.
type Linked struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	Note  string `json:"note,omitempty"`
}

// A Select offers options of which one is chosen. Choosing is a Press of its
// Action with the option's Value as one more argument, which together must fit
// into [MaxAction].
type Select struct {
	Label   string   `json:"label"` // shown until something is chosen
	Action  Action   `json:"action"`
	Options []Option `json:"options"`
}

// Chosen is the action of choosing an option.
func (s Select) Chosen(o Option) Action {
	return Do(s.Action.Verb, append(slices.Clone(s.Action.Args), o.Value)...)
}

// A Fact is a name and its value: Priority, high.
type Fact struct {
	Name  string `json:"name"`
	Value Text   `json:"value"`
}

// A Style is the weight of a button.
type Style string

const (
	Secondary Style = ""
	Primary   Style = "primary" // the platform's own colour for the main thing to do
	Danger    Style = "danger"
)

// A Button does its action when it is pressed.
type Button struct {
	Label  string `json:"label"`
	Action Action `json:"action"`
	Style  Style  `json:"style,omitempty"`
	// Opposite is what is pressed by who thinks otherwise, for platforms with a
	// control that has both, such as thumbs. Elsewhere it is left out.
	Opposite *Button `json:"opposite,omitempty"`
}

// PlainText is the whole reply in plain words, a block a line: for
// notifications and screen readers. Links stand as "title (address)"; buttons
// and menus are left out.
func (r Reply) PlainText() string {
	var lines []string
	for _, block := range r.Blocks {
		switch block.Layout {
		case Buttons, Choice, Divider:
		case Links:
			for _, l := range block.Links {
				line := "• " + Link(l.Title, l.URL).plain()
				if l.Note != "" {
					line += " · " + l.Note
				}
				lines = append(lines, line)
			}
		case Facts:
			for _, fact := range block.Facts {
				lines = append(lines, fact.Name+": "+fact.Value.plain())
			}
		case Quote:
			for line := range strings.SplitSeq(block.Text.plain(), "\n") {
				lines = append(lines, "> "+line)
			}
		default:
			lines = append(lines, block.Text.plain())
		}
	}
	return strings.Join(lines, "\n")
}

func (t Text) plain() string {
	var b strings.Builder
	for _, span := range t {
		b.WriteString(span.Text)
		if span.URL != "" {
			b.WriteString(" (" + span.URL + ")")
		}
	}
	return b.String()
}

// AllButtons lists what can be pressed in the order it is shown, the options of
// a Choice too.
func (r Reply) AllButtons() []Button {
	var buttons []Button
	for _, block := range r.Blocks {
		buttons = append(buttons, block.Buttons...)
		if block.Select != nil {
			for _, o := range block.Select.Options {
				buttons = append(buttons, Button{Label: o.Label, Action: block.Select.Chosen(o)})
			}
		}
	}
	return buttons
}
