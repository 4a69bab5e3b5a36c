package sandbox_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// ask answers a request without a connection.
func ask(box *sandbox.Sandbox, method, path, credential, body string) (int, string) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	user, pass, _ := strings.Cut(credential, ":")
	request.SetBasicAuth(user, pass)
	recorder := httptest.NewRecorder()
	box.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

// TestLaggingIndexes shows creations, changes and removals to one index at once and to the other five seconds later.
func TestLaggingIndexes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Lags: []time.Duration{0, 5 * time.Second}}}
		old := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "old", CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)})
		expect := func(moment string, fresh, stale string) {
			t.Helper()
			for i, want := range []string{fresh, stale} {
				_, body := ask(box, http.MethodGet, keysPath, sandbox.DefaultCredential, "")
				var got []string
				for _, word := range []string{"old", "new", "Disabled"} {
					if strings.Contains(body, `"`+word+`"`) {
						got = append(got, word)
					}
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s, index %d: got %v, want %s", moment, i, got, want)
				}
			}
		}
		if status, _ := ask(box, http.MethodPost, keysPath, sandbox.DefaultCredential, creation("new")); status != 201 {
			t.Fatal(status)
		}
		expect("created", "old new", "old")
		time.Sleep(5 * time.Second)
		expect("later", "old new", "old new")
		box.SetStatus(old.ID, "Disabled")
		expect("disabled", "old new Disabled", "old new")
		time.Sleep(5 * time.Second)
		box.RemoveKey(old.ID)
		expect("removed", "new", "old new Disabled")
		box.Advance(5 * time.Second)
		expect("later", "new", "new")
	})
}

func TestHiddenProcess(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	key := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "x"})
	for _, status := range []int{403, 404, 200, 0} {
		box.Hide(sandbox.DefaultCredential, sandbox.DefaultProcessID, status)
		listed, body := ask(box, http.MethodGet, keysPath, sandbox.DefaultCredential, "")
		if want := status; listed != want && (want != 0 || listed != 200) || strings.Contains(body, key.ID) != (status == 0) {
			t.Errorf("hidden with %d: listed %d, %s", status, listed, body)
		}
		if _, body := ask(box, http.MethodGet, "/api/v0.3/processes", sandbox.DefaultCredential, ""); strings.Contains(body,
			sandbox.DefaultProcessID) != (status == 0) {
			t.Errorf("hidden with %d: %s", status, body)
		}
		if created, _ := ask(box, http.MethodPost, keysPath, sandbox.DefaultCredential,
			creation("y")); (created == 201) != (status == 0) {
			t.Errorf("hidden with %d: created %d", status, created)
		}
		if _, body := ask(box, http.MethodGet, keysPath, sandbox.MemberCredential, ""); !strings.Contains(body, key.ID) {
			t.Errorf("hidden from others: %s", body)
		}
	}
}

func TestOtherOrganization(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	key := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "ours"})
	if status, _ := ask(box, http.MethodPost, keysPath, sandbox.OtherCredential, creation("theirs")); status != 201 {
		t.Fatal(status)
	}
	_, body := ask(box, http.MethodGet, keysPath, sandbox.OtherCredential, "")
	if strings.Contains(body, "ours") || !strings.Contains(body, "theirs") || !strings.Contains(body, "org_other") {
		t.Errorf("the other organization sees %s", body)
	}
	if _, body := ask(box, http.MethodGet, keysPath, sandbox.DefaultCredential, ""); strings.Contains(body, "theirs") {
		t.Errorf("this organization sees %s", body)
	}
	const path = "/api/v0.4/admin/api-keys/"
	if status, _ := ask(box, http.MethodDelete, path+key.ID, sandbox.OtherCredential, ""); status != 404 {
		t.Errorf("the other organization's removal: %d", status)
	}
	theirs := box.Keys(sandbox.OfOther(sandbox.DefaultProcessID))[0]
	if status, _ := ask(box, http.MethodDelete, path+theirs.ID, sandbox.OtherCredential, ""); status != 204 {
		t.Errorf("its own removal: %d", status)
	}
}

func TestOddListings(t *testing.T) {
	t.Parallel()
	null := func(fields map[string]any) { fields["status"] = nil; delete(fields, "exp") }
	for name, test := range map[string]struct {
		options     sandbox.Options
		fault       sandbox.Fault
		query       string
		status      int
		says, never string
	}{
		"total on the first page": {sandbox.Options{TotalOnFirstPage: true}, sandbox.Fault{}, "?offset=0", 200, `"total":1`, "#"},
		"none on another":         {sandbox.Options{TotalOnFirstPage: true}, sandbox.Fault{}, "?offset=1", 200, "", "total"},
		"an end with 416":         {sandbox.Options{EndStatus: 416}, sandbox.Fault{}, "?offset=1", 416, "Out of range", "apiKeys"},
		"an end with 422":         {sandbox.Options{EndStatus: 422}, sandbox.Fault{}, "?offset=1", 422, `"loc"`, "apiKeys"},
		"a beginning":             {sandbox.Options{EndStatus: 416}, sandbox.Fault{}, "?offset=0", 200, "apiKeys", "#"},
		"an option's element":     {sandbox.Options{AlterListed: null}, sandbox.Fault{}, "", 200, `"status":null`, `"exp"`},
		"a fault's element":       {sandbox.Options{}, sandbox.Fault{AlterListed: null}, "", 200, `"status":null`, `"exp"`},
	} {
		box := &sandbox.Sandbox{Options: test.options}
		box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "x"})
		box.Inject(test.fault)
		status, body := ask(box, http.MethodGet, keysPath+test.query, sandbox.DefaultCredential, "")
		if status != test.status || !strings.Contains(body, test.says) || strings.Contains(body, test.never) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestOddCreations(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	old := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "x"})
	box.Inject(sandbox.Fault{AnswerExisting: true},
		sandbox.Fault{AlterCreated: sandbox.Without("exp")})
	if _, body := ask(box, http.MethodPost, keysPath, sandbox.DefaultCredential, creation("y")); !strings.Contains(body, old.ID) ||
		len(box.Keys(sandbox.DefaultProcessID)) != 1 {
		t.Errorf("with an existing key: %s", body)
	}
	if _, body := ask(box, http.MethodPost, keysPath, sandbox.DefaultCredential, creation("y")); strings.Contains(body, `"exp"`) ||
		len(box.Keys(sandbox.DefaultProcessID)) != 2 {
		t.Errorf("without an expiry: %s", body)
	}
}

// TestRefusedIsNotDoneLater does nothing for a request that the rate refused, whatever the fault says.
func TestRefusedIsNotDoneLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		box := &sandbox.Sandbox{Options: sandbox.Options{Rate: 0.01}}
		box.Inject(sandbox.Fault{}, sandbox.Fault{Status: 504, Late: time.Second})
		for range 2 {
			ask(box, http.MethodPost, keysPath, sandbox.DefaultCredential, creation("x"))
		}
		time.Sleep(time.Minute)
		if got := len(box.Keys(sandbox.DefaultProcessID)); got != 1 {
			t.Errorf("%d keys exist", got)
		}
	})
}

// TestSeededIDs makes the same ids from the same seed.
func TestSeededIDs(t *testing.T) {
	t.Parallel()
	var got [2]string
	for i := range got {
		box := &sandbox.Sandbox{Options: sandbox.Options{Random: rand.NewChaCha8([32]byte{1})}}
		key := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{})
		got[i] = fmt.Sprint(key.ID, key.Secret)
	}
	if got[0] != got[1] {
		t.Errorf("got %v", got)
	}
}
