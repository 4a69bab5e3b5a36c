package endtoend_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?s)```.*?```")
	// ofRepository is an address on GitHub of a file or folder of this repository.
	ofRepository = regexp.MustCompile(`^https://github\.com/alphamoon/terraform-provider-alphamoon/(?:blob|tree)/main/(.+)$`)
)

// registries are the places that serve the pages of docs/, with the address of the overview and of the other pages.
// Neither ends the overview's address with a slash, so that no relative link of the overview fits both. OpenTofu's serves
// data sources under another folder than the repository's, and ephemeral resources and list resources not at all.
var registries = []struct {
	name, overview, pages string
	folders               []string
}{
	{
		"Terraform Registry", "/providers/alphamoon/alphamoon/0.1.0/docs", "/providers/alphamoon/alphamoon/0.1.0/docs/",
		[]string{"data-sources", "ephemeral-resources", "functions", "guides", "list-resources", "resources"},
	},
	{
		"OpenTofu Registry", "/provider/alphamoon/alphamoon/v0.1.0", "/provider/alphamoon/alphamoon/v0.1.0/docs/",
		[]string{"functions", "guides", "resources"},
	},
}

// links are the targets of a document's links, outside of its code.
func links(document string) []string {
	var targets []string
	for _, match := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(document, ""), -1) {
		targets = append(targets, match[1])
	}
	return targets
}

// TestLinksOfPages follows every link of docs/ as a reader of either registry does.
func TestLinksOfPages(t *testing.T) {
	t.Parallel()
	all := pages(t)
	followed := 0
	for name, text := range all {
		for _, link := range links(text) {
			if file := ofRepository.FindStringSubmatch(link); file != nil {
				if _, err := os.Stat(filepath.Join(root, file[1])); err != nil {
					t.Errorf("%s links to %s, which is not there", name, link)
				}
				continue
			}
			target, err := url.Parse(link)
			if err != nil || target.Host == "registry.terraform.io" || target.Host == "search.opentofu.org" {
				t.Errorf("%s links to %s, which is not the version that is read", name, link)
				continue
			}
			if target.IsAbs() {
				continue // somebody else's
			}
			followed++
			for _, registry := range registries {
				at := url.URL{Path: registry.overview}
				if name != "index.md" {
					at.Path = registry.pages + strings.TrimSuffix(name, ".md")
				}
				page, found := name, true
				if target.Path != "" {
					page, found = strings.CutPrefix(at.ResolveReference(target).Path+".md", registry.pages)
					folder, _, _ := strings.Cut(page, "/")
					found = found && slices.Contains(registry.folders, folder)
				}
				if _, exists := all[page]; !found || !exists {
					t.Errorf("%s links to %s, which leads nowhere in the %s", name, link, registry.name)
				} else if target.Fragment != "" && !slices.Contains(anchors(all[page]), target.Fragment) {
					t.Errorf("%s links to %s, and %s has no such heading", name, link, page)
				}
			}
		}
	}
	if followed < 15 {
		t.Errorf("only %d links between pages were found", followed)
	}
}

// anchors are what a registry makes of the headings of a page, and those that the generator writes.
func anchors(page string) []string {
	var found []string
	for _, anchor := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(page, -1) {
		found = append(found, anchor[1])
	}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		letters := regexp.MustCompile(`[^\p{L}\p{N}\s_-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found = append(found, strings.ReplaceAll(letters, " ", "-"))
	}
	return found
}

// TestLinksOfTheRepository follows the relative links of the documents that GitHub shows.
func TestLinksOfTheRepository(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range links(string(raw)) {
			target, _, _ := strings.Cut(link, "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			followed++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", file, link)
			}
		}
	}
	if followed < 15 {
		t.Errorf("only %d links were found", followed)
	}
}
