package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// newKey are the arguments of a key.
func newKey(name string) values {
	return values{"process_id": processID, "name": name, "scopes": []string{"workspace.result:read"}, "expires_in": "90d"}
}

// TestMissingAPIKey: what sends no request works without an API key; the first that needs the service says what is missing,
// and the others in one line.
func TestMissingAPIKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	created := f.connect(nil).create(t.Context(), newKey("x"))
	requests := f.Count(sandbox.AnyOperation)

	p := f.connect(values{"api_key": nil})
	kind := p.kind()
	config := p.encode(kind, p.object(kind, newKey("y")))
	plan, err := p.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: p.encode(kind, tftypes.NewValue(kind, nil)), ProposedNewState: config, Config: config,
	})
	if err != nil || len(plan.Diagnostics) > 0 {
		t.Errorf("planning a key: %v, %s", err, describe(plan.Diagnostics))
	}
	if result := p.destroy(t.Context(), created); result.failed || !result.state.IsNull() {
		t.Errorf("forgetting a key: %s", result.diagnostics)
	}
	scopes := p.schemas.DataSourceSchemas["alphamoon_process_api_scopes"].ValueType()
	catalogue, err := p.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: "alphamoon_process_api_scopes", Config: p.encode(scopes, p.object(scopes, nil)),
	})
	if err != nil || len(catalogue.Diagnostics) > 0 {
		t.Errorf("the catalogue: %v, %s", err, describe(catalogue.Diagnostics))
	}
	ephemerals := p.schemas.EphemeralResourceSchemas["alphamoon_decrypted_key"].ValueType()
	opened, err := p.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: "alphamoon_decrypted_key", Config: p.encode(ephemerals, p.object(ephemerals, values{"required": false})),
	})
	if err != nil || len(opened.Diagnostics) > 0 {
		t.Errorf("a decrypted key: %v, %s", err, describe(opened.Diagnostics))
	}

	const full = "because it has no API key to work with. Set the environment variable ALPHAMOON_API_KEY"
	const short = `ERROR: Missing Alphamoon API key: See the error "Missing Alphamoon API key" of this run for the cause.`
	first := p.read(t.Context(), created)
	if !first.failed || !strings.Contains(first.diagnostics, "The provider cannot read keys, "+full) {
		t.Errorf("the first says %q", first.diagnostics)
	}
	for what, result := range map[string]outcome{
		"a refresh":  p.read(t.Context(), created),
		"a creation": p.create(t.Context(), newKey("y")),
		"a listing":  p.list(t.Context(), values{"process_id": processID}),
		"an import":  p.adopt(t.Context(), processID+"/"+created.text("id")),
	} {
		if result.diagnostics != short {
			t.Errorf("%s says %q", what, result.diagnostics)
		}
	}
	if got := f.Count(sandbox.AnyOperation); got != requests {
		t.Errorf("%d requests were sent without a key", got-requests)
	}
}

// TestUnknownConfiguration: one warning for all keys of a refresh, which stay as they are; an error that names the argument for
// the rest.
func TestUnknownConfiguration(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	created := f.connect(nil).create(t.Context(), newKey("x"))
	f.clock.Advance(time.Hour)
	requests := f.Count(sandbox.AnyOperation)
	p := f.connect(values{"api_key": tftypes.UnknownValue})
	warnings := 0
	for range 3 {
		result := p.read(t.Context(), created)
		if result.failed || !result.state.Equal(created.state) || string(result.private) != string(created.private) {
			t.Errorf("a refresh gave %s and says %q", result.state, result.diagnostics)
		}
		warnings += strings.Count(result.diagnostics, "WARNING: Keys are not refreshed: The configuration of the provider depends on "+
			"values that are known only after an apply: api_key.")
	}
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
	if result := p.list(t.Context(), values{"process_id": processID}); !result.failed ||
		!strings.Contains(result.diagnostics, "its configuration depends on values that are known only after an apply: api_key") {
		t.Errorf("a data source says %q", result.diagnostics)
	}
	if got := f.Count(sandbox.AnyOperation); got != requests {
		t.Errorf("%d requests were sent", got-requests)
	}
}
