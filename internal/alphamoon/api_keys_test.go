package alphamoon_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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

// TestListingsWithoutKeys: whatever an empty process is answered with, keys can be created there.
func TestListingsWithoutKeys(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"empty-404", "empty-204", "empty-without-list"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			box := service(t, rule)
			client := newClient(t, box, soon)
			listed, err := client.ProcessAPIKeys(processID).List(t.Context())
			if len(listed) > 0 || alphamoon.IsNotFound(err) != (rule == "empty-404") || err != nil && rule != "empty-404" {
				t.Errorf("a list: got %v, %v", listed, err)
			}
			read := 0
			for page, err := range client.ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				if read += len(page.Elements); err != nil && rule != "empty-404" {
					t.Error(err)
				}
			}
			key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"})
			if key != nil || (err == nil) != (rule == "empty-without-list") { // which counts to 0
				t.Errorf("absence: got %v, %v", key, err)
			}
			if sent := box.Count(list); read > 0 || sent > 4 {
				t.Errorf("%d keys, %d requests", read, sent)
			}
			box.ClearJournal()
			if _, err := createWanted(t, client, alphamoon.CreateOptions{}); err != nil {
				t.Error(err)
			}
			expectSent(t, box, 1, list, create)
		})
	}
	// An object of another kind proves nothing, and stops no creation either.
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: list, Status: 200, Body: `{}`, Times: -1})
	client := newClient(t, box, soon)
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
		t.Error("an empty object is a list")
	}
	if key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"}); key != nil || err == nil {
		t.Errorf("an empty object proves an absence: %v, %v", key, err)
	}
	if _, err := createWanted(t, client, alphamoon.CreateOptions{}); err != nil {
		t.Error(err)
	}
	box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
	_, err := createWanted(t, client, revoking)
	if failure := lost(t, err); !errors.Is(failure.Obstacle, alphamoon.ErrUnlistedBefore) || box.Count(revoke) > 0 {
		t.Errorf("got %+v", failure)
	}
}

// TestSoftRemoval: what was removed stays listed. The removal is sent once more, and a service that does not know the key
// any more has removed it. One that accepts every removal has not.
func TestSoftRemoval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options sandbox.Options
		revoked bool
		sent    string
	}{
		"unchanged":        {sandbox.Options{Rules: sandbox.Rules{KeepRemoved: true}}, true, "revoke, list, revoke"},
		"its own words":    {sandbox.Options{Rules: sandbox.Rules{KeepRemoved: true, LoneDetail: true}}, true, "revoke, list, revoke"},
		"with a deletedAt": {sandbox.Options{Rules: sandbox.Rules{KeepRemoved: true, ShowDeletedAt: true}}, true, "revoke, list"},
		"not at all": {
			sandbox.Options{Revocation: sandbox.RevocationDoesNothing}, false, "revoke, list, revoke, list, list",
		},
		"with an expiry that is over": {
			sandbox.Options{Revocation: sandbox.RevocationDoesNothing, Rules: sandbox.Rules{
				Listed: []func(map[string]any){sandbox.With("exp", "2020-01-01T00:00:00Z")},
			}}, true, "revoke, list",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: test.options}
			fill(box, 2)
			key := box.Keys(processID)[0]
			err := newClient(t, box).ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID})
			if (err == nil) != test.revoked || requests(box) != test.sent {
				t.Errorf("got %v after %s", err, requests(box))
			}
		})
	}
}

// TestWordsOfARemoval: where a removal does not show, the error has the status in the listing, and what the service says of the
// second removal.
func TestWordsOfARemoval(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{Revocation: sandbox.RevocationDoesNothing}}
	box.Listed = []func(map[string]any){sandbox.With("status", "Removed")}
	fill(box, 1)
	box.Inject(sandbox.Fault{Operation: revoke, Skip: 1, Status: 409, Body: sandbox.Detail("API key is already deleted")})
	var failure *alphamoon.NotRevokedError
	err := newClient(t, box).ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: box.Keys(processID)[0].ID})
	if !errors.As(err, &failure) || failure.Status != "Removed" || !strings.Contains(fmt.Sprint(failure.Refusal), "already deleted") {
		t.Errorf("got %+v", err)
	}
}

// TestANumberMayBeAnothersID: the removal is the organization's. A process's key with a number as its id is removed only if no
// key of the organization has the same one, and a new key may have the number of one of the other kind.
func TestANumberMayBeAnothersID(t *testing.T) {
	t.Parallel()
	removal := func(ofOrganization string, faults ...sandbox.Fault) (sent string, err error) {
		box := &sandbox.Sandbox{}
		key := sandbox.Key{ID: "7", Name: "test", ExpiresAt: wanted.ExpiresAt}
		box.AddKey(processID, key)
		key.ID = ofOrganization
		box.AddKey(sandbox.Organization, key)
		for _, fault := range faults {
			box.Inject(fault)
		}
		err = newClient(t, box).ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: "7"})
		return requests(box), err
	}
	if sent, err := removal("7"); err == nil || sent != "list, list" || !strings.Contains(err.Error(), "has the same one") {
		t.Errorf("a key of the organization has the number: got %v after %s", err, sent)
	}
	forbidden := sandbox.Fault{Operation: list, Status: 403, Body: sandbox.Detail("no")}
	if sent, err := removal("8", forbidden); !alphamoon.IsForbidden(err) || sent != "list, list" {
		t.Errorf("nobody knows who has the number: got %v after %s", err, sent)
	}
	if sent, err := removal("8"); err != nil || sent != "list, revoke, list, list" {
		t.Errorf("nobody else has the number: got %v after %s", err, sent)
	}

	box := &sandbox.Sandbox{}
	box.AddKey(processID, sandbox.Key{ID: "100002"})
	box.NumericIDs = true
	client := newClient(t, box)
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
		t.Fatal(err)
	}
	key, err := client.OrganizationAPIKeys().Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil || key.ID != "100002" {
		t.Errorf("the first key of the organization: got %+v, %v", key, err)
	}
}

// TestTheUserPartMayBeAnID: the credential is a key, and a listing shows it. Its user part may be its id, or the beginning of it.
func TestTheUserPartMayBeAnID(t *testing.T) {
	t.Parallel()
	const id = "688874d9d9064c23bf78bf3ec93cbd2d"
	for _, user := range []string{id, id[:8]} {
		box := &sandbox.Sandbox{}
		key := box.AddKey(processID, sandbox.Key{
			ID: id, Secret: user + ":correct-horse-battery", ExpiresAt: wanted.ExpiresAt,
			Scopes: []string{alphamoon.ScopeManageProcessAPIKeys},
		})
		client := newClient(t, box, func(config *alphamoon.Config) {
			config.Credential = alphamoon.Credential{Secret: redact.NewSecret(key.Secret)}
		})
		if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != 1 {
			t.Errorf("%s: got %v, %v", user, keys, err)
		}
		box.Listed = []func(map[string]any){sandbox.With("id", key.Secret[len(user)+1:])}
		if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
			t.Errorf("the password as an id: got %v", keys)
		}
	}
}

// TestAnExpiredKeyWhereNothingIsListed: nothing needs to be proved of it.
func TestAnExpiredKeyWhereNothingIsListed(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"empty-404", "empty-204"} {
		keys := newClient(t, service(t, rule)).ProcessAPIKeys(processID)
		if key, err := keys.Find(t.Context(), alphamoon.KeyRef{ID: "absent", Expired: true}); key != nil || err != nil {
			t.Errorf("%s: got %v, %v", rule, key, err)
		}
		if _, err := keys.Find(t.Context(), alphamoon.KeyRef{ID: "absent"}); !alphamoon.SaysNothing(err) {
			t.Errorf("%s, of a key that works: got %v", rule, err)
		}
	}
}

// TestUntilWhenAKeyIsYoung: the error says when a listing must show the key, by the service's clock.
func TestUntilWhenAKeyIsYoung(t *testing.T) {
	t.Parallel()
	created := time.Now().Truncate(time.Second)
	box := &sandbox.Sandbox{}
	keys, young := newClient(t, box).ProcessAPIKeys(processID), alphamoon.KeyRef{ID: "absent", CreatedAt: created}
	_, err := keys.Find(t.Context(), young)
	var tooYoung *alphamoon.TooYoungError
	if !errors.As(err, &tooYoung) || !tooYoung.Until.Equal(created.Add(5*time.Minute)) {
		t.Errorf("got %v", err)
	}
	box.Inject(sandbox.Fault{Operation: revoke, Status: 404, Body: sandbox.Detail("no such key")})
	tooYoung = nil
	if err := keys.Revoke(t.Context(), young); !errors.As(err, &tooYoung) || !tooYoung.Until.Equal(created.Add(5*time.Minute)) {
		t.Errorf("a key that was deleted by hand: got %v", err)
	}
}

// TestAnotherCredential: after a change of the credential one listing is enough, and nothing is believed to be gone.
func TestAnotherCredential(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 1)
	keys := newClient(t, box).ProcessAPIKeys(processID)
	unseen := alphamoon.KeyRef{ID: "absent", CreatedAt: time.Now().Add(-time.Hour), NeverSeen: true}
	if key, err := keys.Find(t.Context(), unseen); key != nil || !errors.Is(err, alphamoon.ErrNeverSeen) {
		t.Errorf("got %v, %v", key, err)
	}
	expectSent(t, box, 1, list)
	seen := alphamoon.KeyRef{ID: box.Keys(processID)[0].ID, NeverSeen: true}
	if key, err := keys.Find(t.Context(), seen); key == nil || err != nil {
		t.Errorf("a key that is listed: got %v, %v", key, err)
	}
	unseen.Expired = true
	if key, err := keys.Find(t.Context(), unseen); key != nil || err != nil {
		t.Errorf("an expired key: got %v, %v", key, err)
	}
}

// find looks for ids, ten at a time as Terraform does, and fails unless each is found as it should be.
func find(t *testing.T, client *alphamoon.Client, ids []string, want bool) {
	t.Helper()
	var group sync.WaitGroup
	places := make(chan struct{}, 10)
	for _, id := range ids {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: id})
			if err != nil || (key != nil) != want || key != nil && key.ID != id {
				t.Errorf("%s: got %v, %v", id, key, err)
			}
		})
	}
	group.Wait()
}

// TestReadersShareListings counts requests (one more where the total may be that of the page): they depend on how many keys
// the process has, not on how many are read.
func TestReadersShareListings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, read, missing, requests int }{
		{1000, 1000, 0, 10},
		{1000, 1, 0, 10},
		{950, 950, 0, 10},
		{100, 100, 0, 2},
		{1000, 500, 500, 20},
		{1, 1, 0, 1},
		{0, 0, 20, 2},
		{99, 99, 0, 1},
	} {
		t.Run(fmt.Sprintf("%d of %d, %d missing", test.read, test.total, test.missing), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			fill(box, test.total)
			client := newClient(t, box, soon)
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

// exists looks for a key, as resources do.
func exists(t *testing.T, client *alphamoon.Client, id string) bool {
	t.Helper()
	key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: id})
	if err != nil {
		t.Error(err)
	}
	return key != nil
}

func TestWritesBeginAGeneration(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 1)
	client := newClient(t, box, soon)
	first := box.Keys(processID)[0].ID
	for range 2 {
		if !exists(t, client, first) {
			t.Error("the key is not found")
		}
	}
	key, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !exists(t, client, key.ID) || !exists(t, client, first) {
		t.Error("the new key is not found")
	}
	if err := client.ProcessAPIKeys(processID).Revoke(t.Context(), alphamoon.KeyRef{ID: key.ID}); err != nil {
		t.Fatal(err)
	}
	if exists(t, client, key.ID) {
		t.Error("the removed key is found")
	}
	// One listing for each pair of readers, one before the creation, and two that prove the removal. The first of them
	// serves the last reader too; the second came too soon after it.
	expectSent(t, box, 1, list, list, create, list, revoke, list, list, list)
}

// TestAWriteElsewhereIsSeen: another client writes, as another configuration of the provider does. A list that is
// read afterwards shows it.
func TestAWriteElsewhereIsSeen(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client, other := newClient(t, box), newClient(t, box)
	for want := range 3 {
		keys, err := client.ProcessAPIKeys(processID).List(t.Context())
		if err != nil || len(keys) != want {
			t.Errorf("%d keys are listed, want %d: %v", len(keys), want, err)
		}
		if _, err := other.ProcessAPIKeys(processID).
			Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWriteDuringAListing creates a key while a listing is under way: who looks afterwards sees the key.
func TestWriteDuringAListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	client := newClient(t, box)
	fill(box, 1)
	box.Inject(sandbox.Fault{Operation: list, SlowBody: 300 * time.Millisecond})
	slow := make(chan bool, 1)
	go func() { slow <- exists(t, client, box.Keys(processID)[0].ID) }()
	for box.Count(list) == 0 {
		time.Sleep(time.Millisecond)
	}
	key, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !exists(t, client, key.ID) {
		t.Error("the new key is not found")
	}
	if !<-slow {
		t.Error("the key from before is not found")
	}
}
