package provider

import (
	"bytes"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// TestIsOwnKey recognizes the provider's key by the note of an encrypted key, by notes of older states, and by the secret in
// the state.
func TestIsOwnKey(t *testing.T) {
	t.Parallel()
	const own = "sandbox:sandbox-password"
	credential, err := alphamoon.ParseCredential(own)
	if err != nil {
		t.Fatal(err)
	}
	baseURL, err := alphamoon.ParseBaseURL(alphamoon.DefaultBaseURL)
	if err != nil {
		t.Fatal(err)
	}
	client := alphamoon.NewClient(alphamoon.Config{Credential: credential, BaseURL: baseURL})
	t.Cleanup(client.Close)
	// As it was written with a slow hash.
	const old = `{"Salt":"AAECAwQFBgcICQoLDA0ODw==","Hash":"a4ItP4Nw936DS47rOTuoNiotkOmX1DstaT90ApSUIvw="}`
	note, again := newFingerprint(redact.NewSecret(own)), newFingerprint(redact.NewSecret(own))
	if bytes.Equal(note, again) || bytes.Contains(note, []byte("sandbox")) {
		t.Errorf("the notes of one secret are %s and %s", note, again)
	}
	for name, test := range map[string]struct {
		note []byte
		key  string
		want bool
	}{
		"its note":                   {note, "", true},
		"the note of another secret": {newFingerprint(redact.NewSecret("user:other")), "", false},
		"an old note":                {[]byte(old), "", true},
		"an old note of another":     {bytes.Replace([]byte(old), []byte("a4It"), []byte("b4It"), 1), "", false},
		"a note without a hash":      {[]byte(`{}`), "", false},
		"a note of unknown form":     {[]byte(`"?"`), own, true},
		"its secret":                 {nil, own, true},
		"another secret":             {nil, "user:other", false},
		"an adopted key":             {nil, "", false},
	} {
		if got := isOwnKey(test.note, apiKeyModel{Key: types.StringValue(test.key)}, client); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
