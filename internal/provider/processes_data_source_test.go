package provider_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
