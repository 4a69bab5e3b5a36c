package endtoend_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const requirement = `
terraform {
  required_providers {
    alphamoon = {
      source  = "alphamoon/alphamoon"
      version = "~> 0.1"
    }
  }
}
`

var terraformBlock = regexp.MustCompile("(?s)```(?:terraform|hcl)\n(.*?)```")

// configurations collects every configuration that a reader could copy: the examples, and the blocks in the
// documentation's sources.
func configurations(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{"examples", "templates", "README.md"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				if err == nil && entry.Name() == "fleet" {
					return fs.SkipDir // its native tests run it as a whole
				}
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if filepath.Ext(path) == ".tf" || strings.HasSuffix(path, ".tfquery.hcl") {
				found[name] = string(raw)
				return nil
			}
			if strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".tmpl") {
				for i, block := range terraformBlock.FindAllStringSubmatch(string(raw), -1) {
					found[fmt.Sprintf("%s, block %d", name, i+1)] = block[1]
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// checkSyntax parses a configuration.
func checkSyntax(t *testing.T, config string) {
	t.Helper()
	if _, diags := hclsyntax.ParseConfig([]byte(config), "main.tf", hcl.InitialPos); diags.HasErrors() {
		t.Error(diags)
	}
}

// TestAccExamples validates everything with the provider as built.
func TestAccExamples(t *testing.T) {
	t.Parallel()
	examples := configurations(t)
	if len(examples) < 8 {
		t.Errorf("only %d configurations were found", len(examples))
	}
	for name, config := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(config, "provider::") && !cli.OpenTofu && olderThan(t, "1.8.0") {
				t.Skip("this version has no functions of providers")
			}
			if strings.Contains(config, "ephemeral ") && withoutEphemerals(t) {
				t.Skip("this version has no ephemeral resources")
			}
			if strings.Contains(config, "identity = {") && olderThan(t, "1.12.0") {
				t.Skip("this version imports by id only")
			}
			if strings.Contains(config, "import {\n  for_each") && olderThan(t, "1.7.0") {
				t.Skip("this version has no import blocks with for_each")
			}
			if strings.Contains(config, "removed {") && (olderThan(t, "1.7.0") || cli.OpenTofu && olderThan(t, "1.10.0")) {
				t.Skip("this version has no removed blocks with a lifecycle")
			}
			file := "main.tf"
			if strings.Contains(config, "list \"") {
				if cli.OpenTofu || olderThan(t, "1.14.0") {
					t.Skip("this version has no queries")
				}
				file = "main.tfquery.hcl"
			}
			if strings.Contains(config, "# needs ") {
				checkSyntax(t, config) // these need providers that are not here
				return
			}
			// Terraform 1.16 looks for the provider of a resource that is not written yet under hashicorp/, unless it is named.
			if !strings.Contains(config, "resource \"") {
				config = strings.ReplaceAll(config, "import {\n", "import {\n  provider = alphamoon\n")
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "keys.json"), []byte("{}"), 0o600); err != nil { // of the adoption guide
				t.Fatal(err)
			}
			plain := file != "main.tf" || !strings.Contains(config, "required_providers")
			if plain {
				if err := os.WriteFile(filepath.Join(dir, "versions.tf"), []byte(requirement), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			if plain {
				initialize(t, dir)
			} else if raw, err := cli.Command(t.Context(), dir, nil, "init", "-input=false", "-no-color", "-plugin-dir="+mirror).
				CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, raw)
			}
			raw, _ := cli.Command(t.Context(), dir, nil, "validate", "-json").Output() // the diagnostics say whether it failed
			var output struct {
				Valid       bool
				Diagnostics []struct{ Severity, Summary, Detail string }
			}
			if err := json.Unmarshal(raw, &output); err != nil || !output.Valid {
				t.Errorf("%v\n%s", err, raw)
			}
			for _, diagnostic := range output.Diagnostics {
				t.Errorf("%s: %s %s", diagnostic.Severity, diagnostic.Summary, diagnostic.Detail)
			}
		})
	}
}
