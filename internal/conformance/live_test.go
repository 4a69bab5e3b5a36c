package conformance_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/conformance"
)

// TestLive runs the suite against the real service. It needs a credential and a process in which it may create
// keys, and so is skipped unless both are in the environment.
func TestLive(t *testing.T) {
	t.Parallel()
	target := conformance.Target{
		BaseURL:    cmp.Or(os.Getenv("ALPHAMOON_BASE_URL"), "https://workspace.alphamoon.ai"),
		Credential: os.Getenv("ALPHAMOON_CONFORMANCE_API_KEY"),
		ProcessID:  os.Getenv("ALPHAMOON_CONFORMANCE_PROCESS_ID"),

		AdminCredential: os.Getenv("ALPHAMOON_CONFORMANCE_ADMIN_API_KEY"),
	}
	if target.Credential == "" || target.ProcessID == "" {
		t.Skip("ALPHAMOON_CONFORMANCE_API_KEY and ALPHAMOON_CONFORMANCE_PROCESS_ID are not set")
	}
	conformance.Run(t, target)
}
