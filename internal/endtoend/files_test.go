package endtoend_test

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// expectInNoFile searches every file in the workspace for the secrets of keys. Plan files are archives, whose
// contents are searched one by one.
func (w *workspace) expectInNoFile(keys []sandbox.Key) {
	w.t.Helper()
	plans := 0
	search := func(name string, raw []byte) {
		content := string(raw) // the race detector watches every look at bytes, and none at a string
		for _, key := range keys {
			for _, form := range spellings(key.Secret) {
				if strings.Contains(content, form) {
					w.t.Errorf("%s holds %q", name, form)
				}
			}
		}
	}
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		search(path, raw)
		if !strings.HasSuffix(path, ".tfplan") {
			return nil
		}
		plans++
		archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			return err
		}
		for _, file := range archive.File {
			reader, err := file.Open()
			if err != nil {
				return err
			}
			content, err := io.ReadAll(reader)
			if err != nil {
				return err
			}
			search(path+"/"+file.Name, content)
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
	if plans == 0 {
		w.t.Error("no plan file was searched")
	}
}
