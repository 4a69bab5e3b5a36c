package alphamoon_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

// lost returns the lost creation that an error is about.
func lost(t *testing.T, err error) *alphamoon.LostCreationError {
	t.Helper()
	var failure *alphamoon.LostCreationError
	if !errors.As(err, &failure) {
		t.Fatalf("no lost creation: %v", err)
	}
	return failure
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

// TestReasonOfAFailure: it is the innermost one, because the wrappings repeat the address in Go's terms.
func TestReasonOfAFailure(t *testing.T) {
	t.Parallel()
	client := clientAt(t, "http://127.0.0.1:1", func(config *alphamoon.Config) {
		config.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("127.0.0.1:1: %w", errors.New("connection refused"))}
		})
	})
	_, err := client.ProcessAPIKeys(processID).List(t.Context())
	if failure, ok := errors.AsType[*alphamoon.ConnectionError](err); !ok || failure.Reason != "connection refused" {
		t.Errorf("got %v", err)
	}
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

func createWanted(t *testing.T, client *alphamoon.Client, options alphamoon.CreateOptions) (*alphamoon.CreatedAPIKey, error) {
	t.Helper()
	return client.ProcessAPIKeys(processID).Create(t.Context(), wanted, options)
}

// revoking permits to revoke remains.
var revoking = alphamoon.CreateOptions{GeneratedName: true, RevokeRemains: true}

// TestLostCreation loses the answer to one creation, or to all, in every way, and with every kind of remains.
func TestLostCreation(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		revokes bool
		// sent are the requests, and keys how many there are afterwards.
		sent string
		keys int
		// equal, similar and settled are of the error; none means that there is no error, and plain one that is not of
		// a lost creation.
		none, plain, settled bool
		equal, similar       int
	}{
		"nothing was done": {fault: sandbox.Fault{ResetBefore: true}, sent: "list, create, list, create", keys: 1, none: true},
		"nothing is ever done": {
			fault: sandbox.Fault{Status: 500, Times: -1}, sent: "list, create, list, create, list", plain: true,
		},
		"a gateway's refusal": {
			fault: sandbox.Fault{Status: 403, Body: "<html>No</html>"}, sent: "list, create, list, create", keys: 1, none: true,
		},
		"a redirect":     {fault: sandbox.Fault{Status: 307}, sent: "list, create, list, create", keys: 1, none: true},
		"the API's own":  {fault: sandbox.Fault{Status: 409, Body: `{"title": "Exists"}`}, sent: "list, create, list", plain: true},
		"a key was made": {fault: sandbox.Fault{ResetAfter: true}, sent: "list, create, list", keys: 1, equal: 1, settled: true},
		"a key is made late": {
			fault: sandbox.Fault{Status: 500, Late: 9 * time.Second}, sent: "list, create, list", keys: 1, equal: 1, settled: true,
		},
		"a timeout without a key": {
			fault: sandbox.Fault{Delay: time.Minute, Status: 500}, sent: "list, create, list", settled: true,
		},
		"a gateway's timeout without a key": {fault: sandbox.Fault{Status: 504}, sent: "list, create, list", settled: true},
		"a success that cannot be read": {
			fault: sandbox.Fault{Status: 201, Body: "<html>"}, sent: "list, create, list", settled: true,
		},
		"other scopes": {
			fault: sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"workspace.result:read"} }, ResetAfter: true},
			sent:  "list, create, list", keys: 1, similar: 1, settled: true,
		},
		"another name": {
			fault: sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }, ResetAfter: true},
			sent:  "list, create, list", keys: 1, similar: 1, settled: true,
		},
		"another expiry": {
			fault: sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = key.ExpiresAt.Add(day) }, ResetAfter: true},
			sent:  "list, create, list", keys: 1, similar: 1, settled: true,
		},
		"somebody else's key": {
			fault: sandbox.Fault{
				AlterGranted: func(key *sandbox.Key) { key.Name, key.ExpiresAt = "theirs", key.ExpiresAt.Add(day) }, ResetAfter: true,
			},
			sent: "list, create, list, create", keys: 2, none: true,
		},
		"revoked and made again": {
			fault: sandbox.Fault{ResetAfter: true}, revokes: true,
			sent: "list, create, list, revoke, list, list, create", keys: 1, none: true,
		},
		"revoked after a timeout": {
			fault: sandbox.Fault{LoseAnswer: true}, revokes: true,
			sent: "list, create, list, revoke, list, list, create", keys: 1, none: true,
		},
		"revoked twice": {
			fault: sandbox.Fault{ResetAfter: true, Times: -1}, revokes: true,
			sent: "list, create, list, revoke, list, list, create, list, revoke, list, list", plain: true,
		},
		"similar keys are not revoked": {
			fault: sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }, ResetAfter: true}, revokes: true,
			sent: "list, create, list", keys: 1, similar: 1, settled: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{}
				test.fault.Operation = create
				box.Inject(test.fault)
				began := time.Now()
				_, err := createWanted(
					t,
					newClient(t, box),
					alphamoon.CreateOptions{GeneratedName: test.revokes, RevokeRemains: test.revokes},
				)
				if got := requests(box); got != test.sent {
					t.Errorf("sent: %s; want %s", got, test.sent)
				}
				if took := time.Since(began); took > 30*time.Second {
					t.Errorf("it took %s", took)
				}
				if got := len(box.Keys(processID)); got != test.keys {
					t.Errorf("keys: got %d, want %d", got, test.keys)
				}
				var failure *alphamoon.LostCreationError
				if errors.As(err, &failure) != (!test.none && !test.plain) || (err == nil) != test.none {
					t.Fatalf("got %v", err)
				}
				if failure != nil && (len(failure.Equal) != test.equal || len(failure.Similar) != test.similar ||
					failure.Settled != test.settled || failure.Obstacle != nil) {
					t.Errorf("got %+v", failure)
				}
			})
		})
	}
}

// TestANamedKeyIsNamedOnce: it is not taken for what the next lost creation left.
func TestANamedKeyIsNamedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		client := newClient(t, box)
		box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
		_, err := createWanted(t, client, alphamoon.CreateOptions{})
		if got := ids(lost(t, err).Equal); len(got) != 1 || got[0] != box.Keys(processID)[0].ID {
			t.Errorf("named: %v", got)
		}
		box.ClearJournal()
		box.Inject(sandbox.Fault{Operation: create, ResetBefore: true})
		if _, err := createWanted(t, client, alphamoon.CreateOptions{}); err != nil {
			t.Error(err)
		}
		expectSent(t, box, 2, create, list, create)
	})
}

// TestRemainsThatCannotBeRevoked are named with the reason.
func TestRemainsThatCannotBeRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Revocation: sandbox.RevocationUnknown}}
		box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
		_, err := createWanted(t, newClient(t, box), revoking)
		if failure := lost(t, err); len(failure.Equal) != 1 || failure.Obstacle == nil || box.Count(create) != 1 {
			t.Errorf("got %+v", failure)
		}
	})
}

// TestEqualKeyOfSomebodyElse: a creation fails before it did anything, while an equal key exists that another run, or a
// colleague, made. That key is neither named nor revoked.
func TestEqualKeyOfSomebodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		existing := box.AddKey(processID, sandbox.Key{Name: wanted.Name, Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt})
		box.Inject(sandbox.Fault{Operation: create, Status: 500})
		key, err := createWanted(t, newClient(t, box), revoking)
		if err != nil || key.ID == existing.ID {
			t.Errorf("got %+v, %v", key, err)
		}
		expectSent(t, box, 2, list, create, list, create)
	})
}

// TestAnExistingKeyIsNoCreation: a service that answers with the key that has the name already has created nothing.
func TestAnExistingKeyIsNoCreation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		existing := box.AddKey(processID, sandbox.Key{Name: wanted.Name, Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt})
		body := fmt.Sprintf(`{"id": %q, "name": "test", "key": "user:pass"}`, existing.ID)
		box.Inject(sandbox.Fault{Operation: create, Status: 201, Body: body})
		_, err := createWanted(t, newClient(t, box), revoking)
		var foreign *alphamoon.NotOursError
		if !errors.As(err, &foreign) || foreign.Key.ID != existing.ID {
			t.Errorf("got %v", err)
		}
		expectSent(t, box, 1, list, create)
	})
}

// TestVersionsOfOneName: no two keys of one name have the same number, created at once or in runs of their own, and nobody
// waits for that. The number is the creation in Unix seconds, or the next free one.
func TestVersionsOfOneName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The service's clock is an hour behind.
		behind := func() time.Time { return time.Now().Add(-time.Hour) }
		box, elapsed, first := &sandbox.Sandbox{Options: sandbox.Options{Now: behind}}, stopwatch(), behind().Unix()
		var mu sync.Mutex
		seen := map[int64]bool{}
		createAll := func(client *alphamoon.Client, count int) {
			var group sync.WaitGroup
			for range count {
				group.Go(func() {
					key, err := createWanted(t, client, alphamoon.CreateOptions{})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					seen[key.Version] = true
				})
			}
			group.Wait()
		}
		createAll(newClient(t, box), 5)
		createAll(newClient(t, box), 1) // another run, which knows only what is listed
		createAll(newClient(t, box), 2)
		for number := range int64(8) {
			if !seen[first+number] {
				t.Errorf("got %v from %d on", seen, first)
			}
		}
		other := wanted
		other.Name = "other"
		key, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), other, alphamoon.CreateOptions{})
		if err != nil || key.Version != first || elapsed() > 0 {
			t.Errorf("another name: got %v, %v after %s", key, err, elapsed())
		}
	})
}

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

// TestALostCreationBeginsAGeneration: who reads after it sees what it left.
func TestALostCreationBeginsAGeneration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		client := newClient(t, box)
		if exists(t, client, "absent") {
			t.Error("an absent key is found")
		}
		box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
		_, err := createWanted(t, client, alphamoon.CreateOptions{})
		if !exists(t, client, lost(t, err).Equal[0].ID) {
			t.Error("the key is not found")
		}
	})
}

// TestListingBeforeIsForbidden: creations go on, and after a loss nothing is revoked or sent again.
func TestListingBeforeIsForbidden(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{"did nothing": {Status: 500}, "did the work": {ResetAfter: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{}
				box.Inject(sandbox.Fault{Operation: list, Status: 403})
				client := newClient(t, box)
				if _, err := createWanted(t, client, alphamoon.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				expectSent(t, box, 1, list, create)
				box.ClearJournal()
				fault.Operation = create
				box.Inject(fault)
				_, err := createWanted(t, client, revoking)
				if failure := lost(t, err); len(failure.Equal)+len(failure.Similar) != 0 || failure.Obstacle == nil {
					t.Errorf("named, although nobody can tell what is new: %+v", failure)
				}
				if got := requests(box); got != "create" {
					t.Errorf("sent: %s", got)
				}
			})
		})
	}
}

// TestListingBeforeFails: only a listing that is forbidden is gone without. After any other failure nobody could tell what
// a lost creation left, and nothing is lost by trying again later.
func TestListingBeforeFails(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"an error":         {Status: 500},
		"not consistent":   {AddToTotal: 1},
		"nothing to trust": {IgnoreOffset: true, OmitPagination: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, 150)
			fault.Operation, fault.Times = list, -1
			box.Inject(fault)
			_, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
			if err == nil || box.Count(create) != 0 {
				t.Errorf("got %v after %s", err, requests(box))
			}
		})
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
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{}
				box.Inject(sandbox.Fault{Operation: create, ResetBefore: true}, fault)
				_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
				if failure := lost(t, err); len(failure.Equal)+len(failure.Similar) != 0 || failure.Obstacle == nil ||
					box.Count(create) != 1 {
					t.Errorf("got %+v, creations: %d", failure, box.Count(create))
				}
			})
		})
	}
}

// TestRemainsOnAnIncompleteListing: what was seen is named, although there may be more.
func TestRemainsOnAnIncompleteListing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: create, ResetAfter: true},
			sandbox.Fault{Operation: list, Skip: 1, AddToTotal: 1, Times: -1})
		_, err := createWanted(t, newClient(t, box), revoking)
		if failure := lost(t, err); len(failure.Equal) != 1 || failure.Obstacle == nil || box.Count(revoke) != 0 {
			t.Errorf("got %+v", failure)
		}
	})
}

// TestManyLostAtOnce creates keys that cannot be told apart, and others, all at once, while answers are lost: nobody
// may take another's key for the remains of his own, no key may go unnamed, and one listing serves several losses.
func TestManyLostAtOnce(t *testing.T) {
	t.Parallel()
	for name, equal := range map[string]bool{"equal keys": true, "different keys": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
							request.Name, request.ExpiresAt = fmt.Sprint(i), wanted.ExpiresAt.AddDate(0, 0, i)
						}
						key, err := client.ProcessAPIKeys(processID).Create(t.Context(), request, alphamoon.CreateOptions{})
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							accounted[key.ID]++
							return
						}
						failure := lost(t, err)
						if len(failure.Similar) > 0 {
							t.Errorf("named as similar: %v", ids(failure.Similar))
						}
						for _, id := range ids(failure.Equal) {
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
				if listings := box.Count(list); listings > 4 {
					t.Errorf("%d listings", listings)
				}
			})
		})
	}
}

func TestInterruptedCreationFinishes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: create, Delay: 3 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		key, err := newClient(t, box).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
		if err != nil || key.Key.IsZero() {
			t.Errorf("got %v", err)
		}
		expectSent(t, box, 1, list, create)
	})
}

func TestInterruptedWaitEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: create, Status: 429, Header: http.Header{"Retry-After": {"60"}}, Times: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		slow := func(config *alphamoon.Config) {
			config.RetryWaitMin, config.RetryWaitMax, config.RefusalPatience = time.Hour, time.Hour, 10*time.Hour
		}
		_, err := newClient(t, box, slow).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
		if !errors.Is(err, context.DeadlineExceeded) || box.Count(create) != 1 || len(box.Keys(processID)) != 0 {
			t.Errorf("got %v after %s", err, requests(box))
		}
	})
}

// TestInterruptedLoss loses the answer and is interrupted: the keys are listed all the same, nothing is sent again, and
// nobody says that nothing remains.
func TestInterruptedLoss(t *testing.T) {
	t.Parallel()
	for name, equal := range map[string]int{"did nothing": 0, "did the work": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{}
				box.Inject(sandbox.Fault{Operation: create, Delay: time.Second, ResetAfter: equal == 1, Status: 500 * (1 - equal)})
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				_, err := newClient(t, box).ProcessAPIKeys(processID).Create(ctx, wanted, alphamoon.CreateOptions{})
				if failure := lost(t, err); len(failure.Equal) != equal || failure.Settled {
					t.Errorf("got %+v", failure)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %s", took)
				}
				expectSent(t, box, equal, list, create, list)
			})
		})
	}
}

// untrusted is as crypto/tls returns it.
var untrusted = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}

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
