package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const organizationAddress = "alphamoon_organization_api_key.test"

// organizationKey is a configuration with one organization key.
func (f *fixture) organizationKey(arguments ...string) string {
	return f.config(fmt.Sprintf("resource \"alphamoon_organization_api_key\" \"test\" {\n  name = \"test\"\n"+
		"  scopes = [\"workspace.admin.api_key:manage\"]\n  %s\n}\n", strings.Join(arguments, "\n  ")))
}

func organizationAction(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(organizationAddress, action)},
	}
}

// expectOrganizationKeys checks how many keys of the organization were created, exist and were revoked.
func (f *fixture) expectOrganizationKeys(created, existing, revocations int) {
	f.t.Helper()
	if got := [3]int{
		f.Count(sandbox.Create),
		len(f.Keys(sandbox.Organization)),
		f.Count(sandbox.Revoke),
	}; got != [3]int{
		created,
		existing,
		revocations,
	} {
		f.t.Errorf("created, existing, revoked: got %v, want %d, %d, %d", got, created, existing, revocations)
	}
}

// TestAccOrganizationKey goes through the life of a key that is revoked by default.
func TestAccOrganizationKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	secrets := statecheck.CompareValue(compare.ValuesDiffer())
	versions := statecheck.CompareValue(compare.ValuesDiffer())
	newSecret := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			secrets.AddStateValue(organizationAddress, attribute("key")),
			versions.AddStateValue(organizationAddress, attribute("key_version")),
		}
	}
	f.run(
		resource.TestStep{
			Config:           f.organizationKey(lifetime, window),
			ConfigPlanChecks: organizationAction(plancheck.ResourceActionCreate),
			ConfigStateChecks: append(newSecret(), statecheck.ExpectKnownValue(organizationAddress,
				attribute("revoke_on_destroy"), knownvalue.Bool(true)), statecheck.ExpectKnownValue(organizationAddress,
				attribute("organization_id"), knownvalue.StringExact("org_sandbox")),
				statecheck.ExpectKnownValue(organizationAddress, attribute("key_version"),
					knownvalue.Int64Exact(start.Unix())), statecheck.ExpectSensitiveValue(organizationAddress,
					attribute("key"))),
			Check: func(state *terraform.State) error {
				attributes := state.RootModule().Resources[organizationAddress].Primary.Attributes
				if key := f.Keys(sandbox.Organization)[0]; key.Secret != attributes["key"] || key.ProcessID != "" {
					return fmt.Errorf("the state does not hold the organization's key")
				}
				return nil
			},
		},
		f.after(60*day, resource.TestStep{
			Config: f.organizationKey(lifetime, window), ConfigStateChecks: newSecret(),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(organizationAddress, plancheck.ResourceActionReplace),
				plancheck.ExpectUnknownValue(organizationAddress, attribute("key_version")),
			}},
		}),
		resource.TestStep{Config: f.organizationKey(lifetime, window), Destroy: true},
	)
	f.expectOrganizationKeys(2, 0, 2)
}

// TestOrganizationKeyThatIsNotRevoked: without a revocation the old key of a rotation stays.
func TestOrganizationKeyThatIsNotRevoked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	var secrets, versions []any
	for _, step := range []struct {
		after          time.Duration
		action, config string
	}{
		{0, create, f.organizationKey(lifetime, window)},
		{60 * day, replace, f.organizationKey(lifetime, window)},
		{time.Second, update, f.organizationKey(lifetime, window, `revoke_on_destroy = false`)},
		{60 * day, replace, f.organizationKey(lifetime, window, `revoke_on_destroy = false`)},
	} {
		f.clock.Advance(step.after)
		var reasons []string
		if step.action == replace {
			reasons = []string{"rotates_at"}
		}
		s.apply(step.config).expect(t, step.action, reasons...)
		if state := s.attributes(organizationAddress); step.action != update {
			secrets, versions = append(secrets, state["key"]), append(versions, state["key_version"])
		}
	}
	slices.SortFunc(secrets, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if len(slices.Compact(secrets)) != 3 || len(slices.Compact(versions)) != 3 {
		t.Errorf("got the secrets %v and the versions %v", secrets, versions)
	}
	f.expectOrganizationKeys(3, 2, 1)
	s.apply(f.organizationKey(lifetime, window)).expect(t, update)
	s.destroy().expect(t, destroy)
	f.expectOrganizationKeys(3, 1, 2)
}

// TestOrganizationKeyNeedsAnAdmin uses a credential that manages keys of processes only.
func TestOrganizationKeyNeedsAnAdmin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	asMember := func(config string) string {
		return strings.ReplaceAll(config, sandbox.DefaultCredential, sandbox.MemberCredential)
	}
	f.fails(asMember(f.organizationKey(lifetime)), "If the provider's api_key is not an organization admin's")
	f.fails(asMember(f.config(`data "alphamoon_organization_api_keys" "test" {}`)),
		"If the provider's api_key is not an organization admin's")
	f.expectOrganizationKeys(1, 0, 0)
	s := f.session()
	s.apply(asMember(f.key(lifetime)))
	s.expectNewestSecret()
}

func TestOrganizationKeyRevocationFails(t *testing.T) {
	t.Parallel()
	for name, revocation := range map[string]sandbox.Revocation{
		"unknown": sandbox.RevocationUnknown, "without effect": sandbox.RevocationDoesNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{OrganizationRevocation: revocation})
			s := f.session()
			s.apply(f.organizationKey(lifetime))
			s.fails(s.config(""), "Key could not be revoked")
			s.apply(f.organizationKey(lifetime, `revoke_on_destroy = false`)).expect(t, update)
		})
	}
}

func TestAccOrganizationKeyEncrypted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	identity := newIdentity(t)
	f.run(resource.TestStep{
		Config: f.organizationKey(lifetime, encryptTo(identity)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(organizationAddress, attribute("key"), knownvalue.Null()),
			statecheck.ExpectKnownValue(organizationAddress, attribute("encrypted_key"), knownvalue.NotNull()),
		},
	})
}

func TestAccOrganizationKeyImport(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.AddKey(sandbox.Organization,
		sandbox.Key{Name: "test", Scopes: []string{"workspace.admin.api_key:manage"}, ExpiresAt: start.Add(60 * day)})
	config := f.organizationKey(`expires_at = "2026-04-30T09:30:15Z"`, `revoke_on_destroy = false`)
	importStep := resource.TestStep{
		Config:             config,
		ResourceName:       organizationAddress,
		ImportState:        true,
		ImportStateId:      key.ID,
		ImportStatePersist: true,
	}
	wrong := importStep
	wrong.ImportStateId, wrong.ImportStatePersist, wrong.ExpectError = processID+"/"+key.ID, false, says("does not have the form KEY_ID")
	missing := importStep
	missing.ImportStateId, missing.ImportStatePersist = "unknown", false
	missing.ExpectError = says(`There is no key with the id "unknown" in the organization`)
	f.run(wrong, missing, importStep, keeps(config))
	f.expectOrganizationKeys(0, 1, 0)
}

func TestOrganizationKeysDataSource(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	for i := range 3 {
		f.AddKey(sandbox.Organization,
			sandbox.Key{ID: fmt.Sprint("id-", i), Name: "a", Scopes: []string{"x.y:z"}, ExpiresAt: start.Add(day)})
	}
	f.AddKey(processID, sandbox.Key{Name: "of a process", Scopes: []string{"x.y:z"}, ExpiresAt: start.Add(day)})
	all := f.session().apply(f.config(`data "alphamoon_organization_api_keys" "test" {
  status = "active"
}`)).data["data.alphamoon_organization_api_keys.test"]
	if difference := cmp.Diff(values{
		"id":              "id-2",
		"name":            "a",
		"status":          "Active",
		"scopes":          []any{"x.y:z"},
		"created_at":      "2026-03-01T09:30:15Z",
		"expires_at":      "2026-03-02T09:30:15Z",
		"organization_id": "org_sandbox",
	}, all["api_keys"].([]any)[3]); difference != "" || all["total"] != 4.0 { // the first one is the provider's own
		t.Errorf("%v keys: %s", all["total"], difference)
	}
}

// TestAccOrganizationKeyEphemeral ends with the run.
func TestAccOrganizationKeyEphemeral(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.runEphemeral(resource.TestStep{Config: f.config(`
ephemeral "alphamoon_organization_api_key" "test" {
  name   = "job"
  scopes = ["workspace.admin.api_key:manage"]
}
provider "echo" {
  data = ephemeral.alphamoon_organization_api_key.test
}
resource "echo" "test" {}
`)})
	created := f.Count(sandbox.Create)
	if created < 2 {
		t.Errorf("%d keys were created", created)
	}
	f.expectOrganizationKeys(created, 0, created)
}

// TestAccOrganizationKeyImportByIdentity needs a Terraform that knows identities.
func TestAccOrganizationKeyImportByIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   needs("1.12.0", "1.12.0"),
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: f.organizationKey(`expires_at = "2026-05-30T09:30:15Z"`, `revoke_on_destroy = false`)},
			{
				ResourceName:    organizationAddress,
				ImportState:     true,
				ImportStateKind: resource.ImportBlockWithResourceIdentity,
			},
		},
	})
}
