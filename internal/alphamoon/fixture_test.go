package alphamoon_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const processID = sandbox.DefaultProcessID

var wanted = alphamoon.APIKeyRequest{
	Name: "test", Scopes: []string{"workspace.result:read", "workspace.file:upload"},
	ExpiresAt: time.Date(2099, 7, 17, 7, 54, 2, 687_000_000, time.UTC),
}

// newClient returns a client of the given server that waits for next to nothing between attempts. It also works in a
// bubble of testing/synctest, because the connections are in memory.
func newClient(t testing.TB, handler http.Handler, changes ...func(*alphamoon.Config)) *alphamoon.Client {
	t.Helper()
	transport := pipes(t, handler)
	return clientAt(t, "http://127.0.0.1", append([]func(*alphamoon.Config){
		func(config *alphamoon.Config) { config.Transport = transport },
	}, changes...)...)
}

// pipes returns a transport whose connections are pipes to a server of their own.
func pipes(t testing.TB, handler http.Handler) *http.Transport {
	t.Helper()
	listener := &pipeListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{DialContext: listener.dial, MaxIdleConnsPerHost: 16}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return transport
}

// pipeListener accepts the far ends of the pipes that dial makes.
type pipeListener struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.accepted <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func clientAt(t testing.TB, address string, changes ...func(*alphamoon.Config)) *alphamoon.Client {
	t.Helper()
	baseURL, err := alphamoon.ParseBaseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := alphamoon.ParseCredential(sandbox.DefaultCredential)
	if err != nil {
		t.Fatal(err)
	}
	config := alphamoon.Config{
		BaseURL: baseURL, Credential: credential, UserAgent: "test", MaxRetries: 2,
		RequestTimeout: 5 * time.Second, RetryWaitMin: time.Millisecond, RetryWaitMax: 5 * time.Millisecond,
		RefusalPatience: 300 * time.Millisecond, FailureMemory: time.Nanosecond,
	}
	for _, change := range changes {
		change(&config)
	}
	return alphamoon.NewClient(config)
}

// soon lets the second look for a key follow the first one at once.
func soon(config *alphamoon.Config) { config.SettleTime = time.Nanosecond }

// stopwatch returns a function that says how long ago stopwatch was called, in a bubble by the bubble's clock.
func stopwatch() func() time.Duration {
	began := time.Now()                                      //nolint:forbidigo // waits are real, or the bubble's
	return func() time.Duration { return time.Since(began) } //nolint:forbidigo // as above
}

// fill puts n keys into the default process of a sandbox.
func fill(box *sandbox.Sandbox, n int) {
	for range n {
		box.AddKey(processID,
			sandbox.Key{Name: "filler", Scopes: []string{"workspace.result:read"}, ExpiresAt: wanted.ExpiresAt})
	}
}
