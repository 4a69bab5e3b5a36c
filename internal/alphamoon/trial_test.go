package alphamoon_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestTry: only a 401 refuses a secret, and it is nobody else's failure.
func TestTry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secret   string
		fault    sandbox.Fault
		refused  bool
		fails    bool // without an answer
		requests int
	}{
		"a key that may list":             {secret: sandbox.MemberCredential, requests: 1},
		"a key that may not list":         {requests: 1},
		"a wrong one":                     {secret: "wrong:wrong", refused: true, requests: 1},
		"an answer that is no listing":    {fault: sandbox.Fault{Body: "<html>"}, requests: 1},
		"a process that is gone":          {fault: sandbox.Fault{Status: 404}, requests: 1},
		"a gateway's page":                {fault: sandbox.Fault{Status: 502, Times: 5}, requests: 3},
		"a gateway that wants a password": {fault: sandbox.Fault{Status: 401, Body: "<html>"}, refused: true, requests: 1},
		"no answer":                       {fault: sandbox.Fault{ResetBefore: true, Times: 5}, fails: true, requests: 3},
		"no answer at first":              {fault: sandbox.Fault{ResetBefore: true}, requests: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			key := box.AddKey(processID, sandbox.Key{Name: "x", Scopes: []string{"workspace.result:read"}, ExpiresAt: wanted.ExpiresAt})
			client := newClient(t, box, func(config *alphamoon.Config) { config.FailureMemory = time.Hour })
			if test.secret == "" {
				test.secret = key.Secret
			}
			if test.fault.Operation = sandbox.List; test.fault.Status != 0 || test.fault.Body != "" || test.fault.ResetBefore {
				box.Inject(test.fault)
			}
			err := client.ProcessAPIKeys(processID).Try(t.Context(), redact.NewSecret(test.secret))
			if alphamoon.IsUnauthorized(err) != test.refused || (err != nil) != (test.refused || test.fails) {
				t.Errorf("got %v", err)
			}
			if got := box.Count(sandbox.AnyOperation); got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
			box.ClearFaults()
			if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
				t.Errorf("the next listing fails: %v", err)
			}
		})
	}
}

// TestAwaitAcceptance runs on a virtual clock: a new key is accepted late, or never.
func TestAwaitAcceptance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after             time.Duration
		fault             sandbox.Fault
		accepted          bool
		shortest, longest time.Duration
		most              int
	}{
		"at once":       {accepted: true, most: 1},
		"after a while": {after: 3 * time.Second, accepted: true, shortest: 3 * time.Second, longest: 7 * time.Second, most: 5},
		"too late":      {after: time.Hour, shortest: 10 * time.Second, longest: 10 * time.Second, most: 8},
		// the transport repeats one
		"no answer": {
			fault: sandbox.Fault{Operation: sandbox.List, LoseAnswer: true}, accepted: true, longest: 10 * time.Second, most: 2,
		},
		"a bad gateway": {fault: sandbox.Fault{Operation: sandbox.List, Status: 502}, accepted: true, most: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{Options: sandbox.Options{Rules: sandbox.Rules{Activation: test.after}}}
				client := newClient(t, box, func(config *alphamoon.Config) {
					config.RetryWaitMin, config.RetryWaitMax, config.RequestTimeout = 500*time.Millisecond, 30*time.Second, 30*time.Second
				})
				keys := client.ProcessAPIKeys(processID)
				created, err := keys.Create(t.Context(), wanted, alphamoon.CreateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				before, elapsed := box.Count(sandbox.List), stopwatch()
				if test.fault.Operation != sandbox.AnyOperation {
					box.Inject(test.fault)
				}
				if got := keys.AwaitAcceptance(t.Context(), created.Key); got != test.accepted {
					t.Errorf("accepted: got %t", got)
				}
				if took := elapsed(); took < test.shortest || took > test.longest {
					t.Errorf("it took %s", took)
				}
				if got := box.Count(sandbox.List) - before; got < 1 || got > test.most {
					t.Errorf("%d requests", got)
				}
			})
		})
	}
}

// TestAwaitAcceptanceEndsWithTheRun: an interrupt waits for nothing.
func TestAwaitAcceptanceEndsWithTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client := newClient(t, &sandbox.Sandbox{}, func(config *alphamoon.Config) {
			config.RetryWaitMin, config.RetryWaitMax = time.Hour, time.Hour
		})
		elapsed := stopwatch()
		if client.OrganizationAPIKeys().AwaitAcceptance(ctx, redact.NewSecret("user:pass")) || elapsed() > time.Second {
			t.Errorf("it took %s", elapsed())
		}
	})
}
