package alphamoon_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestACancelledReaderLeavesTheOthersTheirListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: 200 * time.Millisecond}}
	fill(box, 1)
	client := newClient(t, box)
	id := box.Keys(processID)[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := client.ProcessAPIKeys(processID).Find(ctx, alphamoon.KeyRef{ID: id}); first <- err }()
	for box.Count(sandbox.List) == 0 {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	go func() {
		_, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: id})
		second <- err
	}()
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled reader got %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the other reader got %v", err)
	}
	if got := box.Count(sandbox.List); got != 2 {
		t.Errorf("requests: got %d, want one that was broken off and one of the other reader's", got)
	}
}

// TestOneFailurePerOutage: readers share a failure while they wait and for a while.
func TestOneFailurePerOutage(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 1)
	client := newClient(t, box, func(config *alphamoon.Config) { config.FailureMemory = 500 * time.Millisecond })
	box.Inject(sandbox.Fault{Operation: list, Status: 500, Times: -1}) // which no other collection shares
	var failures atomic.Int64
	read := func() {
		_, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: box.Keys(processID)[0].ID})
		if err != nil {
			failures.Add(1)
		}
	}
	var group sync.WaitGroup
	for range 200 {
		group.Go(read)
	}
	group.Wait()
	read()
	if failures.Load() != 201 || box.Count(list) != 3 {
		t.Errorf("%d errors, %d requests", failures.Load(), box.Count(list))
	}
	time.Sleep(600 * time.Millisecond)
	box.ClearFaults()
	if !exists(t, client, box.Keys(processID)[0].ID) {
		t.Error("the failure is kept for ever")
	}
}
