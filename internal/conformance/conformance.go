// Package conformance checks a server against what is documented of the Alphamoon Workspace REST API, and against
// what its documented examples suggest. It speaks plain HTTP, so that a defect of this provider's client cannot
// hide one of the server. The sandbox must pass it; it can also be run against the live service.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Target is the server to check.
type Target struct {
	// BaseURL is the address without a slash at its end.
	BaseURL string
	// Credential is an API key, user:pass, that may manage the keys of the process.
	Credential string
	// ProcessID is a process in which keys may be created. They expire within minutes.
	ProcessID string
	// AdminCredential is an organization admin's API key, user:pass. Without it the organization's keys are not checked.
	AdminCredential string
}

// What the documentation shows; undocumented parts of an answer may be there or not.
var (
	idForm       = regexp.MustCompile(`^[0-9a-f]{32}$`)
	instantForm  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	secretForm   = regexp.MustCompile(`^[^:]+:.+$`)
	listedFields = []string{"id", "name", "orgId", "scopes", "status", "createdAt", "exp", "processId"}
)

// lifetime is how long the keys live that the suite creates.
const lifetime = 10 * time.Minute

// Run carries out the suite. It creates two keys.
func Run(t *testing.T, target Target) {
	t.Helper()
	s := suite{target}
	created := s.create(t)
	t.Run("a credential is needed", s.credentialIsNeeded)
	t.Run("a created key is listed without its secret", func(t *testing.T) { s.listed(t, created) })
	t.Run("a created key authenticates", func(t *testing.T) { s.authenticates(t, created) })
	t.Run("offset and limit", s.paging)
	t.Run("a wrong limit", s.wrongLimit)
	t.Run("a missing field", s.missingField)
	t.Run("an unknown process", s.unknownProcess)
	t.Run("processes", s.processes)
	if target.AdminCredential != "" {
		t.Run("a key of the organization", s.organizationKey)
	}
}

type suite struct{ Target }

type object = map[string]any

// send makes a request and returns the status and the body, decoded if it is JSON.
func (s suite) send(t *testing.T, credential, method, path string, body any) (int, object) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.BaseURL+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if user, pass, ok := strings.Cut(credential, ":"); ok {
		request.SetBasicAuth(user, pass)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		t.Fatal(err)
	}
	var decoded object
	if err := json.Unmarshal(raw, &decoded); err != nil {
		decoded = nil // the caller says what it expected
	}
	return response.StatusCode, decoded
}

func (s suite) keysPath(processID string) string {
	return "/api/v0.4/processes/" + processID + "/api-keys"
}

func (s suite) create(t *testing.T) object {
	t.Helper()
	scopes := []string{"workspace.process.api_key:manage", "workspace.file:upload", "workspace.result:read"}
	// The documented example shows that milliseconds are accepted and cut off.
	now := time.Now().UTC() //nolint:forbidigo // the live service has a clock of its own
	expiry := now.Add(lifetime).Truncate(time.Second).Add(687 * time.Millisecond)
	status, key := s.send(t, s.Credential, http.MethodPost, s.keysPath(s.ProcessID), object{
		"name": "conformance", "exp": expiry.Format("2006-01-02T15:04:05.000Z"), "scopes": scopes,
	})
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("creation: status %d", status)
	}
	for _, field := range append([]string{"key"}, listedFields...) {
		if _, ok := key[field]; !ok {
			t.Errorf("creation: no %q in the answer", field)
		}
	}
	expect(t, "id", idForm.MatchString(text(key["id"])))
	expect(t, "name", key["name"] == "conformance")
	expect(t, "status", key["status"] == "Active")
	expect(t, "processId", key["processId"] == s.ProcessID)
	expect(t, "createdAt", instantForm.MatchString(text(key["createdAt"])))
	expect(t, "exp, cut to whole seconds", key["exp"] == expiry.Format("2006-01-02T15:04:05Z"))
	expect(t, "scopes, in any order", sameSet(key["scopes"], scopes))
	expect(t, "key, two parts with a colon", secretForm.MatchString(text(key["key"])))
	return key
}

// organizationKey creates, lists and removes one. Only that the removal exists is documented, not what it answers.
func (s suite) organizationKey(t *testing.T) {
	const path = "/api/v0.4/admin/api-keys"
	expiry := time.Now().UTC().Add(lifetime).Truncate(time.Second) //nolint:forbidigo // as above
	status, key := s.send(t, s.AdminCredential, http.MethodPost, path, object{
		"name":   "conformance",
		"exp":    expiry.Format("2006-01-02T15:04:05.000Z"),
		"scopes": []string{"workspace.result:read"},
	})
	expect(t, "creation: the status is 200 or 201", status == http.StatusOK || status == http.StatusCreated)
	for _, field := range []string{"id", "name", "orgId", "scopes", "status", "createdAt", "exp", "key"} {
		if _, ok := key[field]; !ok {
			t.Errorf("creation: no %q in the answer", field)
		}
	}
	listed := func() bool {
		_, body := s.send(t, s.AdminCredential, http.MethodGet, path+"?offset=0&limit=100", nil)
		elements, ok := body["apiKeys"].([]any)
		expect(t, "the list is called apiKeys", ok)
		return slices.ContainsFunc(elements, func(element any) bool {
			fields, ok := element.(object)
			return ok && fields["id"] == key["id"] && fields["status"] == "Active"
		})
	}
	expect(t, "the created key is listed", listed())
	status, _ = s.send(t, s.AdminCredential, http.MethodDelete, path+"/"+text(key["id"]), nil)
	expect(t, "the removal is accepted", status >= 200 && status < 300)
	expect(t, "the removed key is no longer listed as active", !listed())
}

func (s suite) credentialIsNeeded(t *testing.T) {
	for name, credential := range map[string]string{"none": "", "wrong": "nobody:nothing"} {
		if status, _ := s.send(t, credential, http.MethodGet, s.keysPath(s.ProcessID),
			nil); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func (s suite) listed(t *testing.T, created object) {
	for _, key := range s.all(t) {
		for _, field := range listedFields {
			if _, ok := key[field]; !ok {
				t.Errorf("no %q in a listed key", field)
			}
		}
		expect(t, "the secret is not listed", key["key"] == nil || !secretForm.MatchString(text(key["key"])))
		if key["id"] != created["id"] {
			continue
		}
		for _, field := range []string{"name", "orgId", "status", "createdAt", "exp", "processId"} {
			expect(t, field+" as at the creation", key[field] == created[field])
		}
		return
	}
	t.Error("the created key is not listed")
}

// all reads the whole listing as a careful client must: until an empty page.
func (s suite) all(t *testing.T) []object {
	t.Helper()
	var keys []object
	for {
		page, _ := s.page(t, len(keys), 100)
		if len(page) == 0 {
			return keys
		}
		keys = append(keys, page...)
	}
}

// page returns the keys of a page, and the total if there is one, else -1.
func (s suite) page(t *testing.T, offset, limit int) (keys []object, total int) {
	t.Helper()
	status, body := s.send(t, s.Credential, http.MethodGet, fmt.Sprintf("%s?offset=%d&limit=%d", s.keysPath(s.ProcessID),
		offset, limit), nil)
	elements, ok := body["apiKeys"].([]any)
	if status != http.StatusOK || !ok {
		t.Fatalf("listing: status %d, no list \"apiKeys\"", status)
	}
	for _, element := range elements {
		key, ok := element.(object)
		if !ok {
			t.Fatal("a listed key is no object")
		}
		keys = append(keys, key)
	}
	total = -1
	if pagination, ok := body["pagination"].(object); ok {
		number, ok := pagination["total"].(float64)
		expect(t, "pagination.total is a number", ok)
		total = int(number)
	}
	return keys, total
}

func (s suite) paging(t *testing.T) {
	s.create(t) // so that there are two at least
	keys := s.all(t)
	first, total := s.page(t, 0, 1)
	second, _ := s.page(t, 1, 1)
	if len(first) != 1 || len(second) != 1 || first[0]["id"] == second[0]["id"] {
		t.Error("limit = 1 does not give one key each, and another for another offset")
	}
	beyond, _ := s.page(t, len(keys)+100, 1)
	expect(t, "nothing beyond the end", len(beyond) == 0)
	expect(t, "the total counts every key", total < 0 || total == len(keys))
}

func (s suite) wrongLimit(t *testing.T) {
	status, body := s.send(t, s.Credential, http.MethodGet, s.keysPath(s.ProcessID)+"?limit=many", nil)
	expect(t, "the status is a client's error", status >= 400 && status < 500)
	expect(t, "the error has a documented shape", documented(body))
}

func (s suite) missingField(t *testing.T) {
	for _, field := range []string{"name", "exp", "scopes"} {
		body := object{
			"name": "conformance", "scopes": []string{"workspace.result:read"},
			"exp": time.Now().UTC().Add(lifetime).Format(time.RFC3339), //nolint:forbidigo // as above
		}
		delete(body, field)
		status, answer := s.send(t, s.Credential, http.MethodPost, s.keysPath(s.ProcessID), body)
		expect(t, field+": the status is a client's error", status >= 400 && status < 500)
		expect(t, field+": the error has a documented shape", documented(answer))
		encoded, err := json.Marshal(answer)
		expect(t, field+": the error names the field", err == nil && strings.Contains(string(encoded), field))
	}
}

func (s suite) unknownProcess(t *testing.T) {
	status, _ := s.send(t, s.Credential, http.MethodGet, s.keysPath(strings.Repeat("0", 32)), nil)
	expect(t, "the status is a client's error", status >= 400 && status < 500)
}

// authenticates uses the created key itself, which has the scope for it.
func (s suite) authenticates(t *testing.T, created object) {
	status, _ := s.send(t, text(created["key"]), http.MethodGet, s.keysPath(s.ProcessID), nil)
	expect(t, "the created key is let in", status == http.StatusOK)
}

func (s suite) processes(t *testing.T) {
	status, body := s.send(t, s.Credential, http.MethodGet, "/api/v0.3/processes", nil)
	elements, ok := body["processes"].([]any)
	if status != http.StatusOK || !ok {
		t.Fatalf("status %d, no list \"processes\"", status)
	}
	found := false
	for _, element := range elements {
		process, ok := element.(object)
		expect(t, "a process is an object", ok)
		for _, field := range []string{"id", "name", "typeId", "typeName", "status", "orgId", "createdAt", "updatedAt"} {
			if _, ok := process[field]; !ok {
				t.Errorf("no %q in a process", field)
			}
		}
		found = found || process["id"] == s.ProcessID
	}
	expect(t, "the process is listed", found)
}

// documented reports whether an error has one of the two documented shapes.
func documented(body object) bool {
	switch detail := body["detail"].(type) {
	case string:
		_, hasErrors := body["errors"].([]any)
		return text(body["title"]) != "" && hasErrors
	case []any:
		return len(detail) > 0 && slices.IndexFunc(detail, func(entry any) bool {
			fields, ok := entry.(object)
			_, located := fields["loc"].([]any)
			return !ok || !located || text(fields["msg"]) == ""
		}) < 0
	default:
		return false
	}
}

func expect(t *testing.T, what string, ok bool) {
	t.Helper()
	if !ok {
		t.Errorf("%s: not so", what)
	}
}

func text(value any) string {
	result, _ := value.(string) // what is no string is not the text that is looked for
	return result
}

func sameSet(value any, want []string) bool {
	elements, _ := value.([]any) // what is no list differs in length
	var got []string
	for _, element := range elements {
		got = append(got, text(element))
	}
	slices.Sort(got)
	return slices.Equal(got, slices.Sorted(slices.Values(want)))
}
