package alphamoon_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestListProcesses(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 99, 100, 101, 250} {
		for _, omitPagination := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, %t", size, omitPagination), func(t *testing.T) {
				t.Parallel()
				var processes []sandbox.Process
				for i := range size {
					processes = append(processes, sandbox.Process{ID: fmt.Sprintf("%032x", i), Name: "p"})
				}
				box := &sandbox.Sandbox{Options: sandbox.Options{Processes: processes, OmitPagination: omitPagination}}
				got, err := newClient(t, box).ListProcesses(t.Context())
				if err != nil || len(got) != size {
					t.Errorf("got %d, %v", len(got), err)
				}
				if requests, want := box.Count(sandbox.ListProcesses), wantedRequests(size,
					omitPagination); requests != want {
					t.Errorf("requests: got %d, want %d", requests, want)
				}
				if first := box.Journal()[0]; len(first.Query) != 0 {
					t.Errorf("the first request has the query %v, which is not documented for processes", first.Query)
				}
			})
		}
	}
}

func TestListProcessesThatDoNotAddUp(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"the same again":  `{"processes": [{"id": "a"}], "pagination": {"total": 2}}`,
		"more than said":  `{"processes": [{"id": "a"}, {"id": "b"}], "pagination": {"total": 1}}`,
		"nothing at all":  `{"processes": [], "pagination": {"total": 1}}`,
		"without an id":   `{"processes": [{"name": "a"}]}`,
		"no processes":    `{"apiKeys": []}`,
		"not what is due": `<html></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t,
				http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { _, _ = strings.NewReader(body).WriteTo(writer) }))
			_, err := client.ListProcesses(t.Context())
			if !errors.Is(err, alphamoon.ErrInconsistentListing) && !alphamoon.IsUnusableAnswer(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// wantedRequests is one for each page, one more where a full page may be the last, and all again where nothing counts.
func wantedRequests(size int, omitPagination bool) int {
	pages := (size + 99) / 100
	switch {
	case size >= 100 && omitPagination:
		return 2 * (pages + 1)
	case size == 100:
		return 2
	default:
		return pages
	}
}

// TestListProcessesAllAtOnce: a service that knows no pages shows all, whatever it is asked for.
func TestListProcessesAllAtOnce(t *testing.T) {
	t.Parallel()
	var processes []sandbox.Process
	for i := range 250 {
		processes = append(processes, sandbox.Process{ID: fmt.Sprintf("%032x", i)})
	}
	options := sandbox.Options{Processes: processes, OmitPagination: true, IgnoreOffset: true, IgnoreLimit: true}
	if got, err := newClient(t, &sandbox.Sandbox{Options: options}).ListProcesses(t.Context()); err != nil || len(got) != 250 {
		t.Errorf("got %d, %v", len(got), err)
	}
}

// TestListProcessesOfASilentLimit: a full page without a total is never called complete.
func TestListProcessesOfASilentLimit(t *testing.T) {
	t.Parallel()
	client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(writer, `{"processes": [{"id": "a"}, {"id": "b"}], "pagination": {"offset": 0, "limit": 2}}`)
	}))
	if got, err := client.ListProcesses(t.Context()); !errors.Is(err, alphamoon.ErrUnproven) {
		t.Errorf("got %v, %v", got, err)
	}
}
