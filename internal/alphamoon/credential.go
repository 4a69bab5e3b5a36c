package alphamoon

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
)

// Credential is an Alphamoon API key in the form the service hands it out: two non-empty parts joined by a
// colon, sent as HTTP Basic authentication (documented).
type Credential struct{ user, pass Secret }

// Reasons why [ParseCredential] refuses a text. They never repeat the text.
var (
	ErrCredentialForm    = errors.New("an API key is two non-empty parts joined by a colon, user:pass")
	ErrCredentialEncoded = errors.New("the value is the base64 encoding of an API key; give the key itself, user:pass, " +
		"the client does the encoding")
)

// ParseCredential splits an API key. The password may itself contain colons, as HTTP Basic allows. The error
// is [ErrCredentialEncoded] for the base64 of a key, and [ErrCredentialForm] for anything else that is not one.
func ParseCredential(text string) (Credential, error) {
	if credential, ok := splitCredential(text); ok {
		return credential, nil
	}
	// Padding is often lost when the value is copied from a header, so it is not required.
	if decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=")); err == nil {
		if _, ok := splitCredential(string(decoded)); ok {
			return Credential{}, ErrCredentialEncoded
		}
	}
	return Credential{}, ErrCredentialForm
}

func splitCredential(text string) (Credential, bool) {
	user, pass, found := strings.Cut(text, ":")
	if !found || user == "" || pass == "" || strings.ContainsFunc(text, isSpaceOrControl) {
		return Credential{}, false
	}
	return Credential{user: NewSecret(user), pass: NewSecret(pass)}, true
}

// isSpaceOrControl finds what cannot be part of a key but gets in by copying: line ends and blanks.
func isSpaceOrControl(r rune) bool { return r <= ' ' || r == 0x7f }

// shortestPart is how long a part of the credential must be to be redacted by itself. A shorter one could be a common word,
// like "wrong", which would then vanish from every message.
const shortestPart = 8

// forms lists every spelling in which the credential could come back in an answer, for redaction. The longest
// spelling comes first, so that a replacement never leaves the tail of a longer one behind.
func (c Credential) forms() []string {
	user, pass := c.user.Reveal(), c.pass.Reveal()
	pair := user + ":" + pass
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
