package encryption_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

// mangled is what CI systems make of a text of several lines.
func mangled(text string) map[string]string {
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	return map[string]string{
		"as it is":           text,
		"blanks":             strings.ReplaceAll(text, "\n", " "),
		"written line ends":  strings.ReplaceAll(text, "\n", `\n`),
		"of Windows":         strings.ReplaceAll(text, "\n", "\r\n"),
		"of Windows, too":    strings.ReplaceAll(text, "\n", `\r\n`),
		"base64":             encoded,
		"base64, wrapped":    encoded[:40] + "\n" + encoded[40:] + "\n",
		"base64, no padding": strings.TrimRight(encoded, "="),
		"base64 of blanks":   base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(text, "\n", " "))),
	}
}

// TestIdentitiesAsCISystemsMangleThem opens a file with each kind of identity in each spelling.
func TestIdentitiesAsCISystemsMangleThem(t *testing.T) {
	t.Parallel()
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "me@home")
	if err != nil {
		t.Fatal(err)
	}
	header := "# created: 2026-01-31T10:00:00Z\n# public key: " + classic.Recipient().String() + "\n"
	for name, test := range map[string]struct{ recipient, identity string }{
		"age":          {classic.Recipient().String(), header + classic.String() + "\n"},
		"the second":   {classic.Recipient().String(), header + other.String() + "\n\n# mine\n" + classic.String() + "\n"},
		"post-quantum": {hybrid.Recipient().String(), header + hybrid.String() + "\n"},
		"SSH":          {string(ssh.MarshalAuthorizedKey(sshPublic)), string(pem.EncodeToMemory(block))},
	} {
		file := encrypt(t, "user:secret", test.recipient)
		for spelling, text := range mangled(test.identity) {
			if secret, err := encryption.Decrypt(t.Context(), file, []string{text}); err != nil || secret != "user:secret" {
				t.Errorf("%s, %s: got %q, %v", name, spelling, secret, err)
			}
		}
	}
	// What is commented out in a whole file stays so.
	file := encrypt(t, "user:secret", classic.Recipient().String())
	_, err = encryption.Decrypt(t.Context(), file, []string{"# " + classic.String() + "\n" + other.String()})
	if !errors.Is(err, encryption.ErrWrongIdentity) {
		t.Errorf("an identity in a comment: %v", err)
	}
}

// TestShowablePaths: a message may name a path, and nothing that can be the identity instead of its path.
func TestShowablePaths(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	text := "# created: 2026-01-31T10:00:00Z\n" + identity.String() + "\n"
	attacks := mangled(text)
	for name, text := range mangled(identity.String()) {
		attacks[name+", without a comment"] = text
	}
	attacks["base64 for addresses"] = base64.URLEncoding.EncodeToString([]byte("# ???>>>\n" + identity.String()))
	attacks["base64, cut off"] = attacks["base64"][:121]
	attacks["base64, written line ends"] = attacks["base64"][:40] + `\n` + attacks["base64"][40:]
	attacks["base64 of base64"] = base64.StdEncoding.EncodeToString([]byte(attacks["base64, without a comment"]))
	attacks["lower case"] = strings.ToLower(identity.String())
	attacks["too long"] = strings.Repeat("x", 256)
	attacks["two lines"] = "/home/me/identity\n.txt"
	for name, text := range attacks {
		if encryption.IsShowablePath(text) {
			t.Errorf("%s: %q may be shown", name, text)
		}
	}
	for _, path := range []string{
		"identity.txt", "/home/me/.config/age/keys.txt", `C:\Users\me\new\identity.txt`, strings.Repeat("x", 255), "key",
	} {
		if !encryption.IsShowablePath(path) {
			t.Errorf("%q may not be shown", path)
		}
	}
}
