package provider_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// expectSection demands that the section of a document between two markers is as given. With -update
// it writes it instead.
func expectSection(t *testing.T, document, section, text string) {
	t.Helper()
	document = "../../" + document
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	updated, err := replaceSection(string(raw), section, text)
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	if updated == string(raw) {
		return
	}
	if !*updateFlag {
		t.Errorf("the section %q of %s is out of date; -update writes it:\n%s", section, document, text)
		return
	}
	if err := os.WriteFile(document, []byte(updated), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replaceSection returns a document with another text between the two comments that mark a section:
//
//	<!-- begin NAME -->
//	<!-- end NAME -->
func replaceSection(document, name, text string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, found := strings.Cut(document, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("the document has no section %q", name)
	}
	return before + begin + text + end + after, nil
}

func TestReplaceSection(t *testing.T) {
	t.Parallel()
	const document = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
	got, err := replaceSection(document, "x", "new\n")
	if want := "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if again, err := replaceSection(got, "x", "new\n"); err != nil || again != got {
		t.Errorf("a second time: got %q, %v", again, err)
	}
	for _, broken := range []string{"", "<!-- begin x -->\n", "<!-- end x -->\n<!-- begin x -->\n", "<!-- begin y -->\n<!-- end y -->"} {
		if got, err := replaceSection(broken, "x", "new"); err == nil {
			t.Errorf("%q became %q", broken, got)
		}
	}
}

// TestScopeCatalogueInPage keeps the page equal to the one catalogue.
func TestScopeCatalogueInPage(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| group | scope | permits |\n|---|---|---|\n")
	for _, scope := range alphamoon.Scopes() {
		_, _ = fmt.Fprintf(&table, "| %s | `%s` | %s |\n", scope.Group, scope.Name, scope.Description)
	}
	expectSection(t, "templates/data-sources/process_api_scopes.md.tmpl", "scope catalogue", table.String())
}

// TestMessagesInPages looks for every message that a page quotes, in italics or after "Warning:" and "Error:", in the
// sources, or in a configuration that the page shows.
func TestMessagesInPages(t *testing.T) {
	t.Parallel()
	literals := map[string]bool{"No changes": true} // Terraform says that
	for _, pattern := range []string{"*.go", "../validators/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(node ast.Node) bool {
				if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil {
						literals[text] = true
					}
				}
				return true
			})
		}
	}
	quoted := regexp.MustCompile(`(?m)[ |]\*([A-Z][^*\n]+)\*[ |,.:;]|^(?:Warning|Error): (.+)$`)
	found := 0
	err := filepath.WalkDir("../../templates", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		page, err := os.ReadFile(path)
		for _, match := range quoted.FindAllStringSubmatch(string(page), -1) {
			found++
			if message := match[1] + match[2]; !literals[message] && !strings.Contains(string(page), `"`+message) {
				t.Errorf("%s quotes %q, which the provider never says", path, message)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("%d messages, %v", found, err)
	}
}

// TestListResourcePages compares the pages, which are written by hand because not every Terraform that generates the
// documentation knows list resources, with the schemas and the examples.
func TestListResourcePages(t *testing.T) {
	t.Parallel()
	for kind := range kinds {
		page, err := os.ReadFile("../../templates/list-resources/" + strings.TrimPrefix(kind, "alphamoon_") + ".md")
		if err != nil {
			t.Fatal(err)
		}
		example, err := os.ReadFile("../../examples/list-resources/" + kind + "/list-resource.tfquery.hcl")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), string(example)) {
			t.Errorf("%s: the page does not show the example", kind)
		}
		schema, ok := providerSchema(t).ListResourceSchemas[kind]
		if !ok {
			t.Fatalf("%s: there is no list resource", kind)
		}
		for _, attribute := range schema.Block.Attributes {
			if !strings.Contains(string(page), "- `"+attribute.Name+"` (String) "+attribute.Description) {
				t.Errorf("%s: the page does not describe %s", kind, attribute.Name)
			}
		}
		if !strings.Contains(string(page), schema.Block.Description) {
			t.Errorf("%s: the page does not describe the list resource", kind)
		}
	}
}
