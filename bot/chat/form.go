package chat

// A Form asks for several things at once: a modal on Slack and Discord, line
// by line on the console.
type Form struct {
	Action Action `json:"action"` // comes back with the values
	Title  string `json:"title"`
	Submit string `json:"submit"` // label of the button that sends it
	// Again is the label of a button that opens it anew with what was filled in,
	// where a platform cannot show what is wrong inside it.
	Again  string  `json:"again,omitempty"`
	Fields []Field `json:"fields"`
}

// A FieldKind says how a field is filled in.
type FieldKind string

const (
	Line  FieldKind = "line"  // one line of text
	Lines FieldKind = "lines" // text of several lines
	Pick  FieldKind = "pick"  // one of the options
)

// A Field is one thing a form asks for.
type Field struct {
	Name     string    `json:"name"`
	Label    string    `json:"label"`
	Kind     FieldKind `json:"kind"`
	Value    string    `json:"value,omitempty"`   // filled in beforehand; an option's Value for Pick
	Options  []Option  `json:"options,omitempty"` // for Pick
	Optional bool      `json:"optional,omitempty"`
	Max      int       `json:"max,omitempty"` // runes; 0 means the platform's own limit
}

// An Option is something to pick: in a form, or offered while typing.
type Option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}
