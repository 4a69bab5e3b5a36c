package redact

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Secret is a text that must not reach a log, a message or a panic. Every way of formatting it prints a
// placeholder; only [Secret.Reveal] gives the text. The empty Secret means that there is none.
//
// The text is behind a pointer because formatting an enclosing struct with unexported fields does not ask their
// methods: it would print the text, but of a pointer it prints the address.
type Secret struct{ text *string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text itself. Call it only where the text leaves for the place it is meant for.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Format implements [fmt.Formatter] for every verb, so that not even %#v or %x of an enclosing struct shows the text.
func (Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(Placeholder)) }

// LogValue implements [slog.LogValuer].
func (Secret) LogValue() slog.Value { return slog.StringValue(Placeholder) }

// MarshalJSON writes the placeholder: a secret is received, never sent in a body.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(Placeholder) }

// UnmarshalJSON takes a string. Null and every other type leave the secret empty instead of failing, because
// the fields around it (the key's id above all) must survive an answer with an unusable secret.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		s.text = &text
	}
	return nil
}
