// Package repository_test checks what is written in several files of the repository and must agree.
package repository_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

const root = "../.."

// rootEntries is what the root holds, and nothing else: what people and tools look for there.
var rootEntries = []string{
	".ci", ".devcontainer", ".editorconfig", ".gitattributes", ".github", ".gitignore", ".golangci.yml", ".goreleaser.yml",
	"CHANGELOG.md", "CONTRIBUTING.md", "GNUmakefile", "LICENSE", "README.md", "SECURITY.md", "docs", "examples", "go.mod", "go.sum",
	"internal", "main.go", "templates", "terraform-registry-manifest.json",
}

func TestRoot(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skipf("this is no clone of the repository: %v", err)
	}
	var entries []string
	for line := range strings.Lines(string(output)) {
		entry, _, _ := strings.Cut(strings.TrimSpace(line), "/")
		entries = append(entries, entry)
	}
	slices.Sort(entries)
	if entries = slices.Compact(entries); !slices.Equal(entries, rootEntries) {
		t.Errorf("the root holds\n%s, want\n%s", entries, rootEntries)
	}
}

// TestLineEnds keeps a checkout on Windows equal to one elsewhere: tests compare files to the byte.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--eol").Output()
	if err != nil {
		t.Skipf("this is no clone of the repository: %v", err)
	}
	for line := range strings.Lines(string(output)) {
		ends, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		fields := strings.Fields(ends) // in the index, in the folder, and as .gitattributes asks
		for _, end := range fields[:2] {
			if _, end, _ = strings.Cut(end, "/"); !slices.Contains([]string{"lf", "none", ""}, end) {
				t.Errorf("%s: the line ends are %q", name, ends)
			}
		}
		if fields[len(fields)-1] != "eol=lf" {
			t.Errorf("%s: .gitattributes does not fix the line ends", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestVersionsAgree compares what is written in several places and what no updater keeps in step.
func TestVersionsAgree(t *testing.T) {
	t.Parallel()
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	workflows, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(workflows) == 0 {
		t.Fatalf("%d workflows, %v", len(workflows), err)
	}
	for _, name := range workflows {
		content := read(t, filepath.Join(".github", "workflows", filepath.Base(name)))
		for _, match := range regexp.MustCompile(`(?m)uses: (.*)$`).FindAllStringSubmatch(content, -1) {
			if !regexp.MustCompile(`^(\./\S+|\S+@[0-9a-f]{40} # v[\d.]+)$`).MatchString(match[1]) {
				t.Errorf("%s: %q is not pinned by commit, with the release in a comment", name, match[1])
			}
		}
		newest := "go-version: " + goVersion + ".x\n          check-latest: true\n"
		if strings.Count(content, "actions/setup-go@") != strings.Count(content, newest) {
			t.Errorf("%s: a job does not use the newest patch of Go %s", name, goVersion)
		}
		for _, match := range regexp.MustCompile(`terraform_version: "(.*)"`).FindAllStringSubmatch(content, -1) {
			if match[1] != terraformcli.PinnedVersion {
				t.Errorf("%s: Terraform %s, but %s is pinned", name, match[1], terraformcli.PinnedVersion)
			}
		}
	}
	devcontainer := read(t, ".devcontainer/devcontainer.json")
	for _, version := range []string{goVersion, terraformcli.PinnedVersion} {
		if !strings.Contains(devcontainer, `"version": "`+version+`"`) {
			t.Errorf("the devcontainer does not have version %s", version)
		}
	}
	if image := read(t, ".devcontainer/Dockerfile"); !regexp.MustCompile(`(?m)^FROM \S+:\d+\.\d+\.\d+-\S+$`).MatchString(image) {
		t.Errorf("the devcontainer's image is not pinned:\n%s", image)
	}
}

// TestReleaseNotes checks that the notes of a release are the section of the changelog about its version.
func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("there is no bash")
	}
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)`).FindStringSubmatch(read(t, "CHANGELOG.md"))
	if newest == nil {
		t.Fatal("CHANGELOG.md has no section about a version")
	}
	notes, err := exec.CommandContext(t.Context(), "bash", filepath.Join(root, ".ci", "release-notes"), newest[1]).Output()
	if err != nil || len(bytes.TrimSpace(notes)) == 0 || strings.Contains(string(notes), "\n## ") {
		t.Errorf("the notes of %s are %q, %v", newest[1], notes, err)
	}
	if output, err := exec.CommandContext(t.Context(), "bash", filepath.Join(root, ".ci", "release-notes"), "99.0.0").CombinedOutput(); err == nil {
		t.Errorf("a version that is not in the changelog has the notes %q", output)
	}
}
