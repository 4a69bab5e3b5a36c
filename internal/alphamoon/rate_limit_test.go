package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 20, Burst: 5, RateHints: hints}}
				var longest atomic.Int64
				client := newClient(t, box, func(config *alphamoon.Config) {
					config.MaxRetries, config.RefusalPatience, config.RetryWaitMax = 0, time.Minute, 30*time.Second
					config.OnAttempt = func(_ context.Context, attempt alphamoon.Attempt) {
						longest.Store(max(longest.Load(), int64(attempt.Duration)))
					}
				})
				const keys = 60
				createKeys(t, client, keys)
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
		})
	}
}

func TestRefusalsEndThePatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Status: 429, Times: -1})
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.RetryWaitMax, config.RefusalPatience = 30*time.Second, 10*time.Minute
		})
		elapsed := stopwatch()
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !isRateLimited(err) {
			t.Errorf("got %v", err)
		}
		if took := elapsed(); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

func isRateLimited(err error) bool {
	failure, ok := errors.AsType[*alphamoon.StatusError](err)
	return ok && failure.Status == http.StatusTooManyRequests
}

// TestAnotherFailureEndsTheRefusals: the patience is for nothing but refusals, so that it begins anew after a failure of
// another kind.
func TestAnotherFailureEndsTheRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box, elapsed, failed := &sandbox.Sandbox{}, stopwatch(), false
		client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
			switch {
			case elapsed() > 6*time.Minute && !failed:
				failed = true
				writer.WriteHeader(http.StatusInternalServerError)
			case elapsed() < 12*time.Minute:
				writer.WriteHeader(http.StatusTooManyRequests)
			default:
				box.ServeHTTP(writer, req)
			}
		}), func(config *alphamoon.Config) {
			config.RetryWaitMax, config.RefusalPatience = 30*time.Second, 10*time.Minute
		})
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || !failed {
			t.Errorf("got %v", err)
		}
	})
}

// TestHealthyCollectionsAreNotHeldBack: one process refuses all requests, and another goes on meanwhile.
func TestHealthyCollectionsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
		synctest.Wait()
		elapsed := stopwatch()
		for range 100 {
			if _, err := client.ProcessAPIKeys(other.ID).List(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if waited := elapsed(); waited > 0 {
			t.Errorf("the other process waited %s", waited)
		}
		if err := <-ended; !isRateLimited(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestInterruptEndsTheWaitForARateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Status: 429, Header: http.Header{"Retry-After": {"30"}}, Times: -1})
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.RetryWaitMax, config.RefusalPatience = time.Minute, time.Hour
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if _, err := client.ProcessAPIKeys(processID).List(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		elapsed := stopwatch()
		group.Wait()
		if took := elapsed(); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestCeiling: the service would permit ten times as much.
func TestCeiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 50, Burst: 50}}
		client := newClient(t, box, func(config *alphamoon.Config) { config.RequestsPerSecond = 5 })
		elapsed := stopwatch()
		createKeys(t, client, 100)
		if took := elapsed(); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("100 creations took %s", took)
		}
		expectSpacing(t, box, 101, 200*time.Millisecond)
		if waited, _ := client.RateLimitWait(); waited > 0 {
			t.Errorf("the service is blamed for %s of the ceiling", waited)
		}
	})
}

// TestCeilingOfAllRequests: whatever a request is about, and however often it failed or was refused.
func TestCeilingOfAllRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		other := sandbox.Process{ID: "93580f176efb48cda64f25cba74d8ca4"}
		box := &sandbox.Sandbox{Options: sandbox.Options{Processes: []sandbox.Process{{ID: processID}, other}}}
		box.Inject(
			sandbox.Fault{Operation: list, Status: 502, Times: 5},
			sandbox.Fault{Owner: other.ID, Status: 429, Times: 5},
			sandbox.Fault{Operation: sandbox.ListProcesses, ResetBefore: true, Times: 2},
		)
		key := box.AddKey(processID, sandbox.Key{Name: "old", ExpiresAt: wanted.ExpiresAt})
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.RequestsPerSecond, config.MaxRetries, config.RefusalPatience = 7, 10, time.Hour
		})
		var group sync.WaitGroup
		for _, collection := range []*alphamoon.APIKeys{
			client.ProcessAPIKeys(processID), client.ProcessAPIKeys(other.ID), client.OrganizationAPIKeys(),
		} {
			group.Go(func() {
				if _, err := collection.Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
					t.Error(err)
				}
			})
			group.Go(func() {
				if _, err := collection.List(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Go(func() {
			if _, err := client.ListProcesses(t.Context()); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if err := client.ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID}); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		expectSpacing(t, box, 20, time.Second/7+1) // rounded up
	})
}

// TestInterruptEndsTheWaitForTheCeiling: with one request in 1000 seconds.
func TestInterruptEndsTheWaitForTheCeiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, &sandbox.Sandbox{}, func(config *alphamoon.Config) { config.RequestsPerSecond = 0.001 })
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		elapsed := stopwatch()
		if _, err := client.ProcessAPIKeys(processID).List(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := elapsed(); took != time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// expectSpacing checks that so many requests arrived at least, and none of them early.
func expectSpacing(t *testing.T, box *sandbox.Sandbox, least int, spacing time.Duration) {
	t.Helper()
	journal := box.Journal()
	if len(journal) < least {
		t.Errorf("%d requests", len(journal))
	}
	for i, req := range journal[1:] {
		if gap := req.Time.Sub(journal[i].Time); gap < spacing {
			t.Errorf("request %d, %s %s, came %s after the one before", i+2, req.Method, req.Path, gap)
		}
	}
}

// TestRateLimitWait: the wait for a limit is complete when no request waits any more.
func TestRateLimitWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 1}}
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.RefusalPatience, config.RetryWaitMax = time.Hour, 30*time.Second
		})
		first := stopwatch()
		createKeys(t, client, 15)
		before := first()
		time.Sleep(time.Hour)
		took := stopwatch()
		var group sync.WaitGroup
		group.Go(func() { createKeys(t, client, 30) })
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if waited, complete := client.RateLimitWait(); complete {
			t.Errorf("told of %s while some still wait", waited)
		}
		group.Wait()
		expected := before + took()
		if waited, complete := client.RateLimitWait(); !complete || waited < expected-3*time.Second || waited > expected+3*time.Second {
			t.Errorf("told of %s, %t, expected %s", waited, complete, expected)
		}
	})
}
