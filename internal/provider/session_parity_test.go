package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccSessionIsLikeTerraform applies one configuration of each kind of message in process and with the real Terraform,
// and demands the same errors and the same requests. Every table that a session plays has its case here.
func TestAccSessionIsLikeTerraform(t *testing.T) {
	t.Parallel()
	refused := func(operation sandbox.Operation) sandbox.Fault {
		return sandbox.Fault{Operation: operation, Status: 409, Body: `{"title": "Conflict"}`, Times: -1}
	}
	for name, test := range map[string]struct {
		config func(*fixture) string
		fault  sandbox.Fault
		stage  string
	}{
		"an argument of a resource": {
			config: func(f *fixture) string { return f.key(`expires_in = "0d"`) }, stage: validating,
		},
		"two arguments of a resource": {
			config: func(f *fixture) string { return f.key(lifetime, `expires_at = "2026-05-01T00:00:00Z"`) }, stage: validating,
		},
		"an element of a set": {
			config: func(f *fixture) string { return f.key(lifetime, `scopes = ["read results"]`) }, stage: validating,
		},
		"an element of a list": {
			config: func(f *fixture) string { return f.key(lifetime, `encrypt_to = ["alice"]`) }, stage: validating,
		},
		"an argument of a data source": {
			config: func(f *fixture) string { return f.list("limit = 0") }, stage: validating,
		},
		"an argument of an ephemeral resource": {
			config: func(f *fixture) string { return f.ephemeral(`expires_in = "0s"`) }, stage: validating,
		},
		"an argument of the provider": {
			config: func(f *fixture) string { return strings.Replace(f.list(""), "{\n", "{\n  max_retries = 21\n", 1) }, stage: validating,
		},
		"the provider's credential": {
			config: func(f *fixture) string {
				return strings.Replace(f.list(""), sandbox.DefaultCredential, "wrong:wrong", 1)
			},
			stage: planning,
		},
		"a plan": {
			config: func(f *fixture) string { return f.key(`expires_at = "2026-02-28T00:00:00Z"`) }, stage: planning,
		},
		"a refused listing": {
			config: func(f *fixture) string { return f.list("") }, fault: refused(sandbox.List), stage: planning,
		},
		"a refused list of processes": {
			config: func(f *fixture) string { return f.config(`data "alphamoon_process" "test" { name = "a" }`) },
			fault:  refused(sandbox.ListProcesses), stage: planning,
		},
		"a refused creation": {
			config: func(f *fixture) string { return f.key(lifetime) }, fault: refused(sandbox.Create), stage: applying,
		},
		"a bad answer to a creation": {
			config: func(f *fixture) string { return f.key(lifetime) }, stage: applying,
			fault: sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.Without("id")},
		},
		"a refused ephemeral key": {
			config: func(f *fixture) string { return f.ephemeral() }, fault: refused(sandbox.Create), stage: planning,
		},
		"an ephemeral key that is not revoked": {
			config: func(f *fixture) string { return f.ephemeral(`revoke_on_close = true`) },
			fault:  refused(sandbox.Revoke), stage: planning,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inProcess, real := newFixture(t, sandbox.Options{}), newFixture(t, sandbox.Options{})
			inProcess.Inject(test.fault)
			real.Inject(test.fault)
			r := inProcess.session().try(test.config(inProcess))
			if r.stage != test.stage || r.errors != 1 {
				t.Errorf("ended in %s with %d errors:\n%s", r.stage, r.errors, r.text)
			}
			for _, d := range r.said {
				if d.Severity != tfprotov6.DiagnosticSeverityError {
					continue
				}
				output, detail := real.failsInTerraform(test.config(real), d.Summary), d.Detail
				for i, request := range inProcess.Journal() {
					if id := request.KeyID; id != "" && i < len(real.Journal()) {
						detail = strings.ReplaceAll(detail, id, real.Journal()[i].KeyID)
					}
				}
				if !says(detail).MatchString(output) {
					t.Errorf("Terraform says:\n%s\nand in process it is:\n%s", output, r.text)
				}
			}
			if got, want := inProcess.sent(), real.sent(); got != want {
				t.Errorf("in process it sent %q, with Terraform %q", got, want)
			}
		})
	}
}
