package alphamoon_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

func TestGranted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scopes              alphamoon.ScopeList
		missing, additional string
	}{
		"in another order": {scopes: []string{"workspace.file:upload", "workspace.result:read", "workspace.file:upload"}},
		"one is missing":   {scopes: []string{"workspace.file:upload"}, missing: "workspace.result:read"},
		"none":             {scopes: []string{}, missing: "workspace.file:upload workspace.result:read"},
		"left out":         {},
		"more": {
			scopes: []string{"z:z", "workspace.file:upload", "a:a", "workspace.result:read"}, additional: "a:a z:z",
		},
		"another": {
			scopes: []string{"workspace.file:upload", "a:a"}, missing: "workspace.result:read", additional: "a:a",
		},
	} {
		key := alphamoon.APIKey{Name: "other", Scopes: test.scopes} // the name means nothing
		key.ExpiresAt.Time = wanted.ExpiresAt.Add(time.Hour)
		got := wanted.Granted(key)
		if strings.Join(got.Missing, " ") != test.missing || strings.Join(got.Additional, " ") != test.additional ||
			!got.ExpiresAt.Equal(key.ExpiresAt.Time) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
