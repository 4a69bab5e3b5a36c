package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// now is the clock that the built provider goes by.
func now() time.Time { return time.Now() }

// TestAccReadme types in what the README says: its two configurations, and a second plan.
func TestAccReadme(t *testing.T) {
	t.Parallel()
	w := newPlainWorkspace(t, strings.Join(blocks(t, "README.md"), "\n"))
	w.apply()
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") ||
		len(w.LiveKeys(sandbox.DefaultProcessID)) != 1 {
		t.Errorf("it says:\n%s", output)
	}
}

// TestAccGettingStarted types in the whole guide, with a shorter life for its second key.
func TestAccGettingStarted(t *testing.T) {
	t.Parallel()
	const guide = "templates/guides/getting-started.md"
	configs, commands := blocks(t, guide), shells(t, guide)
	w := serve(t, sandbox.Options{})
	w.write("main.tf", configs[0])
	output := w.typed("set -e\n"+block(t, commands, "uploader_key"), nil, "No changes.")
	if key := w.Keys(sandbox.DefaultProcessID)[0]; !strings.Contains(output, key.Secret) {
		t.Error("the output is not the key")
	}

	reduced := strings.Replace(configs[0], `, "workspace.result:read"`, "", 1)
	w.write("main.tf", reduced)
	w.typed("terraform apply", nil, "must be replaced", "# forces replacement", forgetting)

	w.write("trial.tf", strings.NewReplacer(`"3m"`, `"40s"`, `"2m"`, `"30s"`).Replace(configs[1]))
	w.apply()
	w.typed("set -e\n"+block(t, commands, "trial_key"), nil, "No changes.", "403\n", "401\n") // too early: it may be repeated
	time.Sleep(10500 * time.Millisecond)
	output = w.typed("set -e\n"+block(t, commands, "trial_key"), nil,
		"must be replaced", "rotates_at", "forces replacement", "Apply complete!", "403\n", "401\n")
	expectWarnings(t, "the rotation", output, 1, "Short-lived key")
	if live := len(w.LiveKeys(sandbox.DefaultProcessID)); live != 4 {
		t.Errorf("%d keys live after the rotation", live)
	}

	// The sandbox was restarted, and with the state the keys are forgotten.
	restarted := serve(t, sandbox.Options{})
	fresh := map[string]string{"ALPHAMOON_BASE_URL": restarted.address}
	w.typed("set -e\ncp terraform.tfstate kept\n"+block(t, commands, "rm terraform.tfstate*")+
		"terraform apply\nterraform plan\nmv kept terraform.tfstate", fresh, "2 added", "No changes.")
	if live := len(restarted.LiveKeys(sandbox.DefaultProcessID)); live != 2 {
		t.Errorf("%d keys live after the restart", live)
	}

	home := t.TempDir()
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		if err := os.MkdirAll(filepath.Join(home, ".terraform.d", "plugins", host, "alphamoon"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.typed("set -e\n"+block(t, commands, "terraform destroy"), nil, forgetting)
	w.typed("set -e\n"+block(t, commands, "terraform.d/plugins"), map[string]string{"HOME": home})
	if left, err := filepath.Glob(filepath.Join(home, ".terraform.d/plugins/*/*")); err != nil || len(left) != 0 {
		t.Errorf("%s, %v", left, err)
	}
}

// TestAccProviderKey plays the guide "Permissions": an admin's key, made by hand, makes the provider's own key, which then
// rotates itself. Each run starts with the key that the store holds; once the store refuses the new one.
func TestAccProviderKey(t *testing.T) {
	t.Parallel()
	const guide = "templates/guides/permissions.md"
	pair := agePair(t)
	// An hour's life, and a window: with 59m59s the key is due a second after its creation.
	edits := func(window string) []string {
		return []string{encryption.ExampleRecipient, pair.recipient, `"90d"`, `"1h"`, `"45d"`, window}
	}
	s := newStored(t, requirement+block(t, blocks(t, guide), "alphamoon_decrypted_key"), sandbox.Organization, edits(`"30m"`)...)
	as := func(credential string) { s.environment["ALPHAMOON_API_KEY"] = credential }
	made := s.typed(block(t, shells(t, guide), "ADMIN_KEY")+"echo", map[string]string{"ADMIN_KEY": sandbox.DefaultCredential}, `"key"`)
	byHand := s.Keys(sandbox.Organization)[0].Secret
	if !strings.Contains(made, byHand) {
		t.Fatalf("it says:\n%s", made)
	}
	as(sandbox.MemberCredential)
	s.fails(pair.identity, apply, "Error: Alphamoon denied")
	as(byHand)
	s.ClearJournal()
	s.must(pair.identity, apply...)
	for rotation := range 3 {
		as(s.held())
		s.expectNewest(fmt.Sprintf("after rotation %d", rotation), rotation+1)
		if rotation == 2 {
			break
		}
		time.Sleep(1100 * time.Millisecond)
		s.configure(edits(`"59m59s"`)...)
		if rotation == 0 {
			s.put("refusals", "1")
			s.fails(pair.identity, apply, "the store is sealed")
			s.expectSafe("after a refusal")
			as(s.held())
			s.configure(edits(`"30m"`)...)
		}
		s.must(pair.identity, apply...) // rotates the key that it uses
		s.configure(edits(`"30m"`)...)
		s.must(pair.identity, apply...)
	}

	// It has expired: an admin's key lets the same configuration make a new one.
	s.Advance(2 * time.Hour)
	s.fails("", []string{"plan"}, "Alphamoon refused the credential")
	expired := s.held()
	as(sandbox.DefaultCredential)
	s.configure(encryption.ExampleRecipient, pair.recipient) // an hour of this machine is over for the service
	s.must(pair.identity, append(slices.Clone(apply), "-replace=alphamoon_organization_api_key.pipeline")...)
	if s.held() == expired {
		t.Error("the store holds the expired key")
	}

	// It has leaked: an admin deletes it.
	live := s.LiveKeys(sandbox.Organization)
	leaked := live[len(live)-1].ID
	commands := block(t, shells(t, "templates/guides/incidents-and-troubleshooting.md"), "admin/api-keys/KEY_ID")
	s.typed(strings.ReplaceAll(commands, "KEY_ID", leaked), map[string]string{"ADMIN_KEY": sandbox.DefaultCredential})
	if left := s.LiveKeys(sandbox.Organization); len(left) != len(live)-1 {
		t.Errorf("%d keys live after the deletion of one of %d", len(left), len(live))
	}
}

// TestAccAdopting takes one resource through all steps of the guide, beside a second key of the same name and date.
func TestAccAdopting(t *testing.T) {
	t.Parallel()
	const guide = "templates/guides/adopting.md"
	configs, commands := blocks(t, guide), shells(t, guide)
	w := newPlainWorkspace(t, requirement+configs[0])
	expiry := now().Add(80 * 24 * time.Hour).UTC().Truncate(time.Second)
	byHand := sandbox.Key{
		Name: "invoice-uploader", Scopes: []string{"workspace.file:upload"},
		CreatedAt: now().Add(-time.Hour), ExpiresAt: expiry,
	}
	first, second := w.AddKey(sandbox.DefaultProcessID, byHand), w.AddKey(sandbox.DefaultProcessID, byHand)
	w.typed("terraform apply", nil, "\"process_id\" = \""+sandbox.DefaultProcessID, "\"process_id\" = \""+sandbox.DefaultProcessID)

	as := strings.NewReplacer("688874d9d9064c23bf78bf3ec93cbd2d", first.ID, "2027-01-31T12:00:00Z", expiry.Format(time.RFC3339))
	rotating := block(t, configs, "scopes     = [\"workspace.file:upload\"]\n  expires_in")
	w.write("uploader.tf", as.Replace(block(t, configs, "# as step 1 says")))
	w.typed("set -e\n"+block(t, commands, "1 to import"), nil, "1 to import, 0 to add, 0 to change, 0 to destroy", "Apply complete!")
	w.write("uploader.tf", rotating)
	output := w.typed("terraform apply", nil, "will be updated in-place", "0 added, 1 changed, 0 destroyed")
	if strings.Contains(output, "replaced") {
		t.Errorf("it says:\n%s", output)
	}
	w.typed("terraform apply -replace=alphamoon_process_api_key.uploader", nil, "1 added", "1 destroyed")
	_, secret := w.keyInState()
	if secret == "" {
		t.Error("the replacement brought no secret")
	}

	// A move keeps the secret; forgotten and imported again, the key has none.
	w.write("uploader.tf", strings.ReplaceAll(rotating, `"uploader"`, `"moved"`))
	w.typed("terraform state mv alphamoon_process_api_key.uploader alphamoon_process_api_key.moved && terraform plan", nil,
		"without changing any real infrastructure")
	if _, moved := w.keyInState(); moved != secret {
		t.Error("the move lost the secret")
	}
	id, _ := w.keyInState()
	w.typed("terraform state rm alphamoon_process_api_key.moved", nil)
	w.typed(fmt.Sprintf("terraform import alphamoon_process_api_key.moved %s/%s", sandbox.DefaultProcessID, id), nil, "Import successful!")
	if _, imported := w.keyInState(); imported != "" {
		t.Error("the import brought a secret")
	}

	// All keys as one resource.
	if olderThan(t, "1.7.0") {
		return // this version has no import blocks with for_each
	}
	w.typed("terraform state rm alphamoon_process_api_key.moved && rm uploader.tf", nil)
	w.typed(block(t, commands, "keys.json"), nil)
	if !strings.Contains(w.read("keys.json"), second.ID) {
		t.Error("the second key of the name is not in the file")
	}
	w.write("adopted.tf", block(t, configs, "local.adopted\n  to "))
	w.typed("terraform plan && terraform apply && terraform plan", nil, "3 to import, 0 to add, 0 to change, 0 to destroy",
		"3 imported, 0 added, 0 changed, 0 destroyed", "No changes.")
}

// TestAccUndeclaredKeys runs the adoption guide's check.
func TestAccUndeclaredKeys(t *testing.T) {
	t.Parallel()
	w := newPlainWorkspace(t, requirement+block(t, blocks(t, "templates/guides/adopting.md"), "every_key_is_declared"))
	if output := w.apply(); strings.Contains(output, "Nobody declares") {
		t.Errorf("it says:\n%s", output)
	}
	unknown := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
		Name: "by hand", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	expired := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
		Name: "expired", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	singleRun := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
		Name: "single run", Scopes: []string{"workspace.result:read"}, ExpiresAt: now().Add(7 * 24 * time.Hour),
	})
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "by hand ("+unknown.ID+")") ||
		strings.Contains(output, expired.ID) ||
		strings.Contains(output, singleRun.ID) {
		t.Errorf("it does not name the key that works, and no other:\n%s", output)
	}
}

// TestAccPipeline runs every command of the guide on the fleet that it tells to copy.
func TestAccPipeline(t *testing.T) {
	t.Parallel()
	const guide = "templates/guides/pipeline.md"
	raw, err := os.ReadFile(filepath.Join(root, guide))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := os.ReadFile(filepath.Join(root, "examples/fleet/policy.jq"))
	if err != nil {
		t.Fatal(err)
	}
	if _, rule, _ := strings.Cut(string(policy), "\n"); !strings.Contains(string(raw), "```text\n"+rule+"```") {
		t.Error("the guide shows another policy than the fleet has")
	}
	commands := shells(t, guide)
	look := block(t, commands, "report.jq") + `echo "the status is $status"`
	receipts := fmt.Sprintf("%032x", 2)
	w := newWorkspaceFrom(t, filepath.Join(root, "examples/fleet"), "", sandbox.Options{
		Processes: []sandbox.Process{{ID: sandbox.DefaultProcessID, Name: "Invoices"}, {ID: receipts, Name: "Receipts"}},
	})
	w.write("terraform.tfvars", fmt.Sprintf("encrypt_to = [%q]", agePair(t).recipient))
	fleet := func(reporting string) map[string]string {
		return map[string]string{"TF_VAR_fleet": `{
			Invoices = {
				uploader  = { scopes = ["workspace.file:upload"] }
				reporting = ` + reporting + `
			}
			Receipts = { uploader = { scopes = ["workspace.file:upload"] } }
		}`}
	}
	environment := fleet(`{ scopes = ["workspace.result:read"], expires_in = "1h", rotate_before_expiry = "59m55s" }`)
	night, elsewhere := "", ""
	for line := range strings.Lines(string(raw)) {
		if _, command, found := strings.Cut(line, "- run: "); found {
			night += command
		}
		if command, found := strings.CutPrefix(line, "    - terraform "); found {
			elsewhere += "terraform " + command
		}
	}
	if night != elsewhere {
		t.Errorf("GitHub's job runs\n%sand GitLab's\n%s", night, elsewhere)
	}
	w.typed("set -e\n"+night, environment, "3 added")

	// The key is due five seconds after its creation, by the clock of this machine. With a second, a slow machine would make a
	// key that lives no longer than its window, which then is another.
	time.Sleep(5500 * time.Millisecond)
	w.Advance(6 * time.Minute) // young keys would stay in the state
	for _, key := range w.Keys(sandbox.DefaultProcessID) {
		if key.Name == "uploader" {
			w.SetStatus(key.ID, "Disabled")
		}
	}
	w.RemoveKey(w.Keys(receipts)[0].ID)
	for name, age := range map[string]time.Duration{"old-uploader": 80 * 24 * time.Hour, "single-run": time.Minute} {
		w.AddKey(receipts, sandbox.Key{
			Name: name, Scopes: []string{"workspace.file:upload"}, CreatedAt: now().Add(-age), ExpiresAt: now().Add(100 * time.Hour),
		})
	}
	const address = `module.keys["%s"].alphamoon_process_api_key.program["%s"]`
	output := w.typed(look, environment, "Receipts / old-uploader at ", "the status is 2")
	for _, line := range []string{
		"due: " + fmt.Sprintf(address, "Invoices", "reporting"),
		"disabled by hand: " + fmt.Sprintf(address, "Invoices", "uploader"),
		"removed by hand: " + fmt.Sprintf(address, "Receipts", "uploader"),
		"check: These keys expire within a week: Receipts / old-uploader at ",
	} {
		if strings.Count(output, "\n"+line) != 1 {
			t.Errorf("it does not report %q once:\n%s", line, output)
		}
	}
	if strings.Contains(output, "single-run") {
		t.Errorf("it reports a key that was made to expire:\n%s", output)
	}
	environment = fleet(`{ scopes = ["workspace.result:read"], expires_in = "30d" }`)
	w.typed("set -e\n"+night, environment, "Check block assertion failed", "3 added")
	w.typed(look, environment, "check: ", "the status is 0") // a failing check alone
	w.typed(look, fleet(`{ scopes = ["workspace.result:update"], expires_in = "30d" }`),
		"changed by a commit: "+fmt.Sprintf(address, "Invoices", "reporting"), "the status is 2")
	output = w.typed(block(t, commands, "PROCESS_ID"), map[string]string{"PROCESS_ID": receipts})
	if !strings.HasPrefix(output, "old-uploader: ") || strings.Count(output, "\n") != 1 {
		t.Errorf("the alert says:\n%s", output)
	}

	// A review, with a key that may create nothing and list no keys.
	reader := w.AddKey(sandbox.Organization, sandbox.Key{
		Name: "review", Scopes: []string{"workspace.process:read"}, ExpiresAt: now().Add(time.Hour),
	})
	w.ClearJournal()
	environment = fleet(`{ scopes = ["workspace.result:read"], expires_in = "30d" }`)
	environment["REVIEW_API_KEY"] = reader.Secret
	rule := block(t, commands, "policy.jq")
	w.typed("set -e\n"+block(t, commands, "REVIEW_API_KEY")+rule, environment, "No changes.")
	environment = fleet(`{ scopes = ["workspace.result:read"], expires_in = "13w" }`)
	environment["REVIEW_API_KEY"] = reader.Secret
	w.write("more.tf", keys(1, `name = "plain"`, `expires_at = "2099-01-01T00:00:00Z"`))
	output, err = w.shell("set -e\n"+block(t, commands, "REVIEW_API_KEY")+rule, environment)
	for _, line := range []string{
		fmt.Sprintf(address, "Invoices", "reporting") + ": expires_in is longer than 90d",
		"alphamoon_process_api_key.test[0]: set expires_in", "alphamoon_process_api_key.test[0]: set encrypt_to",
	} {
		if !strings.Contains(output, "\n"+line) || err == nil {
			t.Errorf("the policy does not say %q (%v):\n%s", line, err, output)
		}
	}
	if w.Count(sandbox.List) != 0 || w.Count(sandbox.Create) != 0 {
		t.Errorf("the review sent %d listings and %d creations", w.Count(sandbox.List), w.Count(sandbox.Create))
	}
}

// TestAccWhatStopsARotation: prevent_destroy does, and a date that is computed from the present time never stops.
func TestAccWhatStopsARotation(t *testing.T) {
	t.Parallel()
	config := func(trigger string) string {
		return requirement + keys(1, `name = "a"`, `expires_in = "90d"`, "rotation_triggers = { a = \""+trigger+"\" }",
			"lifecycle {\n create_before_destroy = true\n prevent_destroy = true\n }")
	}
	w := newPlainWorkspace(t, config("first"))
	w.apply()
	w.write("main.tf", config("second"))
	if output, err := w.shell("terraform plan", nil); err == nil ||
		!strings.Contains(strings.ToLower(output), "instance cannot be destroyed") { // OpenTofu says "Resource instance"
		t.Errorf("it says:\n%s", output)
	}
	w.write("main.tf", requirement+keys(1, `name = "a"`, `expires_at = timeadd(timestamp(), "2160h")`))
	w.apply()
	time.Sleep(time.Second) // the service keeps whole seconds
	w.typed("terraform apply", nil, "1 added", "1 destroyed")
}
