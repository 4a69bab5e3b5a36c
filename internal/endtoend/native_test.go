package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestNativeTests runs every .tftest.hcl under examples/ as a user would.
func TestNativeTests(t *testing.T) {
	t.Parallel()
	runner, err := cli.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	current, _, err := runner.Version(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if current.LessThan(version.Must(version.NewVersion("1.6.0"))) {
		t.Skipf("%s %s has no native tests", cli.Name(), current)
	}
	found := 0
	err = filepath.WalkDir(filepath.Join(root, "examples"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".tftest.hcl") {
			return err
		}
		found++
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, "", sandbox.Options{})
			if err := os.Remove(filepath.Join(w.dir, "main.tf")); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				w.write(filepath.Base(file), string(raw))
			}
			if output, err := w.command(t.Context(), nil, "test").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d files found, %v", found, err)
	}
}
