package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
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
				if key := f.Keys(sandbox.Organization)[0]; key.Secret != state.RootModule().Resources[organizationAddress].Primary.Attributes["key"] ||
					key.ProcessID != "" {
					return fmt.Errorf("the state does not hold the organization's key")
				}
				return nil
			},
		},
		keeps(f.organizationKey(lifetime, window)),
		f.after(60*day, resource.TestStep{
			Config: f.organizationKey(lifetime, window), ConfigStateChecks: newSecret(),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(organizationAddress, plancheck.ResourceActionReplace),
				plancheck.ExpectUnknownValue(organizationAddress, attribute("key_version")),
			}},
		}),
		f.after(time.Second, resource.TestStep{
			// Without a revocation the old key stays.
			Config:           f.organizationKey(lifetime, window, `revoke_on_destroy = false`),
			ConfigPlanChecks: organizationAction(plancheck.ResourceActionUpdate),
		}),
		f.after(60*day, resource.TestStep{
			Config: f.organizationKey(lifetime, window, `revoke_on_destroy = false`), ConfigStateChecks: newSecret(),
			ConfigPlanChecks: organizationAction(plancheck.ResourceActionReplace),
		}),
		resource.TestStep{
			PreConfig: func() { f.expectOrganizationKeys(3, 2, 1) },
			Config:    f.organizationKey(lifetime, window),
		},
		resource.TestStep{Config: f.organizationKey(lifetime, window), Destroy: true},
	)
	f.expectOrganizationKeys(3, 1, 2)
}

// TestOrganizationKeyNeedsAnAdmin uses a credential that manages keys of processes only.
func TestOrganizationKeyNeedsAnAdmin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	asMember := func(config string) string {
		return strings.ReplaceAll(config, sandbox.DefaultCredential, sandbox.MemberCredential)
	}
	f.fails(asMember(f.organizationKey(lifetime)), "need an organization admin's API key")
	f.fails(asMember(f.config(`data "alphamoon_organization_api_keys" "test" {}`)), "need an organization admin's API key")
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
	missing.ImportStateId, missing.ImportStatePersist, missing.ExpectError = "unknown", false, says(`There is no key with the id "unknown" in the organization`)
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

// TestAccUnseenProcess: a process that was deleted and one that the credential cannot see look alike. Its keys stay in
// the state, everything else goes on, and a destroy forgets them.
func TestAccUnseenProcess(t *testing.T) {
	t.Parallel()
	other := sandbox.Process{ID: "93580f176efb48cda64f25cba74d8ca4", Name: "Receipts"}
	for name, unseen := range map[string]func(*fixture){
		"deleted":              func(f *fixture) { f.RemoveProcess(processID) },
		"hidden from the list": func(f *fixture) { f.Hide(sandbox.DefaultCredential, processID, http.StatusNotFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: "Invoices"}, other}})
			doomed := strings.ReplaceAll(f.key(lifetime, "revoke_on_destroy = true"), `"test" {`, `"doomed" {`)
			_, doomed, _ = strings.Cut(doomed, "}\n")
			kept := f.key(lifetime, fmt.Sprintf("process_id = %q", other.ID))
			unchanged := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
			f.run(
				resource.TestStep{Config: kept + doomed},
				resource.TestStep{PreConfig: func() { unseen(f) }, Config: kept + doomed, ConfigPlanChecks: unchanged},
				resource.TestStep{Config: kept},
			)
		})
	}
}

// TestUnseenProcessIsWarnedOfOnce counts warnings: one for a process and run when it is read, one with a summary of its
// own for every key that may live on.
func TestUnseenProcessIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	provider := f.connect(nil)
	arguments := values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
		"revoke_on_destroy": true,
	}
	keys := []outcome{provider.create(t.Context(), arguments), provider.create(t.Context(), arguments)}
	f.Hide(sandbox.DefaultCredential, processID, http.StatusNotFound)
	for i, key := range keys {
		read := provider.read(t.Context(), key)
		if read.failed || !read.state.Equal(key.state) || strings.Contains(read.diagnostics, "Process cannot be seen") != (i == 0) {
			t.Errorf("read: %q", read.diagnostics)
		}
		destroyed := provider.destroy(t.Context(), key)
		if destroyed.failed || !destroyed.state.IsNull() ||
			!strings.Contains(destroyed.diagnostics, fmt.Sprintf("Key %s may still work", key.text("id"))) {
			t.Errorf("destroyed: %q", destroyed.diagnostics)
		}
	}
}

// TestAnotherOrganizationsCredential must neither empty the state nor call living keys destroyed.
func TestAnotherOrganizationsCredential(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.AddKey(sandbox.OfOther(owner), sandbox.Key{Name: "theirs", ExpiresAt: start.Add(day)})
			key := f.connect(nil).of(kind).create(t.Context(), values{
				"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
				"revoke_on_destroy": true,
			})
			if key.failed {
				t.Fatal(key.diagnostics)
			}
			f.clock.Advance(time.Hour)
			other := f.connect(values{"api_key": sandbox.OtherCredential}).of(kind)
			for name, result := range map[string]outcome{
				"read": other.read(t.Context(), key), "destroy": other.destroy(t.Context(), key),
			} {
				if !result.failed || result.state.IsNull() || !strings.Contains(result.diagnostics, "Keys of another organization") {
					t.Errorf("%s: %q", name, result.diagnostics)
				}
			}
			if len(f.LiveKeys(owner)) != 1 {
				t.Error("the key does not live")
			}
		})
	}
}

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

// TestAYoungKeyIsNotGone: a listing may lag behind the creation for five minutes, and no longer.
func TestAYoungKeyIsNotGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	f.RemoveKey(key.text("id"))
	for _, age := range []time.Duration{0, 5*time.Minute - time.Second, time.Second} {
		f.clock.Advance(age)
		old := f.clock.Now().Sub(start) >= 5*time.Minute
		read := f.connect(nil).read(t.Context(), key)
		if read.failed || read.state.IsNull() != old || strings.Contains(read.diagnostics, ") is gone: ") != old {
			t.Errorf("%s old: in the state %t, %q", f.clock.Now().Sub(start), !read.state.IsNull(), read.diagnostics)
		}
	}
}

// TestExpiredKeyIsDone: past its expiry a key blocks neither a rotation nor a destroy, whatever the removal says.
func TestExpiredKeyIsDone(t *testing.T) {
	t.Parallel()
	for name, revocation := range map[string]sandbox.Revocation{
		"unknown": sandbox.RevocationUnknown, "without effect": sandbox.RevocationDoesNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{Revocation: revocation})
			config := f.key(lifetime, `revoke_on_destroy = true`)
			s := f.session()
			s.apply(config)
			f.clock.Advance(91 * day)
			s.apply(config).expect(t, replace, "rotates_at")
			s.expectNewestSecret()
			f.clock.Advance(91 * day)
			s.destroy().expect(t, destroy)
			if got := f.Count(sandbox.Revoke); got != 0 {
				t.Errorf("%d removals were sent for keys past their expiry", got)
			}
		})
	}
}

// TestGrantWithoutExpiry: the service does not say when the key expires.
func TestGrantWithoutExpiry(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(
		sandbox.Fault{
			Operation: sandbox.Create,
			Body:      `{"id": "odd", "name": "test", "scopes": ["workspace.result:read", "workspace.file:upload"], "status": "Active", "key": "a:b", "exp": "soon"}`,
		},
	)
	output := f.fails(f.key(lifetime), "the answer names no readable expiry")
	if strings.Contains(output, "bug in the provider") {
		t.Errorf("it says:\n%s", output)
	}
}

// TestAccGeneratedConfiguration is valid as it stands, undocumented scopes included.
func TestAccGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.AddKey(processID,
		sandbox.Key{Name: "test", Scopes: []string{"workspace.result:create"}, ExpiresAt: start.Add(60 * day)})
	config := f.key(`expires_at = "2026-04-30T09:30:15Z"`, `scopes = ["workspace.result:create"]`,
		`allow_undocumented_scopes = true`)
	f.run(
		resource.TestStep{
			Config:             config,
			ResourceName:       address,
			ImportState:        true,
			ImportStateId:      processID + "/" + key.ID,
			ImportStatePersist: true,
		},
		keeps(config),
	)
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
