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
		`name = "Invoice"`: `No process that the provider's api_key can see ` +
			`has the name "Invoice". The nearest: "Invoices"`,
		`name = "Receipts"`:                       `2 processes have the name "Receipts": ` + second + `, ` + fmt.Sprintf("%032x", 4),
		`id = "` + strings.Repeat("0", 32) + `"`:  `has the id "00000000000000000000000000000000"`,
		`id = "https://workspace.alphamoon.ai/x"`: "is not the id of a process",
		"":                                      "Neither id nor name is set",
		"name = \"a\"\nid = \"" + second + "\"": "Both id and name are set",
	} {
		f.fails(config(arguments), message)
	}
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Status: 403, Body: `{"title": "Forbidden"}`})
	f.fails(config(`name = "Invoices"`), "lacks the scope workspace.process:read")
	f.Inject(sandbox.Fault{Operation: sandbox.ListProcesses, Body: `{"processes": []}`})
	f.fails(config(`name = "Invoices"`), "It shows no process at all")
}
