package provider

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// processDataSource finds one process by its name or its id.
type processDataSource struct{ configuredDataSource }

func (d *processDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := processAttributes()
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "The id of the process. Set exactly one of `id` and `name`.",
		Optional:            true,
		Computed:            true,
		Validators:          []validator.String{validators.ProcessID(), validators.ExactlyOneOf("id", "name")},
	}
	attributes["name"] = schema.StringAttribute{
		MarkdownDescription: "The name of the process, which only one process may have. Set exactly one of `id` and `name`.",
		Optional:            true,
		Computed:            true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds one process of the workspace by its name or its id. Attributes missing from the response are null.",
		Attributes:          attributes,
	}
}

func (d *processDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.finish(&resp.Diagnostics)
	var id, name types.String
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, []field{bindString("id", &id), bindString("name", &name)})...)
	processes := d.data.processes(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	process, problem := findProcess(processes, id.ValueString(), name.ValueString())
	if problem != nil {
		resp.Diagnostics.Append(problem)
		return
	}
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), describeProcess(process))
}

// findProcess finds the one process with the id, or with the name if there is no id.
func findProcess(processes []alphamoon.Process, id, name string) (found alphamoon.Process, problem diag.Diagnostic) {
	attribute, wanted := path.Root("name"), fmt.Sprintf("the name %q", redact.Show(name))
	if id != "" {
		attribute, wanted = path.Root("id"), fmt.Sprintf("the id %q", id)
	}
	var ids []string
	for _, process := range processes {
		if id != "" && process.ID == id || id == "" && process.Name == name {
			found, ids = process, append(ids, process.ID)
		}
	}
	switch len(ids) {
	case 0:
		return found, diag.NewAttributeErrorDiagnostic(attribute, "Process not found",
			fmt.Sprintf("No process that the provider's api_key can see has %s. %s Correct it, or use a key of the right workspace.",
				wanted, visibleProcesses(processes, id, name)))
	case 1:
		return found, nil
	default:
		return found, diag.NewAttributeErrorDiagnostic(attribute, "Several processes found",
			fmt.Sprintf("%d processes have %s: %s. Set id to the one that you mean.", len(ids), wanted, joinTexts(ids)))
	}
}

// visibleProcesses says which processes there are instead: some of them, or those with the nearest names.
func visibleProcesses(processes []alphamoon.Process, id, name string) string {
	var names, some []string
	for _, process := range processes {
		if process.Name != "" {
			names = append(names, process.Name)
		}
		some = append(some, fmt.Sprintf("%q (%s)", redact.Show(process.Name), process.ID))
	}
	switch {
	case len(processes) == 0:
		return "It shows no process at all: check the credential's rights."
	case id != "":
		return "It shows " + strings.Join(some[:min(len(some), 5)], ", ") + "."
	}
	nearest := validators.Nearest(name, slices.Compact(names), 3) // equal names are neighbours
	for i, name := range nearest {
		nearest[i] = strconv.Quote(redact.Show(name))
	}
	return "The nearest: " + strings.Join(nearest, ", ") + "."
}
