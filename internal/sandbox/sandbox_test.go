package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const keysPath = "/api/v0.4/processes/" + sandbox.DefaultProcessID + "/api-keys"

// send makes a request and returns the status and the body, or the error of the connection.
func send(t *testing.T, server *httptest.Server, method, path, credential, body string) (int, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	user, pass, _ := strings.Cut(credential, ":")
	request.SetBasicAuth(user, pass)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return response.StatusCode, string(raw), err
}

func creation(name string) string {
	return fmt.Sprintf(`{"name": %q, "exp": "2099-01-01T00:00:00.000Z", "scopes": ["workspace.result:read", "workspace.file:upload"]}`,
		name)
}

func TestCreatedKeysAuthenticateWithinTheirRights(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	other := sandbox.Process{ID: strings.Repeat("a", 32)}
	box := &sandbox.Sandbox{Options: sandbox.Options{
		Now: func() time.Time { return now }, Processes: []sandbox.Process{{ID: sandbox.DefaultProcessID}, other},
	}}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	manager := box.AddKey(sandbox.DefaultProcessID,
		sandbox.Key{Scopes: []string{"workspace.process.api_key:manage"}, ExpiresAt: now.Add(time.Hour)})
	reader := box.AddKey(sandbox.DefaultProcessID,
		sandbox.Key{Scopes: []string{"workspace.result:read"}, ExpiresAt: now.Add(time.Hour)})
	expired := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Scopes: manager.Scopes, ExpiresAt: now})
	disabled := box.AddKey(sandbox.DefaultProcessID,
		sandbox.Key{Scopes: manager.Scopes, ExpiresAt: now.Add(time.Hour), Status: "Disabled"})
	for _, test := range []struct {
		secret, path string
		want         int
	}{
		{manager.Secret, keysPath, 200},
		{manager.Secret, "/api/v0.4/processes/" + other.ID + "/api-keys", 403},
		{reader.Secret, keysPath, 403},
		{expired.Secret, keysPath, 401},
		{disabled.Secret, keysPath, 401},
		{sandbox.DefaultCredential, "/api/v0.4/processes/" + other.ID + "/api-keys", 200},
		{sandbox.DefaultCredential, "/api/v0.4/elsewhere", 404},
	} {
		if got, _, err := send(t, server, http.MethodGet, test.path, test.secret, ""); got != test.want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", test.path, got, err, test.want)
		}
	}
	for i, want := range []string{manager.ID, manager.ID, reader.ID, expired.ID, disabled.ID, "", ""} {
		if got := box.Journal()[i].By; got != want {
			t.Errorf("request %d: it says that it came by %q, not by %q", i, got, want)
		}
	}
}

func TestJournalHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	if status, _, err := send(t, server, http.MethodPost, keysPath, sandbox.DefaultCredential,
		creation("journal")); status != 201 ||
		err != nil {
		t.Fatal(status, err)
	}
	journal := box.Journal()
	key := box.Keys(sandbox.DefaultProcessID)[0]
	if len(journal) != 1 || journal[0].Operation != sandbox.Create || journal[0].KeyID != key.ID ||
		journal[0].Name != "journal" ||
		journal[0].Status != 201 {
		t.Fatalf("got %+v", journal)
	}
	encoded, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append(strings.Split(key.Secret, ":"), "sandbox-password") {
		if strings.Contains(string(encoded), secret) {
			t.Errorf("the journal holds %q", secret)
		}
	}
}

// TestFaults checks what each fault does to the work and to the answer.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   sandbox.Fault
		status  int    // 0 for no answer
		body    string // a part of it
		keys    int
		partial bool // the body breaks off
	}{
		"none":              {sandbox.Fault{}, 201, `"key"`, 1, false},
		"delay":             {sandbox.Fault{Delay: time.Millisecond}, 201, `"key"`, 1, false},
		"reset before":      {sandbox.Fault{ResetBefore: true}, 0, "", 0, false},
		"reset after":       {sandbox.Fault{ResetAfter: true}, 0, "", 1, false},
		"status":            {sandbox.Fault{Status: 500, Body: "oops"}, 500, "oops", 0, false},
		"status after work": {sandbox.Fault{Status: 502, AfterWork: true}, 502, "", 1, false},
		"truncated":         {sandbox.Fault{Truncate: true}, 201, "{", 1, true},
		"slow":              {sandbox.Fault{SlowBody: 10 * time.Millisecond}, 201, `"key"`, 1, false},
		"other body":        {sandbox.Fault{Body: "<html>"}, 201, "<html>", 1, false},
		"other scopes": {
			sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Scopes = []string{"x.y:z"} }}, 201, `["x.y:z"]`, 1, false,
		},
		"other name": {sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.Name = "surprise" }}, 201, "surprise", 1, false},
		"other expiry": {
			sandbox.Fault{AlterGranted: func(key *sandbox.Key) { key.ExpiresAt = time.Date(2098, 1, 1, 0, 0, 0, 0, time.UTC) }},
			201,
			"2098-01-01T00:00:00Z", 1, false,
		},
		"for another kind":   {sandbox.Fault{Operation: sandbox.List, Status: 500}, 201, `"key"`, 1, false},
		"skipped":            {sandbox.Fault{Skip: 1, Status: 500}, 201, `"key"`, 1, false},
		"scopes not as sent": {sandbox.Fault{}, 201, `"scopes":["workspace.file:upload","workspace.result:read"]`, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{}
			server := httptest.NewServer(box)
			t.Cleanup(server.Close)
			box.Inject(test.fault)
			status, body, err := send(t, server, http.MethodPost, keysPath, sandbox.DefaultCredential, creation("fault"))
			if status != test.status || !strings.Contains(body, test.body) ||
				(err != nil) != (test.status == 0 || test.partial) {
				t.Errorf("got %d, %q, %v", status, body, err)
			}
			if got := len(box.Keys(sandbox.DefaultProcessID)); got != test.keys {
				t.Errorf("keys: got %d, want %d", got, test.keys)
			}
		})
	}
}

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	box.Inject(sandbox.Fault{LoseAnswer: true})
	client := &http.Client{Timeout: 100 * time.Millisecond}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+keysPath,
		strings.NewReader(creation("lost")))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("sandbox", "sandbox-password")
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
		t.Error("an answer arrived")
	}
	if got := len(box.Keys(sandbox.DefaultProcessID)); got != 1 {
		t.Errorf("keys: got %d, want 1", got)
	}
}

func TestFaultsOfListings(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	first := box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "first"})
	box.AddKey(sandbox.DefaultProcessID, sandbox.Key{Name: "second"})
	list := func(fault sandbox.Fault) string {
		box.Inject(fault)
		_, body, err := send(t, server, http.MethodGet, keysPath, sandbox.DefaultCredential, "")
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	if body := list(sandbox.Fault{AddToTotal: 3}); !strings.Contains(body, `"total":5`) {
		t.Errorf("total: %s", body)
	}
	if body := list(sandbox.Fault{Reverse: true}); strings.Index(body, "second") > strings.Index(body, "first") {
		t.Errorf("order: %s", body)
	}
	list(sandbox.Fault{Then: func(box *sandbox.Sandbox) { box.RemoveKey(first.ID) }})
	if body := list(sandbox.Fault{}); strings.Contains(body, "first") {
		t.Errorf("the key was not removed: %s", body)
	}
}
