package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// ephemeral is a configuration with an ephemeral key.
func (f *fixture) ephemeral(arguments ...string) string {
	body := fmt.Sprintf("  process_id = %q\n  name = \"test\"\n", processID)
	scopes := `scopes = ["workspace.process.api_key:manage"]`
	for _, argument := range arguments {
		if strings.HasPrefix(argument, "scopes") {
			scopes = ""
		}
	}
	for _, argument := range append(arguments, scopes) {
		body += "  " + argument + "\n"
	}
	return f.config("ephemeral \"alphamoon_process_api_key\" \"test\" {\n" + body + "}\n")
}

// echo writes an ephemeral resource into the state.
const echo = `
provider "echo" {
  data = ephemeral.alphamoon_process_api_key.test
}
resource "echo" "test" {}
`

func (f *fixture) runEphemeral(steps ...resource.TestStep) {
	f.t.Helper()
	factories := f.factories()
	factories["echo"] = echoprovider.NewProviderServer()
	resource.UnitTest(f.t.(*testing.T), resource.TestCase{
		TerraformVersionChecks:   ephemerals(),
		ProtoV6ProviderFactories: factories, Steps: steps,
	})
}

func TestAccEphemeral(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	data := attribute("data")
	f.runEphemeral(resource.TestStep{
		Config: f.ephemeral() + echo,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("echo.test", data.AtMapKey("expires_at"),
				knownvalue.StringExact(start.Add(time.Hour).Format(time.RFC3339))),
		},
		Check: func(state *terraform.State) error {
			attributes := state.RootModule().Resources["echo.test"].Primary.Attributes
			for _, key := range f.Keys(processID) {
				if key.ID == attributes["data.id"] && key.Secret == attributes["data.key"] {
					return nil
				}
			}
			return fmt.Errorf("the consumer got no secret of the sandbox")
		},
	})
	// The page says what each run creates; here nothing is revoked.
	if created, revoked := f.Count(sandbox.Create), f.Count(sandbox.Revoke); created < 2 || len(f.LiveKeys(processID)) != created ||
		revoked != 0 {
		t.Errorf("%d created, %d alive, %d revoked", created, len(f.LiveKeys(processID)), revoked)
	}
}

func TestAccEphemeralIsRevoked(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{"removed": {}, "disabled": {Revocation: sandbox.RevocationDisables}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, options)
			f.runEphemeral(resource.TestStep{Config: f.ephemeral(`revoke_on_close = true`, `expires_in = "24h"`) + echo})
			if created, live := f.Count(sandbox.Create), len(f.LiveKeys(processID)); created < 2 || live != 0 ||
				f.Count(sandbox.Revoke) != created {
				t.Errorf("%d created, %d alive, %d revocations", created, live, f.Count(sandbox.Revoke))
			}
		})
	}
}

func TestEphemeralFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options   sandbox.Options
		fault     sandbox.Fault
		arguments []string
		message   string
	}{
		"lifetime over the cap": {arguments: []string{`expires_in = "24h1s"`}, message: "at most 24 hours are allowed here"},
		"no lifetime":           {arguments: []string{`expires_in = "0s"`}, message: "longer than zero"},
		"unknown scope": {
			arguments: []string{`scopes = ["workspace.results:read"]`}, message: `the nearest one is "workspace.result:read"`,
		},
		"revocation refused": {
			options: sandbox.Options{Revocation: sandbox.RevocationUnknown}, arguments: []string{`revoke_on_close = true`},
			message: "Ephemeral key could not be revoked",
		},
		"revocation without effect": {
			options: sandbox.Options{Revocation: sandbox.RevocationDoesNothing}, arguments: []string{`revoke_on_close = true`},
			message: "still lists the key",
		},
		"no secret, revoked": {
			fault: sandbox.Fault{AlterCreated: sandbox.Without("key")}, arguments: []string{`revoke_on_close = true`},
			message: "the answer does not have the secret. It was revoked",
		},
		"no secret, not revoked": {
			options: sandbox.Options{Revocation: sandbox.RevocationUnknown},
			fault:   sandbox.Fault{AlterCreated: sandbox.Without("key")}, arguments: []string{`revoke_on_close = true`},
			message: "because revoking it failed: DELETE",
		},
		"no secret": {
			fault: sandbox.Fault{AlterCreated: sandbox.Without("key")}, message: "the answer does not have the secret",
		},
		"other scopes": {
			fault:   sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"workspace.result:read"} }},
			message: "and has workspace.result:read",
		},
		"refused": {
			fault: sandbox.Fault{Status: http.StatusForbidden, Body: `{"title": "No"}`}, message: "Alphamoon denied permission",
		},
		"answer lost": {
			fault: sandbox.Fault{ResetAfter: true}, message: "With name_prefix and revoke_on_close = true",
		},
		"a bad lifetime": {
			fault: sandbox.Fault{
				Status: 400, Body: `{"title": "Bad", "errors": [{"location": "body: exp", "message": "too soon"}]}`,
			},
			message: "exp: too soon",
		},
		"unknown process": {
			arguments: []string{`allow_undocumented_scopes = true`, `scopes = ["a.b:c"]`},
			fault:     sandbox.Fault{Status: 404, Body: `{"title": "None"}`}, message: "Alphamoon answered that it was not found",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.options)
			test.fault.Operation, test.fault.Times = sandbox.Create, -1
			f.Inject(test.fault)
			output := f.fails(f.ephemeral(test.arguments...), test.message)
			// Whatever exists is named.
			for _, key := range f.LiveKeys(processID) {
				if !strings.Contains(output, key.ID) {
					t.Errorf("the key %s is not named in:\n%s", key.ID, output)
				}
			}
		})
	}
}
