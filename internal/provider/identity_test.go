package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

var identityType = tftypes.Object{
	AttributeTypes: map[string]tftypes.Type{"process_id": tftypes.String, "id": tftypes.String},
}

// expectIdentity demands that an outcome identifies the key of its state.
func expectIdentity(t *testing.T, operation string, result outcome) {
	t.Helper()
	if result.failed || result.identity == nil {
		t.Errorf("%s: no identity: %s", operation, result.diagnostics)
		return
	}
	got, err := result.identity.IdentityData.Unmarshal(identityType)
	if err != nil {
		t.Errorf("%s: %v", operation, err)
		return
	}
	want := tftypes.NewValue(identityType, map[string]tftypes.Value{
		"process_id": tftypes.NewValue(tftypes.String, processID),
		"id":         tftypes.NewValue(tftypes.String, result.text("id")),
	})
	if !got.Equal(want) || result.text("id") == "" {
		t.Errorf("%s: got %s, want %s", operation, got, want)
	}
}

// TestIdentity goes through every operation in process, because the Terraform at hand may know of no identities.
func TestIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	provider := f.connect(nil)
	created := provider.create(t.Context(),
		values{"process_id": processID, "name": "x", "scopes": []string{"workspace.result:read"}, "expires_in": "90d"})
	expectIdentity(t, "create", created)
	expectIdentity(t, "read", provider.read(t.Context(), created))
	older := created
	older.identity = nil // as from a Terraform that knows of no identities
	expectIdentity(t, "read without", provider.read(t.Context(), older))
	expectIdentity(t, "import by id", provider.adopt(t.Context(), processID+"/"+created.text("id")))
	imported := provider.importState(t.Context(),
		&tfprotov6.ImportResourceStateRequest{TypeName: resourceType, Identity: created.identity})
	expectIdentity(t, "import by identity", imported)
	if imported.text("name") != "x" || imported.text("key") != "" {
		t.Errorf("imported: %s", imported.state)
	}

	f.RemoveKey(created.text("id"))
	f.clock.Advance(5 * time.Minute)
	gone := f.connect(nil).read(t.Context(), older)
	if gone.failed || !gone.state.IsNull() {
		t.Errorf("read of a key that is gone: %s", gone.diagnostics)
	}

	unknown, err := tfprotov6.NewDynamicValue(identityType, tftypes.NewValue(identityType, map[string]tftypes.Value{
		"process_id": tftypes.NewValue(tftypes.String, processID), "id": tftypes.NewValue(tftypes.String, "unknown"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	missing := provider.importState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: resourceType, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &unknown},
	})
	if !missing.failed || !says(`There is no key with the id "unknown"`).MatchString(missing.diagnostics) {
		t.Errorf("import of an unknown identity: %s", missing.diagnostics)
	}
}

func TestAccImportByIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   needs("1.12.0", "1.12.0"),
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{
				Config: f.key(`expires_at = "2026-05-30T09:30:15Z"`),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentityValue(address, attribute("process_id"), knownvalue.StringExact(processID)),
				},
			},
			{
				ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
			},
		},
	})
}
