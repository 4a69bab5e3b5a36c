package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// safeBuffer may be read while it is written.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var output safeBuffer
	done := make(chan error, 1)
	go func() { done <- run(ctx, settings{address: "127.0.0.1:0", processes: 3}, &output) }()
	exports := regexp.MustCompile(`export ALPHAMOON_BASE_URL=(\S+)\s+export ALPHAMOON_API_KEY=(\S+):(\S+)`)
	var match []string
	for deadline := time.After(10 * time.Second); match == nil; {
		select {
		case err := <-done:
			t.Fatal(err)
		case <-deadline:
			t.Fatalf("no exports in %q", output.String())
		case <-time.After(time.Millisecond):
			match = exports.FindStringSubmatch(output.String())
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, match[1]+"/api/v0.3/processes", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(match[2], match[3])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d with the credential that was printed", response.StatusCode)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("after the end: %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var output safeBuffer
	err = run(t.Context(), settings{address: listener.Addr().String(), processes: 1}, &output)
	if err == nil || !strings.Contains(err.Error(), "is the port in use?") || output.String() != "" {
		t.Errorf("got %v, %q", err, output.String())
	}
}

func TestReachableFromOtherMachines(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		var output safeBuffer
		err := run(t.Context(), settings{address: address, processes: 1}, &output)
		if err == nil || !strings.Contains(err.Error(), "-expose-to-network") {
			t.Errorf("%s: got %v", address, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, s := range []settings{
		{address: "0.0.0.0:0", exposed: true, processes: 1}, {address: "localhost:0", processes: 1},
	} {
		var output safeBuffer
		if err := run(ctx, s, &output); err != nil && strings.Contains(err.Error(), "other machines") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestRules switches rules on from the start.
func TestRules(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for rules, want := range map[string]string{"": "", "unique-names,quota": "", "quota,none": `-rules: there is no rule "none"`} {
		var output safeBuffer
		err := run(ctx, settings{address: "127.0.0.1:0", processes: 1, rules: rules}, &output)
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%q: got %v", rules, err)
		}
	}
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	list := processes(40)
	seen := map[string]bool{}
	for _, process := range list {
		seen[process.ID], seen[process.Name] = true, true
	}
	if len(list) != 40 || len(seen) != 80 || list[0].Name != "Invoices" || list[39].Name != "Process 40" {
		t.Errorf("got %+v", list)
	}
	var output safeBuffer
	if err := run(t.Context(), settings{address: "127.0.0.1:0"}, &output); err == nil {
		t.Error("no process at all was accepted")
	}
}
