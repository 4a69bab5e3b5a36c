package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccProviderFromAKeyOfItsConfiguration: a provider is configured from a key that another configuration of the provider
// makes. While that key is replaced, the other keys stay as they are, with one warning, and the apply goes on with the new key.
func TestAccProviderFromAKeyOfItsConfiguration(t *testing.T) {
	t.Parallel()
	config := func(round string) string {
		return requirement + fmt.Sprintf(`
provider "alphamoon" {
  alias   = "admin"
  api_key = %q
}
resource "alphamoon_organization_api_key" "pipeline" {
  provider          = alphamoon.admin
  name              = "pipeline"
  scopes            = ["workspace.process.api_key:manage"]
  expires_in        = "90d"
  rotation_triggers = { round = %q }
}
provider "alphamoon" {
  api_key = alphamoon_organization_api_key.pipeline.key
}
`, sandbox.DefaultCredential, round) + keys(3, `name = "k-${count.index}"`, `expires_in = "90d"`)
	}
	w := newPlainWorkspace(t, config("1"))
	w.apply()
	listings := func() (count int) {
		for _, request := range w.Journal() {
			if request.Operation == sandbox.List && strings.Contains(request.Path, sandbox.DefaultProcessID) {
				count++
			}
		}
		return count
	}
	w.write("main.tf", config("2"))
	before := listings()
	output := w.run("plan", "-input=false")
	expectWarnings(t, "the plan", output, 1, "Keys are not refreshed")
	if !strings.Contains(output, "1 to add, 0 to change, 1 to destroy") || listings() != before {
		t.Errorf("%d listings; it says:\n%s", listings()-before, output)
	}
	w.apply()
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") || listings() == before {
		t.Errorf("after the rotation it says:\n%s", output)
	}
	// A destroy makes such a plan first.
	w.write("main.tf", config("3"))
	w.run("destroy", "-input=false", "-auto-approve")
	if live := len(w.LiveKeys(sandbox.Organization)); live != 0 {
		t.Errorf("%d keys of the organization live", live)
	}
}
