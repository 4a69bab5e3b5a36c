package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestForgottenKeyIsNamed: revoke_on_destroy is set together with a replacement of which the plan can say nothing, so that the
// apply says that it is too late for this key, and what else ends it.
func TestForgottenKeyIsNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	s.apply(f.key(`expires_in = "90d"`))
	old := f.Keys(processID)[0].ID
	s.states[address].tainted = true
	report := s.apply(f.key(`expires_in = "90d"`, "revoke_on_destroy = true"))
	for _, text := range []string{
		fmt.Sprintf(`Warning: Key "test" (%s) stays valid until it expires`, old),
		"because revoke_on_destroy was false in the state",
		"To set that now is too late for this key. To end it sooner, delete it in the web application",
		fmt.Sprintf("import %s/%s at another address with revoke_on_destroy = true, apply, and destroy it there.", processID, old),
	} {
		if !strings.Contains(report.text, text) {
			t.Errorf("it does not say %q:\n%s", text, report.text)
		}
	}
	if len(report.said) != 1 || f.Count(sandbox.Revoke) != 0 {
		t.Errorf("%d messages, %d removals", len(report.said), f.Count(sandbox.Revoke))
	}
}

// TestGoneKeysAreEachNamed: two keys were deleted by hand.
func TestGoneKeysAreEachNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	_, resource, _ := strings.Cut(f.key(lifetime), "}\n")
	config := f.key(lifetime) + strings.Replace(resource, `"test"`, `"other"`, 1)
	s.apply(config)
	keys := f.Keys(processID)
	for _, key := range keys {
		f.RemoveKey(key.ID)
	}
	f.clock.Advance(day)
	report := s.apply(config)
	for _, key := range keys {
		if want := fmt.Sprintf("Warning: Key %q (%s) is gone", key.Name, key.ID); len(keys) != 2 || !strings.Contains(report.text, want) {
			t.Errorf("it does not say %q:\n%s", want, report.text)
		}
	}
}
