package endtoend_test

import (
	"strings"
	"testing"

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
