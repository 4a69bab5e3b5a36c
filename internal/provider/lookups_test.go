package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func TestProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{
		{
			ID:   "c",
			Name: "Receipts",
		},
		{ID: "b", Name: "Invoices"},
		{
			ID:        "a",
			Name:      "Receipts",
			TypeID:    "type",
			TypeName:  "Slips",
			Status:    "Training",
			CreatedAt: start.Add(-day),
			UpdatedAt: start,
		},
	}})
	found := func(arguments string) (processes []any, ids []any) {
		data := f.session().apply(f.config("data \"alphamoon_processes\" \"test\" {\n" + arguments + "\n}\n")).data
		processes, _ = data["data.alphamoon_processes.test"]["processes"].([]any)
		for _, process := range processes {
			ids = append(ids, process.(values)["id"])
		}
		return processes, ids
	}
	for arguments, want := range map[string][]any{
		"": {"b", "a", "c"}, `name = "Receipts"`: {"a", "c"}, `name = "receipts"`: nil,
	} {
		if _, ids := found(arguments); !slices.Equal(ids, want) {
			t.Errorf("%s: got %v, want %v", arguments, ids, want)
		}
	}
	all, _ := found("")
	if difference := cmp.Diff(values{
		"id":              "a",
		"name":            "Receipts",
		"type_id":         "type",
		"type_name":       "Slips",
		"status":          "Training",
		"organization_id": "org_sandbox",
		"created_at":      start.Add(-day).Format(time.RFC3339),
		"updated_at":      start.Format(time.RFC3339),
	}, all[1]); difference != "" {
		t.Error(difference)
	}
	// What the service leaves out or adds.
	f.Inject(sandbox.Fault{
		Operation: sandbox.ListProcesses,
		Body:      `{"processes": [{"id": "a", "news": {"x": [1]}, "createdAt": null}], "other": 1}`,
	})
	tolerated, _ := found("")
	if difference := cmp.Diff([]any{values{
		"id": "a", "name": nil, "type_id": nil, "type_name": nil, "status": nil, "organization_id": nil, "created_at": nil,
		"updated_at": nil,
	}}, tolerated); difference != "" {
		t.Error(difference)
	}
}

func TestAccProcessAPIScopes(t *testing.T) {
	t.Parallel()
	const documented = "data.alphamoon_process_api_scopes.test"
	f := newFixture(t, sandbox.Options{})
	var names []knownvalue.Check
	for _, scope := range alphamoon.Scopes() {
		names = append(names, knownvalue.StringExact(scope.Name))
	}
	config := func(arguments string) string {
		return "data \"alphamoon_process_api_scopes\" \"test\" {\n" + arguments + "\n}\n"
	}
	f.run(
		resource.TestStep{Config: f.config(config("")), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(documented, attribute("names"), knownvalue.SetExact(names)),
			statecheck.ExpectKnownValue(documented, attribute("scopes"), knownvalue.ListSizeExact(21)),
		}},
		resource.TestStep{
			Config: f.config(config(`groups = ["Results"]`)) + fmt.Sprintf(`
resource "alphamoon_process_api_key" "test" {
  process_id = %q
  name       = "test"
  scopes     = data.alphamoon_process_api_scopes.test.names
  expires_in = "90d"
}`, processID),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(documented, attribute("names"), knownvalue.SetExact([]knownvalue.Check{
					knownvalue.StringExact("workspace.result:read"), knownvalue.StringExact("workspace.result:update"),
				})),
				statecheck.ExpectKnownValue(documented, attribute("scopes").AtSliceIndex(0).AtMapKey("group"),
					knownvalue.StringExact("Results")),
				statecheck.ExpectKnownValue(address, attribute("scopes"), knownvalue.SetSizeExact(2)),
			},
		},
	)
	f.ClearJournal()
	f.fails(f.config(config(`groups = ["Result"]`)), `"Result" is not known. Use one of: Collections & images, Files & documents, Results`)
	f.fails(f.config(config(`groups = []`)), "Name at least one group")
	f.session().apply(f.config(config("")))
	if got := f.Count(sandbox.AnyOperation); got != 0 {
		t.Errorf("requests: got %d, want none", got)
	}
}

func TestAccProcessIDFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	output := func(text string) string {
		return fmt.Sprintf("output \"id\" {\n  value = provider::alphamoon::process_id(%q)\n}\n", text)
	}
	is := []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("id", knownvalue.StringExact(processID))}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks:   needs("1.8.0", "1.7.0"),
		ProtoV6ProviderFactories: f.factories(),
		Steps: []resource.TestStep{
			{Config: output("https://workspace.alphamoon.ai/queue/" + processID), ConfigStateChecks: is},
			// Terraform adds a full stop.
			{Config: output(""), ExpectError: regexp.MustCompile(says("do not name the process.").String() + `([\s│]|$)`)},
		},
	})
}

// processIDOf calls the function.
func (f *fixture) processIDOf(text string) (id, message string) {
	p := f.connect(nil)
	argument := p.encode(tftypes.String, tftypes.NewValue(tftypes.String, text))
	response, err := p.CallFunction(f.t.Context(), &tfprotov6.CallFunctionRequest{
		Name: "process_id", Arguments: []*tfprotov6.DynamicValue{argument},
	})
	p.must(err)
	if response.Error != nil {
		return "", response.Error.Text
	}
	result, err := response.Result.Unmarshal(tftypes.String)
	p.must(err)
	p.must(result.As(&id))
	return id, ""
}

func TestProcessIDFunction(t *testing.T) {
	t.Parallel()
	const queue = "https://workspace.alphamoon.ai/queue/"
	f := newFixture(t, sandbox.Options{})
	for _, text := range []string{processID, queue + processID, queue + processID + "/?page=2"} {
		if id, message := f.processIDOf(text); id != processID || message != "" {
			t.Errorf("%q: got %q, %q", text, id, message)
		}
	}
	const neither = "nor the web address of a process's queue"
	for text, message := range map[string]string{
		"": neither, "invoices": neither, "https://workspace.alphamoon.ai/collections/" + processID: neither, queue + "x": neither,
		strings.ToUpper(processID): "has no upper-case letters", queue + strings.ToUpper(processID): "has no upper-case letters",
	} {
		// Terraform adds a full stop.
		if id, got := f.processIDOf(text); id != "" || !strings.Contains(got, message) || strings.HasSuffix(got, ".") ||
			message == neither && !strings.HasSuffix(got, "do not name the process") {
			t.Errorf("%q: got %q, %q", text, id, got)
		}
	}
}

func TestScopeGroups(t *testing.T) {
	t.Parallel()
	groups := alphamoon.ScopeGroups()
	if len(groups) != 7 || len(slices.Compact(slices.Sorted(slices.Values(groups)))) != 7 {
		t.Errorf("got %q", groups)
	}
}
