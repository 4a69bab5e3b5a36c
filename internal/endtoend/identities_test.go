package endtoend_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

// pairOfKeys is a recipient with the identity that belongs to it.
type pairOfKeys struct{ recipient, identity string }

func agePair(t *testing.T) pairOfKeys {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{identity.Recipient().String(), "# created by a test\n" + identity.String() + "\n"}
}

func postQuantumPair(t *testing.T) pairOfKeys {
	t.Helper()
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{identity.Recipient().String(), identity.String() + "\n"}
}

// sshPair is as ssh-keygen writes it: a comment and a line end behind the public key.
func sshPair(t *testing.T) pairOfKeys {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pairOfKeys{
		strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " my private key at home\n",
		string(pem.EncodeToMemory(block)),
	}
}
