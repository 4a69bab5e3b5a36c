package alphamoon_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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
			t.Errorf("got %+v, which differs in %q", key, differences)
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

func TestGranted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scopes              alphamoon.ScopeList
		missing, additional string
	}{
		"in another order": {scopes: []string{"workspace.file:upload", "workspace.result:read", "workspace.file:upload"}},
		"one is missing":   {scopes: []string{"workspace.file:upload"}, missing: "workspace.result:read"},
		"none":             {scopes: []string{}, missing: "workspace.file:upload workspace.result:read"},
		"left out":         {},
		"more": {
			scopes: []string{"z:z", "workspace.file:upload", "a:a", "workspace.result:read"}, additional: "a:a z:z",
		},
		"another": {
			scopes: []string{"workspace.file:upload", "a:a"}, missing: "workspace.result:read", additional: "a:a",
		},
	} {
		key := alphamoon.APIKey{Name: "other", Scopes: test.scopes} // the name means nothing
		key.ExpiresAt.Time = wanted.ExpiresAt.Add(time.Hour)
		got := wanted.Granted(key)
		if strings.Join(got.Missing, " ") != test.missing || strings.Join(got.Additional, " ") != test.additional ||
			!got.ExpiresAt.Equal(key.ExpiresAt.Time) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestListing reads processes of several sizes, in every way in which a server may page.
func TestListing(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]sandbox.Options{
		"as documented":           {},
		"no pagination object":    {OmitPagination: true},
		"small pages":             {MaxLimit: 7},
		"small pages, no total":   {MaxLimit: 7, OmitPagination: true},
		"limit ignored":           {IgnoreLimit: true},
		"newest first":            {NewestFirst: true},
		"secret null":             {AlterListed: sandbox.With("key", nil)},
		"secret masked":           {AlterListed: sandbox.With("key", "********")},
		"limit ignored, no total": {IgnoreLimit: true, OmitPagination: true},
	} {
		for _, size := range []int{0, 1, 6, 7, 8, 99, 100, 101, 250} {
			t.Run(fmt.Sprintf("%s, %d keys", name, size), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, size)
				listing, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(listing) != size {
					t.Errorf("got %d keys", len(listing))
				}
				page := 100
				if options.MaxLimit > 0 {
					page = options.MaxLimit
				}
				most := (size+page-1)/page + 1 // only another page shows that a full one was the last
				if options.OmitPagination && (size > page || size == alphamoon.PageSize) {
					most *= 2 // only a second reading shows that nothing moved
				}
				if got := box.Count(sandbox.List); got > most {
					t.Errorf("requests: got %d, want at most %d", got, most)
				}
				if name == "as documented" { // the guide promises it
					promised := max(1, (size+page-1)/page)
					if size == page {
						promised = 2
					}
					if got := box.Count(sandbox.List); got != promised {
						t.Errorf("requests: got %d, promised are %d", got, promised)
					}
				}
			})
		}
	}
}

func TestListingOfServersThatIgnoreTheOffset(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options sandbox.Options
		size    int
		err     error
	}{
		"everything at once, with a total":     {sandbox.Options{IgnoreOffset: true}, 30, nil},
		"everything at once, without a total":  {sandbox.Options{IgnoreOffset: true, OmitPagination: true}, 30, alphamoon.ErrUnproven},
		"only the first page, with a total":    {sandbox.Options{IgnoreOffset: true}, 130, alphamoon.ErrInconsistentListing},
		"only the first page, without a total": {sandbox.Options{IgnoreOffset: true, OmitPagination: true}, 250, alphamoon.ErrUnproven},
		"only the first page, its own total":   {sandbox.Options{IgnoreOffset: true, CountPage: true}, 250, alphamoon.ErrUnproven},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: test.options}
			fill(box, test.size)
			client := newClient(t, box, soon)
			keys, err := client.ProcessAPIKeys(processID).List(t.Context())
			if !errors.Is(err, test.err) || err == nil && len(keys) != test.size {
				t.Fatalf("got %d keys, %v, want %v", len(keys), err, test.err)
			}
			var last error
			for _, err := range client.ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				last = err
			}
			if !errors.Is(last, test.err) {
				t.Errorf("the stream ends with %v, want %v", last, test.err)
			}
			key, err := client.ProcessAPIKeys(processID).Find(t.Context(), alphamoon.KeyRef{ID: "absent"})
			if proved := key == nil && err == nil; proved != (test.err == nil) {
				t.Errorf("absence proved: %t (%v)", proved, err)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
	fill(box, 35)
	ids := box.Keys(processID)
	for _, test := range []struct{ offset, limit, from, to, requests int }{
		{
			0, 0, 0, 35, 4}, {0, 10, 0, 10, 1}, {5, 12, 5, 17, 2}, {30, 10, 30, 35, 1}, {35, 5, 35, 35, 1}, {99, 0, 35, 35, 1}, {34, 0,
			34, 35, 1,
		},
	} {
		box.ClearJournal()
		var got []alphamoon.APIKey
		window := alphamoon.Window{Offset: test.offset, Limit: test.limit}
		for page, err := range newClient(t, box).ProcessAPIKeys(processID).Pages(t.Context(), window) {
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != 35 {
				t.Errorf("%+v: total %d", test, page.Total)
			}
			got = append(got, page.Elements...)
		}
		if len(got) != test.to-test.from ||
			len(got) > 0 && (got[0].ID != ids[test.from].ID || got[len(got)-1].ID != ids[test.to-1].ID) {
			t.Errorf("%+v: got %d keys", test, len(got))
		}
		if requests := box.Count(sandbox.List); requests != test.requests {
			t.Errorf("%+v: %d requests", test, requests)
		}
	}
}

func TestListingStopsEarly(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 250)
	for _, err := range newClient(t, box).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if got := box.Count(sandbox.List); got != 1 {
		t.Errorf("requests: got %d, want 1", got)
	}
}

func TestEndlessListingEnds(t *testing.T) {
	t.Parallel()
	var key atomic.Int64
	client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(writer, `{"apiKeys":[{"id":"%d"}]}`, key.Add(1))
	}))
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !errors.Is(err, alphamoon.ErrTooManyPages) {
		t.Errorf("got %v", err)
	}
}

// TestOddPagination: what is not documented and yet means one thing only is understood.
func TestOddPagination(t *testing.T) {
	t.Parallel()
	for body, keys := range map[string]int{
		`{"apiKeys": [{"id": "a"}], "pagination": {"total": 1.0}}`: 1, `{"apiKeys": [{"id": "a"}], "pagination": {"total": "1"}}`: 1,
		`{"apiKeys": [], "pagination": []}`: 0, `{"apiKeys": null, "pagination": {"total": 0}}`: 0, `{"apiKeys": null}`: 0,
		`{"apiKeys": [{"id": "a"}], "pagination": {"total": 1, "limit": "many"}}`: 1, `{"apiKeys": [], "pagination": null}`: 0,
	} {
		client := newClient(t,
			http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(writer, body) }))
		if got, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil || len(got) != keys {
			t.Errorf("%s: got %v, %v", body, got, err)
		}
	}
	for _, body := range []string{
		`{"apiKeys": null, "pagination": {"total": 1}}`, `{"apiKeys": [], "pagination": {"total": 1.5}}`,
		`{"apiKeys": [], "pagination": {"total": true}}`,
	} {
		client := newClient(t,
			http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(writer, body) }))
		if got, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
			t.Errorf("%s: got %v", body, got)
		}
	}
}

func TestBothShapesOfErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		body, kind string
		words      string
		field      string
		documented bool
	}{
		"problem": {
			400, `{"action": "Do not repeat.", "detail": "Please see the 'errors' field for details.",
			"errors": [{"location": "body: priority", "message": "field required", "type": "request_validation_error"}],
			"instance": "30e18f59", "status": 400, "title": "Client error.", "type": "X"}`,
			"application/json", "priority: field required", "[priority]", true,
		},
		"problem without fields": {403, `{"detail": "Not for you.", "title": "Forbidden"}`, "application/json", "Not for you.", "", true},
		"title only":             {403, `{"title": "Forbidden"}`, "application/json", "Forbidden", "", true},
		"list": {
			422, `{"detail": [{"loc": ["query", "limit"], "msg": "value is not a valid integer", "type": "type_error.integer"}]}`,
			"application/json", "query.limit: value is not a valid integer", "[query limit]", true,
		},
		"list with an index": {
			422, `{"detail": [{"loc": ["body", "scopes", 1], "msg": "bad"}]}`, "application/json", "scopes.1: bad", "[scopes 1]", true,
		},
		"list with an unknown part": {
			422, `{"detail": [{"loc": ["body", null, {"secret": "value"}, "exp"], "msg": "bad"}]}`,
			"application/json", "exp: bad", "[exp]", true,
		},
		"a framework's own": {404, `{"detail": "Not Found"}`, "application/json", "Not Found", "", false},
		"html": {
			502, "<html><head><title>ignored</title><style>b{}</style></head><body><h1>Bad &amp; Gateway</h1>\n<p>nginx</p></body></html>",
			"text/html", "Bad & Gateway nginx", "", false,
		},
		"plain text": {
			503, "upstream connect error\r\n\x1b[31mreset", "text/plain", "upstream connect error [31mreset", "", false,
		},
		"empty":                {500, "", "", "", "", false},
		"JSON of unknown form": {500, `{"secret": "value"}`, "application/json", "", "", false},
		"JSON, not an object":  {500, `["value"]`, "application/json", "", "", false},
		"wrong types":          {500, `{"title": 7, "detail": {"a": 1}, "errors": "none"}`, "application/json", "", "", false},
		"not UTF-8":            {500, "\xff\xfe", "text/plain", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
				writer.Header().Set("Content-Type", test.kind)
				writer.WriteHeader(test.status)
				_, _ = io.WriteString(writer, test.body)
			}), func(config *alphamoon.Config) { config.MaxRetries = 0 })
			_, err := client.ProcessAPIKeys(processID).List(t.Context())
			var status *alphamoon.StatusError
			if !errors.As(err, &status) {
				t.Fatalf("got %v", err)
			}
			field := ""
			if len(status.Fields) > 0 {
				field = fmt.Sprint(status.Fields[0].Location)
			}
			if status.Status != test.status || status.Words() != test.words || field != test.field ||
				status.Documented != test.documented {
				t.Errorf("got status %d, words %q, field %q, documented %t", status.Status, status.Words(), field,
					status.Documented)
			}
		})
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	documented := func(status int) error {
		return fmt.Errorf("wrapped: %w", &alphamoon.StatusError{Status: status, Documented: true})
	}
	for name, test := range map[string]struct {
		predicate func(error) bool
		yes, no   error
	}{
		"unauthorized": {alphamoon.IsUnauthorized, documented(401), documented(403)},
		"forbidden":    {alphamoon.IsForbidden, documented(403), documented(401)},
		"not found":    {alphamoon.IsNotFound, documented(404), &alphamoon.StatusError{Status: 404}},
		"timeout": {
			alphamoon.IsTimeout, &alphamoon.ConnectionError{Err: context.DeadlineExceeded}, &alphamoon.ConnectionError{Err: io.EOF},
		},
		"unusable answer":   {alphamoon.IsUnusableAnswer, &alphamoon.AnswerError{Err: io.EOF}, documented(200)},
		"did nothing":       {alphamoon.DidNothing, documented(400), documented(500)},
		"did nothing, 503":  {alphamoon.DidNothing, &alphamoon.StatusError{Status: 503, HasRetryAfter: true}, documented(503)},
		"did nothing, 408":  {alphamoon.DidNothing, documented(408), &alphamoon.StatusError{Status: 408}},
		"did nothing, 409":  {alphamoon.DidNothing, documented(409), &alphamoon.StatusError{Status: 409}},
		"cleartext":         {alphamoon.IsCleartextServer, tls.RecordHeaderError{}, io.EOF},
		"did nothing, sent": {alphamoon.DidNothing, &alphamoon.ConnectionError{}, &alphamoon.ConnectionError{Sent: true}},
	} {
		if !test.predicate(test.yes) || test.predicate(test.no) || test.predicate(nil) {
			t.Errorf("%s: wrong", name)
		}
	}
}

// TestHostileAnswers sends what no API should: each must end in an error, without memory or time being used up.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "not JSON": "hello", "null": "null", "a list": "[]", "a string": `"x"`, "no keys": "{}",
		"keys an object": `{"apiKeys": {}}`, "a key without id": `{"apiKeys": [{"name": "x"}]}`,
		"a key that is null":   `{"apiKeys": [null]}`,
		"a key with an odd id": `{"apiKeys": [{"id": [7]}]}`, "cut off": `{"apiKeys": [{"id": "a"}`, "cut off later": `{"apiKeys": []`,
		"garbage behind": `{"apiKeys": []} x`, "two documents": `{"apiKeys": []}{"apiKeys": []}`,
		"bad total": `{"apiKeys": [], "pagination": {"total": "x"}}`,
		"deep":      `{"apiKeys": [` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				_, _ = io.WriteString(writer, body)
			}))
			_, err := client.ProcessAPIKeys(processID).List(t.Context())
			if !alphamoon.IsUnusableAnswer(err) {
				t.Errorf("got %v", err)
			}
			expected := int64(3) // an unusable answer to a GET is asked for again
			if name == "no keys" {
				expected = 1 // a service may say so that there are none
			}
			if requests.Load() != expected {
				t.Errorf("requests: got %d, want %d", requests.Load(), expected)
			}
		})
	}
}

func TestBodyIsCapped(t *testing.T) {
	t.Parallel()
	client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(writer, `{"filler": "`)
		chunk := bytes.Repeat([]byte("x"), 1<<20)
		for range 64 {
			if _, err := writer.Write(chunk); err != nil {
				return
			}
		}
		_, _ = io.WriteString(writer, `", "apiKeys": []}`)
	}), func(config *alphamoon.Config) { config.MaxRetries = 0 })
	if _, err := client.ProcessAPIKeys(processID).
		List(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(thief.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := newClient(t, http.RedirectHandler(thief.URL+"/elsewhere", status))
		_, listErr := client.ProcessAPIKeys(processID).List(t.Context())
		_, createErr := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{})
		for _, err := range []error{listErr, createErr} {
			var refused *alphamoon.StatusError
			if !errors.As(err, &refused) || refused.Status != status || refused.Location != thief.URL+"/elsewhere" {
				t.Errorf("%d: got %v", status, err)
			}
		}
	}
	if followed.Load() != 0 {
		t.Errorf("%d redirects were followed", followed.Load())
	}
}

func TestBaseURLWithPrefixAndEscaping(t *testing.T) {
	t.Parallel()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
		paths = append(paths, req.RequestURI)
		_, _ = io.WriteString(writer, `{"apiKeys": [{"id": "another"}], "pagination": {"total": 1}}`)
	}))
	t.Cleanup(server.Close)
	client := clientAt(t, server.URL+"/some/prefix/")
	if _, err := client.ProcessAPIKeys("a/../b?c#d%2f").List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ProcessAPIKeys("..").List(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/some/prefix/api/v0.4/processes/a%2F..%2Fb%3Fc%23d%252f/api-keys?limit=100&offset=0",
		"/some/prefix/api/v0.4/processes/%2E%2E/api-keys?limit=100&offset=0",
	}
	if fmt.Sprint(paths) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", paths, want)
	}
}

func TestCredentialIsTakenOutOfAnswers(t *testing.T) {
	t.Parallel()
	client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
		user, pass, _ := req.BasicAuth()
		writer.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprintf(writer, "%s you sent %s and %s:%s", strings.Repeat("x", 150), req.Header.Get("Authorization"),
			user, pass)
	}), func(config *alphamoon.Config) { config.MaxRetries = 0 })
	_, err := client.ProcessAPIKeys(processID).List(t.Context())
	if err == nil || strings.Contains(err.Error(), "sandbox") || strings.Contains(err.Error(), "c2FuZ") ||
		!strings.Contains(err.Error(), "(redacted)") {
		t.Errorf("got %v", err)
	}
}
