package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestDeferral: while the configuration of the provider is unknown, resources are deferred if Terraform permits it, and
// otherwise kept as they are and planned as far as that needs no client.
func TestDeferral(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	for name, test := range map[string]struct{ unknown, allowed, deferred bool }{
		"unknown and permitted": {true, true, true},
		"unknown":               {true, false, false},
		"known":                 {false, true, false},
	} {
		server, err := f.factories()["alphamoon"]()
		if err != nil {
			t.Fatal(err)
		}
		p := &protocol{ProviderServer: server, t: t, resourceType: resourceType, schemas: providerSchema(t)}
		kind := p.schemas.Provider.ValueType()
		config := values{"api_key": sandbox.DefaultCredential, "base_url": f.URL}
		if test.unknown {
			config["base_url"] = tftypes.UnknownValue
		}
		configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
			Config:             p.encode(kind, p.object(kind, config)),
			ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: test.allowed},
		})
		if err != nil || len(configured.Diagnostics) > 0 {
			t.Fatalf("%s: %v, %s", name, err, describe(configured.Diagnostics))
		}
		key := p.encode(p.kind(), p.object(p.kind(), values{
			"process_id": processID, "name": "x", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
		}))
		plan, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: resourceType, PriorState: p.encode(p.kind(), tftypes.NewValue(p.kind(), nil)), ProposedNewState: key, Config: key,
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: test.allowed},
		})
		if err != nil || len(plan.Diagnostics) > 0 || (plan.Deferred != nil) != test.deferred {
			t.Errorf("%s: %v, %s, deferred %v", name, err, describe(plan.Diagnostics), plan.Deferred)
		}
		read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: resourceType, CurrentState: key,
			ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: test.allowed},
		})
		if err != nil || (read.Deferred != nil) != test.deferred || failed(read.Diagnostics) ||
			strings.Contains(describe(read.Diagnostics), "Keys are not refreshed") != (test.unknown && !test.allowed) {
			t.Errorf("%s: %v, %s, deferred %v", name, err, describe(read.Diagnostics), read.Deferred)
		}
	}
}
