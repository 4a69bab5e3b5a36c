package alphamoon_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestOneBudgetOfRepetitions: however a creation fails, it is repeated as often as is permitted in all.
func TestOneBudgetOfRepetitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for retries, want := range []string{"list, create, list", "list, create, list, create"} {
			box := &sandbox.Sandbox{}
			box.Inject(sandbox.Fault{Operation: create, ResetBefore: true})
			client := newClient(t, box, func(config *alphamoon.Config) { config.MaxRetries = retries })
			if _, err := createWanted(t, client, alphamoon.CreateOptions{}); (err == nil) != (retries > 0) {
				t.Errorf("%d repetitions: got %v", retries, err)
			}
			if got := requests(box); got != want {
				t.Errorf("%d repetitions: sent %s", retries, got)
			}
		}
		// Whatever is repeated at once counts too.
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: create, Status: 500},
			sandbox.Fault{Operation: create, Status: 408, Body: `{"title": "Slow"}`, Times: -1})
		client := newClient(t, box, func(config *alphamoon.Config) { config.MaxRetries = 2 })
		_, err := createWanted(t, client, alphamoon.CreateOptions{})
		if got := requests(box); err == nil || got != "list, create, list, create, create" {
			t.Errorf("%v after %s", err, got)
		}
	})
}

func TestRetryWaitsAsTheServiceAsks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, header := range map[string]http.Header{
		"seconds": {"Retry-After": {"1"}},
		"date":    {"Retry-After": {now.Add(time.Second).Format(http.TimeFormat)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{Now: func() time.Time { return now }}}
			box.Inject(sandbox.Fault{Operation: sandbox.Create, Status: 503, Header: header})
			began := time.Now()
			_, err := newClient(t, box, func(config *alphamoon.Config) {
				// The date counts by the service's clock.
				config.RetryWaitMax, config.RefusalPatience = time.Minute, 2*time.Minute
			}).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited < time.Second {
				t.Errorf("waited only %s", waited)
			}
			expectSent(t, box, 1, list, create, create)
		})
	}
}

// TestAnAnnouncedMaintenanceIsNotWaitedFor: who is told to stay away for longer than the patience fails at once.
func TestAnAnnouncedMaintenanceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"3600"}}, Times: -1})
		began := time.Now()
		_, err := newClient(t, box, func(config *alphamoon.Config) {
			config.RefusalPatience = 10 * time.Minute
		}).ProcessAPIKeys(processID).List(t.Context())
		var status *alphamoon.StatusError
		if !errors.As(err, &status) || status.RetryAt.Sub(began) < time.Hour || box.Count(list) != 1 {
			t.Errorf("got %v after %d requests", err, box.Count(list))
		}
	})
}

// TestRetryAfterOfAFailure: a gateway that fails says when to come back.
func TestRetryAfterOfAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: list, Status: 502, Header: http.Header{"Retry-After": {"17"}}})
		client := newClient(t, box, func(config *alphamoon.Config) { config.RetryWaitMax = time.Minute })
		elapsed := stopwatch()
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := elapsed(); waited != 17*time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}
