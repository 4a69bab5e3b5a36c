package alphamoon

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"7", "0", "-1", "99999999999999999999", "Sun, 01 Mar 2026 12:01:30 GMT", "soon", "Sunday, 01-Mar-26 12:01:30 GMT",
	} {
		f.Add(seed, "Sun, 01 Mar 2026 12:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, text, date string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {text}, "Date": {date}}, noon)
		if wait < 0 || wait > 24*time.Hour || !ok && wait != 0 {
			t.Errorf("%q: %s, %t", text, wait, ok)
		}
	})
}

func FuzzListing(f *testing.F) {
	for _, seed := range []string{
		`{"apiKeys": [{"id": "a", "name": "n", "orgId": "o", "scopes": ["x.y:z"], "status": "Active", "createdAt": "2024-05-17T07:54:17Z",
		"exp": "2024-07-17T07:54:02Z", "processId": "p", "key": null}], "pagination": {"offset": 0, "limit": 100, "total": 1}}`,
		`{"apiKeys": []}`, `{"apiKeys": null}`, `{"apiKeys": [{"id": 1}]}`, `{"apiKeys": [{"id": "a", "exp": 7}]}`,
		`{"pagination": {"total": -1}, "apiKeys": []}`, `[`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := decodePage(strings.NewReader(string(body)), "apiKeys", func(key APIKey) string { return "x" + key.ID })
		count := len(page.Elements)
		if page.counted < -1 {
			t.Errorf("total %d", page.counted)
		}
		if err != nil {
			return
		}
		// What the stream accepts, a decoder of the whole must accept, with as many keys.
		var whole struct {
			APIKeys []json.RawMessage `json:"apiKeys"`
		}
		if !json.Valid(body) {
			t.Errorf("%q is no JSON", body)
		}
		// A field that stands twice, or in other letters, is where the two may differ.
		if json.Unmarshal(body, &whole) == nil && strings.Count(strings.ToLower(string(body)), "apikeys") == 1 &&
			!strings.Contains(string(body), `\u`) &&
			len(whole.APIKeys) != count {
			t.Errorf("%q: %d keys in the stream, %d in the whole", body, count, len(whole.APIKeys))
		}
	})
}

func FuzzCreation(f *testing.F) {
	for _, seed := range []string{
		`{"id": "a", "key": "user:pass", "exp": "2024-07-17T07:54:02Z", "scopes": ["x.y:z"]}`,
		`{"id": "a", "key": 7}`, `{"id": "a", "scopes": "x", "key": "k"}`, `{}`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var key CreatedAPIKey
		if err := decodeCreated(strings.NewReader(string(body)), &key); (err == nil) != (key.ID != "") && err == nil {
			t.Errorf("%q was accepted without an id", body)
		}
	})
}

func FuzzStatusError(f *testing.F) {
	for _, seed := range []string{
		`{"title": "t", "detail": "d", "errors": [{"location": "body: exp", "message": "m"}]}`,
		`{"detail": [{"loc": ["query", 1], "msg": "m"}]}`,
		`<html><head><script>x</script></head><body>Bad</body></html>`, `plain`, `{"detail": {}}`,
		"\xff", `{"errors": [{"location": "", "message": ""}]}`, `<!-- `,
	} {
		f.Add([]byte(seed), "text/html")
	}
	credential := Credential{redact.NewSecret("user:password")}
	client := NewClient(Config{Credential: credential})
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		failure := &StatusError{Status: 500}
		failure.decode(body, contentType, client.show)
		words := failure.Error()
		if strings.Contains(failure.Words(), "password") {
			t.Errorf("%q shows the credential", words)
		}
		if utf8.RuneCountInString(failure.Words()) > redact.MaxShown+1 {
			t.Errorf("the words have %d characters", utf8.RuneCountInString(failure.Words()))
		}
		for _, r := range failure.Words() {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds a control character", failure.Words())
			}
		}
	})
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{
		"https://workspace.alphamoon.ai/queue/2080d36bf94c4147b2e543104342fc2f", "http://localhost:1/x",
		"https://user:pass@h", "http://[::1", "https://h?", "2080d36bf94c4147b2e543104342fc2f",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := ProcessIDFromQueueURL(text); ok && (!IsProcessID(id) || !strings.Contains(text, id)) {
			t.Errorf("%q: %q is no id", text, id)
		}
		address, err := ParseBaseURL(text)
		if err != nil {
			return
		}
		if address.User != nil || address.Host == "" || address.Scheme == "http" && !isLoopback(address.Hostname()) {
			t.Errorf("%q was accepted as %s", text, address)
		}
		if _, err := ParseBaseURL(address.String()); err != nil {
			t.Errorf("%q was accepted as %s, which is not", text, address)
		}
	})
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"workspace.result:read", "workspace.result", "", ":", "a.b:c", "A.b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if IsDocumentedScope(text) && !IsScope(text) {
			t.Errorf("%q is documented and has not the form", text)
		}
	})
}

func FuzzCredential(f *testing.F) {
	for _, seed := range []string{"user:pass", "dXNlcjpwYXNz", ":", "", "a:b:c", "a:b\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		credential, err := ParseCredential(text)
		if err == nil && credential.Reveal() != text {
			t.Errorf("%q became another key", text)
		}
	})
}
