package alphamoon_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
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

// pipes returns a transport whose connections lead through memory to a server of their own. They are net.Pipe's, whose read
// deadlines can be taken back: with those of bufconn a server sometimes gave a request up that it had just begun.
func pipes(t testing.TB, handler http.Handler) *http.Transport {
	t.Helper()
	listener := pipeListener{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case listener.accepted <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return transport
}

type pipeListener struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error { close(l.closed); return nil }

func (pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

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
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// fill puts n keys into the default process of a sandbox.
func fill(box *sandbox.Sandbox, n int) {
	for range n {
		box.AddKey(processID,
			sandbox.Key{Name: "filler", Scopes: []string{"workspace.result:read"}, ExpiresAt: wanted.ExpiresAt})
	}
}

// requests names what was sent, in order.
func requests(box *sandbox.Sandbox) string {
	var names []string
	for _, req := range box.Journal() {
		names = append(names, string(req.Operation))
	}
	return strings.Join(names, ", ")
}

// expectSent fails unless the requests and the number of keys of the default process are as they should be.
func expectSent(t *testing.T, box *sandbox.Sandbox, keys int, sent ...sandbox.Operation) {
	t.Helper()
	var names []string
	for _, operation := range sent {
		names = append(names, string(operation))
	}
	if got, want := requests(box), strings.Join(names, ", "); got != want {
		t.Errorf("sent: %s; want %s", got, want)
	}
	if got := len(box.Keys(processID)); got != keys {
		t.Errorf("keys: got %d, want %d", got, keys)
	}
}

func ids(keys []alphamoon.APIKey) []string {
	var result []string
	for _, key := range keys {
		result = append(result, key.ID)
	}
	return result
}

func createWanted(t *testing.T, client *alphamoon.Client, options alphamoon.CreateOptions) (*alphamoon.CreatedAPIKey, error) {
	t.Helper()
	return client.ProcessAPIKeys(processID).Create(t.Context(), wanted, options)
}

// createKeys creates keys of different names, ten at a time.
func createKeys(t *testing.T, client *alphamoon.Client, count int) {
	t.Helper()
	var group sync.WaitGroup
	places := make(chan struct{}, 10)
	for i := range count {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			request := wanted
			request.Name = fmt.Sprint(i)
			if _, err := client.ProcessAPIKeys(processID).Create(t.Context(), request, alphamoon.CreateOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// service is a sandbox that follows rules of its own, with what another credential and the past left in it.
func service(t *testing.T, rules ...string) *sandbox.Sandbox {
	t.Helper()
	box := &sandbox.Sandbox{}
	if err := box.Follow(rules...); err != nil {
		t.Fatal(err)
	}
	return box
}
