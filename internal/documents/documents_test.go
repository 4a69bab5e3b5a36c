package documents_test

import (
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/documents"
)

func TestReplaceSection(t *testing.T) {
	t.Parallel()
	const document = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n"
	got, err := documents.ReplaceSection(document, "x", "new\n")
	if want := "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if again, err := documents.ReplaceSection(got, "x", "new\n"); err != nil || again != got {
		t.Errorf("a second time: got %q, %v", again, err)
	}
	for _, broken := range []string{"", "<!-- begin x -->\n", "<!-- end x -->\n<!-- begin x -->\n", "<!-- begin y -->\n<!-- end y -->"} {
		if got, err := documents.ReplaceSection(broken, "x", "new"); err == nil {
			t.Errorf("%q became %q", broken, got)
		}
	}
}
