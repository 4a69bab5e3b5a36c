package encryption_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

// pair is a recipient with the identity that decrypts for it.
type pair struct {
	recipient string
	identity  age.Identity
}

func pairs(t *testing.T) map[string]pair {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	x25519, err := age.GenerateX25519Identity()
	must(err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	edPublic, err := ssh.NewPublicKey(public)
	must(err)
	edIdentity, err := agessh.NewEd25519Identity(private)
	must(err)
	rsaPrivate, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	rsaPublic, err := ssh.NewPublicKey(&rsaPrivate.PublicKey)
	must(err)
	rsaIdentity, err := agessh.NewRSAIdentity(rsaPrivate)
	must(err)
	return map[string]pair{
		"age": {x25519.Recipient().String(), x25519},
		"ssh-ed25519": {
			strings.TrimSpace(string(ssh.MarshalAuthorizedKey(edPublic))) + " somebody@example.com",
			edIdentity,
		},
		"ssh-rsa": {strings.TrimSpace(string(ssh.MarshalAuthorizedKey(rsaPublic))), rsaIdentity},
	}
}

// encrypt does in one step what a plan, a creation and its answer do.
func encrypt(t *testing.T, secret string, recipients ...string) string {
	t.Helper()
	file, err := encryption.NewFile(t.Context(), recipients)
	if err != nil {
		t.Fatal(err)
	}
	text, err := file.Seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEncrypt(t *testing.T) {
	t.Parallel()
	all := pairs(t)
	var recipients []string
	for _, pair := range all {
		recipients = append(recipients, pair.recipient)
	}
	file := encrypt(t, "user:pass", recipients...)
	if strings.Contains(file, "user") || !strings.HasPrefix(file, "-----BEGIN AGE ENCRYPTED FILE-----\n") {
		t.Errorf("got %q", file)
	}
	for name, pair := range all {
		reader, err := age.Decrypt(armor.NewReader(strings.NewReader(file)), pair.identity)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if clear, err := io.ReadAll(reader); err != nil || string(clear) != "user:pass" {
			t.Errorf("%s: got %q, %v", name, clear, err)
		}
	}
	if encrypt(t, "user:pass", recipients...) == file {
		t.Error("the same twice")
	}
}

func TestParseRecipientRefuses(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipient := identity.Recipient().String()
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":                 {"", encryption.ErrNoRecipient},
		"a name":                {"alice", encryption.ErrNoRecipient},
		"another SSH type":      {"ecdsa-sha2-nistp256 AAAA", encryption.ErrNoRecipient},
		"two lines":             {recipient + "\n" + recipient, encryption.ErrNoRecipient},
		"cut off":               {recipient[:30], encryption.ErrBadRecipient},
		"mistyped":              {recipient[:20] + "b" + recipient[21:], encryption.ErrBadRecipient},
		"SSH, cut off":          {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", encryption.ErrBadRecipient},
		"an age identity":       {identity.String(), encryption.ErrPrivateKey},
		"an identity, in lower": {strings.ToLower(identity.String()), encryption.ErrPrivateKey},
		"an SSH private key": {
			"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----", encryption.ErrPrivateKey,
		},
	} {
		if _, err := encryption.ParseRecipient(test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		} else if len(test.text) > 5 && strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: the error repeats it", name)
		}
		var which *encryption.RecipientError
		if _, err := encryption.NewFile(t.Context(), []string{recipient, test.text}); !errors.Is(err, test.want) ||
			!errors.As(err, &which) || which.Index != 1 {
			t.Errorf("%s: opening got %v", name, err)
		}
	}
}

func FuzzParseRecipient(f *testing.F) {
	for _, seed := range []string{encryption.ExampleRecipient, "ssh-ed25519 AAAA", "ssh-rsa AAAA", "AGE-SECRET-KEY-1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		recipient, err := encryption.ParseRecipient(text)
		if (recipient == nil) != (err != nil) {
			t.Errorf("%q: %v, %v", text, recipient, err)
		}
	})
}

// TestRecipientsTogether finds what no recipient by itself shows.
func TestRecipientsTogether(t *testing.T) {
	t.Parallel()
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	classic := pairs(t)["age"].recipient
	encrypt(t, "user:pass", hybrid.Recipient().String(), other.Recipient().String())
	for name, recipients := range map[string][]string{
		"post-quantum first": {hybrid.Recipient().String(), classic},
		"classic first":      {classic, hybrid.Recipient().String()},
		"with SSH":           {sshKey, hybrid.Recipient().String()},
	} {
		if _, err := encryption.NewFile(t.Context(), recipients); !errors.Is(err, encryption.ErrMixed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	var which *encryption.RecipientError
	_, err = encryption.NewFile(t.Context(), []string{classic, " " + encryption.ExampleRecipient + "\n"})
	if !errors.Is(err, encryption.ErrExample) || !errors.As(err, &which) || which.Index != 1 {
		t.Errorf("the example's recipient: got %v", err)
	}
}

// TestFileTakesOneSecret: a second one is an error and not lost without a word.
func TestFileTakesOneSecret(t *testing.T) {
	t.Parallel()
	file, err := encryption.NewFile(t.Context(), []string{pairs(t)["age"].recipient})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seal("one"); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seal("two"); err == nil {
		t.Error("there was no error")
	}
}
