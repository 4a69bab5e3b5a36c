package alphamoon

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// Credential is an Alphamoon API key in the form the service hands it out: two non-empty parts joined by a
// colon, sent as HTTP Basic authentication (documented).
type Credential struct{ redact.Secret }

// Reasons why [ParseCredential] refuses a text. Each says what to do, and none repeats the text.
var (
	ErrCredentialForm = errors.New("an API key is two non-empty parts joined by a colon, user:pass; copy it once more from where " +
		"it was stored when it was created")
	ErrCredentialBlank = errors.New("it has a blank, a line end or an invisible character, which no API key has; copy it once more " +
		"from where it was stored when it was created")
	ErrCredentialByteOrderMark = errors.New("it begins with a byte order mark, an invisible character that some editors put into " +
		"files; save the file as UTF-8 without it")
	ErrCredentialAssigned = errors.New("it begins with a name and an equals sign, as in NAME=user:pass; give only what follows them")
	ErrCredentialQuoted   = errors.New("it stands in quotes; give it without them")
	ErrCredentialHeader   = errors.New("it begins with \"Basic\", as the header of a request does; give the key itself, user:pass")
	ErrCredentialEncoded  = errors.New("it is the base64 encoding of an API key; give the key itself, user:pass, because " +
		"every request encodes it")
)

// ParseCredential checks an API key. The password may itself contain colons, as HTTP Basic allows. The error names what is
// easily copied along with a key, and is [ErrCredentialForm] for anything else that is not one.
func ParseCredential(text string) (Credential, error) {
	if err := checkCredential(text); err != nil {
		return Credential{}, err
	}
	return Credential{redact.NewSecret(text)}, nil
}

var (
	// assignment is how a line of a shell or of an environment file begins. The user part of a key may end in the equals
	// signs of base64, so that something else than these and the colon has to follow.
	assignment = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*(?:(?:export|set)\s+|\$env:)?(?:[A-Z][A-Z0-9_]*|api_key)\s*=\s*[^\s=:]`)
	})
	// quotation has the quotes that a shell, a file or a word processor puts around a text.
	quotation = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile("^\\s*[\"'`“”„‘’‚«»].*[\"'`“”„‘’‚«»]\\s*$")
	})
	authorization = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^\s*(?:authorization:\s*)?basic\s`) })
)

func checkCredential(text string) error {
	switch {
	case strings.HasPrefix(text, "\ufeff"):
		return ErrCredentialByteOrderMark
	case assignment().MatchString(text):
		return ErrCredentialAssigned
	case quotation().MatchString(text):
		return ErrCredentialQuoted
	case authorization().MatchString(text):
		return ErrCredentialHeader
	case strings.ContainsFunc(text, isNotOfKey):
		return ErrCredentialBlank
	case hasTwoParts(text):
		return nil
	}
	// Padding is often lost when the value is copied from a header, so it is not required.
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if pair := string(decoded); err == nil && hasTwoParts(pair) && !strings.ContainsFunc(pair, isNotOfKey) {
		return ErrCredentialEncoded
	}
	return ErrCredentialForm
}

// isNotOfKey reports a character that cannot be a part of a key but gets in by copying.
func isNotOfKey(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func hasTwoParts(text string) bool {
	user, pass, _ := strings.Cut(text, ":")
	return user != "" && pass != ""
}
