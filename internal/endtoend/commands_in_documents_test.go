package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNamesInCommands: a make target, a program and a test that a document tells a person to run exist.
func TestNamesInCommands(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "GNUmakefile"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	texts := map[string]string{}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		raw := []byte{}
		if ext := filepath.Ext(path); ext == ".md" || ext == ".tmpl" || ext == ".hcl" || strings.HasSuffix(path, "_test.go") {
			raw, err = os.ReadFile(path)
		}
		if strings.HasSuffix(path, "_test.go") {
			for _, match := range testFunction.FindAllStringSubmatch(string(raw), -1) {
				tests[match[1]] = true
			}
		} else if len(raw) > 0 {
			texts[path] = string(raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, text := range texts {
		for _, match := range command.FindAllStringSubmatch(text, -1) {
			found++
			target, program, test := match[1], match[2], match[3]
			if target != "" && !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("%s: there is no make %s", path, target)
			}
			if program != "" {
				if _, err := os.Stat(filepath.Join(root, program, "main.go")); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
			if test != "" && !tests[test] {
				t.Errorf("%s: there is no test %s", path, test)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were found", found)
	}
}

var (
	command      = regexp.MustCompile("(?m)(?:^|[`(])make ([a-z-]+)|go run (\\./internal/cmd/[a-z]+)|-run '?\\^?(Test[A-Za-z]+)")
	testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)
