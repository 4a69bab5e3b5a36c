package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// find looks for ids, ten at a time as Terraform does, and fails unless each is found as it should be.
func find(t *testing.T, client *alphamoon.Client, ids []string, want bool) {
	t.Helper()
	var group sync.WaitGroup
	places := make(chan struct{}, 10)
	for _, id := range ids {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: id})
			if err != nil || (key != nil) != want || key != nil && key.ID != id {
				t.Errorf("%s: got %v, %v", id, key, err)
			}
		})
	}
	group.Wait()
}

// TestReadersShareListings counts requests (one more where the total may be that of the page): they depend on how many keys
// the process has, not on how many are read.
func TestReadersShareListings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, read, missing, requests int }{
		{
			1000, 1000, 0, 10}, {1000, 1, 0, 10}, {950, 950, 0, 10}, {100, 100, 0, 2}, {1000, 500, 500, 20}, {1, 1, 0, 1}, {0, 0, 20,
			2}, {99, 99, 0, 1},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d missing", test.read, test.total, test.missing), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, test.total)
			client := newClient(t, box, soon)
			var ids, missing []string
			for _, key := range box.Keys(processID)[:test.read] {
				ids = append(ids, key.ID)
			}
			for i := range test.missing {
				missing = append(missing, fmt.Sprintf("missing-%d", i))
			}
			find(t, client, ids, true)
			find(t, client, missing, false)
			if got := box.Count(sandbox.List); got != test.requests {
				t.Errorf("requests: got %d, want %d", got, test.requests)
			}
		})
	}
}

// exists looks for a key, as resources do.
func exists(t *testing.T, client *alphamoon.Client, id string) bool {
	t.Helper()
	key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: id})
	if err != nil {
		t.Error(err)
	}
	return key != nil
}

func TestWritesBeginAGeneration(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 1)
	client := newClient(t, box, soon)
	first := box.Keys(processID)[0].ID
	for range 2 {
		if !exists(t, client, first) {
			t.Error("the key is not found")
		}
	}
	key, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !exists(t, client, key.ID) || !exists(t, client, first) {
		t.Error("the new key is not found")
	}
	if err := client.ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID}); err != nil {
		t.Fatal(err)
	}
	if exists(t, client, key.ID) {
		t.Error("the removed key is found")
	}
	// One listing for each pair of readers, one before the creation, and two that prove the removal. The first of them
	// serves the last reader too; the second came too soon after it.
	expectSent(t, box, 1, list, list, create, list, revoke, list, list, list)
}

// TestAWriteElsewhereIsSeen: another client writes, as another configuration of the provider does. A list that is
// read afterwards shows it.
func TestAWriteElsewhereIsSeen(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client, other := newClient(t, box), newClient(t, box)
	for want := range 3 {
		keys, err := client.ProcessAPIKeys(processID).List(t.Context())
		if err != nil || len(keys) != want {
			t.Errorf("%d keys are listed, want %d: %v", len(keys), want, err)
		}
		if _, err := other.ProcessAPIKeys(processID).
			Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWriteDuringAListing creates a key while a listing is under way: who looks afterwards sees the key.
func TestWriteDuringAListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	fill(box, 1)
	box.Inject(sandbox.Fault{Operation: list, SlowBody: 300 * time.Millisecond})
	slow := make(chan bool, 1)
	go func() { slow <- exists(t, client, box.Keys(processID)[0].ID) }()
	for box.Count(list) == 0 {
		time.Sleep(time.Millisecond)
	}
	key, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !exists(t, client, key.ID) {
		t.Error("the new key is not found")
	}
	if !<-slow {
		t.Error("the key from before is not found")
	}
}

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

// TestNoGoroutineOutlivesItsUse is not parallel, because it counts all goroutines.
func TestNoGoroutineOutlivesItsUse(t *testing.T) { //nolint:paralleltest // see above
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: time.Minute}}
	client := newClient(t, box, func(config *alphamoon.Config) { config.RequestTimeout = time.Hour })
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := client.ProcessAPIKeys(processID).List(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
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

func TestHostileTotals(t *testing.T) {
	t.Parallel()
	for _, total := range []string{"999999999999999999", "1e300", "300001", "5001"} {
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(writer, `{"apiKeys": [{"id": "a"}], "pagination": {"total": %s}}`, total)
		}))
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !errors.Is(err, alphamoon.ErrTooManyPages) {
			t.Errorf("%s: got %v", total, err)
		}
	}
	for _, total := range []string{"-5", "-1e300"} {
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
			keys := `[{"id": "a"}]`
			if req.URL.Query().Get("offset") != "0" {
				keys = "[]"
			}
			_, _ = fmt.Fprintf(writer, `{"apiKeys": %s, "pagination": {"total": %s}}`, keys, total)
		}))
		for page, err := range client.ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
			if err != nil || page.Total != -1 {
				t.Errorf("%s: got a total of %d, %v", total, page.Total, err)
			}
		}
	}
}

func BenchmarkListing(b *testing.B) {
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	server := httptest.NewServer(box)
	b.Cleanup(server.Close)
	b.ReportAllocs()
	for b.Loop() {
		listing, err := clientAt(b, server.URL).ProcessAPIKeys(processID).List(b.Context())
		if err != nil || len(listing) != 10_000 {
			b.Fatal(err)
		}
	}
}
