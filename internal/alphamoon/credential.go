package alphamoon

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
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

// shortestPart is how long a spelling of a part of the credential must be to be redacted by itself. A shorter one could be a
// common word, like "wrong", which would then vanish from every message.
const shortestPart = 8

// forms lists the spellings of the credential, and of its parts, for redaction. The longest one comes first, so that a
// replacement never leaves the tail of a longer one behind.
func (c Credential) forms() []string {
	user, pass, _ := strings.Cut(c.Reveal(), ":")
	return longestFirst(append(spellings(c.Reveal(), 1), append(spellings(pass, shortestPart), spellings(user, shortestPart)...)...))
}

// longForms are the spellings that no sentence of this project can hold by chance.
func (c Credential) longForms() []string {
	_, pass, _ := strings.Cut(c.Reveal(), ":")
	return longestFirst(append(spellings(c.Reveal(), 1), spellings(pass, 2*shortestPart)...))
}

func longestFirst(texts []string) []string {
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return texts
}

// spellings are the encodings of a text that are not shorter than the given length.
func spellings(text string, shortest int) []string {
	if text == "" {
		return nil
	}
	raw := []byte(text)
	forms := []string{text, url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw))}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString(raw))
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 { // within the base64 of a longer text, without the characters at the ends that stand for both
			within := encoding.EncodeToString(append(make([]byte, before), raw...))
			forms = append(forms, within[(8*before+5)/6:8*(before+len(raw))/6])
		}
	}
	return slices.DeleteFunc(forms, func(form string) bool { return len(form) < shortest })
}
