package endtoend_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccStatesOfThisVersion applies the configurations that are kept for the newest version of the changelog, and
// demands that their states are kept too, with all attributes of this tree: once they are released, the next version has
// to understand them. The flag -update writes them; a new version begins with a copy of the last one's configurations.
func TestAccStatesOfThisVersion(t *testing.T) {
	t.Parallel()
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^## (\S+)`).FindSubmatch(changelog)[1]
	configs, err := filepath.Glob("testdata/states/" + string(version) + "-*/main.tf")
	if err != nil || len(configs) < 5 {
		t.Fatalf("%d configurations of version %s are kept, %v", len(configs), version, err)
	}
	for _, config := range configs {
		folder := filepath.Dir(config)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(config)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorkspace(t, string(raw), sandbox.Options{})
			w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
				ID: "688874d9d9064c23bf78bf3ec93cbd2d", Name: "imported", Scopes: []string{"workspace.result:read"},
				ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			})
			w.run("apply", "-input=false", "-auto-approve")
			state := regexp.MustCompile(`"key": "[^"]*"`).
				ReplaceAllString(w.read("terraform.tfstate"), `"key": "0123456789abcdef:not-a-real-secret"`)
			name := filepath.Join(folder, "state.json")
			if *updateFlag {
				if err := os.WriteFile(name, []byte(state), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(name)
			if err != nil {
				t.Fatalf("-update keeps it: %v", err)
			}
			if got, want := attributesOf(t, kept), attributesOf(t, []byte(state)); !slices.Equal(got, want) {
				t.Errorf("the kept state has the attributes %v, this tree writes %v; -update keeps them", got, want)
			}
		})
	}
}

// attributesOf are the names of the attributes of the one resource in a state.
func attributesOf(t *testing.T, state []byte) []string {
	t.Helper()
	var content struct {
		Resources []struct {
			Instances []struct{ Attributes map[string]any }
		}
	}
	if err := json.Unmarshal(state, &content); err != nil || len(content.Resources) != 1 || len(content.Resources[0].Instances) != 1 {
		t.Fatalf("no state of one resource: %v", err)
	}
	return slices.Sorted(maps.Keys(content.Resources[0].Instances[0].Attributes))
}

// keyVersion is a version in a state, which OpenTofu 1.11 writes without blanks.
var keyVersion = regexp.MustCompile(`"key_version": ?1`)

// TestAccStatesOfEarlierVersions plans with the state files that are kept, one folder each with the configuration they
// belong to: the plan must be empty, and so must be an apply.
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
			// Attributes that were added since are not in the state: neither without nor with a refresh is that a change.
			if output, err := w.command(t.Context(), nil, "plan", "-input=false", "-detailed-exitcode", "-refresh=false").
				CombinedOutput(); err != nil {
				t.Errorf("the plan without a refresh is not empty: %v\n%s", err, output)
			}
			output, err := w.command(t.Context(), nil, "apply", "-input=false", "-auto-approve").CombinedOutput()
			if err != nil || !strings.Contains(string(output), "No changes.") ||
				!strings.Contains(string(output), "0 added, 0 changed, 0 destroyed") {
				t.Errorf("the plan or the apply is not empty: %v\n%s", err, output)
			}
			if !keyVersion.MatchString(w.read("terraform.tfstate")) {
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
			Type      string
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
			owner := sandbox.DefaultProcessID
			if resource.Type == "alphamoon_organization_api_key" {
				owner = sandbox.Organization
			}
			w.AddKey(owner, sandbox.Key{
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
