package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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
				"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"},
				expiry: value, "revoke_on_destroy": true,
			})
			id := f.Keys(processID)[0].ID
			if !result.failed || f.sent() != "list, create, list" || !strings.Contains(result.diagnostics, id) ||
				!strings.Contains(result.diagnostics, "If another configuration made it, keep it") {
				t.Errorf("%q after %s", result.diagnostics, f.sent())
			}
		})
	}
}

// TestGeneratedNameIsASignature: what has it is what was lost, so that it is revoked, and the creation sent again.
func TestGeneratedNameIsASignature(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.tune = func(config *alphamoon.Config) { config.SettleTime = time.Second } // which the trial of the new key has too
	f.Inject(sandbox.Fault{Operation: sandbox.Create, Body: "<html>"})
	result := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name_prefix": "test-", "scopes": []string{"workspace.result:read"}, "expires_at": "2026-05-30T09:30:15Z",
		"revoke_on_destroy": true,
	})
	if result.failed || f.sent() != "list, create, list, revoke, list, list, create, list" || len(f.LiveKeys(processID)) != 1 {
		t.Errorf("%q after %s", result.diagnostics, f.sent())
	}
}

// TestRefusalAfterALoss: the answer to a creation is lost, and the second one is refused in the service's own words, whatever its
// status. They come first, and the first creation is not forgotten.
func TestRefusalAfterALoss(t *testing.T) {
	t.Parallel()
	for status, doubt := range map[int]string{
		403: "if that one has worked, a key exists whose secret is lost", 422: "if that one has worked, a key exists whose secret is lost",
		409: "The creation before this one, whose answer was lost, has worked",
	} {
		f := newFixture(t, sandbox.Options{})
		f.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 500})
		f.Inject(sandbox.Fault{Operation: sandbox.Create, Status: status, Body: sandbox.Detail(quota)})
		result := f.connect(nil).create(t.Context(), values{
			"process_id": processID, "name_prefix": "test-", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
		})
		words, told := strings.Index(result.diagnostics, quota), strings.Index(result.diagnostics, doubt)
		if !result.failed || words < 0 || told < words || !strings.HasPrefix(f.sent(), "list, create, list, create") {
			t.Errorf("%d: %q after %s", status, result.diagnostics, f.sent())
		}
	}
}

// TestConflictOfAGeneratedName: it is unique, unless the service cuts it.
func TestConflictOfAGeneratedName(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 409, Body: sandbox.Detail("The name exists.")})
	result := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name_prefix": "test-", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	if !strings.Contains(result.diagnostics, "If the service cuts names, shorten name_prefix") {
		t.Errorf("%q", result.diagnostics)
	}
}

// TestRefusalByAGatewayAfterAnEmptyListing: the service says that there is nothing, and a gateway's page refuses the creation that
// has worked. A page is no word of the service, so that a key may exist.
func TestRefusalByAGatewayAfterAnEmptyListing(t *testing.T) {
	t.Parallel()
	for rule, doubt := range map[string]bool{"empty-204": true, "empty-404": true, "": false} {
		f := newFixture(t, sandbox.Options{})
		page := sandbox.Fault{Operation: sandbox.Create, Status: 403, AfterWork: true, Body: "<html>no</html>"}
		if doubt {
			f = following(t, rule)
		} else { // who may neither list nor create has made nothing
			f.Inject(sandbox.Fault{Operation: sandbox.List, Status: 403})
			page.AfterWork = false
		}
		f.Inject(page)
		result := f.connect(nil).create(t.Context(), values{
			"process_id": processID, "name_prefix": "test-", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
		})
		if !result.failed || strings.Contains(result.diagnostics, "The key may exist") != doubt || f.sent() != "list, create" {
			t.Errorf("%q: %q after %s", rule, result.diagnostics, f.sent())
		}
	}
}
