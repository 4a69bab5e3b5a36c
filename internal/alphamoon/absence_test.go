package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAbsenceWhileKeysMove removes and adds keys between the pages of a listing: a key that exists must never be
// taken for absent.
func TestAbsenceWhileKeysMove(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"one removed before the page's end": func(box *sandbox.Sandbox) { box.RemoveKey(box.Keys(processID)[3].ID) },
		"one added":                         func(box *sandbox.Sandbox) { fill(box, 1) },
		"one removed, one added": func(box *sandbox.Sandbox) {
			box.RemoveKey(box.Keys(processID)[3].ID)
			fill(box, 1)
		},
	} {
		for _, options := range []sandbox.Options{{MaxLimit: 10}, {MaxLimit: 10, OmitPagination: true}, {MaxLimit: 10, NewestFirst: true}} {
			t.Run(fmt.Sprintf("%s, %t, %t", name, options.OmitPagination, options.NewestFirst), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, 25)
				ref := box.Keys(processID)[10].ID // the first of the second page
				box.Inject(sandbox.Fault{Operation: sandbox.List, Then: then})
				key, err := newClient(t, box, soon).ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: ref})
				if err != nil || key == nil {
					t.Errorf("got %v, %v", key, err)
				}
			})
		}
	}
}

func TestAbsenceIsProvedByTwoListings(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
	fill(box, 25)
	key, err := newClient(t, box, soon).ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"})
	if key != nil || err != nil {
		t.Errorf("got %v, %v", key, err)
	}
	expectSent(t, box, 25, list, list, list, list, list, list)
}

// TestTotalOfThePage: a service whose total counts the elements of the page, as the only documented example permits.
// The last key must be found, and be listed.
func TestTotalOfThePage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 99, 100, 101, 200, 240} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{CountPage: true}}
			fill(box, size)
			keys, err := newClient(t, box, soon).ProcessAPIKeys(processID).List(t.Context())
			if err != nil || len(keys) != size {
				t.Errorf("%d keys are listed, %v", len(keys), err)
			}
			if size > 0 && !exists(t, newClient(t, box, soon), box.Keys(processID)[size-1].ID) {
				t.Error("the last key is not found")
			}
			if exists(t, newClient(t, box, soon), "absent") {
				t.Error("a key that is absent is found")
			}
			streamed := 0
			for page, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				if err != nil {
					t.Error(err)
				}
				streamed += len(page.Elements)
			}
			if streamed != size {
				t.Errorf("%d keys are streamed", streamed)
			}
		})
	}
}

// TestMovesDuringEveryListing: without a total, newest first, one key comes or goes during each listing. A key that
// exists may be missed by each of them, and must not count as absent.
func TestMovesDuringEveryListing(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"added": func(box *sandbox.Sandbox) { fill(box, 1) },
		"removed": func(box *sandbox.Sandbox) {
			keys := box.Keys(processID)
			box.RemoveKey(keys[len(keys)-1].ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true, NewestFirst: true}}
			fill(box, 60)
			ref := box.Keys(processID)[40].ID
			moves := 0
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Get("offset") == "10" { // once during each listing, behind the first page
					moves++
					then(box)
				}
				box.ServeHTTP(writer, req)
			}), soon)
			for range 3 {
				key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: ref})
				if key == nil && err == nil {
					t.Fatalf("a key that exists counts as absent after %d moves", moves)
				}
			}
		})
	}
}

// TestPresenceNeedsNoProof: the key stands on the first page, and the rest of the listing never fits together.
func TestPresenceNeedsNoProof(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"keys are created all the time": {Skip: 1, Times: -1, Then: func(box *sandbox.Sandbox) { fill(box, 1) }},
		"the second page fails":         {Skip: 1, Times: -1, Status: 500},
		"the second page is forbidden":  {Skip: 1, Times: -1, Status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
			fill(box, 25)
			first := box.Keys(processID)[0].ID
			fault.Operation = list
			box.Inject(fault)
			if !exists(t, newClient(t, box, soon), first) {
				t.Error("the key is not found")
			}
		})
	}
}

// TestRefusalEndsTheListing: pages that are asked for at the same time do not go on after the first refusal.
func TestRefusalEndsTheListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	box.Inject(sandbox.Fault{Operation: list, Skip: 1, Times: -1, Status: 403})
	var attempts atomic.Int64
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.OnAttempt = func(context.Context, alphamoon.Attempt) { attempts.Add(1) }
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !alphamoon.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
	if sent := box.Count(list); sent != 2 || attempts.Load() != 2 {
		t.Errorf("%d requests, %d reported", sent, attempts.Load())
	}
}

// TestWhatProvesNoAbsence: a key that is not listed may exist all the same.
func TestWhatProvesNoAbsence(t *testing.T) {
	t.Parallel()
	other := sandbox.Key{Name: "other", ExpiresAt: wanted.ExpiresAt}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		organization bool
		listed       []sandbox.Key
		age          time.Duration
		want         error
		neverSeen    bool
		// refused ends the listing with a refusal, which has no page.
		refused bool
	}{
		"young, and the end is refused": {
			listed: []sandbox.Key{other}, age: time.Minute, want: alphamoon.ErrTooYoung, refused: true,
		},
		"young": {
			listed: []sandbox.Key{other}, age: 5*time.Minute - time.Second, want: alphamoon.ErrTooYoung,
		},
		"old enough":       {listed: []sandbox.Key{other}, age: 5 * time.Minute},
		"an empty process": {age: time.Hour},
		"another credential": {
			listed: []sandbox.Key{other}, age: time.Hour, neverSeen: true, want: alphamoon.ErrNeverSeen,
		},
		"young, and another credential": {
			listed: []sandbox.Key{other}, age: time.Minute, neverSeen: true, want: alphamoon.ErrTooYoung,
		},
		"an organization without any key":      {organization: true, age: time.Hour},
		"an organization's keys, not this one": {organization: true, listed: []sandbox.Key{other}, age: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The age counts by the date of the answer, so that a wrong clock here does no harm.
			box := &sandbox.Sandbox{Options: sandbox.Options{Now: func() time.Time { return now }}}
			if test.refused {
				box.OmitPagination, box.EndStatus = true, http.StatusNotFound
			}
			client, owner := newClient(t, box, soon), processID
			keys := client.ProcessAPIKeys(processID)
			if test.organization {
				keys, owner = client.OrganizationAPIKeys(), sandbox.Organization
				if len(test.listed) == 0 {
					box.Hide(sandbox.DefaultCredential, owner, http.StatusOK)
				}
			}
			for _, key := range test.listed {
				box.AddKey(owner, key)
			}
			ref := alphamoon.KeyRef{ID: "absent", NeverSeen: test.neverSeen, CreatedAt: now.Add(-test.age)}
			if key, err := keys.Find(t.Context(), ref); key != nil || !errors.Is(err, test.want) || err != nil && test.want == nil {
				t.Errorf("got %v, %v", key, err)
			}
		})
	}
}

// TestAbsenceBehindSeveralIndexes: pages that come in turn from an index that lags and one that does not skip the same key
// in every listing, until the indexes agree.
func TestAbsenceBehindSeveralIndexes(t *testing.T) {
	t.Parallel()
	twoIndexes := sandbox.Options{Lags: []time.Duration{0, 8 * time.Second}}
	replaceOne := func(box *sandbox.Sandbox) { box.RemoveKey(box.Keys(processID)[0].ID); fill(box, 1) }
	for name, test := range map[string]struct {
		options sandbox.Options
		change  func(box *sandbox.Sandbox)
		refusal sandbox.Fault
	}{
		"a key was made, no total": {
			sandbox.Options{OmitPagination: true, Lags: []time.Duration{0, 8 * time.Second, 8 * time.Second}},
			func(box *sandbox.Sandbox) { fill(box, 1) },
			sandbox.Fault{Status: 403, Body: `{"title": "No"}`},
		},
		"one was removed and one made":     {twoIndexes, replaceOne, sandbox.Fault{Status: 403, Body: `{"title": "No"}`}},
		"a gateway's page for the refusal": {twoIndexes, replaceOne, sandbox.Fault{Status: 409, Body: "<html>gateway</html>"}},
		"a failure that may have worked":   {twoIndexes, replaceOne, sandbox.Fault{Status: 500}},
		"no answer":                        {twoIndexes, replaceOne, sandbox.Fault{ResetBefore: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.options.Now, test.options.MaxLimit, test.options.NewestFirst = time.Now, 2, true
				box := &sandbox.Sandbox{Options: test.options}
				fill(box, 3)
				time.Sleep(time.Hour)
				kept := box.Keys(processID)[1]
				test.change(box)
				keys := newClient(t, box).ProcessAPIKeys(processID)
				ref := alphamoon.KeyRef{ID: kept.ID, CreatedAt: kept.CreatedAt}
				test.refusal.Operation, test.refusal.Times = revoke, -1
				box.Inject(test.refusal)
				if err := keys.Revoke(t.Context(), ref); err == nil {
					t.Error("the removal was refused, and the key exists and counts as revoked")
				}
				if found, err := keys.Find(t.Context(), ref); found == nil {
					t.Errorf("the key exists and is not found: %v", err)
				}
			})
		})
	}
}

// TestAbsenceAfterARemoval: the two listings right after each other that show a removal prove no other absence.
func TestAbsenceAfterARemoval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		fill(box, 2)
		keys := newClient(t, box).ProcessAPIKeys(processID)
		if err := keys.Revoke(t.Context(), alphamoon.KeyRef{ID: box.Keys(processID)[0].ID}); err != nil {
			t.Fatal(err)
		}
		passed := stopwatch()
		if key, err := keys.Find(t.Context(), alphamoon.KeyRef{ID: "absent"}); key != nil || err != nil {
			t.Errorf("got %v, %v", key, err)
		}
		if passed() < 10*time.Second {
			t.Errorf("absence was proved within %s", passed())
		}
	})
}

// TestTheEndOfAPause: whoever is interrupted between both listings learns of no absence, and the others do not wait for
// less than the whole pause. A service that fails after the pause proves nothing.
func TestTheEndOfAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{}
		fill(box, 2)
		keys, absent := newClient(t, box).ProcessAPIKeys(processID), alphamoon.KeyRef{ID: "absent"}
		interrupted, interrupt := context.WithTimeout(t.Context(), 3*time.Second)
		defer interrupt()
		passed := stopwatch()
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := keys.Find(interrupted, absent); !errors.Is(err, context.DeadlineExceeded) || passed() > 4*time.Second {
				t.Errorf("interrupted: got %v after %s", err, passed())
			}
		})
		time.Sleep(time.Second)
		if key, err := keys.Find(t.Context(), absent); key != nil || err != nil || passed() < 13*time.Second {
			t.Errorf("the other: got %v, %v after %s", key, err, passed())
		}
		group.Wait()

		box.Inject(sandbox.Fault{Operation: list, Skip: 1, Status: 403, Times: -1})
		if _, err := newClient(t, box).ProcessAPIKeys(processID).Find(t.Context(), absent); !alphamoon.IsForbidden(err) {
			t.Errorf("the service failed after the pause: got %v", err)
		}
	})
}

// TestOneLookIsEnough: for keys whose absence is not judged by listings, there is no second one.
func TestOneLookIsEnough(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]alphamoon.KeyRef{
		"expired": {ID: "absent", Expired: true}, "young": {ID: "absent", CreatedAt: time.Now()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, 1)
			if key, err := newClient(t, box).ProcessAPIKeys(processID).Find(t.Context(), ref); key != nil || ref.Expired && err != nil {
				t.Errorf("got %v, %v", key, err)
			}
			if sent := box.Count(list); sent != 1 {
				t.Errorf("%d requests", sent)
			}
		})
	}
}

// TestHowAListingEnds: with a total on the first page only, and with a refusal of the offset at its end.
func TestHowAListingEnds(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 5, 10, 20, 25} {
		for name, options := range map[string]sandbox.Options{
			"a total on the first page":      {MaxLimit: 10, TotalOnFirstPage: true},
			"400 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 400},
			"404 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 404},
			"416 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 416},
			"422 at the end, no total":       {MaxLimit: 10, OmitPagination: true, EndStatus: 422},
			"416 at the end, total of pages": {MaxLimit: 10, CountPage: true, EndStatus: 416},
		} {
			if size == 0 && options.EndStatus > 0 {
				continue // the offset 0 is at the end then, and its refusal an error
			}
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				client := newClient(t, box, soon)
				if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != size {
					t.Errorf("got %d keys, %v", len(keys), err)
				}
				if exists(t, client, "absent") {
					t.Error("a key that is absent is found")
				}
			})
		}
	}
}

// TestARefusedEndProvesNothing: without a total, a page that was the last because the next one was refused is read again.
func TestARefusedEndProvesNothing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true, EndStatus: 404}}
	fill(box, 10)
	if keys, err := newClient(t, box, soon).ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != 10 {
		t.Errorf("got %d keys, %v", len(keys), err)
	}
	expectSent(t, box, 10, list, list, list, list)
}

// TestAStreamIsReadTwice where nothing counts its elements.
func TestAStreamIsReadTwice(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true}}
	fill(box, 25)
	box.Inject(sandbox.Fault{Operation: list, Skip: 4, Then: func(box *sandbox.Sandbox) { fill(box, 1) }})
	var last error
	for _, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
		last = err
	}
	if !errors.Is(last, alphamoon.ErrInconsistentListing) {
		t.Errorf("got %v", last)
	}
}

// TestAWindowOfPagesThatCountThemselves is read to the end.
func TestAWindowOfPagesThatCountThemselves(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, CountPage: true}}
	fill(box, 35)
	for offset, want := range map[int]int{10: 25, 30: 5} {
		read := 0
		for page, err := range newClient(t, box, soon).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{Offset: offset}) {
			if read += len(page.Elements); err != nil || page.Total != -1 {
				t.Errorf("a total of %d, %v", page.Total, err)
			}
		}
		if read != want {
			t.Errorf("%d keys from %d on", read, offset)
		}
	}
}

// TestOddElements: what is odd about one key spoils neither it nor the page.
func TestOddElements(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{AlterListed: func(fields map[string]any) {
		fields["name"], fields["scopes"], fields["exp"], fields["status"] = 7, []any{"a.b:c", 1}, "soon", nil
	}}}
	fill(box, 3)
	keys, err := newClient(t, box, soon).ProcessAPIKeys(processID).List(t.Context())
	if err != nil || len(keys) != 3 {
		t.Fatalf("got %v, %v", keys, err)
	}
	if key := keys[0]; key.Name != "" || key.Scopes != nil || !key.ExpiresAt.IsZero() || key.OrganizationID != "org_sandbox" {
		t.Errorf("got %+v", key)
	}
}

// TestJSONOfAnotherForm: the reason is in words that a user understands.
func TestJSONOfAnotherForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`[]`:                          "the answer has another form",
		`{"apiKeys": "none"}`:         `"apiKeys" is not a list`,
		`{"apiKeys": ["none"]}`:       `the answer has no "id"`,
		`{"apiKeys": [{"id": null}]}`: `the answer has no "id"`,
	} {
		box := &sandbox.Sandbox{}
		box.Inject(sandbox.Fault{Operation: list, Status: 200, Body: body, Times: -1})
		_, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestEveryElementIsSeen: a key on a page that contradicts the others is found.
func TestEveryElementIsSeen(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"on the page that does not fit": {Operation: list, Skip: 1, AddToTotal: 1, Times: -1},
		"behind a page that fails":      {Operation: list, Skip: 3, Status: 500, Times: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
			fill(box, 35)
			box.Inject(fault)
			for _, i := range []int{0, 15, 25} {
				if name == "behind a page that fails" && i == 25 {
					continue
				}
				if !exists(t, newClient(t, box), box.Keys(processID)[i].ID) {
					t.Errorf("the key at %d is not found", i)
				}
				box.ClearFaults()
				box.Inject(fault)
			}
		})
	}
}

// TestRevocationTakesTime: a removal that was accepted shows seconds later, one that was refused is not believed
// because a listing lags behind the creation, and an answer that was lost is not taken for a refusal.
func TestRevocationTakesTime(t *testing.T) {
	t.Parallel()
	lagging := sandbox.Options{Lags: []time.Duration{3 * time.Second}}
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		wait    time.Duration // between the creation and the removal
		revoked bool
	}{
		"accepted":                     {wait: time.Minute, revoked: true},
		"accepted, at once":            {revoked: true},
		"refused, and not listed yet":  {fault: sandbox.Fault{Status: 403, Body: `{"title": "No"}`, Times: -1}},
		"refused, and listed":          {fault: sandbox.Fault{Status: 403, Body: `{"title": "No"}`, Times: -1}, wait: time.Minute},
		"done, and the answer is lost": {fault: sandbox.Fault{Status: 500, AfterWork: true}, wait: time.Minute, revoked: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := &sandbox.Sandbox{Options: lagging}
				fill(box, 1)
				time.Sleep(time.Minute)
				slow := func(config *alphamoon.Config) {
					config.MaxRetries, config.RetryWaitMin, config.RetryWaitMax = 4, time.Second/2, time.Minute
				}
				keys := newClient(t, box, slow).ProcessAPIKeys(processID)
				key, err := keys.Create(t.Context(), wanted, alphamoon.CreateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(test.wait)
				test.fault.Operation = revoke
				if test.fault.Status > 0 {
					box.Inject(test.fault)
				}
				err = keys.Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID, CreatedAt: key.CreatedAt.Time})
				if (err == nil) != test.revoked {
					t.Errorf("got %v", err)
				}
				// What was refused is looked at once: two listings prove an absence.
				if got := requests(box); name == "refused, and listed" && got != "list, create, revoke, list" {
					t.Errorf("sent: %s", got)
				}
			})
		})
	}
}
