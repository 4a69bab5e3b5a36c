package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccDestroyAfterADateHasPassed: a destroy makes a plan of the whole configuration first, and a key with a date in the past
// cannot be planned. The error says how to destroy all the same.
func TestAccDestroyAfterADateHasPassed(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(2, `name = "a"`, `expires_at = "2099-01-01T00:00:00Z"`, "revoke_on_destroy = true"), sandbox.Options{})
	w.apply()
	w.write("main.tf", requirement+keys(2, `name = "a"`, `expires_at = "2020-01-01T00:00:00Z"`, "revoke_on_destroy = true"))
	output, err := w.shell("terraform destroy", nil)
	if err == nil || !strings.Contains(output, "Expiry not in the future") ||
		!strings.Contains(strings.Join(strings.Fields(output), " "), "run terraform destroy -refresh=false") {
		t.Errorf("it says:\n%s", output)
	}
	w.typed("terraform destroy -refresh=false", nil, "2 destroyed")
	if live := len(w.LiveKeys(sandbox.DefaultProcessID)); live != 0 {
		t.Errorf("%d keys live", live)
	}
}

// TestAccForgottenKeyIsRevokedThroughAnImport does what the warning about a forgotten key advises: revoke_on_destroy came
// together with a replacement, too late for the old key, which is imported at another address and destroyed there.
func TestAccForgottenKeyIsRevokedThroughAnImport(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	old := w.Keys(sandbox.DefaultProcessID)[0]
	config := keys(1, `name = "a"`, `expires_in = "90d"`, "revoke_on_destroy = true")
	w.write("main.tf", requirement+config)
	output := w.typed("terraform apply -replace='alphamoon_process_api_key.test[0]'", nil, "1 added")
	expectForgotten(t, "the replacement", output, old)

	w.write("main.tf", requirement+config+fmt.Sprintf(`
import {
  to = alphamoon_process_api_key.leaked
  id = "%s/%s"
}
resource "alphamoon_process_api_key" "leaked" {
  process_id        = %[1]q
  name              = "a"
  scopes            = ["workspace.result:read"]
  expires_in        = "90d"
  revoke_on_destroy = true
}
`, sandbox.DefaultProcessID, old.ID))
	w.typed("terraform apply", nil, "1 imported, 0 added, 1 changed, 0 destroyed")
	w.write("main.tf", requirement+config)
	w.typed("terraform apply && terraform plan", nil, "0 added, 0 changed, 1 destroyed", "No changes.")
	if live := w.LiveKeys(sandbox.DefaultProcessID); len(live) != 1 || live[0].ID == old.ID {
		t.Errorf("%d keys live", len(live))
	}
}
