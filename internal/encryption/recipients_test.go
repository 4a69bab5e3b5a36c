package encryption_test

import (
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

const (
	sshKey  = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN"
	yubikey = "age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt"
)

// TestRecipientsAsPeopleHaveThem reads what is in files and on screens.
func TestRecipientsAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a .pub file":                  sshKey + " me@home\n",
		"blanks around it":             "  " + sshKey + "  ",
		"a comment that looks private": sshKey + " my PRIVATE KEY at home",
		"a plugin's":                   yubikey,
		"post-quantum":                 hybrid.Recipient().String() + "\n",
	} {
		if _, err := encryption.ParseRecipient(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !encryption.SameRecipients([]string{sshKey + " a\n", yubikey}, []string{yubikey, sshKey, sshKey + " b"}) {
		t.Error("order, comments and repetitions make a difference")
	}
	if encryption.SameRecipients([]string{sshKey}, []string{yubikey}) {
		t.Error("two keys are taken for one")
	}
}

func TestDecrypt(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := encrypt(t, "user:secret", identity.Recipient().String())
	for name, test := range map[string]struct {
		file       string
		identities []string
		err        error
	}{
		"the identity":            {file, []string{identity.String()}, nil},
		"several in one text":     {file, []string{"# a\n" + other.String() + "\n\n" + identity.String() + "\n"}, nil},
		"several texts":           {file, []string{other.String(), identity.String()}, nil},
		"blanks around the file":  {"\n " + file + "\n", []string{identity.String()}, nil},
		"another identity":        {file, []string{other.String()}, encryption.ErrWrongIdentity},
		"no identity in the text": {file, []string{"# nothing\n"}, encryption.ErrNoIdentity},
		"a public key":            {file, []string{identity.Recipient().String()}, encryption.ErrNoIdentity},
		"no SSH key":              {file, []string{"-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"}, encryption.ErrNoIdentity},
		"no file":                 {"hello", []string{identity.String()}, encryption.ErrNoFile},
		"cut off":                 {file[:len(file)/2], []string{identity.String()}, encryption.ErrNoFile},
	} {
		secret, err := encryption.Decrypt(t.Context(), test.file, test.identities)
		if !errors.Is(err, test.err) || err == nil && secret != "user:secret" {
			t.Errorf("%s: got %q, %v", name, secret, err)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error repeats the identity", name)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	for _, seed := range []string{"", "# x", "AGE-SECRET-KEY-1", "AGE-PLUGIN-X-1", "-----BEGIN OPENSSH PRIVATE KEY-----", "age1x\n\n"} {
		f.Add(seed, "-----BEGIN AGE ENCRYPTED FILE-----")
	}
	f.Fuzz(func(t *testing.T, identity, file string) {
		if strings.Contains(identity, "AGE-PLUGIN-") {
			return // would look for programs
		}
		if secret, err := encryption.Decrypt(t.Context(), file, []string{identity}); err == nil {
			t.Errorf("%q opened %q: %q", identity, file, secret)
		}
	})
}
