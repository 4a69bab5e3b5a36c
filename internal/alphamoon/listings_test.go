package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
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
			key, err := client.FindProcessAPIKey(t.Context(), processID, id)
			if err != nil || (key != nil) != want || key != nil && key.ID != id {
				t.Errorf("%s: got %v, %v", id, key, err)
			}
		})
	}
	group.Wait()
}

// TestReadsShareWalks counts requests: they depend on how many keys the process has, not on how many are read.
func TestReadsShareWalks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, read, missing, requests int }{
		{1000, 1000, 0, 10}, {1000, 1, 0, 10}, {950, 950, 0, 10}, {100, 100, 0, 1}, {1000, 500, 500, 20}, {1, 1, 0, 1}, {0, 0, 20, 2},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d missing", test.read, test.total, test.missing), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, test.total)
			client := newClient(t, box)
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

func TestWritesEndTheValidityOfWalks(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	count := func() int {
		listing, err := client.ListProcessAPIKeys(t.Context(), processID)
		if err != nil {
			t.Fatal(err)
		}
		return len(listing.Keys)
	}
	var got []int
	got = append(got, count(), count())
	key, _, err := client.CreateProcessAPIKey(t.Context(), creation)
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, count(), count())
	if revoked, _, err := client.RevokeProcessAPIKey(t.Context(), processID, key.ID); !revoked || err != nil {
		t.Fatal(revoked, err)
	}
	got = append(got, count())
	if fmt.Sprint(got) != "[0 0 1 1 0]" {
		t.Errorf("got %v keys", got)
	}
	// One walk for each pair of listings, two for the proof of the removal, which serve the last listing too.
	if sent := requests(box); sent != "LCLRLL" {
		t.Errorf("sent: %s", sent)
	}
}

// TestWriteDuringAWalk creates a key while a walk is under way: who lists afterwards sees the key.
func TestWriteDuringAWalk(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	box.Inject(sandbox.Fault{Operation: sandbox.List, SlowBody: 300 * time.Millisecond})
	slow := make(chan int, 1)
	go func() {
		listing, err := client.ListProcessAPIKeys(t.Context(), processID)
		if err != nil {
			t.Error(err)
			slow <- -1
			return
		}
		slow <- len(listing.Keys)
	}()
	for box.Count(sandbox.List) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := client.CreateProcessAPIKey(t.Context(), creation); err != nil {
		t.Fatal(err)
	}
	listing, err := client.ListProcessAPIKeys(t.Context(), processID)
	if err != nil || len(listing.Keys) != 1 {
		t.Errorf("the new key is not listed: %v, %v", listing, err)
	}
	if got := <-slow; got != 0 {
		t.Errorf("the walk from before has %d keys", got)
	}
}

func TestACancelledReaderLeavesTheOthersTheirWalk(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: 200 * time.Millisecond}}
	fill(box, 1)
	client := newClient(t, box)
	id := box.Keys(processID)[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := client.FindProcessAPIKey(ctx, processID, id); first <- err }()
	for box.Count(sandbox.List) == 0 {
		time.Sleep(time.Millisecond)
	}
	second := make(chan error, 1)
	go func() { _, err := client.FindProcessAPIKey(t.Context(), processID, id); second <- err }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled reader got %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the other reader got %v", err)
	}
	if got := box.Count(sandbox.List); got != 1 {
		t.Errorf("requests: got %d, want 1", got)
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
			if _, err := client.ListProcessAPIKeys(ctx, processID); !errors.Is(err, context.DeadlineExceeded) {
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

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	box.Inject(sandbox.Fault{Operation: sandbox.List, Status: 403})
	if _, err := client.ListProcessAPIKeys(t.Context(), processID); !alphamoon.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
	if _, err := client.ListProcessAPIKeys(t.Context(), processID); err != nil {
		t.Errorf("got %v", err)
	}
}

// TestPagesAreReadInParallel counts how many are on their way at a time.
func TestPagesAreReadInParallel(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: 20 * time.Millisecond}}
	fill(box, 2000)
	var now, most atomic.Int64
	client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		current := now.Add(1)
		defer now.Add(-1)
		for seen := most.Load(); current > seen && !most.CompareAndSwap(seen, current); seen = most.Load() {
		}
		box.ServeHTTP(writer, request)
	}))
	listing, err := client.ListProcessAPIKeys(t.Context(), processID)
	if err != nil || len(listing.Keys) != 2000 {
		t.Fatal(err)
	}
	for i, key := range box.Keys(processID) {
		if listing.Keys[i].ID != key.ID {
			t.Fatalf("the key at %d is out of order", i)
		}
	}
	if most.Load() != 4 || box.Count(sandbox.List) != 20 {
		t.Errorf("at most %d requests at a time, %d in all", most.Load(), box.Count(sandbox.List))
	}
}

// TestInconsistentPagesAreReadOneByOne moves keys during the parallel walk.
func TestInconsistentPagesAreReadOneByOne(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 950)
	box.Inject(sandbox.Fault{Operation: sandbox.List, Then: func(box *sandbox.Sandbox) { box.RemoveKey(box.Keys(processID)[0].ID) }})
	listing, err := newClient(t, box).ListProcessAPIKeys(t.Context(), processID)
	if err != nil || len(listing.Keys) != 949 || !listing.Complete {
		t.Errorf("got %v, %v", listing, err)
	}
	offsets := ""
	for _, request := range box.Journal()[box.Count(sandbox.List)-10:] {
		offsets += request.Query.Get("offset") + " "
	}
	if want := "0 100 200 300 400 500 600 700 800 900 "; offsets != want {
		t.Errorf("the last walk: %s", offsets)
	}
}

// TestOneRetrySlowsAllPages answers one page of a parallel walk with 429: the others wait too.
func TestOneRetrySlowsAllPages(t *testing.T) {
	t.Parallel()
	// Slow enough that the answer is understood before the other pages on their way are there.
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: 100 * time.Millisecond}}
	fill(box, 2000)
	box.Inject(sandbox.Fault{Operation: sandbox.List, Skip: 4, Status: 429, Header: http.Header{"Retry-After": {"1"}}})
	_, err := newClient(t, box, func(config *alphamoon.Config) { config.RetryWaitMax = time.Minute }).ListProcessAPIKeys(t.Context(), processID)
	if err != nil {
		t.Fatal(err)
	}
	journal := box.Journal()
	limited := -1
	for i, request := range journal {
		if request.Status == http.StatusTooManyRequests {
			limited = i
		}
	}
	within := 0
	for _, request := range journal[limited+1:] {
		if request.Time.Sub(journal[limited].Time) < 900*time.Millisecond {
			within++
		}
	}
	// Those already on their way, or past the gate, when the answer came.
	if limited < 0 || within > 6 {
		t.Errorf("%d requests were sent while one had to wait", within)
	}
}

func TestHostileTotals(t *testing.T) {
	t.Parallel()
	for _, total := range []string{"999999999999999999", "300001"} {
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(writer, `{"apiKeys": [{"id": "a"}], "pagination": {"total": %s}}`, total)
		}))
		if _, err := client.ListProcessAPIKeys(t.Context(), processID); err == nil || !strings.Contains(err.Error(), "does not end") {
			t.Errorf("%s: got %v", total, err)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	server := httptest.NewServer(box)
	b.Cleanup(server.Close)
	b.ReportAllocs()
	for b.Loop() {
		listing, err := clientAt(b, server.URL).ListProcessAPIKeys(b.Context(), processID)
		if err != nil || len(listing.Keys) != 10_000 {
			b.Fatal(err)
		}
	}
}
