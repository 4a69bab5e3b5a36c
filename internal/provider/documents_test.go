package provider_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/documents"
)

// expectSection demands that the section of a document between two markers is as given. With UPDATE_DOCUMENTS=1
// in the environment it writes it instead.
func expectSection(t *testing.T, document, section, text string) {
	t.Helper()
	document = "../../" + document
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	updated, err := documents.ReplaceSection(string(raw), section, text)
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	if updated == string(raw) {
		return
	}
	if os.Getenv("UPDATE_DOCUMENTS") == "" {
		t.Errorf("the section %q of %s is out of date; UPDATE_DOCUMENTS=1 writes it:\n%s", section, document, text)
		return
	}
	if err := os.WriteFile(document, []byte(updated), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestScopeCatalogueInGuide keeps the guide equal to the one catalogue.
func TestScopeCatalogueInGuide(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| group | scope | permits |\n|---|---|---|\n")
	for _, scope := range alphamoon.Scopes() {
		_, _ = fmt.Fprintf(&table, "| %s | `%s` | %s |\n", scope.Group, scope.Name, scope.Description)
	}
	expectSection(t, "templates/guides/least-privilege.md", "scope catalogue", table.String())
}

// TestTroubleshootingIsComplete looks for the summary of every diagnostic in the sources, and demands that the
// guide explains it.
func TestTroubleshootingIsComplete(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	// The position of the summary among the arguments.
	calls := map[string]int{
		"AddError":                      0,
		"AddWarning":                    0,
		"NewErrorDiagnostic":            0,
		"NewWarningDiagnostic":          0,
		"AddAttributeError":             1,
		"AddAttributeWarning":           1,
		"NewAttributeErrorDiagnostic":   1,
		"NewAttributeWarningDiagnostic": 1,
	}
	summaries := map[string]bool{}
	literal := func(expression ast.Expr) {
		if text, ok := expression.(*ast.BasicLit); ok {
			if summary, err := strconv.Unquote(text.Value); err == nil {
				summaries[summary] = true
			}
		}
	}
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
				switch node := node.(type) {
				case *ast.CallExpr:
					selector, ok := node.Fun.(*ast.SelectorExpr)
					if !ok {
						return true
					}
					if position, ok := calls[selector.Sel.Name]; ok && position < len(node.Args) {
						literal(node.Args[position])
					}
				case *ast.KeyValueExpr:
					// An area names the summary for what it does not find.
					if key, ok := node.Key.(*ast.Ident); ok && key.Name == "notFound" {
						literal(node.Value)
					}
				case *ast.FuncDecl:
					// explain returns the summary of every failure of the service.
					if node.Name.Name == "explain" {
						ast.Inspect(node, func(node ast.Node) bool {
							if result, ok := node.(*ast.ReturnStmt); ok && len(result.Results) == 2 {
								literal(result.Results[0])
							}
							return true
						})
					}
				}
				return true
			})
		}
	}
	if len(summaries) < 35 {
		t.Errorf("only %d diagnostics were found in the sources", len(summaries))
	}
	for summary := range summaries {
		if !strings.Contains(string(guide), "| "+summary+" |") &&
			!strings.Contains(string(guide), "| "+summary+" (warning) |") {
			t.Errorf("the guide does not explain %q", summary)
		}
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
