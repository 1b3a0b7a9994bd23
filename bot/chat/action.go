package chat

import (
	"encoding"
	"fmt"
	"strings"
	"unicode"
)

// MaxAction is how many bytes an action may take, as text: the smallest limit
// of any platform, Discord's custom_id.
// Source: https://docs.discord.com/developers/components/reference
const MaxAction = 100

// An Action is what a button or form does: a verb and what it is done to. It
// travels through a platform as verb:arg:arg and comes back from outside, so
// whoever acts on it checks the person and every argument again.
type Action struct {
	Verb string
	Args []string
}

var (
	_ encoding.TextMarshaler   = Action{}
	_ encoding.TextUnmarshaler = (*Action)(nil)
)

// Do makes an action.
func Do(verb string, args ...string) Action { return Action{Verb: verb, Args: args} }

// ParseAction reads what [Action.String] writes. It refuses anything longer
// than [MaxAction], an empty verb, control characters, and escapes that String
// does not write.
func ParseAction(s string) (Action, error) {
	if len(s) > MaxAction {
		return Action{}, fmt.Errorf("action is longer than %d bytes", MaxAction)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\uFFFD' }) {
		return Action{}, fmt.Errorf("action %q has control characters", s)
	}
	parts := strings.Split(s, ":")
	if parts[0] == "" {
		return Action{}, fmt.Errorf("action %q has no verb", s)
	}
	for i, part := range parts {
		parts[i] = actionUnescaper.Replace(part)
		if actionEscaper.Replace(parts[i]) != part {
			return Action{}, fmt.Errorf("action %q has an unknown escape", s)
		}
	}
	a := Action{Verb: parts[0]}
	if len(parts) > 1 {
		a.Args = parts[1:]
	}
	return a, nil
}

// The colon parts an action, so one inside a part is escaped.
var (
	actionEscaper   = strings.NewReplacer("%", "%25", ":", "%3A")
	actionUnescaper = strings.NewReplacer("%25", "%", "%3A", ":")
)

// String is verb:arg:arg.
func (a Action) String() string {
	var b strings.Builder
	b.WriteString(actionEscaper.Replace(a.Verb))
	for _, arg := range a.Args {
		b.WriteString(":" + actionEscaper.Replace(arg))
	}
	return b.String()
}

// Arg is the i-th argument, empty if there is none.
func (a Action) Arg(i int) string {
	if i < len(a.Args) {
		return a.Args[i]
	}
	return ""
}

// IsZero reports whether there is no action at all.
func (a Action) IsZero() bool { return a.Verb == "" && len(a.Args) == 0 }

// MarshalText is String.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is [ParseAction].
func (a *Action) UnmarshalText(text []byte) error {
	got, err := ParseAction(string(text))
	if err == nil {
		*a = got
	}
	return err
}
