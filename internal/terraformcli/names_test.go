package terraformcli

import (
	"os"
	"path/filepath"
	"slices"
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
	for goos, want := range map[string][]string{
		"linux":   {"Path=old", "Tf_Data_Dir=x", "HOME=/home/user", "TF_CLI_CONFIG_FILE=" + os.DevNull, "CHECKPOINT_DISABLE=1", "PATH=new"},
		"windows": {"Path=old", "HOME=/home/user", "TF_CLI_CONFIG_FILE=" + os.DevNull, "CHECKPOINT_DISABLE=1", "PATH=new"},
	} {
		if got := environ(goos, variables, map[string]string{"PATH": "new"}); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", goos, got, want)
		}
	}
	if got := environ("linux", nil, map[string]string{"TF_CLI_CONFIG_FILE": "a"}); got[len(got)-1] != "TF_CLI_CONFIG_FILE=a" {
		t.Errorf("the given configuration file does not count: %v", got)
	}
}
