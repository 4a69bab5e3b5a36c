package alphamoon_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

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
