package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func newProcessDataSource() datasource.DataSource { return &processDataSource{} }

// processDataSource finds one process by its name or its id.
type processDataSource struct{ configuredDataSource }

var _ datasource.DataSourceWithConfigure = (*processDataSource)(nil)

func (d *processDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_process"
}

func (d *processDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := processAttributes()
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "The id of the process. Set exactly one of `id` and `name`.",
		Optional:            true,
		Computed:            true,
		Validators: []validator.String{
			validators.ProcessID(),
			validators.ExactlyOneOf("id", "name"),
		},
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
	defer d.data.warnOfLongWait(&resp.Diagnostics)
	var model processObject
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	processes := d.data.processes(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	process, problem := findProcess(processes, model.ID.ValueString(), model.Name.ValueString())
	if problem != nil {
		resp.Diagnostics.Append(problem)
		return
	}
	result := describeProcess(process)
	resp.Diagnostics.Append(resp.State.Set(ctx, &result)...)
}

// findProcess finds the one process with the id, or with the name if there is no id.
func findProcess(processes []alphamoon.Process, id, name string) (alphamoon.Process, diag.Diagnostic) {
	attribute, sought := path.Root("name"), fmt.Sprintf("the name %q", name)
	if id != "" {
		attribute, sought = path.Root("id"), fmt.Sprintf("the id %q", id)
	}
	var found []alphamoon.Process
	for _, process := range processes {
		if id != "" && process.ID == id || id == "" && process.Name == name {
			found = append(found, process)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		var known []string
		for _, process := range processes {
			known = append(known, fmt.Sprintf("%q (%s)", process.Name, process.ID))
		}
		hint := "It shows no process at all: check the credential's rights."
		if id == "" && len(known) > 0 {
			hint = "The nearest: " + strings.Join(nearestNames(name, processes), ", ") + "."
		} else if len(known) > 0 {
			slices.Sort(known)
			hint = "It shows " + strings.Join(known[:min(len(known), 5)], ", ") + "."
		}
		return alphamoon.Process{}, diag.NewAttributeErrorDiagnostic(attribute, "Process not found",
			fmt.Sprintf("No process that the provider's api_key can see has %s. %s Correct it, or use a key of the right "+
				"workspace.", sought, hint))
	default:
		var ids []string
		for _, process := range found {
			ids = append(ids, process.ID)
		}
		return alphamoon.Process{}, diag.NewAttributeErrorDiagnostic(attribute, "Several processes found",
			fmt.Sprintf("%d processes have %s: %s. Set id to the one that you mean.", len(found), sought,
				strings.Join(ids, ", ")))
	}
}

// nearestNames quotes the names that resemble the given one most.
func nearestNames(name string, processes []alphamoon.Process) []string {
	var names []string
	for _, process := range processes {
		if process.Name != "" && !slices.Contains(names, process.Name) {
			names = append(names, process.Name)
		}
	}
	var quoted []string
	for _, near := range alphamoon.Nearest(name, names, 3) {
		quoted = append(quoted, fmt.Sprintf("%q", near))
	}
	return quoted
}
