package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages reads what the Registry shows, by path below docs/.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	dir := filepath.Join(root, "docs")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		if err != nil || relErr != nil {
			t.Fatal(err, relErr)
		}
		found[filepath.ToSlash(name)] = string(raw)
		return nil
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return found
}

// TestEveryGuideIsFound: the overview lists every guide by its title, and every object's page links at least one and says
// which key or scope the provider needs before its example.
func TestEveryGuideIsFound(t *testing.T) {
	t.Parallel()
	all := pages(t)
	guides := 0
	for name, text := range all {
		if strings.HasPrefix(name, "guides/") {
			guides++
			title := regexp.MustCompile(`(?m)^page_title: "(.+)"$`).FindStringSubmatch(text)
			if title == nil || !strings.Contains(all["index.md"], "| "+title[1]+" |") {
				t.Errorf("index.md does not list %s", name)
			}
			continue
		}
		introduction, _, _ := strings.Cut(text, "## Example Usage")
		if !strings.Contains(introduction, "scope") && !strings.Contains(introduction, "organization admin's") &&
			!strings.Contains(introduction, "no request") {
			t.Errorf("%s does not say which scope the provider's key needs", name)
		}
		if name != "index.md" && !strings.Contains(text, "](../guides/") {
			t.Errorf("%s links no guide", name)
		}
	}
	if guides != 8 {
		t.Errorf("there are %d guides", guides)
	}
}

// TestEveryRequirementHasAVersion: a configuration without one takes any later version.
func TestEveryRequirementHasAVersion(t *testing.T) {
	t.Parallel()
	for name, config := range configurations(t) {
		requirements := strings.Count(config, `"alphamoon/alphamoon"`)
		if versions := strings.Count(config, "version = \"~> 0.1\""); versions < requirements {
			t.Errorf("%s requires the provider without a version", name)
		}
		if strings.Contains(config, "removed {") && requirements == 0 {
			t.Errorf("%s removes a resource without naming its provider", name) // Terraform 1.16 does not guess it
		}
	}
}

var (
	heading  = regexp.MustCompile(`(?m)^## (.+)$`)
	fence    = regexp.MustCompile("(?m)^ *```([a-z]*)$")
	fenced   = regexp.MustCompile("(?sm)^ *```([a-z]*)\n(.*?)^ *```$")
	hclBlock = regexp.MustCompile(
		`(?m)^(?:resource|data|provider|ephemeral|list|import|removed|terraform|check|locals|variable|output)\b[^\n]*\{`,
	)
)

// TestEveryObjectBeginsWithAnExample looks at the first heading of every object's page.
func TestEveryObjectBeginsWithAnExample(t *testing.T) {
	t.Parallel()
	for name, page := range pages(t) {
		if strings.HasPrefix(name, "guides/") {
			continue
		}
		first := heading.FindStringSubmatch(fenced.ReplaceAllString(page, ""))
		if first == nil || first[1] != "Example Usage" {
			t.Errorf("%s begins with %q", name, first)
		}
		if !strings.Contains(page, "\nsubcategory: \"") && name != "index.md" {
			t.Errorf("%s has no subcategory", name)
		}
	}
}

// TestConfigurationsAreFencedAsTerraform: the Registry colours only what it knows.
func TestConfigurationsAreFencedAsTerraform(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"terraform": true, "shell": true, "text": true, "yaml": true}
	for name, page := range pages(t) {
		if len(fence.FindAllString(page, -1))%2 != 0 {
			t.Errorf("%s has a fence that is not closed", name)
		}
		for _, block := range fenced.FindAllStringSubmatch(page, -1) {
			if !known[block[1]] {
				t.Errorf("%s has a block fenced as %q:\n%s", name, block[1], block[2])
			}
			if block[1] != "terraform" && hclBlock.MatchString(block[2]) {
				t.Errorf("%s has a configuration fenced as %q:\n%s", name, block[1], block[2])
			}
		}
	}
}

// TestTablesAreWhole: every row has as many cells as the heading, and no blank line breaks a table.
func TestTablesAreWhole(t *testing.T) {
	t.Parallel()
	tables := 0
	for name, page := range pages(t) {
		columns, separated := 0, false
		for line := range strings.Lines(fenced.ReplaceAllString(page, "")) {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "|") {
				columns, separated = 0, false
				continue
			}
			cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") - 1
			switch {
			case columns == 0:
				columns = cells
				tables++
			case !separated:
				if separated = strings.Trim(line, "|-: ") == ""; !separated {
					t.Errorf("%s: a table without a heading: %s", name, line)
					separated = true
				}
			}
			if cells != columns {
				t.Errorf("%s: %d cells instead of %d: %s", name, cells, columns, line)
			}
		}
	}
	if tables < 10 {
		t.Errorf("only %d tables were found", tables)
	}
}

// TestEveryRecipePassesOn what a store needs. It looks also at the recipes whose provider is not here.
func TestEveryRecipePassesOn(t *testing.T) {
	t.Parallel()
	all := blocks(t, storesGuide)
	if len(all) != 4 || !strings.Contains(all[0], "required      = terraform.applying") {
		t.Errorf("the guide has %d blocks, or a key that an apply may lack", len(all))
	}
	for _, recipe := range all[1:] {
		for _, text := range []string{
			"ephemeral.alphamoon_decrypted_key.uploader.key", "uploader.key_version", "uploader.expires_at", "create_before_destroy = true",
		} {
			if !strings.Contains(recipe, text) {
				t.Errorf("a recipe has no %s:\n%s", text, recipe)
			}
		}
	}
}
