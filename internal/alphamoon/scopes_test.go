package alphamoon_test

import (
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	scopes := alphamoon.Scopes()
	groups, names := map[string]bool{}, map[string]bool{}
	for _, scope := range scopes {
		groups[scope.Group], names[scope.Name] = true, true
		if !alphamoon.IsScope(scope.Name) || !alphamoon.IsDocumentedScope(scope.Name) || scope.Description == "" {
			t.Errorf("%+v is not a proper entry", scope)
		}
	}
	if len(names) != 21 || len(groups) != 7 {
		t.Errorf("got %d scopes in %d groups, want 21 in 7", len(names), len(groups))
	}
	for _, text := range []string{
		"", "workspace", "workspace:read", "workspace.result", "workspace.result:", ".result:read", "workspace.Result:read",
		"workspace.result:read ", "workspace..result:read", "workspace.result:read:write", "workspace.result2:read", "*",
	} {
		if alphamoon.IsScope(text) {
			t.Errorf("%q has not the form of a scope", text)
		}
	}
}
