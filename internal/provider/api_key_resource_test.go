package provider_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func attribute(name string) tfjsonpath.Path { return tfjsonpath.New(name) }

func expectAction(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// secretIsNewest checks that the state holds the secret of the newest key that the sandbox created.
func (f *fixture) secretIsNewest() resource.TestCheckFunc {
	return func(state *terraform.State) error {
		keys := f.Keys(processID)
		if len(keys) == 0 {
			return fmt.Errorf("the sandbox has no keys")
		}
		newest := keys[len(keys)-1]
		attributes := state.RootModule().Resources[address].Primary.Attributes
		if attributes["id"] != newest.ID || attributes["key"] != newest.Secret {
			return fmt.Errorf("the state does not hold the id and the secret of the newest key %s", newest.ID)
		}
		return nil
	}
}

func TestAccKeyWithFixedDate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(
		resource.TestStep{
			Config:           f.key(`expires_at = "2026-05-31T12:00:00.687+02:00"`),
			ConfigPlanChecks: expectAction(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, attribute("expires_at"),
					knownvalue.StringExact("2026-05-31T12:00:00.687+02:00")),
				statecheck.ExpectKnownValue(address, attribute("rotates_at"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, attribute("status"), knownvalue.StringExact("Active")),
				statecheck.ExpectKnownValue(address, attribute("created_at"),
					knownvalue.StringExact("2026-03-01T09:30:15Z")),
				statecheck.ExpectKnownValue(address, attribute("organization_id"), knownvalue.StringExact("org_sandbox")),
				statecheck.ExpectKnownValue(address, attribute("revoke_on_destroy"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(address, attribute("allow_undocumented_scopes"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(address, attribute("scopes"), knownvalue.SetExact([]knownvalue.Check{
					knownvalue.StringExact("workspace.file:upload"), knownvalue.StringExact("workspace.result:read"),
				})),
				statecheck.ExpectSensitiveValue(address, attribute("key")),
			},
			Check: f.secretIsNewest(),
		},
		resource.TestStep{
			// The service's own spelling of the same instant is no change.
			Config:           f.key(`expires_at = "2026-05-31T10:00:00Z"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
	requests := f.created()
	if len(requests) != 1 || requests[0].Expiry != "2026-05-31T10:00:00.687Z" {
		t.Errorf("creations: got %+v, want one with the expiry in UTC and milliseconds", requests)
	}
	if got, want := requests[0].UserAgent, "terraform-provider-alphamoon/test (+https://"; len(got) < len(want) ||
		got[:len(want)] != want {
		t.Errorf("User-Agent: got %q", got)
	}
}

func TestKeyWithLifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	s.apply(f.key(`expires_in = "90d"`)).expect(t, create)
	if state := s.attributes(address); state["expires_at"] != "2026-05-30T09:30:15Z" || state["rotates_at"] != "2026-04-30T09:30:15Z" {
		t.Errorf("got %v", state)
	}
	s.expectNewestSecret()
	s.apply(f.key(`expires_in = "2160h"`)).expect(t, keep)
	f.expectCounts(1, 1)
}

func TestKeyReplacedByChanges(t *testing.T) {
	t.Parallel()
	other := sandbox.Process{ID: "93580f176efb48cda64f25cba74d8ca4", Name: "Receipts"}
	f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: "Invoices"}, other}})
	const name, scopes = `name = "other"`, `scopes = ["workspace.result:read"]`
	elsewhere := fmt.Sprintf("process_id = %q", other.ID)
	s := f.session()
	s.apply(f.key(lifetime)).expect(t, create)
	secrets, ids := map[any]bool{s.attributes(address)["key"]: true}, map[any]bool{s.attributes(address)["id"]: true}
	for _, change := range []struct {
		arguments []string
		reason    string
	}{
		{[]string{lifetime, name}, "name"},
		{[]string{lifetime, name, scopes}, "scopes"},
		{[]string{lifetime, name, scopes, elsewhere}, "process_id"},
		{[]string{`expires_at = "2026-06-01T00:00:00Z"`, name, scopes, elsewhere}, "expires_at"},
		{[]string{`expires_at = "2026-06-01T00:00:01Z"`, name, scopes, elsewhere}, "expires_at"},
	} {
		s.apply(f.key(change.arguments...)).expect(t, replace, change.reason)
		secrets[s.attributes(address)["key"]], ids[s.attributes(address)["id"]] = true, true
	}
	if got := f.Count(sandbox.Create); got != 6 || len(secrets) != 6 || len(ids) != 6 {
		t.Errorf("%d creations, %d secrets, %d ids", got, len(secrets), len(ids))
	}
}

// TestKeyKeepsItsDateWhenItGetsALifetime also goes the way back: neither may cost a key as long as the date stays.
func TestKeyKeepsItsDateWhenItGetsALifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	dated := f.key(`expires_at = "2026-05-30T09:30:15Z"`)
	for _, test := range []struct {
		config, action string
		rotatesAt      any
	}{{dated, create, nil}, {f.key(lifetime), update, "2026-04-30T09:30:15Z"}, {dated, update, nil}} {
		s.apply(test.config).expect(t, test.action)
		if got := s.attributes(address)["rotates_at"]; got != test.rotatesAt {
			t.Errorf("rotates_at is %v, want %v", got, test.rotatesAt)
		}
		s.expectNewestSecret()
	}
	f.expectCounts(1, 1)
}

func TestUndocumentedScopes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	const scopes, allowed = `scopes = ["workspace.result:create"]`, `allow_undocumented_scopes = true`
	s.fails(f.key(lifetime, scopes), `"workspace.result:create" is not a documented scope; the nearest one is`)
	s.apply(f.key(lifetime, scopes, allowed)).expect(t, create)
	s.apply(f.key(lifetime, scopes, allowed)).expect(t, keep)
	s.apply(f.key(lifetime, scopes, allowed, `rotate_before_expiry = "1d"`)).expect(t, update)
	f.expectCounts(1, 1)
}

func TestAccDestroyForgets(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{Config: f.key(`expires_in = "90d"`)},
		resource.TestStep{Config: f.key(`expires_in = "90d"`), Destroy: true})
	f.expectCounts(1, 1)
	if got := f.Count(sandbox.Revoke); got != 0 {
		t.Errorf("revocations: got %d, want none", got)
	}
}

func TestDestroyAfterTheDateHasPassed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(`expires_at = "2026-03-02T00:00:00Z"`)
	s := f.session()
	s.apply(config)
	f.clock.Advance(30 * day)
	s.apply(config).expect(t, keep)
	s.destroy().expect(t, destroy)
	f.expectCounts(1, 1)
}

// TestBadAnswersToACreation: the next apply replaces what is kept and creates what is not. The fault matrix has more.
func TestBadAnswersToACreation(t *testing.T) {
	t.Parallel()
	granted := func(change func(*sandbox.Key)) sandbox.Fault { return sandbox.Fault{AlterGranted: change} }
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		message string
		kept    bool // whether the key is in the state afterwards
	}{
		"no secret": {sandbox.Fault{AlterCreated: sandbox.Without("key")}, "Key created without its secret", true},
		"no id":     {sandbox.Fault{AlterCreated: sandbox.Without("id")}, `the answer has no "id"`, false},
		"other scopes": {
			granted(func(key *sandbox.Key) { key.Scopes = []string{"workspace.result:read"} }), "and granted workspace.result:read", true,
		},
		"not JSON": {sandbox.Fault{Body: "<html><body>Welcome</body></html>"}, "is not what the API sends", false},
		"the service's own validation message": {
			sandbox.Fault{
				Status: http.StatusBadRequest,
				Body:   `{"title": "Bad", "errors": [{"location": "body: exp", "message": "must not be on a Sunday"}]}`,
			},
			"must not be on a Sunday", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			test.fault.Operation = sandbox.Create
			f.Inject(test.fault)
			existing := 0
			if test.fault.Status == 0 {
				existing = 1
			}
			next := create
			if test.kept {
				next = replace
			}
			s := f.session()
			s.fails(f.key(`expires_in = "90d"`), test.message)
			f.expectCounts(1, existing)
			s.apply(f.key(`expires_in = "90d"`)).expect(t, next)
			s.expectNewestSecret()
			f.expectCounts(2, existing+1)
		})
	}
}

// TestAccBadAnswerToACreation taints the key.
func TestAccBadAnswerToACreation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.Without("key")})
	f.run(
		resource.TestStep{Config: f.key(lifetime), ExpectError: says("Key created without its secret")},
		resource.TestStep{
			Config:           f.key(lifetime),
			ConfigPlanChecks: expectAction(plancheck.ResourceActionDestroyBeforeCreate),
			Check:            f.secretIsNewest(),
		},
	)
	f.expectCounts(2, 2)
}

func TestUnknownProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.fails(f.key(`expires_in = "90d"`, `process_id = "00000000000000000000000000000000"`), "Alphamoon answered that it was not found")
	f.expectCounts(1, 0) // the listing before it proves nothing
}

func TestAccSavedPlanAppliedLater(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.run(resource.TestStep{
		Config: f.key(`expires_in = "90d"`),
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			// The clock moves between the plan and the apply.
			planCheckFunc(func() { f.clock.Advance(day) }),
		}},
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, attribute("expires_at"),
				knownvalue.StringExact(start.Add(91*day).Format(time.RFC3339))),
		},
	})
}
