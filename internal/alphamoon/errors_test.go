package alphamoon_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAnswersThatRepeatTheCredential: what the libraries quote of an answer is read by people too.
func TestAnswersThatRepeatTheCredential(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(sandbox.DefaultCredential))
	for name, answer := range map[string]string{
		"a line that is no HTTP":   "Basic " + encoded + "\r\n\r\n",
		"a header without a colon": "HTTP/1.1 200 OK\r\nAuthorization Basic " + encoded + "\r\n\r\n",
		"an address that is none":  "HTTP/1.1 302 Found\r\nLocation: http://%zz/" + encoded + "\r\nContent-Length: 0\r\n\r\n",
		"a length that is none":    "HTTP/1.1 200 OK\r\nContent-Length: " + sandbox.DefaultCredential + "\r\n\r\n",
		"a content type":           "HTTP/1.1 200 OK\r\nContent-Type: text/" + encoded + "\r\nContent-Length: 1\r\n\r\n.",
		"a total that is no number": "HTTP/1.1 200 OK\r\n\r\n" +
			`{"apiKeys": [], "pagination": {"total": "` + sandbox.DefaultCredential + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.Write([]byte(answer))
				_ = conn.Close()
			}))
			_, err := client.ProcessAPIKeys(processID).List(t.Context())
			if err == nil {
				t.Fatal("the listing succeeded")
			}
			if text := err.Error(); strings.Contains(text, encoded) || strings.Contains(text, sandbox.DefaultCredential) {
				t.Error(text)
			}
			if connection, ok := errors.AsType[*alphamoon.ConnectionError](err); ok && !strings.Contains(connection.Reason, "(redacted)") {
				t.Errorf("the reason is %q", connection.Reason)
			}
		})
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
