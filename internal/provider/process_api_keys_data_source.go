package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func newProcessAPIKeysDataSource() datasource.DataSource { return &processAPIKeysDataSource{} }

type processAPIKeysDataSource struct{ session *session }

var _ datasource.DataSourceWithConfigure = (*processAPIKeysDataSource)(nil)

type processAPIKeysModel struct {
	ProcessID types.String         `tfsdk:"process_id"`
	Offset    types.Number         `tfsdk:"offset"`
	Limit     types.Number         `tfsdk:"limit"`
	Name      types.String         `tfsdk:"name"`
	Status    types.String         `tfsdk:"status"`
	Total     types.Int64          `tfsdk:"total"`
	APIKeys   []listedAPIKeyObject `tfsdk:"api_keys"`
}

type listedAPIKeyObject struct {
	ID             types.String `tfsdk:"id"`
	Name           types.String `tfsdk:"name"`
	Scopes         []string     `tfsdk:"scopes"`
	Status         types.String `tfsdk:"status"`
	CreatedAt      types.String `tfsdk:"created_at"`
	ExpiresAt      types.String `tfsdk:"expires_at"`
	OrganizationID types.String `tfsdk:"organization_id"`
	ProcessID      types.String `tfsdk:"process_id"`
}

func (d *processAPIKeysDataSource) Metadata(_ context.Context, request datasource.MetadataRequest, response *datasource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_process_api_keys"
}

func (d *processAPIKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	response.Schema = schema.Schema{
		MarkdownDescription: "Lists the API keys of a process, whoever created them. The service shows secrets only when it creates keys, so that there are none here.",
		Attributes: map[string]schema.Attribute{
			"process_id": schema.StringAttribute{
				MarkdownDescription: "The process whose keys are listed.",
				Required:            true,
				Validators:          []validator.String{validators.ProcessID()},
			},
			"offset": schema.NumberAttribute{
				MarkdownDescription: "How many keys to skip, in the service's order. Default: `0`.",
				Optional:            true,
				Validators:          []validator.Number{validators.WholeNumber(0, maxWindow)},
			},
			"limit": schema.NumberAttribute{
				MarkdownDescription: "How many keys to read at most, before `name` and `status` select among them. Default: all.",
				Optional:            true,
				Validators:          []validator.Number{validators.WholeNumber(1, maxWindow)},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Keeps only the keys of exactly this name.",
				Optional:            true,
			},
			"status": schema.StringAttribute{
				MarkdownDescription: "Keeps only the keys with exactly this status, such as `Active`.",
				Optional:            true,
			},
			"total": schema.Int64Attribute{
				MarkdownDescription: "How many keys the process has, whatever was read and kept of them; null if the service does not say and not all were read.",
				Computed:            true,
			},
			"api_keys": schema.ListNestedAttribute{
				MarkdownDescription: "The keys, sorted by `created_at`, then `id`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":   text("The id of the key."),
					"name": text("The name of the key."),
					"scopes": schema.SetAttribute{
						MarkdownDescription: "What the key permits.",
						Computed:            true,
						ElementType:         types.StringType,
					},
					"status":          text("`Active`, or what the service says instead."),
					"created_at":      text("When the key was created, as an RFC 3339 date and time."),
					"expires_at":      text("When the key expires, as an RFC 3339 date and time."),
					"organization_id": text("The organization or user that the key belongs to."),
					"process_id":      text("The process that the key belongs to."),
				}},
			},
		},
	}
}

// maxWindow bounds offset and limit far above what a process can hold.
const maxWindow = 1_000_000

func (d *processAPIKeysDataSource) Configure(_ context.Context, request datasource.ConfigureRequest, response *datasource.ConfigureResponse) {
	d.session = sessionFrom(request.ProviderData, &response.Diagnostics)
}

func (d *processAPIKeysDataSource) Read(ctx context.Context, request datasource.ReadRequest, response *datasource.ReadResponse) {
	var model processAPIKeysModel
	response.Diagnostics.Append(request.Config.Get(ctx, &model)...)
	client := d.session.requireClient("list process API keys", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	keys, total, err := readWindow(ctx, client, model)
	if err != nil {
		response.Diagnostics.Append(apiDiagnostics(err, fmt.Sprintf("list the keys of process %s", model.ProcessID.ValueString()))...)
		return
	}
	model.Total = types.Int64Null()
	if total >= 0 {
		model.Total = types.Int64Value(int64(total))
	}
	// What was listed is shared with others.
	keys = slices.DeleteFunc(slices.Clone(keys), func(key alphamoon.ProcessAPIKey) bool {
		return !model.Name.IsNull() && key.Name != model.Name.ValueString() ||
			!model.Status.IsNull() && key.Status != model.Status.ValueString()
	})
	slices.SortFunc(keys, func(a, b alphamoon.ProcessAPIKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	model.APIKeys = make([]listedAPIKeyObject, 0, len(keys))
	for _, key := range keys {
		model.APIKeys = append(model.APIKeys, listedAPIKeyObject{
			ID: types.StringValue(key.ID), Name: types.StringValue(key.Name), Scopes: key.Scopes, Status: stringOrNull(key.Status),
			CreatedAt: instantOrNull(key.CreatedAt.Time), ExpiresAt: instantOrNull(key.ExpiresAt.Time),
			OrganizationID: stringOrNull(key.OrganizationID), ProcessID: model.ProcessID,
		})
	}
	response.Diagnostics.Append(response.State.Set(ctx, &model)...)
}

// readWindow reads what offset and limit select, and how many keys there are in all, -1 if that is not known.
// Without either, the walk must be consistent; a window is what the service makes of it.
func readWindow(ctx context.Context, client *alphamoon.Client, model processAPIKeysModel) (keys []alphamoon.ProcessAPIKey, total int, err error) {
	processID := model.ProcessID.ValueString()
	window := alphamoon.Window{Offset: wholeNumber(model.Offset), Limit: wholeNumber(model.Limit)}
	if window == (alphamoon.Window{}) {
		listing, err := client.ListProcessAPIKeys(ctx, processID)
		if err != nil {
			return nil, -1, err
		}
		return listing.Keys, len(listing.Keys), nil
	}
	total = -1
	for page, err := range client.ProcessAPIKeyPages(ctx, processID, window) {
		if err != nil {
			return nil, -1, err
		}
		keys, total = append(keys, page.Keys...), page.Total
	}
	return keys, total, nil
}
