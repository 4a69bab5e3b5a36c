package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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
	f.session().apply(f.config(config("")))
	if got := f.Count(sandbox.AnyOperation); got != 0 {
		t.Errorf("requests: got %d, want none", got)
	}
}

func TestScopeGroups(t *testing.T) {
	t.Parallel()
	groups := alphamoon.ScopeGroups()
	if len(groups) != 7 || len(slices.Compact(slices.Sorted(slices.Values(groups)))) != 7 {
		t.Errorf("got %q", groups)
	}
}
