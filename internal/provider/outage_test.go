package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestOneOutageOncePerRun: the keys of many processes run into one failure of the service or the credential. One says
// why, the others name its summary, and nobody waits for the second time. A failure of one process stays its own.
func TestOneOutageOncePerRun(t *testing.T) {
	t.Parallel()
	const processes = 10
	for name, test := range map[string]struct {
		fault    sandbox.Fault
		requests int // at most
		full     int
	}{
		"503 pages":        {sandbox.Fault{Status: 503, Body: "<html>"}, 10 * 3, 1},
		"wrong credential": {sandbox.Fault{Status: 401, Body: `{"title": "No"}`}, 10, 1},
		"connections":      {sandbox.Fault{ResetBefore: true}, 10 * 4, 1},
		"one process":      {sandbox.Fault{Status: 500, Owner: processID}, 3 + 9, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var list []sandbox.Process
			for i := range processes {
				list = append(list, sandbox.Process{ID: strings.Replace(processID, "2", string(rune('0'+i)), 1), Name: "p"})
			}
			f := newFixture(t, sandbox.Options{Processes: list})
			var keys []outcome
			for _, process := range list {
				keys = append(keys, f.connect(nil).create(t.Context(), values{
					"process_id": process.ID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
				}))
			}
			f.ClearJournal()
			test.fault.Operation, test.fault.Times = sandbox.List, -1
			f.Inject(test.fault)
			provider := f.connect(values{"max_retries": 2})
			results := make(chan outcome)
			for i := range 100 {
				go func() { results <- provider.read(t.Context(), keys[i%processes]) }()
			}
			full, short := 0, 0
			for range 100 {
				switch result := <-results; {
				case strings.Contains(result.diagnostics, `See the error "Alphamoon`):
					short++
				case result.failed:
					full++
				}
			}
			failing := 100
			if test.fault.Owner != "" {
				failing = 100 / processes
			}
			if full != test.full || full+short != failing || len(f.Journal()) > test.requests {
				t.Errorf("%d full errors, %d short ones, %d requests", full, short, len(f.Journal()))
			}
		})
	}
}

// TestOutageSaysWhatBecameOfEachKey: the short errors of an outage name the key and say that it does not exist, or may still work.
func TestOutageSaysWhatBecameOfEachKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	arguments := newKey("old")
	arguments["revoke_on_destroy"] = true
	old := []outcome{f.connect(nil).create(t.Context(), arguments), f.connect(nil).create(t.Context(), arguments)}
	f.clock.Advance(time.Hour)
	p := f.connect(values{"max_retries": 0})
	f.Inject(sandbox.Fault{Status: http.StatusServiceUnavailable, Times: -1})
	first := p.create(t.Context(), newKey("first"))
	if !first.failed || !strings.Contains(first.diagnostics, `create the key "first" in process `+processID+`, and nothing remains`) {
		t.Errorf("the first says %q", first.diagnostics)
	}
	const short = `ERROR: Alphamoon failed to answer: %s See the error "Alphamoon failed to answer" of this run for the cause.`
	if result := p.create(t.Context(), newKey("second")); result.diagnostics != fmt.Sprintf(short, `The key "second" was not created.`) {
		t.Errorf("a creation says %q", result.diagnostics)
	}
	for _, key := range old {
		want := fmt.Sprintf(short, fmt.Sprintf("The key %q (%s) stays in the state and may still work.", "old", key.text("id")))
		if result := p.destroy(t.Context(), key); result.diagnostics != want {
			t.Errorf("a removal says %q, want %q", result.diagnostics, want)
		}
	}
	if len(f.Keys(processID)) != 2 {
		t.Errorf("%d keys exist", len(f.Keys(processID)))
	}
}
