package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// newNamedFixture has processes of the given names, whose ids count from 1.
func newNamedFixture(t *testing.T, names ...string) *fixture {
	t.Helper()
	var processes []sandbox.Process
	for i, name := range names {
		processes = append(processes, sandbox.Process{ID: fmt.Sprintf("%032x", i+1), Name: name})
	}
	return newFixture(t, sandbox.Options{Processes: processes})
}

func TestProcess(t *testing.T) {
	t.Parallel()
	f := newNamedFixture(t, "Invoices", "Receipts", "Delivery notes", "Receipts", "Payslips")
	config := func(arguments string) string {
		return f.config("data \"alphamoon_process\" \"test\" {\n" + arguments + "\n}\n")
	}
	second := fmt.Sprintf("%032x", 2)
	for arguments, want := range map[string]values{
		`name = "Invoices"`:            {"id": fmt.Sprintf("%032x", 1), "name": "Invoices"},
		fmt.Sprintf("id = %q", second): {"id": second, "name": "Receipts"},
	} {
		want["status"], want["organization_id"] = "Ready", "org_sandbox"
		got := f.session().apply(config(arguments)).data["data.alphamoon_process.test"]
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %v, want %v", arguments, name, got[name], value)
			}
		}
	}
	for arguments, message := range map[string]string{
		`name = "Invoice"`:                        `No process that the provider's api_key can see has the name "Invoice". The nearest: "Invoices"`,
		`name = "Receipts"`:                       `2 processes have the name "Receipts": ` + second + `, ` + fmt.Sprintf("%032x", 4),
		`id = "` + strings.Repeat("0", 32) + `"`:  `has the id "00000000000000000000000000000000"`,
		`id = "https://workspace.alphamoon.ai/x"`: "is not the id of a process",
		"":                                      "Neither id nor name is set",
		"name = \"a\"\nid = \"" + second + "\"": "Both id and name are set",
	} {
		f.fails(config(arguments), message)
	}
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Status: 403, Body: `{"title": "Forbidden"}`})
	f.fails(config(`name = "Invoices"`), "needs the scope workspace.process:read")
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Body: `{"processes": []}`})
	f.fails(config(`name = "Invoices"`), "It shows no process at all")
}

// TestListEveryProcess streams the keys of all processes, and counts requests.
func TestListEveryProcess(t *testing.T) {
	t.Parallel()
	f := newNamedFixture(t, "b", "a", "c")
	for i := range 3 {
		for range []int{1, 0, 150}[i] {
			f.AddKey(fmt.Sprintf("%032x", i+1),
				sandbox.Key{Name: "key", Scopes: []string{"workspace.result:read"}, ExpiresAt: start.Add(day)})
		}
	}
	p := f.connect(nil)
	p.listing = values{}
	results := p.query(t, 0, 1000, true)
	if len(results) != 151 || results[0].DisplayName != "b / key" || results[150].DisplayName != "c / key" {
		t.Fatalf("%d results", len(results))
	}
	if got := f.sent(); got != "list processes, list, list, list, list" {
		t.Errorf("sent: %s", got)
	}
	state, err := results[0].Resource.Unmarshal(p.kind())
	if err != nil {
		t.Fatal(err)
	}
	if found := (outcome{state: state}); found.text("process_id") != fmt.Sprintf("%032x", 1) {
		t.Errorf("got %s", state)
	}

	f.ClearJournal()
	if limited := p.query(t, 0, 2, false); len(limited) != 2 || f.sent() != "list processes, list, list, list" {
		t.Errorf("%d results with a limit after %s", len(limited), f.sent())
	}

	// One process cannot be listed: an error, and the others are there.
	f.Inject(
		sandbox.Fault{
			Operation: sandbox.List,
			Owner:     fmt.Sprintf("%032x", 1),
			Status:    403,
			Body:      `{"title": "No"}`,
			Times:     -1,
		},
	)
	partial := p.query(t, 0, 1000, false)
	failures := 0
	for _, result := range partial {
		if text := describe(result.Diagnostics); text != "" {
			failures++
			if !strings.Contains(text, "Alphamoon denied permission") ||
				!strings.Contains(text, fmt.Sprintf("%032x", 1)) {
				t.Error(text)
			}
		}
	}
	if failures != 1 || len(partial) != 151 {
		t.Errorf("%d results, %d errors", len(partial), failures)
	}

	f.ClearFaults()
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Status: 403, Body: `{"title": "No"}`, Times: -1})
	if none := p.query(t, 0, 1000, false); len(none) != 1 ||
		!strings.Contains(describe(none[0].Diagnostics), "workspace.process:read") {
		t.Errorf("got %+v", none)
	}
}

// TestListOrganizationKeys lists the other kind.
func TestListOrganizationKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	for range 3 {
		f.AddKey(sandbox.Organization, sandbox.Key{Name: "key", Scopes: []string{"x.y:z"}, ExpiresAt: start.Add(day)})
	}
	p := f.connect(nil).of("alphamoon_organization_api_key")
	results := p.query(t, 0, 1000, true)
	if len(results) != 4 || results[0].DisplayName != "key" || describe(results[0].Diagnostics) != "" {
		t.Errorf("got %+v", results)
	}
}
