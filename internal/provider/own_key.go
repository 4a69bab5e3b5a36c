package provider

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// fingerprintNote is where the fingerprint of an encrypted key stands in the private data. It shows whether a key is
// the one that the provider itself uses.
const fingerprintNote = "fingerprint"

// fingerprint is a salted and slow hash of a secret. Nobody can find the secret from it.
type fingerprint struct{ Salt, Hash []byte }

// privateData is what the framework hands to a resource for notes of its own.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func hashSecret(secret string, salt []byte) []byte {
	hash, err := pbkdf2.Key(sha256.New, secret, salt, 10_000, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("constant parameters are wrong: %v", err))
	}
	return hash
}

// noteFingerprint notes the fingerprint of a new key whose secret is not in the state in plain text.
func noteFingerprint(ctx context.Context, private privateData, model apiKeyModel, secret alphamoon.Secret) diag.Diagnostics {
	if model.EncryptedKey.IsNull() {
		return nil
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // neither of the two can fail
	note, _ := json.Marshal(fingerprint{salt, hashSecret(secret.Reveal(), salt)})
	return private.SetKey(ctx, fingerprintNote, note)
}

// isOwnKey reports whether the client authenticates with a key, as far as the state can show: it knows nothing of the
// secret of an imported key.
func isOwnKey(ctx context.Context, private privateData, model apiKeyModel, client *alphamoon.Client) (bool, diag.Diagnostics) {
	credential := client.Credential().Reveal()
	note, diags := private.GetKey(ctx, fingerprintNote)
	var noted fingerprint
	if note != nil && json.Unmarshal(note, &noted) == nil {
		return bytes.Equal(hashSecret(credential, noted.Salt), noted.Hash), diags
	}
	return model.Key.ValueString() == credential, diags
}
