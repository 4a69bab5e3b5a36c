// Package encryption encrypts a secret to age recipients, so that it is never stored in plain text, and decrypts it
// with identities. Its errors never quote a text that they refuse, because that may be a private key.
package encryption

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
)

// pluginTimeout is how long the plugins of age may take. They are programs of somebody else.
const pluginTimeout = 30 * time.Second

// ExampleRecipient is the recipient in this project's examples. Nobody has its identity.
const ExampleRecipient = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"

// Reasons why [ParseRecipient] refuses a text.
var (
	ErrPrivateKey = errors.New("this is a private key, which must never be in a configuration. Give the public key that " +
		"belongs to it, and replace the pair, because the private key may have been stored")
	ErrNoRecipient  = errors.New("a recipient is an age public key (age1…) or an SSH public key (ssh-ed25519 … or ssh-rsa …)")
	ErrBadRecipient = errors.New("this starts like a recipient, but it is cut off, mistyped or too short. Copy the public key once more")
)

// Reasons why [NewFile] fails.
var (
	ErrExample = errors.New("this is the recipient of the provider's examples, and nobody has its private key. Run " +
		"age-keygen -o identity.txt and give the public key that it prints")
	ErrMixed = errors.New("these recipients cannot be used together. Post-quantum (age1pq1…) and classic recipients do " +
		"not mix, and some plugins want to be alone. Use recipients of one kind")
)

// Reasons why [Decrypt] fails.
var (
	ErrNoIdentity = errors.New("an identity has neither the form of an age identity file nor that of an SSH private key " +
		"without a passphrase. Give the text of the file that age-keygen or ssh-keygen wrote")
	ErrWrongIdentity = errors.New("no identity matches any of the recipients. Give the private key of one of the recipients in encrypt_to")
	ErrNoFile        = errors.New("it is not an armored age file, or it is damaged. Give the attribute encrypted_key of a key")
)

// Reasons why the plugins of age fail.
var (
	ErrNoPlugin    = errors.New("the plugin of age that the key needs is not on the PATH")
	ErrPlugin      = errors.New("the plugin of age that the key needs failed. Try the key with age itself to see why")
	ErrSlowPlugin  = fmt.Errorf("a plugin of age did not end within %d seconds", int(pluginTimeout.Seconds()))
	ErrInterrupted = errors.New("the run was interrupted")
	errNoTerminal  = errors.New("the plugin of age asks for something, and there is no terminal to answer at")
)

// RecipientError says which of several recipients cannot be encrypted to.
type RecipientError struct {
	Index int
	Err   error
}

func (e *RecipientError) Error() string { return e.Err.Error() }
func (e *RecipientError) Unwrap() error { return e.Err }

// noTerminal answers for a user with errors: a provider has no terminal to ask at.
func noTerminal() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(string, string) error { return nil },
		RequestValue:   func(string, string, bool) (string, error) { return "", errNoTerminal },
		Confirm:        func(string, string, string, string) (bool, error) { return false, errNoTerminal },
	}
}

// pluginFailure replaces the words of a plugin, which may quote a key.
func pluginFailure(err error) error {
	_, missing := errors.AsType[*plugin.NotFoundError](err)
	switch {
	case err == nil, errors.Is(err, age.ErrIncorrectIdentity):
		return err
	case missing:
		return ErrNoPlugin
	default:
		return ErrPlugin
	}
}

// withTimeout ends the wait for work that cannot be stopped: age has no way to end a plugin. What a plugin does after
// that is lost, and its input closes when the provider ends.
func withTimeout[T any](ctx context.Context, work func() (T, error)) (none T, err error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case result := <-done:
		return result.value, result.err
	case <-time.After(pluginTimeout):
		return none, ErrSlowPlugin
	case <-ctx.Done():
		return none, ErrInterrupted
	}
}

// ParseRecipient reads a public key of age, of an age plugin, or of SSH as it stands in a .pub file. Blanks and line
// ends around it are ignored, and so is the comment of an SSH key.
func ParseRecipient(text string) (age.Recipient, error) {
	text = strings.TrimSpace(text)
	isSSH := strings.HasPrefix(text, "ssh-ed25519 ") || strings.HasPrefix(text, "ssh-rsa ")
	if !isSSH && IsPrivate(text) {
		return nil, ErrPrivateKey
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrNoRecipient
	}
	var recipient age.Recipient
	var err error
	switch {
	case isSSH:
		recipient, err = agessh.ParseRecipient(canonical(text))
	case strings.HasPrefix(text, "age1"):
		if recipients, err := age.ParseRecipients(strings.NewReader(text)); err == nil {
			return recipients[0], nil
		}
		recipient, err = plugin.NewRecipient(text, noTerminal())
	default:
		return nil, ErrNoRecipient
	}
	if err != nil {
		return nil, ErrBadRecipient
	}
	return recipient, nil
}

// IsPrivate reports whether a text seems to hold a private key, which no message may repeat.
func IsPrivate(text string) bool {
	text = strings.ToUpper(text)
	return strings.Contains(text, ageIdentity) || strings.Contains(text, pluginIdentity) || strings.Contains(text, "PRIVATE KEY")
}

// canonical is equal for all spellings of one recipient.
func canonical(text string) string {
	fields := strings.Fields(text)
	if len(fields) >= 2 && strings.HasPrefix(fields[0], "ssh-") {
		return fields[0] + " " + fields[1] // what follows is a comment
	}
	return strings.Join(fields, " ")
}

// SameRecipients reports whether two lists name the same keys, whatever their order, spelling and repetitions.
func SameRecipients(a, b []string) bool { return slices.Equal(canonicalSet(a), canonicalSet(b)) }

func canonicalSet(texts []string) []string {
	var set []string
	for _, text := range texts {
		set = append(set, canonical(text))
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// numbered names the recipient that failed.
type numbered struct {
	age.Recipient
	index int
}

func (n numbered) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	if labelled, ok := n.Recipient.(age.RecipientWithLabels); ok {
		stanzas, labels, err = labelled.WrapWithLabels(fileKey)
	} else {
		stanzas, err = n.Wrap(fileKey)
	}
	if err == nil {
		return stanzas, labels, nil
	}
	if _, ok := n.Recipient.(*plugin.Recipient); ok {
		err = pluginFailure(err)
	}
	return nil, nil, &RecipientError{n.index, err}
}

// File is an age file that is open to all its recipients and does not hold its secret yet. Whatever can fail has
// failed before there is one: to put the secret in needs no plugin.
type File struct {
	text          strings.Builder
	armored, body io.WriteCloser
}

// NewFile begins an age file that each of the recipients can decrypt. It fails if they do not work together.
func NewFile(ctx context.Context, recipients []string) (*File, error) {
	var parsed []age.Recipient
	seen := map[string]bool{}
	for i, text := range recipients {
		recipient, err := ParseRecipient(text)
		name := canonical(text)
		if name == ExampleRecipient {
			err = ErrExample
		}
		if err != nil {
			return nil, &RecipientError{i, err}
		}
		if !seen[name] {
			seen[name] = true
			parsed = append(parsed, numbered{recipient, i})
		}
	}
	return withTimeout(ctx, func() (*File, error) {
		file := &File{}
		file.armored = armor.NewWriter(&file.text)
		var err error
		if file.body, err = age.Encrypt(file.armored, parsed...); err == nil {
			return file, nil
		}
		if single, ok := errors.AsType[*RecipientError](err); ok {
			return nil, single
		}
		return nil, ErrMixed // nothing else is left: a string is written to
	})
}

// Seal puts the secret in and returns the armored text. A file takes one secret.
func (f *File) Seal(secret string) (string, error) {
	_, err := io.WriteString(f.body, secret)
	err = errors.Join(err, f.body.Close(), f.armored.Close())
	return f.text.String(), err
}

// Decrypt opens an armored age file. Each text holds identities as in an identity file of age, or an SSH private
// key. One that matches is enough. The error is one of those above.
func Decrypt(ctx context.Context, file string, identities []string) (string, error) {
	var parsed []age.Identity
	for _, text := range identities {
		found, err := parseIdentities(text)
		if err != nil {
			return "", err
		}
		parsed = append(parsed, found...)
	}
	if len(parsed) == 0 {
		return "", ErrNoIdentity
	}
	return withTimeout(ctx, func() (string, error) {
		reader, err := age.Decrypt(armor.NewReader(strings.NewReader(strings.TrimSpace(file)+"\n")), parsed...)
		_, mismatch := errors.AsType[*age.NoIdentityMatchError](err)
		switch {
		case errors.Is(err, ErrNoPlugin), errors.Is(err, ErrPlugin):
			return "", err
		case mismatch:
			return "", ErrWrongIdentity
		case err != nil:
			return "", ErrNoFile
		}
		secret, err := io.ReadAll(reader)
		if err != nil {
			return "", ErrNoFile
		}
		return string(secret), nil
	})
}
