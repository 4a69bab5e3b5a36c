package provider_test

import (
	"strings"
	"testing"

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
				case strings.Contains(result.diagnostics, `The detailed error "Alphamoon`):
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
