package endtoend_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccNativeTests runs every .tftest.hcl under examples/ as a user would.
func TestAccNativeTests(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.6.0") {
		t.Skip("this version has no native tests")
	}
	found := 0
	err := filepath.WalkDir(filepath.Join(root, "examples"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".tftest.hcl") {
			return err
		}
		found++
		if strings.HasPrefix(filepath.Base(path), "mocked") && olderThan(t, cli.MocksSince().String()) {
			return nil // this version has no mocks
		}
		if filepath.Base(path) == demoTest {
			return nil // TestAccDemoTwice runs it
		}
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			w := newWorkspaceFrom(t, filepath.Dir(path), filepath.Base(path), sandbox.Options{Processes: []sandbox.Process{
				{ID: sandbox.DefaultProcessID, Name: "Invoices"}, {ID: fmt.Sprintf("%032x", 2), Name: "Receipts"},
			}})
			if output, err := w.command(t.Context(), nil, "test").
				CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d files found, %v", found, err)
	}
}

const demoTest = "demo.tftest.hcl"

// TestAccDemoTwice runs the demonstration's tests and its configuration twice against one sandbox: the keys of the first
// time are still there.
func TestAccDemoTwice(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.6.0") {
		t.Skip("this version has no native tests")
	}
	w := newWorkspaceFrom(t, filepath.Join(root, "examples", "demo"), demoTest, sandbox.Options{})
	w.run("test")
	w.apply()
	w.run("destroy", "-input=false", "-auto-approve")
	w.run("test")
	w.apply()
}

// TestAccBareMock: a mocked provider without defaults makes up the id of the process, and the error says what to do.
func TestAccBareMock(t *testing.T) {
	t.Parallel()
	if olderThan(t, cli.MocksSince().String()) {
		t.Skip("this version has no mocks")
	}
	w := newWorkspaceFrom(t, filepath.Join(root, "examples", "demo"), "none", sandbox.Options{})
	w.write("bare.tftest.hcl", "mock_provider \"alphamoon\" {}\nrun \"plan\" {\n  command = plan\n}\n")
	raw, err := w.command(t.Context(), nil, "test").CombinedOutput()
	if text := unbroken(string(raw)); err == nil ||
		!strings.Contains(text, "If a mock_provider made the value up, set one in its mock_data") {
		t.Errorf("it says:\n%s", raw)
	}
	w.write("bare.tftest.hcl", `mock_provider "alphamoon" {
  mock_data "alphamoon_process" { defaults = { id = "2080d36bf94c4147b2e543104342fc2f" } }
}
run "plan" {
  command = plan
}
run "apply" {}
`)
	w.run("test")
}
