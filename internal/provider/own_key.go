package provider

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// fingerprintNote is where the fingerprint of an encrypted key stands in the private data. It shows whether a key is
// the one that the provider itself uses.
const fingerprintNote = "fingerprint"

// fingerprint recognizes a secret, and nobody can find the secret from it. A keyed hash is enough: the service draws its
// secrets at random, so that there is no list of likely ones to try, which is all that a slow hash would hinder. The salt
// hides that two notes are of one secret.
type fingerprint struct {
	Salt []byte
	HMAC []byte `json:",omitempty"`
	// Hash stands in the notes of states that were written before there was an HMAC: a slow hash. Without it the provider would
	// not recognize its own key there, and revoke it.
	Hash []byte `json:",omitempty"`
}

func (f fingerprint) matches(secret string) bool {
	if f.HMAC != nil {
		return hmac.Equal(keyedHash(secret, f.Salt), f.HMAC)
	}
	hash, err := pbkdf2.Key(sha256.New, secret, f.Salt, 10_000, sha256.Size)
	return err == nil && hmac.Equal(hash, f.Hash)
}

func keyedHash(secret string, salt []byte) []byte {
	hash := hmac.New(sha256.New, salt)
	hash.Write([]byte(secret))
	return hash.Sum(nil)
}

// newFingerprint is what to note of a new key whose secret is not in the state in plain text.
func newFingerprint(secret redact.Secret) []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // neither of the two can fail
	note, _ := json.Marshal(fingerprint{Salt: salt, HMAC: keyedHash(secret.Reveal(), salt)})
	return note
}

// isOwnKey reports whether the client authenticates with a key, as far as its note and its state can show: they know
// nothing of the secret of an imported key.
func isOwnKey(note []byte, state apiKeyModel, client *alphamoon.Client) bool {
	credential := client.Credential().Reveal()
	var noted fingerprint
	if json.Unmarshal(note, &noted) == nil {
		return noted.matches(credential)
	}
	return state.Key.ValueString() == credential
}
