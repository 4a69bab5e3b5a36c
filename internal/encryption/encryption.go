// Package encryption encrypts a secret to age recipients, so that it never stands anywhere in clear. What it says
// of a text that it refuses never repeats it, for the text may be a private key.
package encryption

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
)

// Reasons why [ParseRecipient] refuses a text.
var (
	ErrPrivateKey   = errors.New("this is a private key, which must never be in a configuration; give the public key that belongs to it, and replace the pair, for it may have been stored")
	ErrNoRecipient  = errors.New("a recipient is an age public key (age1…) or an SSH public key (ssh-ed25519 … or ssh-rsa …)")
	ErrBadRecipient = errors.New("this begins like a recipient, but is cut off, mistyped or too short; copy the public key once more")
)

// ParseRecipient reads a public key of age, or of SSH as it stands in a .pub file.
func ParseRecipient(text string) (age.Recipient, error) {
	if looksPrivate(text) {
		return nil, ErrPrivateKey
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrNoRecipient
	}
	switch {
	case strings.HasPrefix(text, "age1"):
		recipients, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil || len(recipients) != 1 {
			return nil, ErrBadRecipient
		}
		return recipients[0], nil
	case strings.HasPrefix(text, "ssh-ed25519 "), strings.HasPrefix(text, "ssh-rsa "):
		recipient, err := agessh.ParseRecipient(text)
		if err != nil {
			return nil, ErrBadRecipient
		}
		return recipient, nil
	default:
		return nil, ErrNoRecipient
	}
}

func looksPrivate(text string) bool {
	upper := strings.ToUpper(text)
	return strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "PRIVATE KEY")
}

// Encrypt returns an armored age file that each of the recipients can decrypt.
func Encrypt(secret string, recipients []string) (string, error) {
	var parsed []age.Recipient
	for _, text := range recipients {
		recipient, err := ParseRecipient(text)
		if err != nil {
			return "", err
		}
		parsed = append(parsed, recipient)
	}
	var file strings.Builder
	armored := armor.NewWriter(&file)
	writer, err := age.Encrypt(armored, parsed...)
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
