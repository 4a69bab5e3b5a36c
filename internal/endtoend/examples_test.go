package endtoend_test

import (
	"encoding/json"
	"errors"
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

// unsupported says why the Terraform or OpenTofu at hand cannot read a configuration.
func unsupported(t *testing.T, config string) string {
	t.Helper()
	switch {
	case strings.Contains(config, "provider::") && !cli.OpenTofu && olderThan(t, "1.8.0"):
		return "this version has no functions of providers"
	case strings.Contains(config, "ephemeral ") && withoutEphemerals(t):
		return "this version has no ephemeral resources"
	case strings.Contains(config, "identity = {") && olderThan(t, "1.12.0"):
		return "this version imports by id only"
	case strings.Contains(config, "import {\n  for_each") && olderThan(t, "1.7.0"):
		return "this version has no import blocks with for_each"
	case strings.Contains(config, "removed {") && (olderThan(t, "1.7.0") || cli.OpenTofu && olderThan(t, "1.10.0")):
		return "this version has no removed blocks with a lifecycle"
	case strings.Contains(config, "list \"") && (cli.OpenTofu || olderThan(t, "1.14.0")):
		return "this version has no queries"
	}
	return ""
}

// ofRoots are blocks that only a root module may have, or that Terraform checks more strictly there, or that need a true init.
var ofRoots = regexp.MustCompile(`(?m)^(?:terraform|import|removed|moved|list|output)\b`)

// TestAccExamples validates everything with the provider as built. What may be a module is one of a configuration that calls them
// all, so that Terraform and the provider start once for them.
func TestAccExamples(t *testing.T) {
	t.Parallel()
	examples := configurations(t)
	if len(examples) < 8 {
		t.Errorf("only %d configurations were found", len(examples))
	}
	together, calls := t.TempDir(), requirement
	for name, config := range examples {
		if strings.Contains(config, "# needs ") {
			checkSyntax(t, config) // these need providers that are not here
			continue
		}
		if reason := unsupported(t, config); reason != "" {
			t.Logf("%s: %s", name, reason)
			continue
		}
		if !ofRoots.MatchString(config) {
			module := regexp.MustCompile(`\W`).ReplaceAllString(name, "_")
			writeExample(t, filepath.Join(together, module), config)
			calls += fmt.Sprintf("module %q {\n  source = \"./%[1]s\"\n", module)
			for _, variable := range regexp.MustCompile(`(?m)^variable "(\w+)"`).FindAllStringSubmatch(config, -1) {
				calls += "  " + variable[1] + " = var.any\n" // unknown, as the variables of a root are
			}
			calls += "}\n"
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeExample(t, dir, config)
			validate(t, dir)
		})
	}
	if modules := strings.Count(calls, "module \""); modules < 8 {
		t.Errorf("only %d configurations are modules", modules)
	}
	if err := os.WriteFile(filepath.Join(together, "main.tf"), []byte(calls+"variable \"any\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	validate(t, together)
}

// writeExample writes a configuration into a folder, with the requirement of the provider if it does not say it itself.
func writeExample(t *testing.T, dir, config string) {
	t.Helper()
	file := "main.tf"
	if strings.Contains(config, "list \"") {
		file = "main.tfquery.hcl"
	}
	// Terraform 1.16 looks for the provider of a resource that is not written yet under hashicorp/, unless it is named.
	if !strings.Contains(config, "resource \"") {
		config = strings.ReplaceAll(config, "import {\n", "import {\n  provider = alphamoon\n")
	}
	files := map[string]string{file: config, "keys.json": "{}"} // the adoption guide has such a file
	if file != "main.tf" || !strings.Contains(config, "required_providers") {
		files["versions.tf"] = requirement
	}
	err := os.MkdirAll(dir, 0o700)
	for name, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// validate demands that Terraform has nothing to say about a folder's configuration.
func validate(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "versions.tf")); err == nil {
		initialize(t, dir)
	} else if raw, err := cli.Command(t.Context(), dir, nil, "init", "-input=false", "-no-color", "-plugin-dir="+mirror).
		CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	raw, _ := cli.Command(t.Context(), dir, nil, "validate", "-json").Output() // the diagnostics say whether it failed
	var output struct {
		Valid       bool
		Diagnostics []struct {
			Severity, Summary, Detail string
			Range                     struct{ Filename string }
		}
	}
	if err := json.Unmarshal(raw, &output); err != nil || !output.Valid {
		t.Errorf("%v\n%s", err, raw)
	}
	for _, diagnostic := range output.Diagnostics {
		t.Errorf("%s: %s: %s %s", diagnostic.Range.Filename, diagnostic.Severity, diagnostic.Summary, diagnostic.Detail)
	}
}
