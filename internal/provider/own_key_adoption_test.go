package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAdoptedKeyOfTheProvider: the provider uses a key that was made by hand and is adopted. Nobody can recognize it without its
// secret, so that it is revoked only where the configuration says so, with a warning; with key_wo it never is.
func TestAdoptedKeyOfTheProvider(t *testing.T) {
	t.Parallel()
	const warning = "WARNING: Key with an unknown secret will be revoked: The provider does not know the secret of the key"
	for name, test := range map[string]struct {
		arguments     func(secret string) values
		warning       string
		revokes       bool
		removals      int
		after         string // what the destroy says
		staysInState  bool
		worksAfterAll bool
	}{
		"by default": {
			func(string) values { return values{"revoke_on_destroy": nil} }, "", false, 0, "stays valid until it expires", false, true,
		},
		"revoked by the configuration": {
			func(string) values { return values{"revoke_on_destroy": true} }, warning, true, 1,
			"ERROR: Provider has revoked its own key: The service accepted the removal of the key", true, false,
		},
		"with its secret": {
			func(secret string) values { return values{"revoke_on_destroy": nil, "key_wo": secret} }, "", true, 0,
			"ERROR: Provider's own key is not revoked", true, true,
		},
		"with its secret, encrypted": {
			func(secret string) values {
				return values{"revoke_on_destroy": true, "key_wo": secret, "encrypt_to": []string{newIdentity(t).Recipient().String()}}
			}, "", true, 0, "ERROR: Provider's own key is not revoked", true, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			byHand := f.AddKey(sandbox.Organization, sandbox.Key{
				Name: "pipeline", Scopes: []string{"workspace.admin.api_key:manage"},
				CreatedAt: start.Add(-day), ExpiresAt: start.Add(90 * day),
			})
			p := f.connect(values{"api_key": byHand.Secret}).of("alphamoon_organization_api_key")
			imported := p.adopt(t.Context(), byHand.ID)
			changed := p.change(t.Context(), imported, test.arguments(byHand.Secret))
			if changed.failed || !strings.HasPrefix(changed.diagnostics, test.warning) ||
				(changed.diagnostics == "") != (test.warning == "") {
				t.Fatalf("the change says %q", changed.diagnostics)
			}
			if got := changed.boolean("revoke_on_destroy"); got != test.revokes {
				t.Errorf("revoke_on_destroy is %t", got)
			}
			destroyed := p.destroy(t.Context(), changed)
			if !strings.Contains(destroyed.diagnostics, test.after) || destroyed.state.IsNull() == test.staysInState {
				t.Errorf("the destroy says %q and leaves %s", destroyed.diagnostics, destroyed.state)
			}
			checkWords(t, destroyed.diagnostics)
			if got := f.Count(sandbox.Revoke); got != test.removals {
				t.Errorf("%d removals were sent, want %d", got, test.removals)
			}
			if works := len(f.LiveKeys(sandbox.Organization)) == 1; works != test.worksAfterAll {
				t.Errorf("the key works: %t", works)
			}
		})
	}
}

// boolean returns an attribute of the state, false if it is null.
func (o outcome) boolean(name string) (value bool) {
	var attributes map[string]tftypes.Value
	if !o.state.IsNull() && o.state.As(&attributes) == nil && !attributes[name].IsNull() {
		_ = attributes[name].As(&value)
	}
	return value
}
