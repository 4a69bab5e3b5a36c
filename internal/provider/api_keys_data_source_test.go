package provider_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const dataAddress = "data.alphamoon_process_api_keys.test"

func (f *fixture) list(arguments string) string {
	return f.config(fmt.Sprintf("data \"alphamoon_process_api_keys\" \"test\" {\n  process_id = %q\n%s\n}\n", processID,
		arguments))
}

// listed applies a configuration with the data source and returns what it found.
func (f *fixture) listed(arguments string) (all values, ids []any) {
	f.t.Helper()
	all = f.session().apply(f.list(arguments)).data[dataAddress]
	for _, key := range all["api_keys"].([]any) {
		ids = append(ids, key.(values)["id"])
	}
	return all, ids
}

func TestDataSource(t *testing.T) {
	t.Parallel()
	for name, omitPagination := range map[string]bool{"with pagination": false, "without pagination": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{
				MaxLimit: 2, OmitPagination: omitPagination, AlterListed: sandbox.With("key", "********"),
			})
			for i, name := range []string{"b", "a", "b", "c", "b"} {
				f.AddKey(processID, sandbox.Key{
					ID:        fmt.Sprintf("id-%d", 9-i),
					Name:      name,
					Scopes:    []string{"workspace.result:read"},
					ExpiresAt: start.Add(day),
					CreatedAt: start.Add(-time.Duration(i/2) * time.Hour), // the later ones are the older ones, in pairs
				})
			}
			f.SetStatus("id-9", "Disabled")
			window := any(5.0) // the total of a listing that does not go to the end is only known if it is told
			if omitPagination {
				window = nil
			}
			for _, test := range []struct {
				arguments string
				total     any
				ids       []any
			}{
				{"", 5.0, []any{"id-5", "id-6", "id-7", "id-8", "id-9"}},
				{`name = "b"`, 5.0, []any{"id-5", "id-7", "id-9"}},
				{`status = "Active"`, 5.0, []any{"id-5", "id-6", "id-7", "id-8"}},
				{"name = \"b\"\nstatus = \"Disabled\"", 5.0, []any{"id-9"}},
				{`name = "none"`, 5.0, nil},
				{"offset = 1\nlimit = 3", window, []any{"id-6", "id-7", "id-8"}},
				{`limit = 1`, window, []any{"id-9"}},
				{`offset = 4`, window, []any{"id-5"}},
				{`offset = 7`, window, nil},
			} {
				all, ids := f.listed(test.arguments)
				if all["total"] != test.total || !slices.Equal(ids, test.ids) {
					t.Errorf("%s: got %v of %v, want %v of %v", test.arguments, ids, all["total"], test.ids, test.total)
				}
			}
			all, _ := f.listed("")
			if difference := cmp.Diff(values{
				"id":              "id-9",
				"name":            "b",
				"status":          "Disabled",
				"scopes":          []any{"workspace.result:read"},
				"created_at":      "2026-03-01T09:30:15Z",
				"expires_at":      "2026-03-02T09:30:15Z",
				"organization_id": "org_sandbox",
				"process_id":      processID,
			}, all["api_keys"].([]any)[4]); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestDataSourceOfNoKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	if all, ids := f.listed(""); all["total"] != 0.0 || len(ids) != 0 {
		t.Errorf("got %v", all)
	}
}

// TestDataSourceOfMissingScopes: what a listing leaves out is not known, which is not the same as empty.
func TestDataSourceOfMissingScopes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{AlterListed: sandbox.Without("scopes")})
	f.AddKey(processID, sandbox.Key{Name: "a", Scopes: []string{"workspace.result:read"}, ExpiresAt: f.clock.Now().Add(time.Hour)})
	all, ids := f.listed("")
	if scopes, found := all["api_keys"].([]any)[0].(values)["scopes"]; len(ids) != 1 || !found || scopes != nil {
		t.Errorf("got %v", all)
	}
}

func TestDataSourceBadArguments(t *testing.T) {
	t.Parallel()
	for arguments, message := range map[string]string{
		"offset = -1": "must be a whole number from 0 to 1000000",
		"limit = 0":   "must be a whole number from 1 to 1000000",
		"limit = 1.5": "limit is 1.5, but must be a whole number",
	} {
		f := newFixture(t, sandbox.Options{})
		f.fails(f.list(arguments), message)
	}
}

// TestAccDataSourceOfAnotherType: Terraform itself refuses it.
func TestAccDataSourceOfAnotherType(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.failsInTerraform(f.list("limit = true"), "number required")
}

// TestAccDataSourceSeesANewKey lists in the same apply that creates the key.
func TestAccDataSourceSeesANewKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{
		Config: f.key(`expires_in = "90d"`) + fmt.Sprintf(`
data "alphamoon_process_api_keys" "test" {
  process_id = %q
  depends_on = [alphamoon_process_api_key.test]
}`, processID),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(dataAddress, attribute("api_keys").AtSliceIndex(0).AtMapKey("name"),
				knownvalue.StringExact("test")),
			statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("total"), knownvalue.Int64Exact(1)),
		},
	})
}
