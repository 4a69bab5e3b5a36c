package provider

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// answers gives one answer to every request but the first listing.
type answers struct {
	status            int
	header, body      string
	emptyListingFirst bool
}

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := a.status, a.body
	if a.emptyListingFirst && req.Method == http.MethodGet {
		status, body = http.StatusOK, `{"apiKeys": [], "pagination": {"total": 0}}`
	}
	header := http.Header{"Content-Type": {a.header}, "Location": {a.header}}
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}, nil
}

// hostileBodies are the answers that FuzzDiagnostics begins with; the long ones are shorter by the divisor.
func hostileBodies(divisor int, secret, encoded string) [][]byte {
	times := func(text string, count int) string { return strings.Repeat(text, count/divisor) }
	long := func(text string) []byte { return []byte(times(text, 1<<18/len(text))) }
	return [][]byte{
		nil, long("x"), long("<p>x</p>"), long("<"), long("<!--"), long("<script>"), long("&amp;"), long("%25"), long(`\\`), long(`\u005c`),
		long("\u202e"), long("\xff"), long(`{"a":`), long("[[]],"), []byte(secret), []byte(encoded), long(secret + " "),
		[]byte(`{"title": "` + times("%25", 20_000) + `"}`), []byte(`{"title": "` + times("%25", 90_000) + `"}`),
		[]byte(`{"detail": [` + times(`{"loc": ["body", "name"], "msg": "no"},`, 1000) + `{}]}`),
		[]byte(`{"errors": [{"location": "` + times("a.", 20_000) + `", "message": "m"}], "title": "t"}`),
		[]byte(`{"apiKeys": [{"id": "` + encoded + `", "name": "` + encoded + `"}]}`), []byte(`{"id": "` + strings.Repeat("7", 400) + `"}`),
	}
}

// FuzzDiagnostics: whatever a service answers to a listing or to a creation, what is said of it comes soon, is short, can be
// shown by a terminal and does not have the credential.
func FuzzDiagnostics(f *testing.F) {
	const secret = "0f1e2d3c4b5a6978:correct+horse/battery"
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	// All refusals are read alike, 64 KiB of each: one of them has the longest bodies.
	for _, seeds := range []struct {
		divisor  int
		statuses []int
	}{{1, []int{200, 201, 400}}, {64, []int{302, 401, 403, 404, 409, 500}}} {
		for _, body := range hostileBodies(seeds.divisor, secret, encoded) {
			for _, status := range seeds.statuses {
				f.Add(status, "text/html; "+secret, body)
			}
		}
	}
	credential, err := alphamoon.ParseCredential(secret)
	if err != nil {
		f.Fatal(err)
	}
	address, err := alphamoon.ParseBaseURL(alphamoon.DefaultBaseURL)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, header string, body []byte) {
		if status < 200 || status == 429 || status > 599 || strings.ContainsAny(header, "\r\n") {
			t.Skip("is no final answer, is waited out, or cannot be a header")
		}
		for _, creates := range []bool{false, true} {
			client := alphamoon.NewClient(alphamoon.Config{
				BaseURL: address, Credential: credential, Transport: answers{status, header, string(body), creates}, SettleTime: 1,
				RetryWaitMin: 1, RetryWaitMax: 1, RequestTimeout: time.Minute, Jitter: func(time.Duration) time.Duration { return 0 },
			})
			data := &providerData{client: client}
			keys := client.OrganizationAPIKeys()
			began := time.Now()
			var said []string
			if creates {
				wanted := alphamoon.APIKeyRequest{Name: "x", ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}
				_, err := keys.Create(t.Context(), wanted, alphamoon.CreateOptions{})
				if err != nil {
					diags := creationDiagnostics(err, keyCreation{kind: organizationAPIKey, name: "x", expiry: "expires_in"}, &data.run)
					data.finish(&diags)
					for _, diagnostic := range diags {
						said = append(said, diagnostic.Summary(), diagnostic.Detail())
					}
				}
			} else if _, err := keys.List(t.Context()); err != nil {
				diags := organizationAPIKey.advice.diagnostics(err, "list the keys")
				data.finish(&diags)
				said = append(said, diags[0].Summary(), diags[0].Detail())
			}
			// It takes some milliseconds; a machine that is busy with other things must pass too.
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s for %d bytes, status %d", took, len(body), status)
			}
			for _, text := range said {
				if len(text) > 8000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%d bytes: %.1000q", len(text), text)
				}
				if strings.Contains(text, secret) || strings.Contains(text, encoded) || strings.Contains(text, "correct+horse/battery") {
					t.Errorf("the credential in %q", text)
				}
			}
		}
	})
}
