package chat

import "strings"

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
	Key     Key         `json:"key"`
	Deed    Deed        `json:"deed"`
	Purpose Purpose     `json:"purpose"`
	Place   Place       `json:"place"`
	Only    AccountID   `json:"only,omitempty"`   // nobody else sees it; empty: everyone there does
	Handle  ReplyHandle `json:"handle,omitempty"` // of the event it answers
	Lang    string      `json:"lang,omitempty"`   // of its own words, not of those it quotes
	Blocks  []Block     `json:"blocks,omitempty"` // none for Remove
	// Report asks for an Undeliverable event that carries it back, in the lane
	// of Place. Empty: a failure is only logged and kept.
	Report string `json:"report,omitempty"`
	// What it came of and is about, for the log.
	Event        EventID        `json:"event,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	Ticket       TicketID       `json:"ticket,omitempty"`
}

// A Layout says how a block looks.
type Layout string

const (
	Paragraph Layout = "paragraph"
	Heading   Layout = "heading"
	Quote     Layout = "quote"   // words of an article or a person
	Context   Layout = "context" // a small line beside the matter
	Facts     Layout = "facts"   // names and values
	Buttons   Layout = "buttons" // a row of buttons
)

// A Block is a part of a message. Its Layout says which fields it uses.
type Block struct {
	Layout  Layout   `json:"layout"`
	Text    Text     `json:"text,omitempty"`
	Facts   []Fact   `json:"facts,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
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
}

// PlainText is the whole reply in plain words, a block a line: for
// notifications and screen readers. Links stand as "title (address)"; buttons
// are left out.
func (r Reply) PlainText() string {
	var lines []string
	for _, block := range r.Blocks {
		switch block.Layout {
		case Buttons:
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

// AllButtons lists the buttons in the order they are shown.
func (r Reply) AllButtons() []Button {
	var buttons []Button
	for _, block := range r.Blocks {
		buttons = append(buttons, block.Buttons...)
	}
	return buttons
}
