// Package terraformcli finds a Terraform or OpenTofu to run and lets it use the provider as built from this
// checkout. The demonstration, the tests and the benchmarks share it.
package terraformcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

const (
	// PinnedVersion is the Terraform that is downloaded where there is none.
	PinnedVersion = "1.11.4"
	// builtVersion is the version under which the provider of this checkout is offered. Terraform picks up only
	// versions that look released.
	builtVersion = "0.1.0"
)

// CLI is a Terraform or OpenTofu.
type CLI struct {
	Path string
	// OpenTofu is false for Terraform.
	OpenTofu bool
}

// Find looks for Terraform, then OpenTofu, on the PATH, then for an earlier download in cacheDir, and at last
// downloads the pinned Terraform there, its checksum verified against the signed list of its maker.
func Find(ctx context.Context, cacheDir string) (CLI, error) {
	if path, err := exec.LookPath("terraform"); err == nil {
		return CLI{Path: path}, nil
	}
	if path, err := exec.LookPath("tofu"); err == nil {
		return CLI{Path: path, OpenTofu: true}, nil
	}
	cached := filepath.Join(cacheDir, executable("terraform", runtime.GOOS))
	if _, err := os.Stat(cached); err == nil {
		return CLI{Path: cached}, nil
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil { //nolint:gosec // holds a public program
		return CLI{}, err
	}
	path, err := (&releases.ExactVersion{
		Product: product.Terraform, Version: version.Must(version.NewVersion(PinnedVersion)), InstallDir: cacheDir,
	}).Install(ctx)
	if err != nil {
		return CLI{}, fmt.Errorf("no terraform or tofu is on the PATH, and Terraform %s could not be downloaded: %w", PinnedVersion, err)
	}
	return CLI{Path: path}, nil
}

// Name is what to call it.
func (c CLI) Name() string {
	if c.OpenTofu {
		return "OpenTofu"
	}
	return "Terraform"
}

// Version asks the program what it is. A pre-release counts as its release.
func (c CLI) Version(ctx context.Context) (*version.Version, error) {
	raw, err := c.Command(ctx, os.TempDir(), nil, "version", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", c.Path, err)
	}
	var answer struct {
		Version *version.Version `json:"terraform_version"` // OpenTofu calls it so, too
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("%s version: %w", c.Path, err)
	}
	return answer.Version.Core(), nil
}

// MocksSince is the first version whose native tests may mock a provider. Older ones that have native tests refuse a
// folder with such a test, whatever they are asked to do there.
func (c CLI) MocksSince() *version.Version {
	if c.OpenTofu {
		return version.Must(version.NewVersion("1.8.0"))
	}
	return version.Must(version.NewVersion("1.7.0"))
}

// Mirror builds the provider of the module in moduleDir into a directory from which Terraform installs it: with
// "init -plugin-dir", or without more ado if it is the one of [PluginDir]. Nothing is there before the build has
// succeeded, and no half-written file ever has the provider's name.
func Mirror(ctx context.Context, moduleDir, mirrorDir string) error {
	return MirrorPackage(ctx, moduleDir, ".", "alphamoon", mirrorDir)
}

// MirrorPackage does the same for a provider in another package of the module, as alphamoon/NAME.
func MirrorPackage(ctx context.Context, moduleDir, packagePath, providerName, mirrorDir string) (err error) {
	scratch, err := os.MkdirTemp("", "alphamoon-build-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	name := executable("terraform-provider-"+providerName+"_v"+builtVersion, runtime.GOOS)
	binary := filepath.Join(scratch, name)
	ldflags := "-s -w -X main.version=" + builtVersion
	//nolint:gosec // the caller names its own folder
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", ldflags, "-o", binary, packagePath)
	build.Dir, build.Env = moduleDir, append(os.Environ(), "CGO_ENABLED=0") // as releases are built
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	content, err := os.ReadFile(binary) //nolint:gosec // built above
	if err != nil {
		return err
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		dir := filepath.Join(mirrorDir, host, "alphamoon", providerName, builtVersion, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // holds a public program
			return err
		}
		// Renaming also replaces a provider that is running.
		partial := filepath.Join(dir, ".partial")
		if err := os.WriteFile(partial, content, 0o755); err != nil { //nolint:gosec // a program
			return err
		}
		if err := os.Rename(partial, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// PluginDir is where Terraform and OpenTofu look for providers before they ask a registry.
func PluginDir() (string, error) {
	parent := os.UserHomeDir
	if runtime.GOOS == "windows" {
		parent = os.UserConfigDir
	}
	dir, err := parent()
	return pluginDir(runtime.GOOS, dir), err
}

// pluginDir is the folder below %APPDATA% on Windows and below the home folder elsewhere.
func pluginDir(goos, parent string) string {
	if goos == "windows" {
		return filepath.Join(parent, "terraform.d", "plugins")
	}
	return filepath.Join(parent, ".terraform.d", "plugins")
}

// Command prepares a run in a directory. The variables of the environment that steer Terraform or the provider are
// replaced by env, so that nothing of the user's own set-up gets in.
func (c CLI) Command(ctx context.Context, dir string, env map[string]string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.Path, arguments...) //nolint:gosec // a Terraform that was looked for
	command.Dir, command.Env = dir, Environ(env)
	return command
}

// Environ is the process's own environment without what steers Terraform or the provider, and with the given variables.
// Of several values of a name the last one counts, on Windows in whatever case; see [exec.Cmd].
func Environ(additions map[string]string) []string {
	return environ(runtime.GOOS, os.Environ(), additions)
}

func environ(goos string, variables []string, additions map[string]string) []string {
	result := slices.DeleteFunc(slices.Clone(variables), func(variable string) bool {
		if goos == "windows" {
			variable = strings.ToUpper(variable)
		}
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "ALPHAMOON_")
	})
	// No configuration file of the user's applies, above all no development overrides, and nobody is asked for news.
	result = append(result, "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	for name, value := range additions {
		result = append(result, name+"="+value)
	}
	return result
}

// executable is the file name of a program.
func executable(name, goos string) string {
	if goos == "windows" {
		return name + ".exe"
	}
	return name
}
