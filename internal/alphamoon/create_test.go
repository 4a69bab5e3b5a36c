package alphamoon_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func requests(box *sandbox.Sandbox) string {
	text := ""
	for _, request := range box.Journal() {
		text += map[sandbox.Operation]string{sandbox.Create: "C", sandbox.List: "L", sandbox.Revoke: "R"}[request.Operation]
	}
	return text
}

// expectSent fails unless the keys of the default process and the requests are as they should be.
func expectSent(t *testing.T, box *sandbox.Sandbox, sent string, keys int) {
	t.Helper()
	if got := requests(box); got != sent {
		t.Errorf("sent: got %s, want %s", got, sent)
	}
	if got := len(box.Keys(processID)); got != keys {
		t.Errorf("keys: got %d, want %d", got, keys)
	}
}

func twinIDs(t *testing.T, err error) []string {
	t.Helper()
	var doubt *alphamoon.DoubtfulCreationError
	if !errors.As(err, &doubt) {
		t.Fatalf("no doubtful creation: %v", err)
	}
	return doubt.TwinIDs()
}

func TestNoConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	dials := 0
	box := &sandbox.Sandbox{}
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.Transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials <= 2 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}
	})
	if _, _, err := client.CreateProcessAPIKey(t.Context(), creation); err != nil {
		t.Fatal(err)
	}
	if dials != 3 {
		t.Errorf("dials: got %d, want 3", dials)
	}
	expectSent(t, box, "C", 1)
}

func TestUntrustedCertificateIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	dials := 0
	err := &net.OpError{Op: "remote error", Err: errors.New("never reached")}
	client := clientAt(t, "https://127.0.0.1:1", func(config *alphamoon.Config) {
		config.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			dials++
			return nil, fmt.Errorf("%w: %w", err, untrusted)
		})
	})
	if _, _, err := client.CreateProcessAPIKey(t.Context(), creation); !alphamoon.DidNothing(err) {
		t.Errorf("got %v", err)
	}
	if _, err := client.ListProcessAPIKeys(t.Context(), processID); err == nil {
		t.Error("no error")
	}
	if dials != 2 {
		t.Errorf("attempts: got %d, want one each", dials)
	}
}

func TestLostCreationThatLeftNothingIsSentAgain(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 3)
	box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetBefore: true})
	key, strays, err := newClient(t, box).CreateProcessAPIKey(t.Context(), creation)
	if err != nil || len(strays) > 0 || key.Key.IsZero() {
		t.Fatalf("got %v, %v, %v", key, strays, err)
	}
	expectSent(t, box, "CLCL", 4)
}

func TestLostCreationThatLeftAKeyIsNamed(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetAfter: true})
	_, _, err := client.CreateProcessAPIKey(t.Context(), creation)
	if got := twinIDs(t, err); len(got) != 1 || got[0] != box.Keys(processID)[0].ID {
		t.Errorf("named: %v", got)
	}
	expectSent(t, box, "CL", 1)

	// The named key is not taken for the remains of the next lost creation.
	box.ClearJournal()
	box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetBefore: true})
	if _, _, err := client.CreateProcessAPIKey(t.Context(), creation); err != nil {
		t.Error(err)
	}
	expectSent(t, box, "CLCL", 2)
}

func TestLostCreationIsRevokedFirst(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	again := creation
	again.RevokeTwins = true
	box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetAfter: true})
	key, strays, err := newClient(t, box).CreateProcessAPIKey(t.Context(), again)
	if err != nil || len(strays) > 0 {
		t.Fatal(err, strays)
	}
	// The walk that finds the key, its removal, the two walks that prove it, the new key, and one look more.
	expectSent(t, box, "CLRLLCL", 1)
	if kept := box.Keys(processID)[0]; kept.ID != key.ID {
		t.Errorf("the wrong key remains: %s", kept.ID)
	}

	behind := func() time.Time { return time.Now().Add(-time.Hour) } //nolint:forbidigo // the sandbox's clock is the system's here
	box.Update(func(options *sandbox.Options) { options.Revocation = sandbox.RevocationUnknown })
	box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetAfter: true})
	_, _, err = newClient(t, box, func(config *alphamoon.Config) { config.Now = behind }).
		CreateProcessAPIKey(t.Context(), again)
	if got := twinIDs(t, err); len(got) != 2 {
		t.Errorf("the first of these two was created by another run and is not known to this one: got %v", got)
	}
}

func TestLostCreationThatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]sandbox.Fault{
		"listing fails":         {Operation: sandbox.List, Status: 500, Times: -1},
		"listing contradictory": {Operation: sandbox.List, AddToTotal: 1, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetBefore: true}, list)
			_, _, err := newClient(t, box).CreateProcessAPIKey(t.Context(), creation)
			if got := twinIDs(t, err); len(got) != 0 || box.Count(sandbox.Create) != 1 {
				t.Errorf("named: %v, creations: %d", got, box.Count(sandbox.Create))
			}
		})
	}
}

// TestWhatIsNoTwin: keys that differ, that are older, or that belong to somebody are no remains of this creation.
func TestWhatIsNoTwin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	same := sandbox.Key{ID: "candidate", Name: wanted.Name, Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt, CreatedAt: now}
	for name, test := range map[string]struct {
		change func(*sandbox.Key)
		known  bool
		twin   bool
		skew   time.Duration // of the clock here
	}{
		"the same":                         {func(*sandbox.Key) {}, false, true, 0},
		"known":                            {func(*sandbox.Key) {}, true, false, 0},
		"another name":                     {func(key *sandbox.Key) { key.Name = "other" }, false, false, 0},
		"other scopes":                     {func(key *sandbox.Key) { key.Scopes = key.Scopes[:1] }, false, false, 0},
		"another expiry":                   {func(key *sandbox.Key) { key.ExpiresAt = key.ExpiresAt.Add(time.Second) }, false, false, 0},
		"a little older":                   {func(key *sandbox.Key) { key.CreatedAt = now.Add(-59 * time.Second) }, false, true, 0},
		"older":                            {func(key *sandbox.Key) { key.CreatedAt = now.Add(-2 * time.Minute) }, false, false, 0},
		"the same, a clock here ahead":     {func(*sandbox.Key) {}, false, true, time.Hour},
		"older, a clock here behind":       {func(key *sandbox.Key) { key.CreatedAt = now.Add(-2 * time.Minute) }, false, false, -time.Hour},
		"the same, a clock here far ahead": {func(*sandbox.Key) {}, false, true, 9000 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{Now: func() time.Time { return now }}}
			key := same
			key.Scopes = slices.Clone(key.Scopes)
			test.change(&key)
			box.AddKey(processID, key)
			client := newClient(t, box, func(config *alphamoon.Config) { config.Now = func() time.Time { return now.Add(test.skew) } })
			if test.known {
				client.Know(key.ID)
			}
			box.Inject(sandbox.Fault{Operation: sandbox.Create, ResetBefore: true})
			_, _, err := client.CreateProcessAPIKey(t.Context(), creation)
			if twin := err != nil; twin != test.twin {
				t.Errorf("taken for a twin: %t, want %t (%v)", twin, test.twin, err)
			}
		})
	}
}

// TestTwinsSideBySide creates keys that cannot be told apart, all at once, while answers are lost: nobody may take
// another's key for the remains of his own, and no key may go unnamed.
func TestTwinsSideBySide(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	box.Inject(
		sandbox.Fault{Operation: sandbox.Create, Skip: 2, ResetAfter: true},
		sandbox.Fault{Operation: sandbox.Create, Skip: 3, ResetBefore: true},
		sandbox.Fault{Operation: sandbox.Create, Skip: 5, ResetAfter: true},
	)
	var mu sync.Mutex
	accounted := map[string]int{}
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			key, _, err := client.CreateProcessAPIKey(t.Context(), creation)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				accounted[key.ID]++
				return
			}
			for _, id := range twinIDs(t, err) {
				accounted[id]++
			}
		})
	}
	group.Wait()
	for _, key := range box.Keys(processID) {
		if accounted[key.ID] != 1 {
			t.Errorf("the key %s is accounted for %d times", key.ID, accounted[key.ID])
		}
	}
	if len(accounted) != 10 || len(box.Keys(processID)) != 10 {
		t.Errorf("accounted for %d keys of %d", len(accounted), len(box.Keys(processID)))
	}
}

// TestLateTwin: a gateway gives up, the listing shows nothing, and then the service does the work all the same.
func TestLateTwin(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(
		sandbox.Fault{Operation: sandbox.Create, Status: 504, Late: 500 * time.Millisecond},
		sandbox.Fault{Operation: sandbox.Create, Delay: 1500 * time.Millisecond},
	)
	key, strays, err := newClient(t, box).CreateProcessAPIKey(t.Context(), creation)
	if err != nil {
		t.Fatal(err)
	}
	if len(strays) != 1 || strays[0] == key.ID || len(box.Keys(processID)) != 2 {
		t.Errorf("named as strays: %v, keys: %d", strays, len(box.Keys(processID)))
	}
}

func TestInterruptedCreationFinishes(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	key, _, err := newClient(t, box).CreateProcessAPIKey(ctx, creation)
	if err != nil || key.Key.IsZero() {
		t.Errorf("got %v", err)
	}
	expectSent(t, box, "C", 1)
}

func TestInterruptedWaitEndsAtOnce(t *testing.T) {
	t.Parallel()
	slow := func(config *alphamoon.Config) { config.RetryWaitMin, config.RetryWaitMax = time.Hour, time.Hour }
	for name, fault := range map[string]sandbox.Fault{
		"not done": {Operation: sandbox.Create, Status: 429, Times: -1},
		"doubtful": {Operation: sandbox.Create, Status: 500, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			box.Inject(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, _, err := newClient(t, box, slow).CreateProcessAPIKey(ctx, creation)
			if !errors.Is(err, context.DeadlineExceeded) || box.Count(sandbox.Create) != 1 || len(box.Keys(processID)) != 0 {
				t.Errorf("got %v after %s", err, requests(box))
			}
		})
	}
}

// TestInterruptedLoss loses the answer and is interrupted: the process is listed all the same, and nothing is sent again.
func TestInterruptedLoss(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: time.Second, ResetAfter: true})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, _, err := newClient(t, box).CreateProcessAPIKey(ctx, creation)
	if got := twinIDs(t, err); len(got) != 1 {
		t.Errorf("named: %v", got)
	}
	expectSent(t, box, "CL", 1)
}

var untrusted = x509.UnknownAuthorityError{}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

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
			began := time.Now() //nolint:forbidigo // the wait is real
			_, _, err := newClient(t, box, func(config *alphamoon.Config) {
				config.RetryWaitMax = time.Minute
				config.Now = func() time.Time { return now.Add(-time.Hour) } // the date counts by the service's clock
			}).CreateProcessAPIKey(t.Context(), creation)
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited < time.Second { //nolint:forbidigo // as above
				t.Errorf("waited only %s", waited)
			}
			expectSent(t, box, "CC", 1)
		})
	}
}

func TestAttemptsAreReported(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Status: 500})
	var attempts []alphamoon.Attempt
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.OnAttempt = func(_ context.Context, attempt alphamoon.Attempt) { attempts = append(attempts, attempt) }
	})
	if _, err := client.ListProcessAPIKeys(t.Context(), processID); err != nil {
		t.Fatal(err)
	}
	for i, status := range []int{500, 200} {
		if i >= len(attempts) {
			t.Fatalf("got %+v", attempts)
		}
		attempt := attempts[i]
		if attempt.Method != http.MethodGet || attempt.Path != "/api/v0.4/processes/"+processID+"/api-keys" || attempt.Number != i+1 ||
			attempt.Status != status || attempt.Duration <= 0 {
			t.Errorf("got %+v", attempt)
		}
	}
}
