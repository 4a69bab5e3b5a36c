package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestAccProcesses(t *testing.T) {
	t.Parallel()
	const lookup = "data.alphamoon_processes.test"
	f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{
		{
			ID:   "c",
			Name: "Receipts",
		},
		{ID: "b", Name: "Invoices"},
		{
			ID:        "a",
			Name:      "Receipts",
			TypeID:    "type",
			TypeName:  "Slips",
			Status:    "Training",
			CreatedAt: start.Add(-day),
			UpdatedAt: start,
		},
	}})
	found := func(ids ...string) []statecheck.StateCheck {
		elements := []knownvalue.Check{}
		for _, id := range ids {
			elements = append(elements,
				knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": knownvalue.StringExact(id)}))
		}
		return []statecheck.StateCheck{
			statecheck.ExpectKnownValue(lookup, attribute("processes"), knownvalue.ListExact(elements)),
		}
	}
	config := func(arguments string) string {
		return f.config("data \"alphamoon_processes\" \"test\" {\n" + arguments + "\n}\n")
	}
	f.run(
		resource.TestStep{Config: config(""), ConfigStateChecks: append(
			found("b", "a", "c"),
			statecheck.ExpectKnownValue(
				lookup,
				attribute("processes").AtSliceIndex(1),
				knownvalue.ObjectExact(map[string]knownvalue.Check{
					"id":              knownvalue.StringExact("a"),
					"name":            knownvalue.StringExact("Receipts"),
					"type_id":         knownvalue.StringExact("type"),
					"type_name":       knownvalue.StringExact("Slips"),
					"status":          knownvalue.StringExact("Training"),
					"organization_id": knownvalue.StringExact("org_sandbox"),
					"created_at":      knownvalue.StringExact(start.Add(-day).Format(time.RFC3339)),
					"updated_at":      knownvalue.StringExact(start.Format(time.RFC3339)),
				}),
			),
		)},
		resource.TestStep{Config: config(`name = "Receipts"`), ConfigStateChecks: found("a", "c")},
		resource.TestStep{Config: config(`name = "receipts"`), ConfigStateChecks: found()},
	)
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Status: http.StatusForbidden, Body: `{"title": "Forbidden"}`})
	f.fails(config(""), "needs the scope workspace.process:read")
}

// TestAccProcessesTolerance reads what the service may leave out or add.
func TestAccProcessesTolerance(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(
		sandbox.Fault{
			Operation: sandbox.ListProcesses,
			Body:      `{"processes": [{"id": "a", "news": {"x": [1]}, "createdAt": null}], "other": 1}`,
			Times:     -1,
		},
	)
	f.run(resource.TestStep{
		Config: f.config(`data "alphamoon_processes" "test" {}`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data.alphamoon_processes.test", attribute("processes").AtSliceIndex(0),
				knownvalue.ObjectExact(map[string]knownvalue.Check{
					"id":              knownvalue.StringExact("a"),
					"name":            knownvalue.Null(),
					"type_id":         knownvalue.Null(),
					"type_name":       knownvalue.Null(),
					"status":          knownvalue.Null(),
					"organization_id": knownvalue.Null(),
					"created_at":      knownvalue.Null(),
					"updated_at":      knownvalue.Null(),
				})),
		},
	})
}

func TestAccProcessAPIScopes(t *testing.T) {
	t.Parallel()
	const documented = "data.alphamoon_process_api_scopes.test"
	f := newFixture(t, sandbox.Options{})
	var names []knownvalue.Check
	for _, scope := range alphamoon.Scopes() {
		names = append(names, knownvalue.StringExact(scope.Name))
	}
	config := func(arguments string) string {
		return "data \"alphamoon_process_api_scopes\" \"test\" {\n" + arguments + "\n}\n"
	}
	f.run(
		resource.TestStep{Config: f.config(config("")), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(documented, attribute("names"), knownvalue.SetExact(names)),
			statecheck.ExpectKnownValue(documented, attribute("scopes"), knownvalue.ListSizeExact(21)),
		}},
		resource.TestStep{
			Config: f.config(config(`groups = ["Results"]`)) + fmt.Sprintf(`
resource "alphamoon_process_api_key" "test" {
  process_id = %q
  name       = "test"
  scopes     = data.alphamoon_process_api_scopes.test.names
  expires_in = "90d"
}`, processID),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(documented, attribute("names"), knownvalue.SetExact([]knownvalue.Check{
					knownvalue.StringExact("workspace.result:read"), knownvalue.StringExact("workspace.result:update"),
				})),
				statecheck.ExpectKnownValue(documented, attribute("scopes").AtSliceIndex(0).AtMapKey("group"),
					knownvalue.StringExact("Results")),
				statecheck.ExpectKnownValue(address, attribute("scopes"), knownvalue.SetSizeExact(2)),
			},
		},
	)
	f.ClearJournal()
	f.fails(f.config(config(`groups = ["Result"]`)), `"Result" is not known. Use one of: Collections & images, Files & documents, Results`)
	f.fails(f.config(config(`groups = []`)), "Name at least one group")
	f.run(resource.TestStep{Config: f.config(config(""))})
	if got := f.Count(sandbox.AnyOperation); got != 0 {
		t.Errorf("requests: got %d, want none", got)
	}
}

func TestAccProcessIDFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	output := func(text string) string {
		return fmt.Sprintf("output \"id\" {\n  value = provider::alphamoon::process_id(%q)\n}\n", text)
	}
	is := []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact(processID))}
	steps := []resource.TestStep{
		{Config: output(processID), ConfigStateChecks: is},
		{Config: output("https://workspace.alphamoon.ai/queue/" + processID), ConfigStateChecks: is},
		{Config: output("https://workspace.alphamoon.ai/queue/" + processID + "/?page=2"), ConfigStateChecks: is},
	}
	for _, wrong := range []string{"", "invoices", "https://workspace.alphamoon.ai/collections/" + processID, "https://workspace.alphamoon.ai/queue/x"} {
		steps = append(steps,
			resource.TestStep{Config: output(wrong), ExpectError: says("nor the web address of a process's queue")},
			// Terraform adds a full stop.
			resource.TestStep{Config: output(wrong), ExpectError: regexp.MustCompile(says("do not name the process.").String() + `([\s│]|$)`)})
	}
	for _, upper := range []string{strings.ToUpper(processID), "https://workspace.alphamoon.ai/queue/" + strings.ToUpper(processID)} {
		steps = append(steps, resource.TestStep{Config: output(upper), ExpectError: says("has no upper-case letters")})
	}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		ProtoV6ProviderFactories: f.factories(), Steps: steps,
	})
}

func TestScopeGroups(t *testing.T) {
	t.Parallel()
	groups := alphamoon.ScopeGroups()
	if len(groups) != 7 || len(slices.Compact(slices.Sorted(slices.Values(groups)))) != 7 {
		t.Errorf("got %q", groups)
	}
}
