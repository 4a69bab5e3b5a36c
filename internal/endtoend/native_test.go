package endtoend_test

import (
	"io/fs"
	"os"
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
		if strings.HasPrefix(filepath.Base(path), "mocked") &&
			olderThan(t, map[bool]string{false: "1.7.0", true: "1.8.0"}[cli.OpenTofu]) {
			return nil // this version has no mocks
		}
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
			if output, err := w.command(t.Context(), nil, "test", "-filter="+filepath.Base(path)).
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
