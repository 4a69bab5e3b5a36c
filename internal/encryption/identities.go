package encryption

import (
	"cmp"
	"encoding/base64"
	"regexp"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/plugin"
)

// How identities begin.
const (
	ageIdentity    = "AGE-SECRET-KEY-"
	pluginIdentity = "AGE-PLUGIN-"
)

var sshIdentity = regexp.MustCompile(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*)(-----END [A-Z ]*PRIVATE KEY-----)`)

// pluginKey is an identity of a plugin whose errors quote nothing.
type pluginKey struct{ *plugin.Identity }

func (k pluginKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	fileKey, err := k.Identity.Unwrap(stanzas)
	return fileKey, pluginFailure(err)
}

// parseIdentities reads an identity file. The words of the libraries are not passed on: they may quote it.
func parseIdentities(text string) ([]age.Identity, error) {
	text = restore(text)
	if key := sshIdentity.FindStringSubmatch(text); key != nil {
		body := strings.Join(strings.Fields(key[2]), "\n")
		identity, err := agessh.ParseIdentity([]byte(key[1] + "\n" + body + "\n" + key[3] + "\n"))
		if err != nil {
			return nil, ErrNoIdentity
		}
		return []age.Identity{identity}, nil
	}
	var identities []age.Identity
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, pluginIdentity) {
			identity, err := plugin.NewIdentity(line, noTerminal())
			if err != nil {
				return nil, ErrNoIdentity
			}
			identities = append(identities, pluginKey{identity})
			continue
		}
		found, err := age.ParseIdentities(strings.NewReader(line))
		if err != nil {
			return nil, ErrNoIdentity
		}
		identities = append(identities, found...)
	}
	return identities, nil
}

var writtenLineEnds = strings.NewReplacer(`\r`, "", `\n`, "\n")

// IsShowablePath reports whether a message may name what should be the path of an identity file. It may not if that can be
// the identity itself, in base64 too: a text of several lines, or longer than the name of a file.
func IsShowablePath(path string) bool {
	for text, more := path, 3; more > 0; text, more = fromBase64(text), more-1 {
		if IsPrivate(text) {
			return false
		}
	}
	return len(path) <= 255 && !strings.ContainsAny(path, "\r\n")
}

// fromBase64 decodes as much of a text as is base64, whatever its alphabet, its line ends and its padding.
func fromBase64(text string) string {
	letters := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.Join(strings.Fields(writtenLineEnds.Replace(text)), ""))
	decoded, _ := base64.RawStdEncoding.DecodeString(letters)
	return string(decoded)
}

// restore undoes what CI systems do to a text of several lines: they turn it into base64, write its line ends as \n,
// or replace them by blanks.
func restore(text string) string {
	text = strings.TrimSpace(text)
	if decoded := fromBase64(text); !IsPrivate(text) && IsPrivate(decoded) {
		text = strings.TrimSpace(decoded)
	}
	if strings.Contains(text, "\n") {
		return text
	}
	if text = writtenLineEnds.Replace(text); strings.Contains(text, "\n") {
		return text
	}
	// One line: comments are not told from what follows them, so take what begins like an identity.
	var identities []string
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, ageIdentity) || strings.HasPrefix(word, pluginIdentity) {
			identities = append(identities, word)
		}
	}
	return cmp.Or(strings.Join(identities, "\n"), text)
}
