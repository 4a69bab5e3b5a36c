package alphamoon_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// requests names what was sent, in order.
func requests(box *sandbox.Sandbox) string {
	var names []string
	for _, req := range box.Journal() {
		names = append(names, string(req.Operation))
	}
	return strings.Join(names, ", ")
}

// expectSent fails unless the requests and the number of keys of the default process are as they should be.
func expectSent(t *testing.T, box *sandbox.Sandbox, keys int, sent ...sandbox.Operation) {
	t.Helper()
	var names []string
	for _, operation := range sent {
		names = append(names, string(operation))
	}
	if got, want := requests(box), strings.Join(names, ", "); got != want {
		t.Errorf("sent: %s; want %s", got, want)
	}
	if got := len(box.Keys(processID)); got != keys {
		t.Errorf("keys: got %d, want %d", got, keys)
	}
}

const (
	create = sandbox.Create
	list   = sandbox.List
	revoke = sandbox.Revoke
)

// uncertain returns the doubt that an error is about.
func uncertain(t *testing.T, err error) *alphamoon.DoubtfulCreationError {
	t.Helper()
	var doubt *alphamoon.DoubtfulCreationError
	if !errors.As(err, &doubt) {
		t.Fatalf("no doubtful creation: %v", err)
	}
	return doubt
}

func ids(keys []alphamoon.APIKey) []string {
	var result []string
	for _, key := range keys {
		result = append(result, key.ID)
	}
	return result
}

func TestNoConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	dials := 0
	box := &sandbox.Sandbox{}
	client := newClient(t, box, func(config *alphamoon.Config) {
		transport := config.Transport.(*http.Transport) //nolint:forcetypeassert // see newClient
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials <= 2 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
			}
			return dial(ctx, network, address)
		}
	})
	if _, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if dials != 3 {
		t.Errorf("dials: got %d, want 3", dials)
	}
	expectSent(t, box, 1, list, create)
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
	if _, err := client.ProcessAPIKeys(processID).
		Create(t.Context(), wanted, alphamoon.CreateOptions{}); !alphamoon.DidNothing(err) {
		t.Errorf("got %v", err)
	}
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
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
	box.Inject(sandbox.Fault{Operation: create, ResetBefore: true})
	key, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil || len(key.ExtraIDs) > 0 || key.Key.IsZero() {
		t.Fatalf("got %v, %v", key, err)
	}
	expectSent(t, box, 4, list, create, list, create, list)
}

func TestLostCreationThatLeftAKeyIsNamed(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
	_, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if got := ids(uncertain(t, err).Candidates); len(got) != 1 || got[0] != box.Keys(processID)[0].ID {
		t.Errorf("named: %v", got)
	}
	expectSent(t, box, 1, list, create, list)

	// The named key is not taken for the remains of the next lost creation.
	box.ClearJournal()
	box.Inject(sandbox.Fault{Operation: create, ResetBefore: true})
	if _, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
		t.Error(err)
	}
	expectSent(t, box, 2, create, list, create, list)
}

func TestLostCreationIsRevokedFirst(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	again := alphamoon.CreateOptions{RevokeRemains: true}
	box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
	key, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, again)
	if err != nil || len(key.ExtraIDs) > 0 {
		t.Fatal(err, key)
	}
	// What was there, the lost key, its removal and the two listings that prove it, the new key, one look more.
	expectSent(t, box, 1, list, create, list, revoke, list, list, create, list)
	if kept := box.Keys(processID)[0]; kept.ID != key.ID {
		t.Errorf("the wrong key remains: %s", kept.ID)
	}

	box.Update(func(options *sandbox.Options) { options.Revocation = sandbox.RevocationUnknown })
	box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
	_, err = newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, again)
	doubt := uncertain(t, err)
	if got := ids(doubt.Candidates); len(got) != 1 || got[0] == key.ID || doubt.Obstacle == nil {
		t.Errorf("named: %v, %v", got, doubt.Obstacle)
	}
}

// TestEqualKeyOfSomebodyElse: a creation fails before it did anything, while an equal key exists that another run,
// or a colleague, made. That key is neither named nor revoked, whatever its age, with and without a Date header.
func TestEqualKeyOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, withDate := range map[string]bool{"with Date": true, "without Date": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			existing := box.AddKey(processID,
				sandbox.Key{Name: wanted.Name, Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt})
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
				if !withDate {
					writer = dateless{writer}
				}
				box.ServeHTTP(writer, req)
			}))
			box.Inject(sandbox.Fault{Operation: create, Status: 500})
			key, err := client.ProcessAPIKeys(processID).
				Create(t.Context(), wanted, alphamoon.CreateOptions{RevokeRemains: true})
			if err != nil || key.ID == existing.ID || len(key.ExtraIDs) > 0 {
				t.Errorf("got %+v, %v", key, err)
			}
			expectSent(t, box, 2, list, create, list, create, list)
		})
	}
}

// dateless takes the Date out of an answer.
type dateless struct{ http.ResponseWriter }

func (w dateless) WriteHeader(status int) {
	w.Header()["Date"] = nil
	w.ResponseWriter.WriteHeader(status)
}

// dated gives an answer another Date, as a gateway does whose clock is wrong.
type dated struct {
	http.ResponseWriter
	date time.Time
}

func (w dated) WriteHeader(status int) {
	w.Header().Set("Date", w.date.UTC().Format(http.TimeFormat))
	w.ResponseWriter.WriteHeader(status)
}

// TestWrongDateOfAGateway: whatever the Date says, a lost key is named and not doubled, and it is revoked only if the
// Date does not speak against it.
func TestWrongDateOfAGateway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		years   int
		revoked bool
	}{"far behind": {-30, true}, "far ahead": {30, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			date := time.Now().AddDate(test.years, 0, 0) //nolint:forbidigo // the sandbox's clock is the system's here
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
				box.ServeHTTP(dated{writer, date}, req)
			}))
			box.Inject(sandbox.Fault{Operation: create, Status: 500, AfterWork: true})
			key, err := client.ProcessAPIKeys(processID).
				Create(t.Context(), wanted, alphamoon.CreateOptions{RevokeRemains: true})
			if test.revoked {
				if err != nil || len(box.Keys(processID)) != 1 || box.Keys(processID)[0].ID != key.ID {
					t.Errorf("got %v, %v", key, err)
				}
				return
			}
			if got := ids(uncertain(t, err).Others); len(got) != 1 || got[0] != box.Keys(processID)[0].ID {
				t.Errorf("named: %v", got)
			}
			expectSent(t, box, 1, list, create, list)
		})
	}
}

// TestLostCreationGrantedOtherwise: the service granted something else, and its answer was lost.
func TestLostCreationGrantedOtherwise(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"other scopes":            {GrantScopes: []string{"workspace.result:read"}},
		"another name":            {GrantName: "surprise"},
		"a second later":          {GrantLater: time.Second},
		"as asked, a day earlier": {GrantLater: -24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, 3)
			fault.Operation, fault.ResetAfter = create, true
			box.Inject(fault)
			_, err := newClient(t, box).ProcessAPIKeys(processID).
				Create(t.Context(), wanted, alphamoon.CreateOptions{RevokeRemains: true})
			doubt := uncertain(t, err)
			if got := ids(doubt.Others); len(doubt.Candidates) != 0 || len(got) != 1 ||
				got[0] != box.Keys(processID)[3].ID {
				t.Errorf("named: %v, %v", doubt.Candidates, got)
			}
			expectSent(t, box, 4, list, create, list)
		})
	}
}

// TestListingBeforeIsForbidden: creations go on, and a doubt neither revokes nor sends again.
func TestListingBeforeIsForbidden(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]sandbox.Fault{"did nothing": {Status: 500}, "did the work": {ResetAfter: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			box.Inject(sandbox.Fault{Operation: list, Status: 403})
			client := newClient(t, box)
			if _, err := client.ProcessAPIKeys(processID).
				Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			expectSent(t, box, 1, list, create)
			box.ClearJournal()
			lost.Operation = create
			box.Inject(lost)
			_, err := client.ProcessAPIKeys(processID).
				Create(t.Context(), wanted, alphamoon.CreateOptions{RevokeRemains: true})
			doubt := uncertain(t, err)
			if len(doubt.Others)+len(doubt.Candidates) != 0 || doubt.Obstacle == nil {
				t.Errorf("named, although nobody can tell what is new: %+v", doubt)
			}
			if got := requests(box); got != "create, list" {
				t.Errorf("sent: %s", got)
			}
		})
	}
}

func TestListingBeforeFails(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: list, Status: 500, Times: -1})
	_, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err == nil || box.Count(create) != 0 {
		t.Errorf("got %v after %s", err, requests(box))
	}
}

func TestLostCreationThatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"listing fails":         {Operation: list, Skip: 1, Status: 500, Times: -1},
		"listing contradictory": {Operation: list, Skip: 1, AddToTotal: 1, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			box.Inject(sandbox.Fault{Operation: create, ResetBefore: true}, fault)
			_, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
			if doubt := uncertain(t, err); len(doubt.Candidates)+len(doubt.Others) != 0 || doubt.Obstacle == nil ||
				box.Count(create) != 1 {
				t.Errorf("got %+v, creations: %d", doubt, box.Count(create))
			}
		})
	}
}

// TestRemainsOnAnIncompleteListing: what was seen is named, although there may be more.
func TestRemainsOnAnIncompleteListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: create, ResetAfter: true},
		sandbox.Fault{Operation: list, Skip: 1, AddToTotal: 1, Times: -1})
	_, err := newClient(t, box).ProcessAPIKeys(processID).
		Create(t.Context(), wanted, alphamoon.CreateOptions{RevokeRemains: true})
	doubt := uncertain(t, err)
	if len(doubt.Candidates) != 1 || doubt.Obstacle == nil || box.Count(revoke) != 0 {
		t.Errorf("got %+v", doubt)
	}
}

// TestManyLostAtOnce creates keys that cannot be told apart, and others, all at once, while answers are lost: nobody
// may take another's key for the remains of his own, no key may go unnamed, and one listing serves several losses.
func TestManyLostAtOnce(t *testing.T) {
	t.Parallel()
	for name, equal := range map[string]bool{"equal keys": true, "different keys": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{Latency: 20 * time.Millisecond}}
			client := newClient(t, box)
			box.Inject(sandbox.Fault{Operation: create, Skip: 2, ResetAfter: true, Times: 2},
				sandbox.Fault{Operation: create, Skip: 3, ResetBefore: true, Times: 2},
				sandbox.Fault{Operation: create, Skip: 1, ResetAfter: true})
			var mu sync.Mutex
			accounted := map[string]int{}
			var group sync.WaitGroup
			for i := range 10 {
				group.Go(func() {
					request := wanted
					if !equal {
						request.Name = fmt.Sprint(i)
					}
					key, err := client.ProcessAPIKeys(processID).Create(t.Context(), request, alphamoon.CreateOptions{})
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						accounted[key.ID]++
						return
					}
					doubt := uncertain(t, err)
					if len(doubt.Others) > 0 {
						t.Errorf("named as other: %v", ids(doubt.Others))
					}
					for _, id := range ids(doubt.Candidates) {
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
		})
	}
}

// TestLateKey: a gateway gives up, the listing shows nothing, and then the service does the work all the same.
func TestLateKey(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: create, Status: 504, Late: 500 * time.Millisecond},
		sandbox.Fault{Operation: create, Delay: 1500 * time.Millisecond})
	key, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(key.ExtraIDs) != 1 || key.ExtraIDs[0] == key.ID || len(box.Keys(processID)) != 2 {
		t.Errorf("named: %v, keys: %d", key.ExtraIDs, len(box.Keys(processID)))
	}
}

func TestInterruptedCreationFinishes(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: sandbox.Create, Delay: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	key, err := newClient(t, box).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
	if err != nil || key.Key.IsZero() {
		t.Errorf("got %v", err)
	}
	expectSent(t, box, 1, list, create)
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
			_, err := newClient(t, box, slow).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
			if !errors.Is(err, context.DeadlineExceeded) || box.Count(sandbox.Create) != 1 ||
				len(box.Keys(processID)) != 0 {
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
	_, err := newClient(t, box).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
	if got := ids(uncertain(t, err).Candidates); len(got) != 1 {
		t.Errorf("named: %v", got)
	}
	expectSent(t, box, 1, list, create, list)
}

var untrusted = x509.UnknownAuthorityError{}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

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
			_, err := newClient(t, box, func(config *alphamoon.Config) {
				config.RetryWaitMax = time.Minute // the date counts by the service's clock
			}).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited < time.Second { //nolint:forbidigo // as above
				t.Errorf("waited only %s", waited)
			}
			expectSent(t, box, 1, list, create, create)
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
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, status := range []int{500, 200} {
		if i >= len(attempts) {
			t.Fatalf("got %+v", attempts)
		}
		attempt := attempts[i]
		if attempt.Method != http.MethodGet || attempt.Path != "/api/v0.4/processes/"+processID+"/api-keys" ||
			attempt.Number != i+1 ||
			attempt.Status != status ||
			attempt.Duration <= 0 {
			t.Errorf("got %+v", attempt)
		}
	}
}
