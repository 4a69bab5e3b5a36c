package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// TestErrorsToDiagnostics covers the failures that a sandbox on this machine cannot cause, beside the fault matrix.
func TestErrorsToDiagnostics(t *testing.T) {
	t.Parallel()
	connection := func(err error) error {
		return &alphamoon.ConnectionError{Method: "GET", Path: "/x", Reason: err.Error(), Err: err}
	}
	for name, test := range map[string]struct {
		err             error
		summary, detail string
	}{
		"unknown host": {
			connection(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nowhere.example.com", IsNotFound: true}}),
			"Alphamoon's host name cannot be resolved", "HTTPS_PROXY",
		},
		"refused": {
			connection(&net.OpError{Op: "dial", Err: errors.New("connection refused")}),
			"Alphamoon cannot be reached", "connection refused",
		},
		"untrusted authority": {
			connection(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
			"Alphamoon's certificate is not trusted", "SSL_CERT_FILE",
		},
		"wrong host name": {
			connection(&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}}),
			"Alphamoon's certificate is not trusted", "base_url",
		},
		"no TLS": {
			connection(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}),
			"Alphamoon's address does not speak TLS", "http only for a loopback host",
		},
		"timeout": {connection(context.DeadlineExceeded), "Alphamoon did not answer in time", "request_timeout"},
		"broken":  {connection(io.ErrUnexpectedEOF), "Alphamoon cannot be reached", "unexpected EOF"},
		"interrupted": {
			fmt.Errorf("%w after %w", context.Canceled, connection(io.EOF)), "Interrupted",
			"do this: the run was interrupted. Run it again",
		},
		"interrupted after an answer": {
			fmt.Errorf("%w after %w", context.Canceled, &alphamoon.StatusError{Method: "POST", Path: "/x", Status: 504}),
			"Interrupted", "do this: POST /x was answered with status 504 Gateway Timeout. Run it again",
		},
		"inconsistent": {
			fmt.Errorf("%w: x", alphamoon.ErrInconsistentListing), "Listing is not reliable",
			"creates nothing and takes nothing for removed",
		},
		"unproven": {alphamoon.ErrUnproven, "Listing is not reliable", "repeats its pages"},
		"other":    {errors.New("surprise"), "Alphamoon request failed", "surprise"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := processAPIKey.advice.diagnostics(test.err, "do this")
			if len(diags) != 1 || diags[0].Summary() != test.summary ||
				!strings.Contains(diags[0].Detail(), test.detail) ||
				!strings.HasPrefix(diags[0].Detail(), "The provider could not do this: ") {
				t.Errorf("got %v", diags)
			}
		})
	}
}

// TestComeBackLater: only a refusal for now is waited out for ten minutes, which is 429, or 503 with Retry-After.
func TestComeBackLater(t *testing.T) {
	t.Parallel()
	for status, waitedOut := range map[int]bool{429: true, 503: true, 500: false, 502: false, 504: false} {
		later := &alphamoon.StatusError{
			Status:        status,
			HasRetryAfter: true,
			RetryAfter:    time.Hour,
			RetryAt:       time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		diags := processAPIKey.advice.diagnostics(later, "do this")
		if len(diags) != 1 || diags[0].Summary() != "Alphamoon asks to come back later" ||
			!strings.Contains(diags[0].Detail(), "stay away until 2") || !strings.Contains(diags[0].Detail(), "apply again then.") ||
			strings.Contains(diags[0].Detail(), "ten minutes") != waitedOut {
			t.Errorf("%d: got %v", status, diags)
		}
	}
}

func TestComplaintsGoToTheirAttributes(t *testing.T) {
	t.Parallel()
	err := &alphamoon.StatusError{Status: 400, Documented: true, Fields: []alphamoon.FieldError{
		{
			Location: []string{"exp"},
			Message:  "too late.",
		},
		{Location: []string{"name"}, Message: "too long"},
		{Location: []string{"scopes", "0"}, Message: "not yours"},
	}}
	fixed := apiKeyModel{Name: types.StringValue("x"), ExpiresIn: types.StringNull()}
	counted := apiKeyModel{Name: types.StringValue("x"), ExpiresIn: types.StringValue("90d")}
	for expiry, model := range map[string]apiKeyModel{"expires_at": fixed, "expires_in": counted} {
		diags := creationDiagnostics(err, model.creation(processAPIKey, planTime), &runMemory{})
		if len(diags) != 3 {
			t.Fatalf("got %v", diags)
		}
		for i, want := range []struct{ attribute, words string }{
			{expiry, "exp: too late."}, {"name", "name: too long."}, {"scopes", "scopes.0: not yours."},
		} {
			located, ok := diags[i].(interface{ Path() path.Path })
			if !ok || !located.Path().Equal(path.Root(want.attribute)) ||
				!strings.Contains(diags[i].Detail(), want.words) {
				t.Errorf("got %v, want %q on %s", diags[i], want.words, want.attribute)
			}
		}
	}
	// A complaint about something else must not be dropped beside the others.
	err.Fields = append(err.Fields, alphamoon.FieldError{Location: []string{"quota"}, Message: "used up"})
	if diags := creationDiagnostics(err, fixed.creation(processAPIKey, planTime), &runMemory{}); len(diags) != 4 ||
		!strings.Contains(diags[3].Detail(), "quota: used up") {
		t.Errorf("got %v", diags)
	}
}
