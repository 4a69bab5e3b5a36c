package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccManagedKeyOutlivesAFailedEqual: a second key like the first one is to be created, and the creation fails before
// it did anything. The first one is neither revoked nor named.
func TestAccManagedKeyOutlivesAFailedEqual(t *testing.T) {
	t.Parallel()
	for _, revokes := range []bool{true, false} {
		t.Run(fmt.Sprintf("revoke_on_destroy = %t", revokes), func(t *testing.T) {
			t.Parallel()
			arguments := []string{
				`name = "equal"`,
				`expires_at = "2099-01-01T00:00:00Z"`,
				fmt.Sprintf("revoke_on_destroy = %t", revokes),
			}
			w := newWorkspace(t, keys(1, arguments...), sandbox.Options{})
			w.apply()
			first := w.Keys(sandbox.DefaultProcessID)[0]
			// A colleague has an equal one.
			colleague := w.AddKey(sandbox.DefaultProcessID,
				sandbox.Key{Name: first.Name, Scopes: first.Scopes, ExpiresAt: first.ExpiresAt})
			w.write("main.tf", requirement+keys(2, arguments...))
			w.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 500})
			output := w.apply()
			if live := w.LiveKeys(sandbox.DefaultProcessID); len(live) != 3 || w.Count(sandbox.Revoke) != 0 {
				t.Errorf("%d keys live, %d removals", len(live), w.Count(sandbox.Revoke))
			}
			if strings.Contains(output, "lost") || strings.Contains(output, colleague.ID) {
				t.Errorf("it says:\n%s", output)
			}
		})
	}
}
