package endtoend_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccLifecycleWithoutDestroy lets Terraform forget a key that the provider would revoke. Where the key is replaced,
// versions of Terraform differ in what they do with the old one.
func TestAccLifecycleWithoutDestroy(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.16.0") && !cli.OpenTofu || cli.OpenTofu && olderThan(t, "1.12.0") {
		t.Skip("this version does not know destroy = false in a resource")
	}
	w := newWorkspace(t, `
resource "alphamoon_organization_api_key" "test" {
  name       = "test"
  scopes     = ["workspace.result:read"]
  expires_in = "90d"
  lifecycle {
    destroy = false
  }
}
`, sandbox.Options{})
	w.apply()
	destroy := []string{"destroy", "-input=false", "-auto-approve"}
	if cli.OpenTofu {
		destroy = append(destroy, "-suppress-forget-errors")
	}
	w.run(destroy...)
	if live := len(w.LiveKeys(sandbox.Organization)); live != 1 {
		t.Errorf("%d keys work after a destroy that forgets, want 1", live)
	}
}

// TestAccDependentsOfARotatedKey replaces what depends on a key together with the key, both before their predecessors
// are destroyed: then nothing is left for the next plan.
func TestAccDependentsOfARotatedKey(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, dueAtOnce+`
resource "terraform_data" "dependent" {
  triggers_replace = alphamoon_process_api_key.test.id
  lifecycle {
    create_before_destroy = true
  }
}
`, sandbox.Options{})
	w.apply()
	w.becomeDue()
	if output := w.apply(); !strings.Contains(output, "2 added, 0 changed, 2 destroyed") {
		t.Errorf("the key and its dependent were not replaced:\n%s", output)
	}
	if output := w.run("plan", "-input=false", "-refresh=false"); strings.Contains(output, "deposed") {
		t.Errorf("something is left:\n%s", output)
	}
}

// TestAccRecipeWithoutEphemerals is what the guide says of older versions: the same recipe with the key of the state.
func TestAccRecipeWithoutEphemerals(t *testing.T) {
	t.Parallel()
	recipe := regexp.MustCompile(`(?sm)^ephemeral ".*?^}\n|^  encrypt_to [^\n]*\n`).ReplaceAllString(storeRecipe(t), "")
	recipe = strings.Replace(recipe, "ephemeral.alphamoon_decrypted_key.uploader.key", "alphamoon_process_api_key.uploader.key", 1)
	s := newStored(t, recipe, sandbox.DefaultProcessID)
	s.must("", apply...)
	s.expectNewest("after the creation", 1)
	s.configure(`"30d"`, "\"30d\"\n  rotation_triggers = { round = \"2\" }")
	s.put("refusals", "1")
	s.fails("", apply, "the store is sealed")
	s.expectSafe("after a refusal")
	s.must("", apply...)
	s.expectNewest("when the store is healed", 2)
	s.must("", "destroy", "-auto-approve")
}

// TestAccMinimalRefresh plans without reading anything that does not change. A rotation by date needs no reading.
func TestAccMinimalRefresh(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.17.0") || cli.OpenTofu {
		t.Skip("this version does not know -minimal-refresh")
	}
	w := newWorkspace(t, keys(1, `name = "test"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	w.ClearJournal()
	w.run("plan", "-input=false", "-minimal-refresh", "-detailed-exitcode")
	if sent := w.Count(sandbox.AnyOperation); sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
	due := newWorkspace(t, dueAtOnce, sandbox.Options{})
	due.apply()
	due.becomeDue()
	if output := due.run("plan", "-input=false", "-minimal-refresh"); !strings.Contains(output, "must be replaced") {
		t.Errorf("a key that is due stays:\n%s", output)
	}
}

// dueAtOnce is a key that has to be replaced five seconds after its creation. With less, a slow machine would make a key that
// lives no longer than its window, which then is another.
const dueAtOnce = `
resource "alphamoon_process_api_key" "test" {
  process_id           = "` + sandbox.DefaultProcessID + `"
  name                 = "test"
  scopes               = ["workspace.result:read"]
  expires_in           = "1h"
  rotate_before_expiry = "3595s"
  lifecycle {
    create_before_destroy = true
  }
}
`

// becomeDue waits until the key of dueAtOnce is. Terraform runs on the real clock.
func (w *workspace) becomeDue() {
	w.t.Helper()
	for _, key := range w.Keys(sandbox.DefaultProcessID) {
		time.Sleep(time.Until(key.CreatedAt.Add(6 * time.Second)))
	}
}

// TestAccQueryForAdoption types in what the adoption guide says of a query: generated resources get the names of their keys
// and can rotate without a gap.
func TestAccQueryForAdoption(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.14.0") || cli.OpenTofu {
		t.Skip("this version has no queries")
	}
	const guide = "templates/guides/adopting.md"
	commands := shells(t, guide)
	w := newPlainWorkspace(t, requirement)
	for range 2 {
		w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
			Name: "invoice-uploader", Scopes: []string{"workspace.file:upload"},
			CreatedAt: now().Add(-time.Hour), ExpiresAt: now().Add(80 * 24 * time.Hour).Truncate(time.Second),
		})
	}
	w.write("keys.tfquery.hcl", block(t, blocks(t, guide), `list "alphamoon_process_api_key"`))
	w.typed("set -e\n"+block(t, commands, "terraform query")+block(t, commands, "names.sed"), nil,
		"invoice-uploader", "2 to import, 0 to add, 0 to change, 0 to destroy")
	config := w.read("keys.tf")
	for _, line := range []string{
		`resource "alphamoon_process_api_key" "k1_invoice_uploader" {`, `resource "alphamoon_process_api_key" "k2_invoice_uploader" {`,
	} {
		if !strings.Contains(config, line+"\n  lifecycle {\n    create_before_destroy = true\n") {
			t.Errorf("it does not say %s:\n%s", line, config)
		}
	}
}
