package endtoend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccWithoutRefresh: dates rotate, and a removal by hand goes unnoticed.
func TestAccWithoutRefresh(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "10m"`, `rotate_before_expiry = "9m50s"`), sandbox.Options{})
	w.apply()
	w.RemoveKey(w.Keys(sandbox.DefaultProcessID)[0].ID)
	w.ClearJournal()
	if output := w.run("plan", "-input=false", "-refresh=false"); !strings.Contains(output, "No changes.") ||
		w.Count(sandbox.AnyOperation) != 0 {
		t.Errorf("%d requests:\n%s", w.Count(sandbox.AnyOperation), output)
	}
	w.Advance(6 * time.Minute) // the absence of a younger key proves nothing
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "1 to add, 0 to change, 0 to destroy") {
		t.Errorf("with a refresh it says:\n%s", output)
	}
	time.Sleep(11 * time.Second)
	if output := w.run("plan", "-input=false", "-refresh=false"); !strings.Contains(output, "must be replaced") ||
		!strings.Contains(output, "rotates_at") {
		t.Errorf("when the key is due it says:\n%s", output)
	}
}
