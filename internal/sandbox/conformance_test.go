package sandbox_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// The suite checks a server against what is documented of the API, and asks what is not. It speaks plain HTTP, so that
// a defect of the provider's client cannot hide one of the server, and it bears with a server that is slow to show what
// was written, that refuses requests for a while, or that fails now and then.

// conformance is one run of the suite.
type conformance struct {
	transport http.RoundTripper
	baseURL   string
	// credential may manage the keys of the process.
	credential, processID string
	// adminCredential is an organization admin's. Without it the organization's keys are left alone.
	adminCredential string
	// patience is how long a write may take to show.
	patience time.Duration

	prefix                     string // of the names of this run's keys
	answers                    []answer
	empty                      string // what the listing said when nothing was there
	refusals, refusedCreations []string
}

// answer is what the server does where nobody documented it.
type answer struct{ question, reply string }

type object = map[string]any

const (
	// anyRun is the prefix of the names of all runs' keys.
	anyRun = "conformance-"
	// lifetime is how long the keys live that the suite creates.
	lifetime         = 10 * time.Minute
	organizationPath = "/api/v0.4/admin/api-keys"
)

// What the documentation shows. Undocumented parts of an answer may be there or not.
var (
	idForm       = regexp.MustCompile(`^[0-9a-f]{32}$`)
	instantForm  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	secretForm   = regexp.MustCompile(`^[^:]+:.+$`)
	listedFields = []string{"id", "name", "orgId", "scopes", "status", "createdAt", "exp", "processId"}
)

// run carries out the suite and removes what it and earlier runs left.
func (c *conformance) run(t *testing.T) {
	c.prefix = anyRun + rand.Text()[:8] + "-"
	c.sweep(t)
	c.lookAtEmpty(t)
	created := c.create(t, "first")
	// Subtests are not possible on a virtual clock: the log says where an error belongs.
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a credential is needed", c.credentialIsNeeded},
		{"a created key is listed without its secret", func(t *testing.T) { c.listed(t, created) }},
		{"a created key authenticates", func(t *testing.T) { c.authenticates(t, created) }},
		{"offset and limit", c.paging},
		{"a wrong limit", c.wrongLimit},
		{"a missing field", c.missingField},
		{"an unknown process", c.unknownProcess},
		{"processes", c.processes},
		{"a key of the organization", c.organizationKey},
		{"what is not documented", c.ask},
	} {
		t.Log(step.name)
		step.run(t)
	}
	c.sweep(t)
}

// lookAtEmpty lists the keys of a process before there are any.
func (c *conformance) lookAtEmpty(t *testing.T) {
	status, body := c.send(t, c.credential, http.MethodGet, c.keysPath(), nil)
	switch keys, ok := body["apiKeys"].([]any); {
	case ok && len(keys) > 0:
		c.empty = "the process had keys already"
	case ok:
		c.empty = fmt.Sprintf("%d, an empty list", status)
	default:
		c.empty = reply(status, body)
	}
}

// send makes a request and returns the status and the body, decoded if it is JSON. What is refused or fails is sent
// again: keys that are made twice expire within minutes.
func (c *conformance) send(t *testing.T, credential, method, path string, body any) (int, object) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for attempt := 0; ; attempt++ {
		request, err := http.NewRequestWithContext(t.Context(), method, c.baseURL+path, bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		if body == nil {
			request.Body, request.ContentLength = http.NoBody, 0
		}
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Content-Type", "application/json")
		if user, pass, ok := strings.Cut(credential, ":"); ok {
			request.SetBasicAuth(user, pass)
		}
		status, header, raw, err := c.roundTrip(request)
		if err == nil && status < 500 && status != http.StatusTooManyRequests {
			var decoded object
			if err := json.Unmarshal(raw, &decoded); err != nil {
				decoded = nil // the caller says what it expected
			}
			return status, decoded
		}
		if err == nil {
			c.refusals = append(c.refusals, fmt.Sprintf("%d, Retry-After %q", status, header.Get("Retry-After")))
			err = errors.New(http.StatusText(status))
		}
		if attempt == 20 {
			t.Fatalf("%s %s failed %d times, the last time with: %v", method, path, attempt+1, err)
		}
		time.Sleep(time.Second)
	}
}

func (c *conformance) roundTrip(request *http.Request) (int, http.Header, []byte, error) {
	client := http.Client{Transport: c.transport, Timeout: 30 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	return response.StatusCode, response.Header, raw, err
}

// eventually waits until something holds that a write has brought about.
func (c *conformance) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for waited := time.Duration(0); !holds(); waited += time.Second {
		if waited > c.patience {
			t.Errorf("%s: not so after %s", what, c.patience)
			return
		}
		time.Sleep(time.Second)
	}
}

func (c *conformance) keysPath() string { return "/api/v0.4/processes/" + c.processID + "/api-keys" }

// post asks for a key with the given name and scopes. The expiry is in a form that the documentation shows.
func (c *conformance) post(t *testing.T, credential, path, name string, scopes ...string) (status int, key object, expiry time.Time) {
	t.Helper()
	// The documented example shows that milliseconds are accepted and cut off.
	now := time.Now().UTC()
	expiry = now.Add(lifetime).Truncate(time.Second).Add(687 * time.Millisecond)
	status, key = c.send(t, credential, http.MethodPost, path, object{
		"name": c.prefix + name, "exp": expiry.Format("2006-01-02T15:04:05.000Z"), "scopes": scopes,
	})
	if status >= 300 {
		c.refusedCreations = append(c.refusedCreations, reply(status, key))
	}
	return status, key, expiry
}

// create makes a key of the process and checks the answer.
func (c *conformance) create(t *testing.T, name string) object {
	t.Helper()
	scopes := []string{"workspace.process.api_key:manage", "workspace.file:upload", "workspace.result:read"}
	status, key, _ := c.post(t, c.credential, c.keysPath(), name, scopes...)
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("creation: status %d", status)
	}
	expectFields(t, key, append([]string{"key"}, listedFields...))
	expect(t, "id", idForm.MatchString(text(key["id"])))
	expect(t, "status", key["status"] == "Active")
	expect(t, "processId", key["processId"] == c.processID)
	expect(t, "createdAt", instantForm.MatchString(text(key["createdAt"])))
	expect(t, "exp", instantForm.MatchString(text(key["exp"])))
	expect(t, "scopes, in any order", sameSet(key["scopes"], scopes))
	expect(t, "key, two parts with a colon", secretForm.MatchString(text(key["key"])))
	return key
}

// organizationKey creates, lists and removes one. Only that the removal exists is documented, not what it answers.
func (c *conformance) organizationKey(t *testing.T) {
	if c.adminCredential == "" {
		return
	}
	status, key, _ := c.post(t, c.adminCredential, organizationPath, "organization", "workspace.result:read")
	expect(t, "creation: the status is 200 or 201", status == http.StatusOK || status == http.StatusCreated)
	expectFields(t, key, []string{"id", "name", "orgId", "scopes", "status", "createdAt", "exp", "key"})
	c.eventually(t, "the created key is listed", func() bool { return c.isActive(t, organizationPath, c.adminCredential, key["id"]) })
	status, _ = c.send(t, c.adminCredential, http.MethodDelete, organizationPath+"/"+fmt.Sprint(key["id"]), nil)
	expect(t, "the removal is accepted", status >= 200 && status < 300)
	c.eventually(t, "the removed key no longer authenticates", func() bool {
		status, _ := c.send(t, text(key["key"]), http.MethodGet, c.keysPath(), nil)
		return status == http.StatusUnauthorized
	})
}

func (c *conformance) credentialIsNeeded(t *testing.T) {
	for name, credential := range map[string]string{"none": "", "wrong": "nobody:nothing"} {
		if status, _ := c.send(t, credential, http.MethodGet, c.keysPath(), nil); status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

func (c *conformance) listed(t *testing.T, created object) {
	var found object
	c.eventually(t, "the created key is listed", func() bool {
		for _, key := range c.all(t, c.keysPath(), c.credential) {
			expectFields(t, key, listedFields)
			expect(t, "the secret is not listed", key["key"] == nil || !secretForm.MatchString(text(key["key"])))
			if sameID(key["id"], created["id"]) {
				found = key
			}
		}
		return found != nil
	})
	for _, field := range []string{"orgId", "createdAt", "processId"} {
		expect(t, field+" as at the creation", found[field] == created[field])
	}
}

// isActive reports whether a key is listed and works.
func (c *conformance) isActive(t *testing.T, path, credential string, id any) bool {
	t.Helper()
	return slices.ContainsFunc(
		c.all(t, path, credential),
		func(key object) bool { return sameID(key["id"], id) && key["status"] == "Active" },
	)
}

// all reads the whole listing as a careful client must: until an empty page, or one that begins like the last.
func (c *conformance) all(t *testing.T, path, credential string) []object {
	t.Helper()
	var keys []object
	for {
		page, _ := c.page(t, path, credential, fmt.Sprintf("?offset=%d&limit=20", len(keys)))
		if len(page) == 0 || len(keys) > 0 && page[0]["id"] == keys[0]["id"] {
			return keys
		}
		keys = append(keys, page...)
	}
}

// page returns the keys of a page and what is said about the pages.
func (c *conformance) page(t *testing.T, path, credential, query string) (keys []object, pagination object) {
	t.Helper()
	status, body := c.send(t, credential, http.MethodGet, path+query, nil)
	if offsetBeyondEnd := status >= 400 && status < 500 && !strings.HasPrefix(query, "?offset=0"); offsetBeyondEnd {
		return nil, nil
	}
	elements, ok := body["apiKeys"].([]any)
	if saysEmpty := status == http.StatusNotFound || status == http.StatusNoContent || status == http.StatusOK; !ok && !saysEmpty {
		t.Fatalf("listing: status %d, no list \"apiKeys\"", status)
	}
	for _, element := range elements {
		key, ok := element.(object)
		if !ok {
			t.Fatal("a listed key is no object")
		}
		keys = append(keys, key)
	}
	pagination, _ = body["pagination"].(object) // it is not documented
	return keys, pagination
}

func (c *conformance) paging(t *testing.T) {
	c.create(t, "second") // so that there are two at least
	c.eventually(t, "limit = 1 gives one key each, and another for another offset", func() bool {
		first, _ := c.page(t, c.keysPath(), c.credential, "?offset=0&limit=1")
		second, _ := c.page(t, c.keysPath(), c.credential, "?offset=1&limit=1")
		return len(first) == 1 && len(second) == 1 && first[0]["id"] != second[0]["id"]
	})
}

// authenticates uses the created key itself, which has the scope for it.
func (c *conformance) authenticates(t *testing.T, created object) {
	c.eventually(t, "the created key is let in", func() bool {
		status, _ := c.send(t, text(created["key"]), http.MethodGet, c.keysPath(), nil)
		return status == http.StatusOK
	})
}

func (c *conformance) unknownProcess(t *testing.T) {
	status, _ := c.sendToUnknown(t)
	expect(t, "the status is a client's error", status >= 400 && status < 500)
}

// sendToUnknown lists the keys of a process that does not exist.
func (c *conformance) sendToUnknown(t *testing.T) (int, object) {
	t.Helper()
	path := strings.Replace(c.keysPath(), c.processID, strings.Repeat("0", 32), 1)
	return c.send(t, c.credential, http.MethodGet, path, nil)
}

func (c *conformance) wrongLimit(t *testing.T) {
	status, body := c.send(t, c.credential, http.MethodGet, c.keysPath()+"?limit=many", nil)
	expect(t, "the status is a client's error", status >= 400 && status < 500)
	expect(t, "the error has a documented form", hasDocumentedForm(body))
}

func (c *conformance) missingField(t *testing.T) {
	for _, field := range []string{"name", "exp", "scopes"} {
		body := object{
			"name": c.prefix + "incomplete", "scopes": []string{"workspace.result:read"},
			"exp": time.Now().UTC().Add(lifetime).Format(time.RFC3339),
		}
		delete(body, field)
		status, answer := c.send(t, c.credential, http.MethodPost, c.keysPath(), body)
		expect(t, field+": the status is a client's error", status >= 400 && status < 500)
		expect(t, field+": the error has a documented form", hasDocumentedForm(answer))
		encoded, err := json.Marshal(answer)
		expect(t, field+": the error names the field", err == nil && strings.Contains(string(encoded), field))
	}
}

func (c *conformance) processes(t *testing.T) {
	status, body := c.send(t, c.credential, http.MethodGet, "/api/v0.3/processes", nil)
	elements, ok := body["processes"].([]any)
	if status != http.StatusOK || !ok {
		t.Fatalf("status %d, no list \"processes\"", status)
	}
	found := false
	for _, element := range elements {
		process, ok := element.(object)
		expect(t, "a process is an object", ok)
		expectFields(t, process, []string{"id", "name", "typeId", "typeName", "status", "orgId", "createdAt", "updatedAt"})
		found = found || process["id"] == c.processID
	}
	expect(t, "the process is listed", found)
}

// sweep removes the keys of this and of earlier runs. A process's keys may stay: no removal of theirs is documented.
// They expire within minutes.
func (c *conformance) sweep(t *testing.T) {
	t.Helper()
	if c.adminCredential == "" {
		return
	}
	keys := slices.Concat(c.all(t, organizationPath, c.adminCredential), c.all(t, c.keysPath(), c.credential))
	for _, key := range keys {
		if strings.HasPrefix(text(key["name"]), anyRun) {
			c.send(t, c.adminCredential, http.MethodDelete, organizationPath+"/"+fmt.Sprint(key["id"]), nil)
		}
	}
}

// hasDocumentedForm reports whether an error has one of the two documented forms.
func hasDocumentedForm(body object) bool {
	switch detail := body["detail"].(type) {
	case string:
		_, hasErrors := body["errors"].([]any)
		return text(body["title"]) != "" && hasErrors
	case []any:
		return len(detail) > 0 && !slices.ContainsFunc(detail, func(entry any) bool {
			fields, ok := entry.(object)
			_, located := fields["loc"].([]any)
			return !ok || !located || text(fields["msg"]) == ""
		})
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

func expectFields(t *testing.T, fields object, names []string) {
	t.Helper()
	for _, name := range names {
		if _, ok := fields[name]; !ok {
			t.Errorf("there is no %q", name)
		}
	}
}

func text(value any) string {
	result, _ := value.(string) // what is no string is not the text that is looked for
	return result
}

// sameID compares ids, which may be numbers, however they are written.
func sameID(a, b any) bool {
	plain := func(id any) string { return strings.ToLower(strings.ReplaceAll(fmt.Sprint(id), "-", "")) }
	return plain(a) == plain(b)
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

// served is a connection to a sandbox without a network.
type served struct{ box *sandbox.Sandbox }

func (s served) RoundTrip(request *http.Request) (response *http.Response, err error) {
	defer func() {
		if recover() != nil { // how a handler breaks its connection
			response, err = nil, errors.New("the connection was reset")
		}
	}()
	recorder := httptest.NewRecorder()
	s.box.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// TestConformance checks that the sandbox answers as documented, whatever is chosen for the unknowns, and that the suite
// bears with the weather that the service may have.
func TestConformance(t *testing.T) {
	t.Parallel()
	outage := sandbox.Fault{Status: http.StatusServiceUnavailable, Skip: 3, Times: 4}
	for name, test := range map[string]struct {
		options sandbox.Options
		rules   []string
		faults  []sandbox.Fault
		want    []answer
	}{
		"zero value":    {want: questions},
		"no pagination": {options: sandbox.Options{OmitPagination: true}, want: []answer{{"total", "there is none"}}},
		"status 200":    {options: sandbox.Options{CreateStatus: http.StatusOK}},
		"small pages":   {options: sandbox.Options{MaxLimit: 1}, want: []answer{{"largest page", "1 asked for as 1000"}}},
		"newest first":  {options: sandbox.Options{NewestFirst: true}, want: []answer{{"order of a listing", "newest first"}}},
		"secret null": {
			options: sandbox.Options{AlterListed: sandbox.With("key", nil)}, want: []answer{{"secret in a listing", "null"}},
		},
		"secret masked": {
			options: sandbox.Options{AlterListed: sandbox.With("key", "********")}, want: []answer{{"secret in a listing", "masked"}},
		},
		"hides what is over": {options: sandbox.Options{HideExpired: true, HideInactive: true}},
		"counts pages":       {options: sandbox.Options{CountPage: true}, want: []answer{{"total", "counts the page"}}},
		"refuses the end":    {options: sandbox.Options{EndStatus: 416}, want: []answer{{"offset beyond the end", "416"}}},
		"disables":           {options: sandbox.Options{OrganizationRevocation: sandbox.RevocationDisables}},
		"knows no process keys": {
			options: sandbox.Options{Revocation: sandbox.RevocationUnknown},
			want:    []answer{{"removal of a process's key", "404, an error in a documented form; still listed"}},
		},
		"lag": {
			options: sandbox.Options{Lags: []time.Duration{8 * time.Second}},
			want: []answer{
				{
					"a new key is listed", "first after 8s, always after 8s",
				}, {
					"a removed key is no longer listed",
					"first after 8s, always after 8s",
				},
			},
		},
		"several indexes": {options: sandbox.Options{Lags: []time.Duration{0, 8 * time.Second, 3 * time.Second}}},
		"outage":          {faults: []sandbox.Fault{outage}, want: []answer{{"refusals on the way", `503, Retry-After "" (4 times)`}}},
		"lost work":       {faults: []sandbox.Fault{{Operation: sandbox.Create, Skip: 1, Times: 2, ResetAfter: true}}},
		"own words": {
			rules: []string{"lone-detail", "limit-422"},
			want: []answer{
				{"a wrong credential", `401, a lone detail "The API key is wrong or has expired."`},
				{"largest page", "422, an error in a documented form"},
			},
		},
		"unique names": {
			rules: []string{"unique-names"},
			want: []answer{
				{"a second creation of one name", `409, a lone detail "An API key with the name \"NAME\" already exists."`},
				{"creations refused", `409, a lone detail "An API key with the name \"NAME\" already exists." (1 times)`},
			},
		},
		"existing key": {rules: []string{"existing-key"}, want: []answer{{"a second creation of one name", "201, the same key"}}},
		"list own": {
			rules: []string{"list-own", "slow-keys"},
			want: []answer{
				{"a key that another credential made", "not listed"}, {"a new key is accepted", "first after 3s, always after 3s"},
			},
		},
		"removed keys stay": {
			rules: []string{"keep-removed", "empty-404"},
			want: []answer{
				{"a removed key is no longer listed", "not always after 30s"},
				{"a listing without keys", `404, a lone detail "There are no API keys."`},
				{"removal of a process's key", "204, no JSON; still listed"},
			},
		},
		"other forms": {
			rules: []string{"listed-lower-names", "implied-scopes", "listed-in-minutes", "dashed-ids", "empty-204"},
			want: []answer{
				{
					"scopes",
					"answered [workspace.file:upload workspace.result:update], " +
						"listed [workspace.file:read workspace.file:upload workspace.result:read workspace.result:update]",
				},
				{"a listing without keys", "204, no JSON"},
			},
		},
		"other expiries": {
			rules: []string{"short-lives", "empty-without-list"},
			want:  []answer{{"an expiry in ten years", "granted for 30 days"}, {"a listing without keys", "200, fields pagination"}},
		},
		"rate limit": {options: sandbox.Options{Rate: 2, Burst: 2, RateHints: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: test.options}
			if err := box.Follow(test.rules...); err != nil {
				t.Fatal(err)
			}
			box.Inject(test.faults...)
			c := &conformance{
				transport: served{box}, baseURL: "http://sandbox", patience: time.Minute, processID: sandbox.DefaultProcessID,
				credential: sandbox.MemberCredential, adminCredential: sandbox.DefaultCredential,
			}
			synctest.Test(t, func(t *testing.T) { c.run(t) })
			for i := range c.answers { // each run has names of its own
				c.answers[i].reply = strings.ReplaceAll(c.answers[i].reply, c.prefix+"same", "NAME")
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(c.answers, func(got answer) bool {
					return got == want
				}) {
					t.Errorf("%s: not %q, but\n%s", want.question, want.reply, table(c.answers, nil))
				}
			}
			if len(c.answers) != len(questions) {
				t.Errorf("there are %d questions and %d answers", len(questions), len(c.answers))
			}
			if test.options.Revocation == sandbox.RevocationRemoves && len(test.options.Lags) == 0 {
				if left := len(box.LiveKeys(sandbox.DefaultProcessID)) + len(box.LiveKeys(sandbox.Organization)); left != 0 {
					t.Errorf("%d keys were not swept", left)
				}
			}
		})
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &conformance{patience: 20 * time.Second}
		for want, holds := range map[string]func(second int) bool{
			"first after 1s, always after 3s": func(second int) bool { return second == 1 || second >= 3 },
			"not always after 10s":            func(second int) bool { return second < 10 },
		} {
			second := -1
			if got := c.delays(func() bool { second++; return holds(second) }); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

// TestConformanceOfTheService runs the suite against Alphamoon itself and writes the answers to the file that
// ALPHAMOON_CONFORMANCE_SUMMARY names.
func TestConformanceOfTheService(t *testing.T) {
	t.Parallel()
	c := &conformance{
		transport:  http.DefaultTransport,
		baseURL:    cmp.Or(os.Getenv("ALPHAMOON_BASE_URL"), "https://workspace.alphamoon.ai"),
		credential: os.Getenv("ALPHAMOON_CONFORMANCE_API_KEY"), processID: os.Getenv("ALPHAMOON_CONFORMANCE_PROCESS_ID"),
		adminCredential: os.Getenv("ALPHAMOON_CONFORMANCE_ADMIN_API_KEY"), patience: 2 * time.Minute,
	}
	if c.credential == "" || c.processID == "" {
		t.Skip("ALPHAMOON_CONFORMANCE_API_KEY and ALPHAMOON_CONFORMANCE_PROCESS_ID are not set")
	}
	defer func() { // also when a check has ended the test
		result := table(c.answers, marks(t))
		t.Log("\n" + result)
		if name := os.Getenv("ALPHAMOON_CONFORMANCE_SUMMARY"); name != "" {
			if err := os.WriteFile(name, []byte(result), 0o600); err != nil {
				t.Error(err)
			}
		}
	}()
	c.run(t)
}
