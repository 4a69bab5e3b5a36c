package provider_test

import (
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestTheOwnKeyIsNotRevoked: the provider does not lock itself out, whether the state knows the secret or not.
func TestTheOwnKeyIsNotRevoked(t *testing.T) {
	t.Parallel()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, recipients := range map[string][]string{"in plain text": nil, "encrypted": {identity.Recipient().String()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			arguments := values{
				"name": "provider", "scopes": []string{"workspace.admin.api_key:manage"}, "expires_in": "90d", "revoke_on_destroy": true,
			}
			if recipients != nil {
				arguments["encrypt_to"] = recipients
			}
			key := f.connect(nil).of("alphamoon_organization_api_key").create(t.Context(), arguments)
			secret := f.Keys(sandbox.Organization)[0].Secret
			f.ClearJournal()
			result := f.connect(values{"api_key": secret}).of("alphamoon_organization_api_key").destroy(t.Context(), key)
			if !result.failed || result.state.IsNull() || !strings.Contains(result.diagnostics, "Provider's own key is not revoked") ||
				len(f.Journal()) > 0 {
				t.Errorf("%q after %s", result.diagnostics, f.sent())
			}
			if result := f.connect(nil).of("alphamoon_organization_api_key").destroy(t.Context(), key); result.failed {
				t.Errorf("another credential: %q", result.diagnostics)
			}
		})
	}
}
