package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccListingThatLags: the listing does not show the new key yet, and a second apply, at once, changes nothing.
func TestAccListingThatLags(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Lags: []time.Duration{time.Hour}})
	unchanged := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	f.run(
		resource.TestStep{Config: f.key(lifetime)},
		resource.TestStep{Config: f.key(lifetime), ConfigPlanChecks: unchanged},
	)
	f.expectCounts(1, 1)
}

// TestListingThatLagsWithoutACreationDate: nothing but key_version says when the key was made.
func TestListingThatLagsWithoutACreationDate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Lags: []time.Duration{time.Hour}})
	f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.With("createdAt", "2026-03-01T09:30:15")}) // no offset
	key := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	f.clock.Advance(4 * time.Minute)
	if young := f.connect(nil).read(t.Context(), key); young.state.IsNull() {
		t.Errorf("a young key left the state: %s", young.diagnostics)
	}
	f.clock.Advance(2 * time.Minute)
	if old := f.connect(nil).read(t.Context(), key); !old.state.IsNull() {
		t.Error("an older key stayed in the state")
	}
}

// TestEqualKeys: two configurations ask for equal keys. The creation of one of them is lost and left nothing, but the other's
// key appears meanwhile. It is neither revoked nor called one's own without a doubt, to whatever second it expires.
func TestEqualKeys(t *testing.T) {
	t.Parallel()
	for expiry, value := range map[string]string{"expires_at": "2026-05-30T09:30:15Z", "expires_in": "90d"} {
		t.Run(expiry, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.Inject(sandbox.Fault{Operation: sandbox.Create, Status: http.StatusInternalServerError, Then: func(box *sandbox.Sandbox) {
				box.AddKey(processID, sandbox.Key{Name: "test", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(90 * day)})
			}})
			result := f.connect(nil).create(t.Context(), values{
				"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, expiry: value, "revoke_on_destroy": true,
			})
			id := f.Keys(processID)[0].ID
			if !result.failed || f.sent() != "list, create, list" || !strings.Contains(result.diagnostics, id) ||
				!strings.Contains(result.diagnostics, "It may also be the key of another configuration") {
				t.Errorf("%q after %s", result.diagnostics, f.sent())
			}
		})
	}
}

// TestGeneratedNameIsASignature: what has it is what was lost, so that it is revoked, and the creation sent again.
func TestGeneratedNameIsASignature(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Operation: sandbox.Create, Body: "<html>"})
	result := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name_prefix": "test-", "scopes": []string{"workspace.result:read"}, "expires_at": "2026-05-30T09:30:15Z",
		"revoke_on_destroy": true,
	})
	if result.failed || f.sent() != "list, create, list, revoke, list, list, create" || len(f.LiveKeys(processID)) != 1 {
		t.Errorf("%q after %s", result.diagnostics, f.sent())
	}
}

// TestOneOutageOncePerRun: the keys of many processes run into one failure of the service or the credential. One says
// why, the others name its summary, and nobody waits for the second time. A failure of one process stays its own.
func TestOneOutageOncePerRun(t *testing.T) {
	t.Parallel()
	const processes = 10
	for name, test := range map[string]struct {
		fault    sandbox.Fault
		requests int // at most
		full     int
	}{
		"503 pages":        {sandbox.Fault{Status: 503, Body: "<html>"}, 10 * 3, 1},
		"wrong credential": {sandbox.Fault{Status: 401, Body: `{"title": "No"}`}, 10, 1},
		"connections":      {sandbox.Fault{ResetBefore: true}, 10 * 4, 1},
		"one process":      {sandbox.Fault{Status: 500, Owner: processID}, 3 + 9, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var list []sandbox.Process
			for i := range processes {
				list = append(list, sandbox.Process{ID: strings.Replace(processID, "2", string(rune('0'+i)), 1), Name: "p"})
			}
			f := newFixture(t, sandbox.Options{Processes: list})
			var keys []outcome
			for _, process := range list {
				keys = append(keys, f.connect(nil).create(t.Context(), values{
					"process_id": process.ID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
				}))
			}
			f.ClearJournal()
			test.fault.Operation, test.fault.Times = sandbox.List, -1
			f.Inject(test.fault)
			provider := f.connect(values{"max_retries": 2})
			results := make(chan outcome)
			for i := range 100 {
				go func() { results <- provider.read(t.Context(), keys[i%processes]) }()
			}
			full, short := 0, 0
			for range 100 {
				switch result := <-results; {
				case strings.Contains(result.diagnostics, `The detailed error "Alphamoon`):
					short++
				case result.failed:
					full++
				}
			}
			failing := 100
			if test.fault.Owner != "" {
				failing = 100 / processes
			}
			if full != test.full || full+short != failing || len(f.Journal()) > test.requests {
				t.Errorf("%d full errors, %d short ones, %d requests", full, short, len(f.Journal()))
			}
		})
	}
}

// TestForbiddenEverywhere: a credential that may neither list nor create is told so, whatever form the answer has.
func TestForbiddenEverywhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Status: http.StatusForbidden, Body: `{"detail": "Forbidden"}`, Times: -1})
	result := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	if !strings.Contains(result.diagnostics, "Alphamoon denied permission") || strings.Contains(result.diagnostics, "may exist") ||
		f.sent() != "list, create" {
		t.Errorf("%q after %s", result.diagnostics, f.sent())
	}
}
