package config

import (
	"fmt"
	"io"
)

const redacted = "[redacted]"

// A Secret is text that prints, logs and encodes as [redacted]. The zero value
// is the empty secret. Compare with Reveal, not with ==.
type Secret struct {
	// A pointer, since fmt prints unexported fields without asking the type.
	value *string
}

// NewSecret hides s.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns the secret itself, for use and never for show.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Format writes [redacted], whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// String is [redacted].
func (Secret) String() string { return redacted }

// MarshalText gives [redacted] to JSON, YAML and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
