package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestRefusalsOfTheKinds shows that an answer of the service is explained by what was asked for.
func TestRefusalsOfTheKinds(t *testing.T) {
	t.Parallel()
	const organization = `
data "alphamoon_organization_api_keys" "test" {}
`
	const processes = `
data "alphamoon_processes" "test" {}
`
	const newOrganizationKey = `
resource "alphamoon_organization_api_key" "test" {
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
`
	const newProcessKey = `
resource "alphamoon_process_api_key" "test" {
  process_id = "` + processID + `"
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
`
	conflict := sandbox.Fault{Status: 409, Body: `{"title": "Conflict"}`}
	missing := sandbox.Fault{Status: 404, Body: `{"title": "Not found"}`}
	for name, test := range map[string]struct {
		config    string
		operation sandbox.Operation
		fault     sandbox.Fault
		message   string
	}{
		"missing organization":               {organization, sandbox.List, missing, "Alphamoon answered that it was not found"},
		"missing organization at a creation": {newOrganizationKey, sandbox.Create, missing, "Alphamoon answered that it was not found"},
		"missing list of processes":          {processes, sandbox.ListProcesses, missing, "Alphamoon answered that it was not found"},
		"forbidden processes": {
			processes, sandbox.ListProcesses,
			sandbox.Fault{Status: 403, Body: `{"title": "Forbidden"}`},
			"lacks the scope workspace.process:read",
		},
		"conflict of processes": {processes, sandbox.ListProcesses, conflict, "If the configuration is wrong, correct it"},
		"conflict of a process key": {
			newProcessKey, sandbox.Create, conflict,
			"saying: Conflict. If names must be unique, set name_prefix instead of name",
		},
		"conflict of an organization key": {
			newOrganizationKey, sandbox.Create, conflict, "If it is about a limit, delete keys that nobody needs in the web application",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			test.fault.Operation, test.fault.Times = test.operation, -1
			f.Inject(test.fault)
			f.fails(f.config(test.config), test.message)
		})
	}
}

// TestServiceFailures has what is said beside the fault matrix.
func TestServiceFailures(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html"}}
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		message string
	}{
		"framework's own": {sandbox.Fault{Status: 404, Body: `{"detail": "Not Found"}`}, "check the provider's base_url"},
		"conflict": {
			sandbox.Fault{Status: 409, Body: `{"title": "Conflict"}`},
			"saying: Conflict. If the configuration is wrong, correct it",
		},
		"too large": {sandbox.Fault{Status: 413}, "413 Request Entity Too Large. The service gives no reason."},
		"foreign credential": {
			sandbox.Fault{Status: 401, Body: `<html><body>Who goes there?</body></html>`, Header: html},
			"saying: Who goes there? If the provider's api_key (or ALPHAMOON_API_KEY) is wrong or has expired, use a valid one. " +
				"The answer is not in the API's documented form, so that it may also be a proxy's or a gateway's",
		},
		"foreign forbidden": {
			sandbox.Fault{Status: 403, Body: `<html><body>Blocked...</body></html>`, Header: html},
			"saying: Blocked. If the provider's api_key lacks the scope workspace.process.api_key:manage for this process, " +
				"use a key that has it. The answer is not in the API's documented form",
		},
		"foreign proxy": {sandbox.Fault{Status: 407}, "The proxy wants a user and a password"},
		"come back later": {
			sandbox.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, "The service asks to stay away until",
		},
		"maintenance": {
			sandbox.Fault{Status: 503, Header: http.Header{"Retry-After": {"7200"}}}, "The service asks to stay away until",
		},
		"unprocessable": {
			sandbox.Fault{Status: 422, Body: `{"detail": [{"loc": ["query", "limit"], "msg": "value is not a valid integer"}]}`},
			"query.limit: value is not a valid integer",
		},
		"rate limited": {sandbox.Fault{Status: 429}, "for ten minutes"},
		"server error": {
			sandbox.Fault{Status: 500, Body: `{"title": "Oops", "instance": "30e18f59"}`}, "the service's reference 30e18f59",
		},
		"proxy error": {
			sandbox.Fault{Status: 502, Body: `<html><body><h1>Bad Gateway</h1></body></html>`, Header: html}, "saying: Bad Gateway",
		},
		"login page": {
			sandbox.Fault{Body: `<html><body>Please log in</body></html>`, Header: html},
			"is not what the API sends (it is not JSON; its content type is \"text/html\"). A proxy may have replaced it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			test.fault.Operation, test.fault.Times = sandbox.List, -1
			f.Inject(test.fault)
			f.fails(f.config(list), test.message)
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
