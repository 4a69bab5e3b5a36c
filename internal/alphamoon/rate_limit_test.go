package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestRateLimitIsWaitedOut creates keys ten at a time under a limit, with no retries at all: none may fail, none may
// be doubled, and the service is not bothered.
func TestRateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	for _, hints := range []bool{false, true} {
		t.Run(fmt.Sprintf("Retry-After: %t", hints), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 20, Burst: 5, RateHints: hints}}
			var longest atomic.Int64
			client := newClient(t, box, func(config *alphamoon.Config) {
				config.MaxRetries, config.RefusalPatience, config.RetryWaitMax = 0, time.Minute, 30*time.Second
				config.OnAttempt = func(_ context.Context, attempt alphamoon.Attempt) {
					longest.Store(max(longest.Load(), int64(attempt.Duration)))
				}
			})
			const keys = 60
			var group sync.WaitGroup
			places := make(chan struct{}, 10)
			for i := range keys {
				places <- struct{}{}
				group.Go(func() {
					defer func() { <-places }()
					request := wanted
					request.Name = fmt.Sprint(i)
					if _, err := client.ProcessAPIKeys(processID).
						Create(t.Context(), request, alphamoon.CreateOptions{}); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			refusals := 0
			for _, req := range box.Journal() {
				if req.Status == http.StatusTooManyRequests {
					refusals++
				}
			}
			if len(box.Keys(processID)) != keys || refusals > keys/2 {
				t.Errorf("%d keys, %d refusals", len(box.Keys(processID)), refusals)
			}
			// The waits are not part of the attempts.
			if took := time.Duration(longest.Load()); took > time.Second {
				t.Errorf("an attempt took %s", took)
			}
		})
	}
}

func TestRefusalsEndThePatience(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Status: 429, Times: -1})
	var waits atomic.Int64
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.RetryWaitMax, config.RefusalPatience, config.LongWait = 3*time.Second, time.Second, 100*time.Millisecond
		config.OnLongWait = func(_ context.Context, method, path, reason string) {
			if waits.Add(1); method != http.MethodGet || path == "" || reason == "" {
				t.Errorf("%s %s: %q", method, path, reason)
			}
		}
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !alphamoon.IsRateLimited(err) {
		t.Errorf("got %v", err)
	}
	if waits.Load() != 1 {
		t.Errorf("the long wait was told %d times", waits.Load())
	}
}

// TestHealthyPartsAreNotHeldBack: one process refuses everything, and another goes on meanwhile.
func TestHealthyPartsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	other := sandbox.Process{ID: "93580f176efb48cda64f25cba74d8ca4"}
	box := &sandbox.Sandbox{Options: sandbox.Options{Processes: []sandbox.Process{{ID: processID}, other}}}
	box.Inject(sandbox.Fault{Owner: processID, Status: 429, Header: http.Header{"Retry-After": {"2"}}, Times: -1})
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.RefusalPatience, config.RetryWaitMax = 3*time.Second, 30*time.Second
	})
	ended := make(chan error, 1)
	go func() {
		_, err := client.ProcessAPIKeys(processID).List(t.Context())
		ended <- err
	}()
	for box.Count(list) == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 100 {
		if _, err := client.ProcessAPIKeys(other.ID).List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("the limited process was done first: %v", err)
	default:
	}
	if err := <-ended; !alphamoon.IsRateLimited(err) {
		t.Errorf("got %v", err)
	}
}

func TestInterruptEndsTheWaitForATurn(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}, Times: -1})
	client := newClient(t, box,
		func(config *alphamoon.Config) { config.RetryWaitMax, config.RefusalPatience = time.Minute, time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, err := client.ProcessAPIKeys(processID).List(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
}

// TestRetryAfterOfAFailure: a gateway that fails says when to come back.
func TestRetryAfterOfAFailure(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: list, Status: 502, Header: http.Header{"Retry-After": {"1"}}})
	client := newClient(t, box, func(config *alphamoon.Config) { config.RetryWaitMax = time.Minute })
	began := time.Now() //nolint:forbidigo // the wait is real
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(began); waited < time.Second { //nolint:forbidigo // as above
		t.Errorf("waited only %s", waited)
	}
}

// TestHTTPSTowardsAPlainServer says so, and does not try again.
func TestHTTPSTowardsAPlainServer(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	_, err := clientAt(t, strings.Replace(server.URL, "http:", "https:", 1)).ProcessAPIKeys(processID).List(t.Context())
	if !alphamoon.IsCleartextServer(err) || requests.Load() != 0 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}
