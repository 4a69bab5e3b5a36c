package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		box := &sandbox.Sandbox{Options: sandbox.Options{CreateStatus: status}}
		key, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if differences := wanted.Granted(key.APIKey); len(differences.Missing)+len(differences.Additional) > 0 ||
			!alphamoon.SameSecond(differences.ExpiresAt, wanted.ExpiresAt) {
			t.Errorf("got %+v, which differs in %+v", key, differences)
		}
		if kept := box.Keys(processID)[0]; key.Key.Reveal() != kept.Secret || key.ID != kept.ID {
			t.Errorf("the id or the secret is not the one of the sandbox")
		}
		if got := key.ExpiresAt.Format(time.RFC3339Nano); got != "2099-07-17T07:54:02Z" {
			t.Errorf("expiry: got %s", got)
		}
		request := box.Journal()[1]
		if request.Expiry != "2099-07-17T07:54:02.687Z" || request.UserAgent != "test" {
			t.Errorf("sent: %+v", request)
		}
	}
}

// TestConflict: what stands in the way is named after one listing, and a new equal key as one that the request may have made.
func TestConflict(t *testing.T) {
	t.Parallel()
	conflict := func(t *testing.T, err error) *alphamoon.ConflictError {
		t.Helper()
		var failure *alphamoon.ConflictError
		if !errors.As(err, &failure) || len(failure.Similar) > 0 || failure.Obstacle != nil {
			t.Fatalf("got %v", err)
		}
		return failure
	}
	t.Run("a key has the name", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			box, elapsed := service(t, "unique-names"), stopwatch()
			old := box.AddKey(processID, sandbox.Key{Name: strings.ToUpper(wanted.Name)})
			same := box.AddKey(processID, sandbox.Key{
				Name: wanted.Name, CreatedAt: time.Now().AddDate(0, -1, 0), ExpiresAt: wanted.ExpiresAt,
			})
			_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
			failure := conflict(t, err)
			inTheWay := ids(failure.InTheWay)
			if !slices.Equal(inTheWay, []string{old.ID, same.ID}) || len(failure.Equal) > 0 || failure.Earlier != nil {
				t.Errorf("got %+v", failure)
			}
			if elapsed() > time.Second {
				t.Errorf("it took %s", elapsed())
			}
			expectSent(t, box, 2, list, create, list)
		})
	})
	t.Run("a gateway sent the request twice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			box := &sandbox.Sandbox{}
			box.Inject(sandbox.Fault{Operation: create, Status: 409, Body: sandbox.Detail("exists"), AfterWork: true})
			client := newClient(t, box)
			_, _ = client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"})
			box.ClearJournal()
			_, err := createWanted(t, client, alphamoon.CreateOptions{})
			failure := conflict(t, err)
			if len(failure.Equal) != 1 || len(failure.InTheWay) > 0 {
				t.Fatalf("got %+v", failure)
			}
			expectSent(t, box, 1, list, create, list)
			if !exists(t, client, failure.Equal[0].ID) {
				t.Error("a reader of the run does not see the key")
			}
		})
	})
	t.Run("the second of two creations", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			box := service(t, "unique-names")
			box.Lags = []time.Duration{time.Minute}
			box.Inject(sandbox.Fault{Operation: create, Status: 500, AfterWork: true})
			_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
			failure := conflict(t, err)
			var first *alphamoon.StatusError
			if !errors.As(failure.Earlier, &first) || first.Status != 500 || len(failure.Equal) > 0 || !failure.ProvesEarlier() {
				t.Errorf("got %+v", failure)
			}
			expectSent(t, box, 1, list, create, list, create, list)
		})
	})
	t.Run("the remains were revoked, and their name is taken for ever", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			box := service(t, "unique-names-ever")
			box.Inject(sandbox.Fault{Operation: create, Status: 500, AfterWork: true})
			_, err := createWanted(t, newClient(t, box), revoking)
			if failure := conflict(t, err); failure.Earlier != nil {
				t.Errorf("nothing is left of the first creation: got %v", failure.Earlier)
			}
			expectSent(t, box, 0, list, create, list, revoke, list, list, create, list)
		})
	})
	for _, rule := range []string{"unique-names-422", "quota"} { // refused otherwise: the first one may be the reason
		t.Run("the second of two creations, by "+rule, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := service(t, rule)
				box.Quota = min(box.Quota, 1)
				box.Lags = []time.Duration{time.Minute}
				box.Inject(sandbox.Fault{Operation: create, Status: 500, AfterWork: true})
				_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
				failure := conflict(t, err)
				if failure.Earlier == nil || failure.ProvesEarlier() {
					t.Errorf("got %+v", failure)
				}
				expectSent(t, box, 1, list, create, list, create)
			})
		})
	}
	t.Run("nobody may list", func(t *testing.T) {
		t.Parallel()
		box := service(t, "unique-names")
		box.AddKey(processID, sandbox.Key{Name: wanted.Name, ExpiresAt: wanted.ExpiresAt})
		box.Inject(sandbox.Fault{Operation: list, Status: 403, Body: sandbox.Detail("no"), Times: -1})
		_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
		var failure *alphamoon.ConflictError
		if !errors.As(err, &failure) || !alphamoon.IsForbidden(failure.Obstacle) {
			t.Errorf("got %v", err)
		}
	})
}

// TestNotOurs: a service answers a creation with a key that is not new, or not the collection's. Nothing is revoked.
func TestNotOurs(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("f", 32)
	for name, test := range map[string]struct {
		rule, owner, reason string
		// listed reads the other process before, as another resource of the run does.
		listed bool
	}{
		"an existing key":           {"existing-key", processID, "it existed before", false},
		"with a new secret":         {"existing-key-renewed", processID, "it existed before", false},
		"another process's key":     {"existing-key-everywhere", other, "it belongs to the process " + other, false},
		"an organization's key":     {"existing-key-everywhere", sandbox.Organization, "it existed before", true},
		"an organization's old one": {"existing-key-everywhere", sandbox.Organization, "it was created more than a day ago", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := service(t, test.rule)
			box.Processes = []sandbox.Process{{ID: processID}, {ID: other}}
			existing := box.AddKey(test.owner, sandbox.Key{
				Name: wanted.Name, Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt, CreatedAt: time.Now().AddDate(0, -1, 0),
			})
			client := newClient(t, box, soon)
			if test.listed {
				if _, err := client.OrganizationAPIKeys().List(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			_, err := createWanted(t, client, revoking)
			var foreign *alphamoon.NotOursError
			if !errors.As(err, &foreign) || foreign.Key.ID != existing.ID || foreign.Reason != test.reason {
				t.Errorf("got %v", err)
			}
			if box.Count(revoke) > 0 || len(box.LiveKeys(test.owner)) != 1 {
				t.Errorf("%d removals, keys %v", box.Count(revoke), box.LiveKeys(test.owner))
			}
		})
	}
}

// TestAListingShowsTheKeyBeforeItsAnswer: another reader of the run sees the new key first, which makes it no old one.
func TestAListingShowsTheKeyBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	var client *alphamoon.Client
	client = newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
		box.ServeHTTP(writer, req)
		if req.Method == http.MethodPost {
			if listed, err := client.ProcessAPIKeys(processID).List(req.Context()); err != nil || len(listed) != 1 {
				t.Errorf("listed %v, %v", listed, err)
			}
		}
	}))
	if _, err := createWanted(t, client, alphamoon.CreateOptions{}); err != nil {
		t.Error(err)
	}
}

// TestTwoConfigurations begin in the same second with equal keys, and one of them is answered 502. Nobody can tell whose key
// is whose, so that none is revoked.
func TestTwoConfigurations(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]sandbox.Fault{
		"the work was done": {Operation: create, Status: 502, AfterWork: true}, "nothing was done": {Operation: create, Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{}
				first, second := newClient(t, box), newClient(t, box)
				for _, client := range []*alphamoon.Client{first, second} { // both list before either creates
					if _, err := client.ProcessAPIKeys(processID).Create(t.Context(), alphamoon.APIKeyRequest{
						Name: "another", Scopes: wanted.Scopes, ExpiresAt: wanted.ExpiresAt.AddDate(-1, 0, 0),
					}, alphamoon.CreateOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := createWanted(t, first, alphamoon.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				box.Inject(reset)
				_, err := createWanted(t, second, alphamoon.CreateOptions{RevokeRemains: true})
				if failure := lost(t, err); len(failure.Equal) == 0 || box.Count(revoke) > 0 {
					t.Errorf("got %+v, %d removals", failure, box.Count(revoke))
				}
			})
		})
	}
}

// TestRemainsOfAGeneratedName are known by their name alone, whatever else the service made of the request.
func TestRemainsOfAGeneratedName(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{
		"trimmed-names", "whole-days", "short-lives", "no-expiry", "listed-in-minutes",
		"lower-names", "listed-lower-names", "decomposed-names",
		"implied-scopes", "granted-implied-scopes", "renamed-scopes", "upper-ids",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := service(t, rule)
				box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
				asked := wanted
				asked.Name = " Ä-Uploader-20261130T073904Z-7f3a9c"
				_, err := newClient(t, box, oneConnectionEach).ProcessAPIKeys(processID).Create(t.Context(), asked, revoking)
				if err != nil {
					t.Error(err)
				}
				expectSent(t, box, 1, list, create, list, revoke, list, list, create)
			})
		})
	}
}

// oneConnectionEach keeps no connection open. A second creation that meets one which the server is about to close is in doubt,
// too, and is then not sent a third time.
func oneConnectionEach(config *alphamoon.Config) {
	config.Transport.(*http.Transport).DisableKeepAlives = true
}
