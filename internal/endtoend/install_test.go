package endtoend_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

// install runs "make install" with a home folder of its own.
func install(t *testing.T, home string) (output string, err error) {
	t.Helper()
	variables := map[string]string{"HOME": home, "USERPROFILE": home, "APPDATA": home}
	// An empty home folder must not cost a download of everything.
	settings, err := exec.CommandContext(t.Context(), "go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS").
		Output()
	if err = errors.Join(err, json.Unmarshal(settings, &variables)); err != nil {
		t.Fatal(err)
	}
	// A make within "make test" would announce the folders that it enters. A person's does not.
	variables["MAKELEVEL"], variables["MAKEFLAGS"] = "", ""
	command := exec.CommandContext(t.Context(), "make", "install")
	command.Dir, command.Env = root, terraformcli.Environ(variables)
	raw, err := command.CombinedOutput()
	return string(raw), err
}

// TestAccInstall installs into an empty home folder and then runs a plain init there.
func TestAccInstall(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if output, err := install(t, home); err != nil || !strings.Contains(output, "Installed into "+home) ||
		!strings.HasPrefix(output, "Building the provider.") {
		t.Fatalf("%v\n%s", err, output)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(requirement), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"init", "-input=false", "-no-color"}, {"validate", "-no-color"}} {
		command := cli.Command(t.Context(), dir, map[string]string{"HOME": home, "APPDATA": home}, arguments...)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", arguments, err, output)
		}
	}
}

// TestAccInstallIntoWhatCannotBeWritten says so in one line and leaves nothing behind.
func TestAccInstallIntoWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	// A file where the folder should be stops even the superuser.
	if err := os.WriteFile(filepath.Join(home, ".terraform.d"), nil, 0o600); err != nil || runtime.GOOS == "windows" {
		t.Skip("another folder is used on this system", err)
	}
	output, err := install(t, home)
	if err == nil {
		t.Fatalf("it says:\n%s", output)
	}
	lines := 0
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "install: ") {
			lines++
		}
	}
	if lines != 1 || !strings.Contains(output, ".terraform.d") {
		t.Errorf("it says:\n%s", output)
	}
	err = filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), "alphamoon") {
			t.Errorf("it left %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
