package alphamoon_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestNoConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	dials := 0
	box := &sandbox.Sandbox{}
	client := newClient(t, box, func(config *alphamoon.Config) {
		transport := config.Transport.(*http.Transport) //nolint:forcetypeassert // see newClient
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials <= 2 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
			}
			return dial(ctx, network, address)
		}
	})
	if _, err := client.ProcessAPIKeys(processID).Create(t.Context(), wanted, alphamoon.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if dials != 3 {
		t.Errorf("dials: got %d, want 3", dials)
	}
	expectSent(t, box, 1, list, create)
}

// TestReasonOfAFailure: it is the innermost one, because the wrappings repeat the address in Go's terms.
func TestReasonOfAFailure(t *testing.T) {
	t.Parallel()
	client := clientAt(t, "http://127.0.0.1:1", func(config *alphamoon.Config) {
		config.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("127.0.0.1:1: %w", errors.New("connection refused"))}
		})
	})
	_, err := client.ProcessAPIKeys(processID).List(t.Context())
	if failure, ok := errors.AsType[*alphamoon.ConnectionError](err); !ok || failure.Reason != "connection refused" {
		t.Errorf("got %v", err)
	}
}

func TestUntrustedCertificateIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	dials := 0
	err := &net.OpError{Op: "remote error", Err: errors.New("never reached")}
	client := clientAt(t, "https://127.0.0.1:1", func(config *alphamoon.Config) {
		config.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			dials++
			return nil, fmt.Errorf("%w: %w", err, untrusted)
		})
	})
	if _, err := client.ProcessAPIKeys(processID).
		Create(t.Context(), wanted, alphamoon.CreateOptions{}); !alphamoon.DidNothing(err) {
		t.Errorf("got %v", err)
	}
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err == nil {
		t.Error("no error")
	}
	if dials != 2 {
		t.Errorf("attempts: got %d, want one each", dials)
	}
}

// untrusted is as crypto/tls returns it.
var untrusted = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestAttemptsAreReported(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	box.Inject(sandbox.Fault{Status: 500})
	var attempts []alphamoon.Attempt
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.OnAttempt = func(_ context.Context, attempt alphamoon.Attempt) { attempts = append(attempts, attempt) }
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, status := range []int{500, 200} {
		if i >= len(attempts) {
			t.Fatalf("got %+v", attempts)
		}
		attempt := attempts[i]
		if attempt.Method != http.MethodGet || attempt.Path != "/api/v0.4/processes/"+processID+"/api-keys" ||
			attempt.Number != i+1 ||
			attempt.Status != status ||
			attempt.Duration <= 0 {
			t.Errorf("got %+v", attempt)
		}
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

// TestHTTPSTowardsAPlainServer says so, and does not try again.
func TestHTTPSTowardsAPlainServer(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	_, err := clientAt(t, strings.Replace(server.URL, "http:", "https:", 1)).ProcessAPIKeys(processID).List(t.Context())
	if !alphamoon.IsCleartextServer(err) || requests.Load() != 0 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}

// TestNoGoroutineOutlivesItsUse is not parallel, because it counts all goroutines.
func TestNoGoroutineOutlivesItsUse(t *testing.T) { //nolint:paralleltest // see above
	box := &sandbox.Sandbox{Options: sandbox.Options{Latency: time.Minute}}
	client := newClient(t, box, func(config *alphamoon.Config) { config.RequestTimeout = time.Hour })
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := client.ProcessAPIKeys(processID).List(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
}
