package validators

import (
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func TestNearestScope(t *testing.T) {
	t.Parallel()
	for _, scope := range alphamoon.Scopes() {
		if got := nearestScope(scope.Name); got != scope.Name {
			t.Errorf("the nearest scope of %q is %q", scope.Name, got)
		}
	}
	for text, want := range map[string]string{
		"workspace.results:read": "workspace.result:read", "workspace.file:uplaod": "workspace.file:upload",
		"workspace.process.apikey:manage": "workspace.process.api_key:manage", "result:read": "workspace.result:read",
		"": "", "*": "", "workspace.*": "", "admin": "", "foo.bar:baz": "", "workspace.invoices:send": "", "workspace:": "",
	} {
		if got := nearestScope(text); got != want {
			t.Errorf("nearest of %q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzNearestScope(f *testing.F) {
	for _, seed := range []string{"workspace.result:read", "workspace.result", "", ":", "a.b:c", "A.b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if nearest := nearestScope(text); nearest != "" && !alphamoon.IsDocumentedScope(nearest) {
			t.Errorf("the nearest scope of %q is not documented", text)
		}
	})
}
