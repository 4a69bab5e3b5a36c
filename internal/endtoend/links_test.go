package endtoend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?s)```.*?```")
)

// registry is where the pages are served. A relative link that works there does not work on GitHub, and the other
// way round, so that pages link to each other with whole addresses.
const registry = "https://registry.terraform.io/providers/alphamoon/alphamoon/latest/docs/"

// TestLinks checks that every link between the pages, and every relative link elsewhere, leads somewhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range markdownLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(raw), ""), -1) {
			target, _, _ := strings.Cut(match[1], "#")
			page, ofRegistry := strings.CutPrefix(target, registry)
			switch {
			case ofRegistry:
				target = filepath.Join(root, "docs", page+".md")
			case target == "" || strings.Contains(target, "://"):
				continue
			case strings.Contains(file, "/docs/"):
				t.Errorf("%s links to %s, which leads nowhere in the Registry", file, match[1])
				continue
			default:
				target = filepath.Join(filepath.Dir(file), target)
			}
			links++
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", file, match[1])
			}
		}
	}
	if links < 15 {
		t.Errorf("only %d links were found", links)
	}
}
