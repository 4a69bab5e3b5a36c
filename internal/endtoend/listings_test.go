package endtoend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccListingThroughAnAlias reads a list through a second configuration of the provider, which is a process of its
// own, before and after a key was created through the first one.
func TestAccListingThroughAnAlias(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, `
provider "alphamoon" {
  alias = "reader"
}
data "alphamoon_process_api_keys" "before" {
  provider   = alphamoon.reader
  process_id = "`+sandbox.DefaultProcessID+`"
}
resource "alphamoon_process_api_key" "test" {
  process_id = "`+sandbox.DefaultProcessID+`"
  name       = "created after ${data.alphamoon_process_api_keys.before.total}"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
}
data "alphamoon_process_api_keys" "after" {
  provider   = alphamoon.reader
  process_id = "`+sandbox.DefaultProcessID+`"
  depends_on = [alphamoon_process_api_key.test]
}
output "totals" {
  value = "${data.alphamoon_process_api_keys.before.total} and then ${data.alphamoon_process_api_keys.after.total}"
}
`, sandbox.Options{})
	w.apply()
	if got := w.run("output", "-raw", "totals"); got != "0 and then 1" {
		t.Errorf("got %s", got)
	}
}

// TestAccOutageIsToldOnce refreshes 30 keys while the list fails.
func TestAccOutageIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(30, `name = "k-${count.index}"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	w.ClearJournal()
	w.Inject(sandbox.Fault{Operation: sandbox.List, Status: 503, Times: -1})
	raw, err := w.command(t.Context(), nil, "plan", "-input=false").CombinedOutput()
	output := string(raw)
	full := strings.Count(output, "503 Service Unavailable")
	short := strings.Count(output, `See the error "Alphamoon failed to answer" of this run for the cause.`)
	// Terraform 1.16 folds equal errors.
	if folded := short == 1 && !cli.OpenTofu && !olderThan(t, "1.16.0"); err == nil || full != 1 || short != 29 && !folded {
		t.Errorf("%d full errors, %d short ones, %v", full, short, err)
	}
	lines := strings.Count(output, "\n")
	t.Logf("%d requests, %d lines", w.Count(sandbox.List), lines)
	if w.Count(sandbox.List) > 12 || lines > 330 {
		t.Errorf("%d requests, %d lines", w.Count(sandbox.List), lines)
	}
}

// TestAccRefreshUnderALimit refreshes 20 keys among 600 while the service accepts five requests a second.
func TestAccRefreshUnderALimit(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(20, `name = "k-${count.index}"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	for range 580 {
		w.AddKey(
			sandbox.DefaultProcessID,
			sandbox.Key{
				Name:      "filler",
				Scopes:    []string{"workspace.result:read"},
				ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			},
		)
	}
	w.Update(func(options *sandbox.Options) { options.Rate, options.Burst = 5, 1 })
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") {
		t.Errorf("it says:\n%s", output)
	}
}
