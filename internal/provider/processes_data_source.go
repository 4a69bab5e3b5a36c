package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// processes lists the processes that the credential can see, sorted by name.
func (d *providerData) processes(ctx context.Context, diags *diag.Diagnostics) []alphamoon.Process {
	client := d.requireClient("list processes", diags)
	if diags.HasError() {
		return nil
	}
	processes, err := client.ListProcesses(ctx)
	if err != nil {
		diags.Append(d.failure(processesAdvice, err, "list the processes")...)
		return nil
	}
	slices.SortFunc(processes, func(a, b alphamoon.Process) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return processes
}

type processesDataSource struct{ configuredDataSource }

// processAttributes describes a process.
func processAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":              computedText("The id of the process."),
		"name":            computedText("The name of the process."),
		"type_id":         computedText("The id of the type of documents that it processes."),
		"type_name":       computedText("The name of that type."),
		"status":          computedText("The status of the process, like `Ready`."),
		"organization_id": computedText("The organization or user that the process belongs to."),
		"created_at":      computedText("When the process was created, as an RFC 3339 date and time."),
		"updated_at":      computedText("When the process was last changed, as an RFC 3339 date and time."),
	}
}

func describeProcess(process alphamoon.Process) object {
	return object{
		"id":              textOrNull(process.ID),
		"name":            textOrNull(process.Name),
		"type_id":         textOrNull(process.TypeID),
		"type_name":       textOrNull(process.TypeName),
		"status":          textOrNull(process.Status),
		"organization_id": textOrNull(process.OrganizationID),
		"created_at":      textOrNull(instantOrEmpty(process.CreatedAt.Time)),
		"updated_at":      textOrNull(instantOrEmpty(process.UpdatedAt.Time)),
	}
}

func (d *processesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the processes of the workspace, to find the id of a process by its name.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Keeps only the processes of exactly this name. None is not an error.",
				Optional:            true,
			},
			"processes": schema.ListNestedAttribute{
				MarkdownDescription: "The processes, sorted by `name`, then `id`. Attributes missing from the response are null.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: processAttributes()},
			},
		},
	}
}

func (d *processesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.finish(&resp.Diagnostics)
	var name types.String
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, []field{bindString("name", &name)})...)
	processes := d.data.processes(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	processes = slices.DeleteFunc(processes, func(process alphamoon.Process) bool {
		return !name.IsNull() && process.Name != name.ValueString()
	})
	setResult(resp, req.Config.Raw, nil, "processes", processes, describeProcess)
}
