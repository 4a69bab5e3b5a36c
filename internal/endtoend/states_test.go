package endtoend_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccStatesOfEarlierVersions plans with the state files that released versions wrote, one folder each with the
// configuration they belong to: the plan must be empty, and so must be an apply. Each release adds its own.
func TestAccStatesOfEarlierVersions(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/states/*")
	if err != nil || len(folders) < 3 {
		t.Fatalf("%d folders found, %v", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			config, err := os.ReadFile(filepath.Join(folder, "main.tf"))
			if err != nil {
				t.Fatal(err)
			}
			state, err := os.ReadFile(filepath.Join(folder, "state.json"))
			if err != nil {
				t.Fatal(err)
			}
			var writer struct {
				TerraformVersion string `json:"terraform_version"`
			}
			if err := json.Unmarshal(state, &writer); err != nil {
				t.Fatal(err)
			}
			if olderThan(t, writer.TerraformVersion) {
				t.Skipf("Terraform %s wrote the state, with marks that this version does not know", writer.TerraformVersion)
			}
			w := newWorkspace(t, string(config), sandbox.Options{})
			w.write("terraform.tfstate", string(state))
			w.restore(state)
			// Attributes that were added since are not in the state: neither with nor without a refresh is that a change.
			for _, refresh := range []string{"-refresh=false", "-refresh=true"} {
				if output, err := w.command(t.Context(), nil, "plan", "-input=false", "-detailed-exitcode", refresh).
					CombinedOutput(); err != nil {
					t.Errorf("the plan with %s is not empty: %v\n%s", refresh, err, output)
				}
			}
			output, err := w.command(t.Context(), nil, "apply", "-input=false", "-auto-approve").CombinedOutput()
			if err != nil || !strings.Contains(string(output), "0 added, 0 changed, 0 destroyed") {
				t.Errorf("the apply is not empty: %v\n%s", err, output)
			}
			w.run("apply", "-input=false", "-auto-approve", "-refresh-only")
			if !strings.Contains(w.read("terraform.tfstate"), `"key_version": 1`) {
				t.Error("a refresh did not add key_version")
			}
			if got := w.Count(sandbox.Create); got != 0 {
				t.Errorf("%d keys were created", got)
			}
		})
	}
}

// restore puts the keys of a state into the sandbox.
func (w *workspace) restore(state []byte) {
	w.t.Helper()
	var content struct {
		Resources []struct {
			Instances []struct {
				SchemaVersion int `json:"schema_version"`
				Attributes    struct {
					ID, Name, Status string
					Scopes           []string
					ExpiresAt        time.Time `json:"expires_at"`
					CreatedAt        time.Time `json:"created_at"`
				}
			}
		}
	}
	if err := json.Unmarshal(state, &content); err != nil {
		w.t.Fatal(err)
	}
	for _, resource := range content.Resources {
		for _, instance := range resource.Instances {
			key := instance.Attributes
			if instance.SchemaVersion != 0 {
				w.t.Errorf("schema version %d: this test knows no other than 0 yet", instance.SchemaVersion)
			}
			w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
				ID:        key.ID,
				Name:      key.Name,
				Status:    key.Status,
				Scopes:    key.Scopes,
				ExpiresAt: key.ExpiresAt,
				CreatedAt: key.CreatedAt,
			})
		}
	}
}
