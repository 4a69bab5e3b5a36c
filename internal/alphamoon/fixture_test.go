package alphamoon_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const processID = sandbox.DefaultProcessID

var wanted = alphamoon.APIKeyRequest{
	Name: "test", Scopes: []string{"workspace.result:read", "workspace.file:upload"},
	ExpiresAt: time.Date(2099, 7, 17, 7, 54, 2, 687_000_000, time.UTC),
}

// newClient returns a client of the given server that waits for next to nothing between attempts.
func newClient(t testing.TB, handler http.Handler, changes ...func(*alphamoon.Config)) *alphamoon.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return clientAt(t, server.URL, changes...)
}

func clientAt(t testing.TB, address string, changes ...func(*alphamoon.Config)) *alphamoon.Client {
	t.Helper()
	baseURL, err := alphamoon.ParseBaseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := alphamoon.ParseCredential(sandbox.DefaultCredential)
	if err != nil {
		t.Fatal(err)
	}
	config := alphamoon.Config{
		BaseURL: baseURL, Credential: credential, UserAgent: "test", MaxRetries: 2,
		RequestTimeout: 5 * time.Second, RetryWaitMin: time.Millisecond, RetryWaitMax: 5 * time.Millisecond,
		RefusalPatience: 300 * time.Millisecond, FailureMemory: time.Nanosecond,
	}
	for _, change := range changes {
		change(&config)
	}
	return alphamoon.NewClient(config)
}

// fill puts n keys into the default process of a sandbox.
func fill(box *sandbox.Sandbox, n int) {
	for range n {
		box.AddKey(processID,
			sandbox.Key{Name: "filler", Scopes: []string{"workspace.result:read"}, ExpiresAt: wanted.ExpiresAt})
	}
}
