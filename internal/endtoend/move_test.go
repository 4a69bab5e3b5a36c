package endtoend_test

import (
	"fmt"
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

// TestAccMoveFromAnotherAddress: a key was kept under another registry's address of the provider, as when a team comes from
// OpenTofu. The move keeps the key, its secret and what is noted of it.
func TestAccMoveFromAnotherAddress(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.8.0") || cli.OpenTofu && olderThan(t, "1.11.0") {
		t.Skip("no moves between types of resources")
	}
	pair := agePair(t)
	from := func(host string) string {
		return strings.Replace(requirement, `"alphamoon/alphamoon"`, `"`+host+`/alphamoon/alphamoon"`, 1)
	}
	key := func(name string) string {
		config := keys(1, `name = "a"`, `expires_in = "90d"`, fmt.Sprintf("encrypt_to = [%q]", pair.recipient))
		return strings.Replace(config, `"test"`, `"`+name+`"`, 1)
	}
	w := serve(t, sandbox.Options{})
	w.write("main.tf", from("registry.opentofu.org")+key("before"))
	w.run("init", "-input=false", "-plugin-dir="+mirror)
	w.apply()
	made := w.Keys(sandbox.DefaultProcessID)[0]
	w.write("main.tf", from("registry.terraform.io")+key("after")+`
moved {
  from = alphamoon_process_api_key.before
  to   = alphamoon_process_api_key.after
}
`)
	w.run("init", "-input=false", "-plugin-dir="+mirror)
	output := w.apply()
	if !strings.Contains(output, "0 added, 0 changed, 0 destroyed") || w.Count(sandbox.Create) != 1 {
		t.Errorf("it says:\n%s", output)
	}
	w.run("plan", "-input=false", "-detailed-exitcode")
	state := w.read("terraform.tfstate")
	for _, text := range []string{made.ID, "BEGIN AGE ENCRYPTED FILE", "registry.terraform.io/"} {
		if !strings.Contains(state, text) {
			t.Errorf("the state lacks %q:\n%s", text, state)
		}
	}
}
