package provider

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// fingerprintNote is where the fingerprint of an encrypted key stands in the private data. It shows whether a key is
// the one that the provider itself uses.
const fingerprintNote = "fingerprint"

// fingerprint is a salted and slow hash of a secret. Nobody can find the secret from it.
type fingerprint struct{ Salt, Hash []byte }

func hashSecret(secret string, salt []byte) []byte {
	hash, err := pbkdf2.Key(sha256.New, secret, salt, 10_000, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("constant parameters are wrong: %v", err))
	}
	return hash
}

// newFingerprint is what to note of a new key whose secret is not in the state in plain text.
func newFingerprint(secret alphamoon.Secret) []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // neither of the two can fail
	note, _ := json.Marshal(fingerprint{salt, hashSecret(secret.Reveal(), salt)})
	return note
}

// isOwnKey reports whether the client authenticates with a key, as far as its note and its state can show: they know
// nothing of the secret of an imported key.
func isOwnKey(note []byte, state apiKeyModel, client *alphamoon.Client) bool {
	credential := client.Credential().Reveal()
	var noted fingerprint
	if json.Unmarshal(note, &noted) == nil {
		return bytes.Equal(hashSecret(credential, noted.Salt), noted.Hash)
	}
	return state.Key.ValueString() == credential
}
