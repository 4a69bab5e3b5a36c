package provider_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// prefixed is a configuration with name_prefix.
func (f *fixture) prefixed(prefix string, arguments ...string) string {
	return strings.Replace(f.key(append(arguments, "name_prefix = "+prefix)...), `name = "test"`, "", 1)
}

// TestAccNamePrefix: the name is generated, unknown in the plan, kept while the key lives, and new with every key, so that a
// rotation works where names must be unique for ever.
func TestAccNamePrefix(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{UniqueNames: sandbox.InOrganization, NamesForEver: true}})
	config := f.prefixed(`"uploader-"`, lifetime, "lifecycle {\n    create_before_destroy = true\n  }")
	name := tfjsonpath.New("name")
	f.run(
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectUnknownValue(address, name)},
			},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, name,
				knownvalue.StringRegexp(regexp.MustCompile(`^uploader-20260301T093015Z-[0-9a-f]{6}$`)))},
		},
		f.after(60*day, resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				expectReplacedBy("rotates_at"), plancheck.ExpectUnknownValue(address, name),
			}},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, name,
				knownvalue.StringRegexp(regexp.MustCompile(`^uploader-20260430T093015Z-`)))},
			Check: f.secretIsNewest(),
		}),
	)
	f.expectCounts(2, 2)
}

// TestNamePrefixChanges: a shorter prefix that the name begins with changes nothing but the setting, another one makes a new
// key.
func TestNamePrefixChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{UniqueNames: sandbox.InOrganization, NamesForEver: true}})
	s := f.session()
	s.apply(f.prefixed(`"uploader-"`, lifetime)).expect(t, create)
	s.apply(f.prefixed(`"upload"`, lifetime)).expect(t, update)
	for _, test := range []struct{ config, because string }{
		{f.prefixed(`"reader-"`, lifetime), "name_prefix"},
		{f.key(lifetime), "name"},
		{f.prefixed(`"reader-"`, lifetime), "name_prefix"},
	} {
		s.apply(test.config).expect(t, replace, test.because)
		s.expectNewestSecret()
	}
	f.expectCounts(4, 4)
}

// TestAccUniqueNamesOfReplacements: with create_before_destroy no run knows which key is replaced, so that it is a guess.
func TestAccUniqueNamesOfReplacements(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{UniqueNames: sandbox.InCollection}})
	config := f.key(lifetime, "lifecycle {\n  create_before_destroy = true\n}")
	f.run(
		resource.TestStep{Config: config},
		f.after(60*day, resource.TestStep{
			Config:      config,
			ExpectError: says("stands in the way, which may be the one that is to be replaced. Set name_prefix instead of name"),
		}),
		resource.TestStep{Config: strings.Replace(config, `name = "test"`, `name_prefix = "test"`, 1), Check: f.secretIsNewest()},
	)
	f.expectCounts(3, 2)
}

// TestAccNamePrefixOfAnAdoptedKey: a name that begins with the prefix stays until the key is replaced for another reason.
func TestAccNamePrefixOfAnAdoptedKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.AddKey(processID, sandbox.Key{
		Name: "uploader-old", Scopes: []string{"workspace.result:read", "workspace.file:upload"}, ExpiresAt: start.Add(90 * day),
	})
	config := f.prefixed(`"uploader-"`, lifetime)
	f.run(
		resource.TestStep{
			Config: config, ResourceName: address, ImportState: true, ImportStateId: processID + "/" + key.ID, ImportStatePersist: true,
		},
		resource.TestStep{
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("name"), knownvalue.StringExact("uploader-old")),
			},
		},
		keeps(config),
	)
	f.expectCounts(0, 1)
}

// TestNameAndPrefix: exactly one of both is set, on every kind and on ephemeral keys.
func TestNameAndPrefix(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	for arguments, says := range map[string]string{
		`name_prefix = "x"`:                         "Both name and name_prefix are set. Remove one of them.",
		"name = null":                               "Neither name nor name_prefix is set. Set one of them.",
		"name = null\n  name_prefix = \" \"":        `name_prefix is " ", but must have at least one character that is not a blank.`,
		"name = null\n  name_prefix = \"a\\nb\\n\"": "which has a line end",
	} {
		f.fails(f.key(lifetime, arguments), says)
	}
}

// TestEphemeralNamePrefix: the plan's key still lives at the apply, so that where names must be unique only a prefix works.
func TestEphemeralNamePrefix(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Rules: sandbox.Rules{UniqueNames: sandbox.InCollection}})
	f.session().apply(f.config(fmt.Sprintf(`
ephemeral "alphamoon_process_api_key" "job" {
  process_id  = %q
  name_prefix = "job-"
  scopes      = ["workspace.result:read"]
}`, processID)))
	names := map[string]bool{}
	for _, key := range f.Keys(processID) {
		names[key.Name] = strings.HasPrefix(key.Name, "job-20260301T093015Z-")
	}
	if len(names) < 2 || slices.Contains(slices.Collect(maps.Values(names)), false) {
		t.Errorf("got the names %v", names)
	}
}
