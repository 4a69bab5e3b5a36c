// Package documents puts what tests and benchmarks found into sections of Markdown files.
package documents

import (
	"fmt"
	"strings"
)

// ReplaceSection returns a document with another text between the two comments that mark a section:
//
//	<!-- begin NAME -->
//	<!-- end NAME -->
func ReplaceSection(document, name, text string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, found := strings.Cut(document, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("the document has no section %q", name)
	}
	return before + begin + text + end + after, nil
}
