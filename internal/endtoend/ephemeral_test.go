package endtoend_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccEphemeralSecretIsInNoFile mints a key, lets another instance of the provider work with it, and searches
// every file that Terraform leaves.
func TestAccEphemeralSecretIsInNoFile(t *testing.T) {
	t.Parallel()
	if withoutEphemerals(t) {
		t.Skip("this version has no ephemeral resources")
	}
	w := newWorkspace(t, `
ephemeral "alphamoon_process_api_key" "job" {
  process_id = "`+sandbox.DefaultProcessID+`"
  name       = "job"
  scopes     = ["workspace.process.api_key:manage"]
}

provider "alphamoon" {
  alias   = "job"
  api_key = ephemeral.alphamoon_process_api_key.job.key
}

data "alphamoon_process_api_keys" "all" {
  provider   = alphamoon.job
  process_id = "`+sandbox.DefaultProcessID+`"
}

output "names" {
  value = data.alphamoon_process_api_keys.all.api_keys[*].name
}
`, sandbox.Options{})
	for _, arguments := range [][]string{{"plan", "-input=false", "-out=job.tfplan"}, {"apply", "-input=false", "job.tfplan"}} {
		if output, err := w.command(t.Context(), nil, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	if !strings.Contains(w.read("terraform.tfstate"), `"job"`) {
		t.Error("the consumer did not list the key with itself")
	}
	keys := w.Keys(sandbox.DefaultProcessID)
	// Terraform opens it for the plan and for the apply; OpenTofu need not open it again for a plan that changes nothing.
	if len(keys) != 2 && (!cli.OpenTofu || len(keys) != 1) {
		t.Errorf("%d keys: a plan and an apply create one each", len(keys))
	}
	w.expectInNoFile(keys)
}

// jobConfig is a configuration with an ephemeral key that another instance of the provider creates a key with.
const jobConfig = `
ephemeral "alphamoon_process_api_key" "job" {
  process_id      = "` + sandbox.DefaultProcessID + `"
  name            = "job"
  scopes          = ["workspace.process.api_key:manage"]
  revoke_on_close = REVOKE
}

provider "alphamoon" {
  alias   = "job"
  api_key = ephemeral.alphamoon_process_api_key.job.key
}

resource "alphamoon_process_api_key" "test" {
  provider   = alphamoon.job
  process_id = "` + sandbox.DefaultProcessID + `"
  name       = "managed"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
`

// newJob is a workspace with an ephemeral key.
func newJob(t *testing.T, revokes bool) *workspace {
	t.Helper()
	if withoutEphemerals(t) {
		t.Skip("this version has no ephemeral resources")
	}
	return newWorkspace(t, strings.ReplaceAll(jobConfig, "REVOKE", fmt.Sprint(revokes)), sandbox.Options{})
}

// expectJobs checks how many ephemeral keys were created and how many of them live.
func (w *workspace) expectJobs(created, live int) {
	w.t.Helper()
	var gotCreated, gotLive int
	for _, request := range w.Journal() {
		if request.Operation == sandbox.Create && request.Name == "job" {
			gotCreated++
		}
	}
	for _, key := range w.LiveKeys(sandbox.DefaultProcessID) {
		if key.Name == "job" {
			gotLive++
		}
	}
	if gotCreated != created || gotLive != live {
		w.t.Errorf("%d ephemeral keys were created and %d live, want %d and %d", gotCreated, gotLive, created, live)
	}
}

// TestAccEphemeralIsRevokedAfterAFailure: Terraform does not close what a failed resource used.
func TestAccEphemeralIsRevokedAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, revokes := range []bool{true, false} {
		t.Run(fmt.Sprint(revokes), func(t *testing.T) {
			t.Parallel()
			w := newJob(t, revokes)
			w.Inject(sandbox.Fault{Operation: sandbox.Create, Skip: 2, Status: 403, Body: `{"title": "No"}`})
			output, err := w.command(t.Context(), withTLS, "apply", "-input=false", "-auto-approve").CombinedOutput()
			closed := strings.Count(string(output), "Closing complete") +
				strings.Count(string(output), "Close complete") // OpenTofu's words
			if err == nil || closed != 1 {
				t.Errorf("the apply closed the key, so that this proves nothing: %v\n%s", err, output)
			}
			live := 2 // of the plan and of the apply
			if revokes {
				live = 0
			}
			w.expectJobs(2, live)
		})
	}
}

func TestAccEphemeralIsRevokedAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	w := newJob(t, true)
	w.Inject(sandbox.Fault{Operation: sandbox.Create, Skip: 2, Delay: time.Second})
	w.startApply(sandbox.Create, 3, func(*exec.Cmd) {}).end(interrupt)
	w.expectJobs(2, 0)
	if id, _ := w.keyInState(); id == "" {
		t.Error("the key on its way is not in the state")
	}
}

// TestAccInterruptedOpeningRevokes interrupts the opening of the apply. While an apply plans, Terraform tells no provider of an
// interrupt.
func TestAccInterruptedOpeningRevokes(t *testing.T) {
	t.Parallel()
	for _, revokes := range []bool{true, false} {
		t.Run(fmt.Sprint(revokes), func(t *testing.T) {
			t.Parallel()
			w := newJob(t, revokes)
			w.Inject(sandbox.Fault{Operation: sandbox.Create, Skip: 1, Delay: time.Second})
			output := w.startApply(sandbox.Create, 2, func(*exec.Cmd) {}).end(interrupt)
			live := 2
			if revokes {
				live = 0
			}
			w.expectJobs(2, live)
			if strings.Contains(output, "It was revoked") != revokes {
				t.Errorf("it says:\n%s", output)
			}
		})
	}
}
