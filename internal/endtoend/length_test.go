package endtoend_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	frontMatter = regexp.MustCompile(`(?s)\A---\n.*?\n---\n`)
	tableRow    = regexp.MustCompile(`(?m)^ *\|.*$`)
	argument    = regexp.MustCompile("(?m)^ *- `(\\w+)` \\([^)]*\\) (.+)$")
)

// words counts what a reader reads of a page: the prose, without code and tables.
func words(page string) int {
	return len(strings.Fields(tableRow.ReplaceAllString(codeBlock.ReplaceAllString(frontMatter.ReplaceAllString(page, ""), ""), "")))
}

// TestPagesStayShort holds the lengths at which people still read. A page that gets longer says something twice, or is two
// pages.
func TestPagesStayShort(t *testing.T) {
	t.Parallel()
	const (
		resourcePage, allGuides    = 900, 5000
		stores                     = 1400 // with the recipes, which are code
		argumentMean, argumentMost = 20, 40
	)
	guides := 0
	for name, text := range pages(t) {
		count := words(text)
		switch {
		case strings.HasPrefix(name, "guides/"):
			guides += count
			all := len(strings.Fields(frontMatter.ReplaceAllString(text, "")))
			if strings.HasSuffix(name, "/secrets-and-stores.md") && all > stores {
				t.Errorf("%s has %d words, recipes included, and may have %d", name, all, stores)
			}
		case count > resourcePage:
			t.Errorf("%s has %d words, and may have %d", name, count, resourcePage)
		}
		arguments, sum := argument.FindAllStringSubmatch(text, -1), 0
		for _, match := range arguments {
			length := len(strings.Fields(match[2]))
			if sum += length; length > argumentMost {
				t.Errorf("%s describes %s in %d words, and may use %d", name, match[1], length, argumentMost)
			}
		}
		if sum > argumentMean*len(arguments) {
			t.Errorf("%s describes %d arguments in %d words, and may use %d for each", name, len(arguments), sum, argumentMean)
		}
	}
	if guides > allGuides {
		t.Errorf("the guides have %d words, and may have %d", guides, allGuides)
	}
}
