package endtoend_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

// releaseFlags reads how a release is built from the release's own configuration.
func releaseFlags(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, ".goreleaser.yml"))
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`(?m)^ +flags: \[(.+)\]$`).FindSubmatch(raw)
	ldflags := regexp.MustCompile(`(?m)^ +ldflags: \["(.+)"\]$`).FindSubmatch(raw)
	if flags == nil || ldflags == nil {
		t.Fatal("the release's flags are not where they were")
	}
	return append(strings.Split(string(flags[1]), ", "), "-ldflags", strings.ReplaceAll(string(ldflags[1]),
		"{{ .Version }}", "1.2.3"))
}

// TestReleaseIsReproducible builds the tree twice, in two folders, once with what was compiled before and once from
// nothing: the results must be the same to the byte, small, and know their version.
func TestReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	var builds [][]byte
	flags := releaseFlags(t)
	for _, environment := range []map[string]string{{"CGO_ENABLED": "0"}, {"CGO_ENABLED": "0", "GOCACHE": t.TempDir()}} {
		dir := t.TempDir()
		sources, err := filepath.Glob(filepath.Join(root, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, source := range append(sources, filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")) {
			raw, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(source)), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.CopyFS(filepath.Join(dir, "internal"), os.DirFS(filepath.Join(root, "internal"))); err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(dir, "provider")
		command := exec.CommandContext(
			t.Context(),
			"go",
			append(append([]string{"build"}, flags...), "-o", binary, ".")...)
		command.Dir = dir
		command.Env = terraformcli.Environ(environment)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		raw, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		builds = append(builds, raw)
		output, err := exec.CommandContext(t.Context(), binary, "-version").Output()
		if err != nil || string(output) != "terraform-provider-alphamoon 1.2.3\n" {
			t.Errorf("version: %q, %v", output, err)
		}
	}
	if !bytes.Equal(builds[0], builds[1]) {
		t.Error("two builds of the same sources differ")
	}
	if megabytes := len(builds[0]) / 1_000_000; megabytes >= 25 {
		t.Errorf("the binary has %d MB", megabytes)
	}
}
