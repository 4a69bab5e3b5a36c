package alphamoon_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// service is a sandbox that follows rules of its own, with what another credential and the past left in it.
func service(t *testing.T, rules ...string) *sandbox.Sandbox {
	t.Helper()
	box := &sandbox.Sandbox{}
	if err := box.Follow(rules...); err != nil {
		t.Fatal(err)
	}
	return box
}

// TestEveryRule leads a key through its life at services with every rule: it is created and understood, found, listed and
// revoked, whatever the service makes of its name, its expiry, its id and the listings.
func TestEveryRule(t *testing.T) {
	t.Parallel()
	for _, rule := range sandbox.NamedRules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(26 * 365 * 24 * time.Hour) // until years after 2020
				box := service(t, rule.Name)
				client := newClient(t, box, func(config *alphamoon.Config) { config.MaxRetries = 4 })
				keys, asked := client.ProcessAPIKeys(processID), wanted
				asked.Name = "Ädam's uploader"
				key, err := keys.Create(t.Context(), asked, alphamoon.CreateOptions{})
				if rule.Name == "long-ago" {
					var foreign *alphamoon.NotOursError
					if !errors.As(err, &foreign) || foreign.Reason != "it was created more than a day ago" {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				missing := asked.Granted(key.APIKey).Missing
				if (len(missing) > 0) != (rule.Name == "first-scope") {
					t.Errorf("missing: %v", missing)
				}
				if strings.HasPrefix(rule.Name, "no-expiry") != key.ExpiresAt.IsZero() {
					t.Errorf("the expiry is %s", key.ExpiresAt)
				}
				found, err := keys.Find(t.Context(), key.Ref())
				if err != nil || found == nil {
					t.Fatalf("got %v, %v", found, err)
				}
				if listed, err := keys.List(t.Context()); err != nil || len(listed) != 1 {
					t.Errorf("listed: %v, %v", listed, err)
				}
				time.Sleep(time.Hour)
				if err := keys.Revoke(t.Context(), key.Ref()); err != nil || len(box.LiveKeys(processID)) != 0 {
					t.Errorf("got %v, keys %v", err, box.LiveKeys(processID))
				}
			})
		})
	}
}

// TestOwnWords: a refusal in the service's own words costs one request, at a creation too, and takes no ten seconds. What
// a web framework answers of itself is no word of the service.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 402, 403, 404, 409, 422} {
		for text, own := range map[string]bool{"The process is archived.": true, "Not Found": false, "Method Not Allowed": false} {
			t.Run(fmt.Sprint(status, " ", text), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					box := &sandbox.Sandbox{}
					box.Inject(sandbox.Fault{Operation: create, Status: status, Body: sandbox.Detail(text), Times: -1})
					elapsed := stopwatch()
					_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
					if (elapsed() < time.Second) != own || (box.Count(create) == 1) != own {
						t.Errorf("%d creations in %s", box.Count(create), elapsed())
					}
					var failure *alphamoon.StatusError
					if !errors.As(err, &failure) || failure.Documented != own || failure.Words() != text {
						t.Errorf("got %v", err)
					}
					lists := 1
					if status == http.StatusConflict || !own {
						lists = 2
					}
					if !own {
						lists = 3
					}
					if got := box.Count(list); got != lists {
						t.Errorf("%d listings", got)
					}
				})
			})
		}
	}
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Operation: list, Status: 404, Body: sandbox.Detail("Process x not found"), Times: -1})
	if _, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context()); !alphamoon.IsNotFound(err) || box.Count(list) != 1 {
		t.Errorf("a listing: got %v after %d requests", err, box.Count(list))
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
			same := box.AddKey(processID, sandbox.Key{Name: wanted.Name, CreatedAt: time.Now().AddDate(0, -1, 0), ExpiresAt: wanted.ExpiresAt})
			_, err := createWanted(t, newClient(t, box), alphamoon.CreateOptions{})
			failure := conflict(t, err)
			if got := ids(failure.InTheWay); len(got) != 2 || got[0] != old.ID || got[1] != same.ID || len(failure.Equal) > 0 || failure.Earlier != nil {
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
			if !errors.As(failure.Earlier, &first) || first.Status != 500 || len(failure.Equal)+len(failure.InTheWay) > 0 {
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
			if listed, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(listed) != 1 {
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
		"whole-days", "short-lives", "no-expiry", "listed-in-minutes", "lower-names", "listed-lower-names", "decomposed-names",
		"implied-scopes", "granted-implied-scopes", "renamed-scopes", "upper-ids",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box := service(t, rule)
				box.Inject(sandbox.Fault{Operation: create, ResetAfter: true})
				asked := wanted
				asked.Name = "Ä-Uploader-20261130T073904Z-7f3a9c"
				_, err := newClient(t, box).ProcessAPIKeys(processID).Create(t.Context(), asked, revoking)
				if err != nil {
					t.Error(err)
				}
				expectSent(t, box, 1, list, create, list, revoke, list, list, create)
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

// TestARefusedLimit is left out from then on, whether the service names it or not.
func TestARefusedLimit(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"422":                        {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20},
		"400":                        {Rules: sandbox.Rules{LimitCeiling: 50, LimitStatus: 400}, MaxLimit: 20},
		"a lone detail":              {Rules: sandbox.Rules{LimitCeiling: 50, LoneDetail: true}, MaxLimit: 20},
		"the total is the page's":    {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, CountPage: true},
		"no total":                   {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, OmitPagination: true},
		"the end is refused as well": {Rules: sandbox.Rules{LimitCeiling: 50}, MaxLimit: 20, OmitPagination: true, EndStatus: 422},
	} {
		for _, size := range []int{1, 20, 45} {
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				client := newClient(t, box, soon)
				for range 2 {
					if keys, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(keys) != size {
						t.Errorf("got %d keys, %v", len(keys), err)
					}
				}
				refused := 0
				for _, request := range box.Journal() {
					if request.Query.Has("limit") {
						refused++
					}
				}
				if refused != 1 {
					t.Errorf("the limit was sent %d times", refused)
				}
			})
		}
	}
	// Another refusal of the first page is asked about once more, and changes nothing.
	box := &sandbox.Sandbox{}
	fill(box, 1)
	box.Inject(sandbox.Fault{Operation: list, Status: 400, Body: sandbox.Detail("The process is archived."), Times: 2})
	client := newClient(t, box, soon)
	for _, fails := range []bool{true, false, false} {
		if _, err := client.ProcessAPIKeys(processID).List(t.Context()); (err != nil) != fails {
			t.Errorf("got %v", err)
		}
	}
	box.Inject(sandbox.Fault{Operation: list, Status: 400, Body: sandbox.Detail("The process is archived.")})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
		t.Error("a service that takes the limit was asked without it")
	}
	if journal := box.Journal(); len(journal) != 5 || journal[1].Query.Has("limit") || !journal[3].Query.Has("limit") {
		t.Errorf("sent: %v", requests(box))
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
