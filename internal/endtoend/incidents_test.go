package endtoend_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccRehearsal types in the bad day of the guide, against the configuration of the first guide.
func TestAccRehearsal(t *testing.T) {
	t.Parallel()
	w := newPlainWorkspace(t, blocks(t, "templates/guides/getting-started.md")[0])
	w.apply()
	id, _ := w.keyInState()
	day := block(t, shells(t, "templates/guides/incidents-and-troubleshooting.md"), "/sandbox/faults/outage")
	output := w.typed(strings.ReplaceAll(day, "/ID", "/"+id)+"true", map[string]string{"TF_CLI_ARGS_plan": "-compact-warnings"},
		"What you can do", "Alphamoon failed to answer", "must be replaced", "status", "forces replacement",
		"1 to add, 0 to change, 0 to destroy", "Error: Key")
	lost := w.LiveKeys(sandbox.DefaultProcessID)
	if len(lost) != 1 || !strings.Contains(output, lost[0].ID) {
		t.Errorf("%d keys live, or the lost one is not named:\n%s", len(lost), output)
	}
	w.Update(func(options *sandbox.Options) { options.Rate, options.Burst, options.RateHints = 10, 5, true })
	w.write("main.tf", requirement+keys(20, `name = "k-${count.index}"`, `expires_in = "90d"`))
	w.typed("terraform apply", nil, "20 added")
}

// TestAccLeakedKey plays the first incident of the guide: with the right to revoke, and refused.
func TestAccLeakedKey(t *testing.T) {
	t.Parallel()
	config := func(revokes bool) string {
		return requirement + keys(1, `name = "a"`, `expires_in = "90d"`, fmt.Sprintf("revoke_on_destroy = %t", revokes),
			"lifecycle {\n create_before_destroy = true\n }")
	}
	const replace = `terraform apply -replace='alphamoon_process_api_key.test[0]'`
	w := newPlainWorkspace(t, config(false))
	w.apply()
	w.write("main.tf", config(true))
	w.typed("terraform apply", nil, "1 changed")
	w.typed(replace, nil, "1 added")
	if live := len(w.LiveKeys(sandbox.DefaultProcessID)); live != 1 {
		t.Errorf("%d keys live", live)
	}

	// Refused: the old key stays, deposed, until somebody deletes it.
	old, _ := w.keyInState()
	member := map[string]string{"ALPHAMOON_API_KEY": sandbox.MemberCredential}
	if output, err := w.shell(replace, member); err == nil || !strings.Contains(output, "Error: Key could not be revoked") {
		t.Errorf("it says:\n%s", output)
	}
	w.RemoveKey(old)
	w.Advance(6 * time.Minute) // that a younger key is gone would not be believed
	w.typed("terraform apply && terraform plan", member, "No changes.")
	w.write("main.tf", config(false))
	w.typed("terraform apply", member, "1 changed")
	output := w.typed(replace, member, ") stays valid until it expires")
	for _, key := range w.LiveKeys(sandbox.DefaultProcessID)[:1] {
		if !strings.Contains(output, key.ID) {
			t.Errorf("the old key is not named:\n%s", output)
		}
	}
}

// TestAccEveryKeyLeaked plays the second incident.
func TestAccEveryKeyLeaked(t *testing.T) {
	t.Parallel()
	config := func(arguments ...string) string {
		return requirement + keys(3, append(arguments, `name = "k-${count.index}"`, `expires_in = "90d"`,
			"lifecycle {\n create_before_destroy = true\n }")...)
	}
	w := newPlainWorkspace(t, config())
	w.apply()
	leaked := w.LiveKeys(sandbox.DefaultProcessID)
	w.write("main.tf", config("revoke_on_destroy = true"))
	w.apply()
	const incident = `rotation_triggers = { incident = "2026-11-25" }`
	w.write("main.tf", config("revoke_on_destroy = true", incident))
	w.apply()
	w.write("main.tf", config(incident))
	w.apply()
	live := w.LiveKeys(sandbox.DefaultProcessID)
	if len(live) != 3 {
		t.Errorf("%d keys live", len(live))
	}
	for _, key := range live {
		for _, old := range leaked {
			if key.ID == old.ID {
				t.Errorf("%s still works", key.ID)
			}
		}
	}
}

// TestAccTroubleshooting: what the guide says of logs and of a provider that was built again.
func TestAccTroubleshooting(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	logs := map[string]string{"TF_LOG_PROVIDER": "DEBUG", "TF_LOG_SDK": "WARN"}
	if output := w.typed("terraform plan", logs, "Alphamoon API request"); strings.Count(output, "Alphamoon API request") != 1 ||
		!strings.Contains(output, "method=GET") || !strings.Contains(output, "status=200") {
		t.Errorf("it logs:\n%s", output)
	}

	builds := t.TempDir()
	if err := os.CopyFS(builds, os.DirFS(mirror)); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"TF_CLI_ARGS_init": "-plugin-dir=" + builds}
	w.typed("rm -r .terraform && terraform init", environment, "successfully initialized")
	err := filepath.WalkDir(builds, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(entry.Name(), "alphamoon") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, append(content, '\n'), 0o700)
	})
	if err != nil {
		t.Fatal(err)
	}
	for command, message := range map[string]string{"plan": "Required plugins are not installed", "init": "Failed to install provider"} {
		if output, err := w.shell("terraform "+command, environment); err == nil || !strings.Contains(output, message) && !cli.OpenTofu {
			t.Errorf("%s says:\n%s", command, output)
		}
	}
	w.typed("rm .terraform.lock.hcl && terraform init && terraform plan", environment, "No changes.")
}
