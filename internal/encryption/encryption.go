// Package encryption encrypts a secret to age recipients, so that it is never stored in clear, and decrypts it with
// identities. What it says of a text that it refuses never repeats it, for the text may be a private key.
package encryption

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"filippo.io/age/plugin"
)

// Reasons why [ParseRecipient] refuses a text.
var (
	ErrPrivateKey = errors.New("this is a private key, which must never be in a configuration; give the public key that " +
		"belongs to it, and replace the pair, because it may have been stored")
	ErrNoRecipient = errors.New("a recipient is an age public key (age1…) or an SSH public key (ssh-ed25519 … or " +
		"ssh-rsa …)")
	ErrBadRecipient = errors.New("this begins like a recipient, but is cut off, mistyped or too short; copy the public " +
		"key once more")
)

// Reasons why [Decrypt] fails.
var (
	ErrNoIdentity    = errors.New("an identity is not in the form of an age identity file or an unencrypted SSH private key")
	ErrWrongIdentity = errors.New("no identity matches any of the recipients")
	ErrNoFile        = errors.New("it is not an armored age file, or it is damaged")
	ErrNoPlugin      = errors.New("the plugin of age that the key needs is not on the PATH")
)

var errNobodyThere = errors.New("the plugin of age asks for something, and nobody is there to answer")

// nobody answers for a user: there is no terminal.
func nobody() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(string, string) error { return nil },
		RequestValue:   func(string, string, bool) (string, error) { return "", errNobodyThere },
		Confirm:        func(string, string, string, string) (bool, error) { return false, errNobodyThere },
	}
}

// ParseRecipient reads a public key of age, of an age plugin, or of SSH as it stands in a .pub file. Blanks and line
// ends around it are ignored, and so is the comment of an SSH key.
func ParseRecipient(text string) (age.Recipient, error) {
	text = strings.TrimSpace(text)
	isSSH := strings.HasPrefix(text, "ssh-ed25519 ") || strings.HasPrefix(text, "ssh-rsa ")
	if !isSSH && looksPrivate(text) {
		return nil, ErrPrivateKey
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrNoRecipient
	}
	switch {
	case isSSH:
		recipient, err := agessh.ParseRecipient(canonical(text))
		if err != nil {
			return nil, ErrBadRecipient
		}
		return recipient, nil
	case strings.HasPrefix(text, "age1"):
		if recipients, err := age.ParseRecipients(strings.NewReader(text)); err == nil && len(recipients) == 1 {
			return recipients[0], nil
		}
		if recipient, err := plugin.NewRecipient(text, nobody()); err == nil {
			return recipient, nil
		}
		return nil, ErrBadRecipient
	default:
		return nil, ErrNoRecipient
	}
}

func looksPrivate(text string) bool {
	upper := strings.ToUpper(text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
		strings.Contains(upper, "PRIVATE KEY")
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

// Encrypt returns an armored age file that each of the recipients can decrypt. A recipient of a plugin needs the
// plugin's program on the PATH.
func Encrypt(secret string, recipients []string) (string, error) {
	var parsed []age.Recipient
	seen := map[string]bool{}
	for _, text := range recipients {
		recipient, err := ParseRecipient(text)
		if err != nil {
			return "", err
		}
		if name := canonical(text); !seen[name] {
			seen[name] = true
			parsed = append(parsed, recipient)
		}
	}
	var file strings.Builder
	armored := armor.NewWriter(&file)
	writer, err := age.Encrypt(armored, parsed...)
	var missing *plugin.NotFoundError
	if errors.As(err, &missing) {
		return "", ErrNoPlugin
	}
	if err != nil {
		return "", fmt.Errorf("encrypting: %w", err)
	}
	if _, err := io.WriteString(writer, secret); err != nil {
		return "", fmt.Errorf("encrypting: %w", err)
	}
	if err := errors.Join(writer.Close(), armored.Close()); err != nil {
		return "", fmt.Errorf("encrypting: %w", err)
	}
	return file.String(), nil
}

// Decrypt opens an armored age file. Each text holds identities as in an identity file of age, or an SSH private
// key; one that matches is enough. The error is one of those above.
func Decrypt(file string, identities []string) (string, error) {
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
	reader, err := age.Decrypt(armor.NewReader(strings.NewReader(strings.TrimSpace(file)+"\n")), parsed...)
	var mismatch *age.NoIdentityMatchError
	var missing *plugin.NotFoundError
	switch {
	case errors.As(err, &missing):
		return "", ErrNoPlugin
	case errors.As(err, &mismatch):
		return "", ErrWrongIdentity
	case err != nil:
		return "", ErrNoFile
	}
	secret, err := io.ReadAll(reader)
	if err != nil {
		return "", ErrNoFile
	}
	return string(secret), nil
}

// parseIdentities reads an identity file. The words of the libraries are not passed on: they may quote it.
func parseIdentities(text string) ([]age.Identity, error) {
	if strings.Contains(text, "PRIVATE KEY-----") {
		identity, err := agessh.ParseIdentity([]byte(strings.TrimSpace(text) + "\n"))
		if err != nil {
			return nil, ErrNoIdentity
		}
		return []age.Identity{identity}, nil
	}
	var identities []age.Identity
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "AGE-PLUGIN-"):
			identity, err := plugin.NewIdentity(line, nobody())
			if err != nil {
				return nil, ErrNoIdentity
			}
			identities = append(identities, identity)
		default:
			found, err := age.ParseIdentities(strings.NewReader(line))
			if err != nil {
				return nil, ErrNoIdentity
			}
			identities = append(identities, found...)
		}
	}
	return identities, nil
}
