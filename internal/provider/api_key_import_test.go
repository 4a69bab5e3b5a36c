package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestBadImports tries ids that no import can use.
func TestBadImports(t *testing.T) {
	t.Parallel()
	const key = "688874d9d9064c23bf78bf3ec93cbd2d"
	for id, message := range map[string]string{
		"abc":                  `"abc" does not have the form PROCESS_ID/KEY_ID. Write it like 2080d36bf94c4147b2e543104342fc2f/`,
		processID + "/":        "does not have the form PROCESS_ID/KEY_ID",
		"invoices/" + key:      `does not begin with the id of a process: "invoices" is not the id of a process`,
		key:                    "does not have the form PROCESS_ID/KEY_ID",
		processID + "/unknown": `There is no key with the id "unknown"`,
		"00000000000000000000000000000000/" + key:           "No process has this id.",
		processID + "/a b":                                  "does not have the form PROCESS_ID/KEY_ID",
		"https://workspace.alphamoon.ai/queue/" + processID: "does not have the form PROCESS_ID/KEY_ID",
		processID + "/" + key:                               "The data source alphamoon_process_api_keys lists the keys with their ids.",
		"00000000000000000000000000000099/" + key:           "Alphamoon answered that it was not found",
	} {
		text := newFixture(t, sandbox.Options{}).connect(nil).adopt(t.Context(), id).diagnostics
		if strings.Count(text, "\n") > 1 || !strings.Contains(text, message) {
			t.Errorf("%q: got %q, want %q", id, text, message)
		}
		checkWords(t, text)
	}
}

func TestAccImport(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{AlterListed: sandbox.With("key", "********")})
	id := "688874d9d9064c23bf78bf3ec93cbd2d"
	f.AddKey(processID, sandbox.Key{
		ID:        id,
		Name:      "test",
		Scopes:    []string{"workspace.file:upload", "workspace.result:read"},
		ExpiresAt: start.Add(60 * day),
	})
	importStep := func(id string) resource.TestStep {
		return resource.TestStep{
			Config: f.key(`expires_at = "2026-04-30T09:30:15Z"`), ResourceName: address,
			ImportState: true, ImportStateId: id, ImportStatePersist: true,
		}
	}
	failing := func(id string, message string) resource.TestStep {
		step := importStep(id)
		step.ExpectError = says(message)
		step.ImportStatePersist = false
		return step
	}
	f.run(
		failing(processID+"/unknown", `There is no key with the id "unknown"`),
		importStep(processID+"/"+id),
		resource.TestStep{
			Config:           f.key(`expires_at = "2026-04-30T09:30:15Z"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, attribute("key"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, attribute("id"), knownvalue.StringExact(id)),
			},
		},
		resource.TestStep{
			Config: f.key(`expires_in = "90d"`, `rotate_before_expiry = "30d"`, `rotation_triggers = { team = "a" }`,
				`revoke_on_destroy = true`),
			ConfigPlanChecks: expectAction(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, attribute("key"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, attribute("rotates_at"),
					knownvalue.StringExact("2026-03-31T09:30:15Z")),
			},
		},
	)
	if got := f.Count(sandbox.Create); got != 0 {
		t.Errorf("creations: got %d, want none", got)
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
