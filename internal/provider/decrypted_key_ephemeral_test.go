package provider_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestDecryptedKeyThatIsNotRequired: nothing about identities stops a run that can do without the secret. It is not
// parallel, because the environment belongs to the whole process.
//
//nolint:paralleltest // see above
func TestDecryptedKeyThatIsNotRequired(t *testing.T) {
	f := newFixture(t, sandbox.Options{})
	mine, foreign := newIdentity(t), newIdentity(t)
	p := f.connect(nil)
	arguments := newKey("x")
	arguments["encrypt_to"] = []string{mine.Recipient().String()}
	encrypted := p.create(t.Context(), arguments).text("encrypted_key")
	gone := filepath.Join(t.TempDir(), "identity.txt")
	for name, test := range map[string]struct {
		file       string
		identities any
		message    string // of the warning, or of the error where the key is required
	}{
		"a file that is gone":       {file: gone, message: "Identity file cannot be read: The file " + gone},
		"a file without an end":     {file: "/dev/zero", message: "file /dev/zero, which"}, // missing on Windows, which is a problem, too
		"an identity, not its path": {file: mine.String(), message: "hold an identity itself, not the path of a file"},
		"an identity of another key": {
			identities: []string{foreign.String()}, message: "could not decrypt the key with the argument identities",
		},
		"a text that is no identity": {identities: []string{"nonsense"}, message: "could not decrypt the key with the argument identities"},
	} {
		t.Setenv("ALPHAMOON_AGE_IDENTITY_FILE", test.file)
		kind := p.schemas.EphemeralResourceSchemas["alphamoon_decrypted_key"].ValueType()
		open := func(required bool) (key tftypes.Value, text string) {
			config := values{"encrypted_key": encrypted, "identities": test.identities, "required": required}
			response, err := p.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
				TypeName: "alphamoon_decrypted_key", Config: p.encode(kind, p.object(kind, config)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if text = describe(response.Diagnostics); failed(response.Diagnostics) {
				return key, text
			}
			result, err := response.Result.Unmarshal(kind)
			if err != nil {
				t.Fatal(err)
			}
			var attributes map[string]tftypes.Value
			if err := result.As(&attributes); err != nil {
				t.Fatal(err)
			}
			return attributes["key"], text
		}
		if _, text := open(true); !strings.HasPrefix(text, "ERROR: ") || !strings.Contains(text, test.message) {
			t.Errorf("%s, required: it says %q", name, text)
		}
		key, text := open(false)
		if !key.IsNull() || !strings.HasPrefix(text, "WARNING: ") || strings.Count(text, "\n") > 0 ||
			!strings.Contains(text, test.message) ||
			!strings.HasSuffix(text, "Because required is false, key is null.") ||
			strings.Contains(text, mine.String()) {
			t.Errorf("%s: the key is %s, and it says %q", name, key, text)
		}
	}
}
