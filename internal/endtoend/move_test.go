package endtoend_test

import (
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccMoveBetweenKinds moves a key to the other kind. The refusal is in the words of this provider, and nothing changes.
func TestAccMoveBetweenKinds(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.8.0") || cli.OpenTofu && olderThan(t, "1.11.0") {
		t.Skip("no moves between types of resources")
	}
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	before := w.read("terraform.tfstate")
	w.write("main.tf", requirement+`
resource "alphamoon_organization_api_key" "moved" {
  name       = "a"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
moved {
  from = alphamoon_process_api_key.test[0]
  to   = alphamoon_organization_api_key.moved
}
`)
	raw, err := w.command(t.Context(), nil, "apply", "-input=false", "-auto-approve").CombinedOutput()
	output := strings.Join(strings.Fields(strings.NewReplacer("│", "").Replace(string(raw))), " ")
	if err == nil ||
		!strings.Contains(output, "A moved block cannot make an alphamoon_organization_api_key of alphamoon_process_api_key") ||
		!strings.Contains(output, "creates a new key and destroys the old resource") ||
		strings.Contains(output, "interface") {
		t.Errorf("%v\n%s", err, raw)
	}
	if w.read("terraform.tfstate") != before || w.Count(sandbox.Create) != 1 {
		t.Error("something changed")
	}
}
