package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
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

// TestAccProviderKeyFromTheFirstOne plays the guide "Permissions" from the key that an admin makes by hand to the first rotation:
// the pipeline adopts the key that it uses, with its secret, never revokes it, and goes on with the next one.
func TestAccProviderKeyFromTheFirstOne(t *testing.T) {
	t.Parallel()
	const guide = "templates/guides/permissions.md"
	pair := agePair(t)
	all := blocks(t, guide)
	adoption := block(t, all, "pipeline_key")
	edits := []string{encryption.ExampleRecipient, pair.recipient}
	adopting := append(slices.Clone(edits), "expires_in           =", "key_wo               = var.pipeline_key\n  expires_in           =")
	s := newStored(t, requirement+block(t, all, "alphamoon_decrypted_key"), sandbox.Organization, edits...)
	s.typed(block(t, shells(t, guide), "ADMIN_KEY")+"echo", map[string]string{"ADMIN_KEY": sandbox.DefaultCredential}, `"key"`)
	first := s.Keys(sandbox.Organization)[0]
	s.environment["ALPHAMOON_API_KEY"] = first.Secret
	s.environment["TF_VAR_pipeline_key"] = first.Secret // as the guide exports it
	s.environment["ALPHAMOON_AGE_IDENTITY"] = pair.identity
	s.ClearJournal()

	s.configure(adopting...)
	s.write("adoption.tf", strings.Replace(adoption, "688874d9d9064c23bf78bf3ec93cbd2d", first.ID, 1))
	if output := s.must(pair.identity, apply...); !strings.Contains(output, "1 imported, 1 added, 1 changed, 0 destroyed") {
		t.Errorf("it says:\n%s", output)
	}
	s.expectNewest("after the adoption", 0)
	s.configure(edits...)
	if err := os.Remove(filepath.Join(s.dir, "adoption.tf")); err != nil {
		t.Fatal(err)
	}
	// A variable that is only ephemeral leaves no mark in the state, so that nothing changes without key_wo.
	if output := s.must(pair.identity, apply...); !strings.Contains(output, "0 added, 0 changed, 0 destroyed") {
		t.Errorf("without the argument it says:\n%s", output)
	}
	s.expectHeld("without the argument", 0)

	// The key is recognized, even by a configuration that would revoke it.
	s.configure(append(edits, "revoke_on_destroy    = false", "revoke_on_destroy = true")...)
	s.must(pair.identity, apply...)
	s.fails(pair.identity, []string{"destroy", "-auto-approve"}, "Provider's own key is not revoked")
	if s.Count(sandbox.Revoke) != 0 {
		t.Error("a removal was sent")
	}
	s.configure(edits...)
	s.must(pair.identity, apply...)

	// The first rotation. The run goes on with the old key, the next one has the new key.
	s.configure(append(edits, `"90d"`, `"1h"`, `"45d"`, `"59m59s"`)...) // due a second after its creation
	s.must(pair.identity, apply...)
	second := s.held()
	if second == first.Secret || len(s.LiveKeys(sandbox.Organization)) != 2 {
		t.Errorf("%d keys live after the rotation", len(s.LiveKeys(sandbox.Organization)))
	}
	s.environment["ALPHAMOON_API_KEY"] = second
	s.configure(append(edits, `"90d"`, `"1h"`, `"45d"`, `"30m"`)...)
	s.must(pair.identity, apply...)
	s.expectNewest("with the second key", 1)
}
