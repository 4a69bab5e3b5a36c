package provider_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestDebuggedProviderKeepsNothing configures one provider for one plan after the other, as a debugger's is.
//
//nolint:paralleltest // it counts goroutines, and other tests start some
func TestDebuggedProviderKeepsNothing(t *testing.T) {
	f := newFixture(t, sandbox.Options{Latency: time.Millisecond})
	server, err := f.factories()["alphamoon"]()
	if err != nil {
		t.Fatal(err)
	}
	f.configure(server, nil)
	before := runtime.NumGoroutine()
	for range 10 {
		p := f.configure(server, nil)
		var group sync.WaitGroup
		for range 5 { // each over a connection of its own
			group.Go(func() {
				if result := p.list(t.Context(), values{"process_id": processID}); result.failed {
					t.Error(result.diagnostics)
				}
			})
		}
		group.Wait()
	}
	f.configure(server, nil)
	// Both ends of a connection notice its end a little later.
	for deadline := time.After(10 * time.Second); runtime.NumGoroutine() > before; {
		select {
		case <-deadline:
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
