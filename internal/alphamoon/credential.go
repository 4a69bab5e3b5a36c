package alphamoon

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// Credential is an Alphamoon API key in the form the service hands it out: two non-empty parts joined by a
// colon, sent as HTTP Basic authentication (documented).
type Credential struct{ Secret }

// Reasons why [ParseCredential] refuses a text. They never repeat the text.
var (
	ErrCredentialForm    = errors.New("an API key is two non-empty parts joined by a colon, user:pass, without blanks or line ends")
	ErrCredentialEncoded = errors.New("the value is the base64 encoding of an API key; give the key itself, user:pass, " +
		"the client does the encoding")
)

// ParseCredential checks an API key. The password may itself contain colons, as HTTP Basic allows. The error
// is [ErrCredentialEncoded] for the base64 of a key, and [ErrCredentialForm] for anything else that is not one.
func ParseCredential(text string) (Credential, error) {
	if isCredential(text) {
		return Credential{NewSecret(text)}, nil
	}
	// Padding is often lost when the value is copied from a header, so it is not required.
	if decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=")); err == nil && isCredential(string(decoded)) {
		return Credential{}, ErrCredentialEncoded
	}
	return Credential{}, ErrCredentialForm
}

func isCredential(text string) bool {
	user, pass, _ := strings.Cut(text, ":")
	// Line ends and blanks cannot be part of a key but get in by copying.
	isSpaceOrControl := func(r rune) bool { return r <= ' ' || r == 0x7f }
	return user != "" && pass != "" && !strings.ContainsFunc(text, isSpaceOrControl)
}

// shortestPart is how long a part of the credential must be to be redacted by itself. A shorter one could be a common word,
// like "wrong", which would then vanish from every message.
const shortestPart = 8

// forms lists every spelling in which the credential could come back in an answer, for redaction. The longest
// spelling comes first, so that a replacement never leaves the tail of a longer one behind.
func (c Credential) forms() []string {
	pair := c.Reveal()
	user, pass, _ := strings.Cut(pair, ":")
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(pair)))
	}
	forms = append(forms, url.QueryEscape(pair), url.PathEscape(pair), pair)
	for _, part := range []string{pass, user} {
		if len(part) >= shortestPart {
			forms = append(forms, url.QueryEscape(part), url.PathEscape(part), part)
		}
	}
	return forms
}
