package terraformcli

import (
	"maps"
	"path/filepath"
	"testing"
)

// TestNames checks what differs between the systems that a release is built for, on whichever system it runs.
func TestNames(t *testing.T) {
	t.Parallel()
	for goos, want := range map[string]struct{ program, pluginDir string }{
		"linux":   {"terraform", "parent/.terraform.d/plugins"},
		"darwin":  {"terraform", "parent/.terraform.d/plugins"},
		"freebsd": {"terraform", "parent/.terraform.d/plugins"},
		"windows": {"terraform.exe", "parent/terraform.d/plugins"},
	} {
		if got := executable("terraform", goos); got != want.program {
			t.Errorf("%s: a program is called %q, want %q", goos, got, want.program)
		}
		if got := filepath.ToSlash(pluginDir(goos, "parent")); got != want.pluginDir {
			t.Errorf("%s: providers are looked for in %q, want %q", goos, got, want.pluginDir)
		}
	}
}

func TestEnvironmentOfEverySystem(t *testing.T) {
	t.Parallel()
	variables := []string{"Path=old", "TF_LOG=TRACE", "Tf_Data_Dir=x", "ALPHAMOON_API_KEY=user:pass", "HOME=/home/user"}
	additions := map[string]string{"PATH": "new", "TF_VAR_a": "b"}
	for goos, want := range map[string]map[string]string{
		"linux":   {"Path": "old", "PATH": "new", "Tf_Data_Dir": "x", "HOME": "/home/user", "TF_VAR_a": "b"},
		"windows": {"PATH": "new", "HOME": "/home/user", "TF_VAR_a": "b"},
	} {
		got := environment(goos, variables, additions)
		if got["TF_CLI_CONFIG_FILE"] == "" {
			t.Errorf("%s: a configuration file of the user's would be read", goos)
		}
		delete(got, "TF_CLI_CONFIG_FILE")
		if !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", goos, got, want)
		}
	}
}
