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

// configuredDataSource is a data source that needs the provider's configuration.
type configuredDataSource struct{ data *providerData }

func (d *configuredDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	d.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// processes lists the processes that the credential can see, sorted by name.
func (d *providerData) processes(ctx context.Context, diags *diag.Diagnostics) []alphamoon.Process {
	client := d.requireClient("list processes", diags)
	if diags.HasError() {
		return nil
	}
	processes, err := client.ListProcesses(ctx)
	if err != nil {
		diags.Append(processesAdvice.diagnostics(err, "list the processes")...)
		return nil
	}
	slices.SortFunc(processes, func(a, b alphamoon.Process) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return processes
}

func newProcessesDataSource() datasource.DataSource { return &processesDataSource{} }

type processesDataSource struct{ configuredDataSource }

var _ datasource.DataSourceWithConfigure = (*processesDataSource)(nil)

type processesModel struct {
	Name      types.String    `tfsdk:"name"`
	Processes []processObject `tfsdk:"processes"`
}

type processObject struct {
	ID             types.String `tfsdk:"id"`
	Name           types.String `tfsdk:"name"`
	TypeID         types.String `tfsdk:"type_id"`
	TypeName       types.String `tfsdk:"type_name"`
	Status         types.String `tfsdk:"status"`
	OrganizationID types.String `tfsdk:"organization_id"`
	CreatedAt      types.String `tfsdk:"created_at"`
	UpdatedAt      types.String `tfsdk:"updated_at"`
}

func describeProcess(process alphamoon.Process) processObject {
	return processObject{
		ID:             types.StringValue(process.ID),
		Name:           stringOrNull(process.Name),
		TypeID:         stringOrNull(process.TypeID),
		TypeName:       stringOrNull(process.TypeName),
		Status:         stringOrNull(process.Status),
		OrganizationID: stringOrNull(process.OrganizationID),
		CreatedAt:      instantOrNull(process.CreatedAt.Time),
		UpdatedAt:      instantOrNull(process.UpdatedAt.Time),
	}
}

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

func (d *processesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest,
	resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_processes"
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
	defer d.data.warnOfLongWait(&resp.Diagnostics)
	var model processesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	processes := d.data.processes(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Processes = []processObject{}
	for _, process := range processes {
		if !model.Name.IsNull() && process.Name != model.Name.ValueString() {
			continue
		}
		model.Processes = append(model.Processes, describeProcess(process))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
