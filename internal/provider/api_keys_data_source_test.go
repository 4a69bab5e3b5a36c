package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const dataAddress = "data.alphamoon_process_api_keys.test"

// listed checks the ids of the listed keys and the total, nil for null.
func listed(total any, ids ...string) []statecheck.StateCheck {
	elements := []knownvalue.Check{}
	for _, id := range ids {
		elements = append(elements, knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": knownvalue.StringExact(id)}))
	}
	totalCheck := knownvalue.Null()
	var checks []statecheck.StateCheck
	if number, ok := total.(int); ok {
		checks = append(checks, statecheck.ExpectKnownValue(dataAddress, attribute("total"),
			knownvalue.Int64Exact(int64(number))))
	} else {
		checks = append(checks, statecheck.ExpectKnownValue(dataAddress, attribute("total"), totalCheck))
	}
	return append(checks, statecheck.ExpectKnownValue(dataAddress, attribute("api_keys"), knownvalue.ListExact(elements)))
}

func (f *fixture) list(arguments string) string {
	return f.config(fmt.Sprintf("data \"alphamoon_process_api_keys\" \"test\" {\n  process_id = %q\n%s\n}\n", processID,
		arguments))
}

func TestAccDataSource(t *testing.T) {
	t.Parallel()
	for name, omitPagination := range map[string]bool{"with pagination": false, "without pagination": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t,
				sandbox.Options{MaxLimit: 2, OmitPagination: omitPagination, AlterListed: sandbox.With("key", "********")})
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
			window := any(5)
			if omitPagination {
				window = nil
			}
			f.run(
				resource.TestStep{
					Config: f.list(""),
					ConfigStateChecks: append(
						listed(5, "id-5", "id-6", "id-7", "id-8", "id-9"),
						statecheck.ExpectKnownValue(
							dataAddress,
							attribute("api_keys").AtSliceIndex(4),
							knownvalue.ObjectExact(map[string]knownvalue.Check{
								"id":              knownvalue.StringExact("id-9"),
								"name":            knownvalue.StringExact("b"),
								"status":          knownvalue.StringExact("Disabled"),
								"scopes":          knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("workspace.result:read")}),
								"created_at":      knownvalue.StringExact("2026-03-01T09:30:15Z"),
								"expires_at":      knownvalue.StringExact("2026-03-02T09:30:15Z"),
								"organization_id": knownvalue.StringExact("org_sandbox"),
								"process_id":      knownvalue.StringExact(processID),
							}),
						),
					),
				},
				resource.TestStep{Config: f.list(`name = "b"`), ConfigStateChecks: listed(5, "id-5", "id-7", "id-9")},
				resource.TestStep{
					Config:            f.list(`status = "Active"`),
					ConfigStateChecks: listed(5, "id-5", "id-6", "id-7", "id-8"),
				},
				resource.TestStep{
					Config:            f.list("name = \"b\"\nstatus = \"Disabled\""),
					ConfigStateChecks: listed(5, "id-9"),
				},
				resource.TestStep{Config: f.list(`name = "none"`), ConfigStateChecks: listed(5)},
				resource.TestStep{
					Config:            f.list("offset = 1\nlimit = 3"),
					ConfigStateChecks: listed(window, "id-6", "id-7", "id-8"),
				},
				resource.TestStep{Config: f.list(`limit = 1`), ConfigStateChecks: listed(window, "id-9")},
				resource.TestStep{Config: f.list(`offset = 4`), ConfigStateChecks: listed(window, "id-5")},
				resource.TestStep{Config: f.list(`offset = 7`), ConfigStateChecks: listed(window)},
			)
		})
	}
}

func TestAccDataSourceOfNoKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{Config: f.list(""), ConfigStateChecks: listed(0)})
}

// TestAccDataSourceOfMissingScopes: what a listing leaves out is not known, which is not the same as empty.
func TestAccDataSourceOfMissingScopes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{AlterListed: sandbox.Without("scopes")})
	f.AddKey(processID, sandbox.Key{Name: "a", Scopes: []string{"workspace.result:read"}, ExpiresAt: f.clock.Now().Add(time.Hour)})
	f.run(resource.TestStep{Config: f.list(""), ConfigStateChecks: []statecheck.StateCheck{
		statecheck.ExpectKnownValue(dataAddress, attribute("api_keys").AtSliceIndex(0).AtMapKey("scopes"), knownvalue.Null()),
	}})
}

func TestAccDataSourceBadArguments(t *testing.T) {
	t.Parallel()
	for arguments, message := range map[string]string{
		"offset = -1":  "must be a whole number from 0 to 1000000",
		"limit = 0":    "must be a whole number from 1 to 1000000",
		"limit = 1.5":  "limit is 1.5, but must be a whole number",
		"limit = true": "number required",
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.fails(f.list(arguments), message)
		})
	}
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
