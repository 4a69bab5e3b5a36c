// Package endtoend_test runs the provider as a user does: built, from a mirror, started by a real Terraform or
// OpenTofu.
package endtoend_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

const root = "../.."

// cli and mirror are set before the first test.
var (
	cli    terraformcli.CLI
	mirror string
)

// updateFlag writes the states that are kept of a version.
var updateFlag = flag.Bool("update", false, "write the states that the tests compare with")

func TestMain(m *testing.M) { os.Exit(setUpAndRun(m)) }

func setUpAndRun(m *testing.M) int {
	err := func() (err error) {
		ctx := context.Background()
		// Most of these tests wait more than they compute. An explicit -parallel is read later and wins.
		if err := flag.Set("test.parallel", strconv.Itoa(6*runtime.GOMAXPROCS(0))); err != nil {
			return err
		}
		if os.Getenv("GOGC") == "" {
			// A Terraform and its provider end before collecting their garbage pays: this is for those that are started from here.
			if err := errors.Join(os.Setenv("GOGC", "off"), os.Setenv("GOMEMLIMIT", "512MiB")); err != nil {
				return err
			}
		}
		if cli, err = terraformcli.Find(ctx, filepath.Join(root, ".terraform-bin")); err != nil {
			return err
		}
		if mirror, err = os.MkdirTemp("", "alphamoon-mirror-"); err != nil {
			return err
		}
		return terraformcli.Mirror(ctx, root, mirror)
	}()
	defer func() { _ = errors.Join(os.RemoveAll(mirror), os.RemoveAll(mirror+"-initialized")) }()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// workspace is a folder with a configuration, ready to run, and a sandbox for it.
type workspace struct {
	*sandbox.Sandbox
	t       *testing.T
	dir     string
	address string
}

func newWorkspace(t *testing.T, config string, options sandbox.Options) *workspace {
	t.Helper()
	w := serve(t, options)
	w.write("main.tf", requirement+config)
	initialize(t, w.dir)
	return w
}

// initialized is a folder after an init for nothing but this provider.
var initialized = sync.OnceValues(func() (string, error) {
	dir := mirror + "-initialized"
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.tf"), []byte(requirement), 0o600)
	}
	if err != nil {
		return "", err
	}
	arguments := []string{"init", "-input=false", "-no-color", "-plugin-dir=" + mirror}
	if output, err := cli.Command(context.Background(), dir, nil, arguments...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return dir, errors.Join(os.Remove(filepath.Join(dir, "main.tf")), dropChecksums(dir))
})

var checksums = regexp.MustCompile(`(?s)  hashes = \[.*?\]\n`)

// dropChecksums takes the provider's out of the lock file, so that not every run of Terraform reads and hashes the whole provider:
// that took a sixth of the time. Where a test types init itself, and in TestAccTroubleshooting, they stay.
func dropChecksums(dir string) error {
	name := filepath.Join(dir, ".terraform.lock.hcl")
	locked, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, checksums.ReplaceAll(locked, nil), 0o600)
}

// initialize makes a folder as an init leaves it whose configuration needs nothing but this provider. An init of its own for
// each took a tenth of the time.
func initialize(t *testing.T, dir string) {
	t.Helper()
	from, err := initialized()
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(from)) // the provider is a link
	}
	if err != nil {
		t.Fatal(err)
	}
}

// newWorkspaceFrom copies a folder of the repository, modules included, and of its native tests only one: a Terraform
// without mocks cannot even read the others.
func newWorkspaceFrom(t *testing.T, folder, test string, options sandbox.Options) *workspace {
	t.Helper()
	w := serve(t, options)
	if err := os.CopyFS(w.dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob(filepath.Join(w.dir, "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tests {
		if filepath.Base(file) != test {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.run("init", "-input=false", "-plugin-dir="+mirror)
	if err := dropChecksums(w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

// nameInputs looks at what the provider is built from and at where Terraform is looked for, so that go test runs these
// tests again when that changes: it remembers what tests read, not what was read before them or by other programs.
var nameInputs = sync.OnceValue(func() error {
	_ = os.Getenv("PATH")
	_, err := os.ReadDir(root)
	return errors.Join(
		err,
		filepath.WalkDir(filepath.Join(root, "internal"), func(_ string, _ fs.DirEntry, err error) error { return err }),
	)
})

// serve starts a sandbox for an empty folder.
func serve(t *testing.T, options sandbox.Options) *workspace {
	t.Helper()
	if err := nameInputs(); err != nil {
		t.Fatal(err)
	}
	w := &workspace{Sandbox: &sandbox.Sandbox{Options: options}, t: t, dir: t.TempDir()}
	address, stop, err := w.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w.address = address
	return w
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) read(name string) string {
	w.t.Helper()
	raw, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}
