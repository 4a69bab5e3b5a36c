package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func newProcessAPIKeysDataSource() datasource.DataSource { return &processAPIKeysDataSource{} }

type processAPIKeysDataSource struct{ session *session }

var _ datasource.DataSourceWithConfigure = (*processAPIKeysDataSource)(nil)

// processAPIKeysModel holds the arguments. The result is not in it, see listedKeys.
type processAPIKeysModel struct {
	ProcessID types.String
	Offset    types.Number
	Limit     types.Number
	Name      types.String
	Status    types.String
}

func (d *processAPIKeysDataSource) Metadata(_ context.Context, request datasource.MetadataRequest, response *datasource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_process_api_keys"
}

func (d *processAPIKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
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
					"id":   computedText("The id of the key."),
					"name": computedText("The name of the key."),
					"scopes": schema.SetAttribute{
						MarkdownDescription: "What the key permits.",
						Computed:            true,
						ElementType:         types.StringType,
					},
					"status":          computedText("`Active`, or what the service says instead."),
					"created_at":      computedText("When the key was created, as an RFC 3339 date and time."),
					"expires_at":      computedText("When the key expires, as an RFC 3339 date and time."),
					"organization_id": computedText("The organization or user that the key belongs to."),
					"process_id":      computedText("The process that the key belongs to."),
				}},
			},
		},
	}
}

// computedText is an attribute that a data source fills in.
func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

// maxWindow bounds offset and limit far above what a process can hold.
const maxWindow = 1_000_000

func (d *processAPIKeysDataSource) Configure(_ context.Context, request datasource.ConfigureRequest, response *datasource.ConfigureResponse) {
	d.session = sessionFrom(request.ProviderData, &response.Diagnostics)
}

func (d *processAPIKeysDataSource) Read(ctx context.Context, request datasource.ReadRequest, response *datasource.ReadResponse) {
	var model processAPIKeysModel
	for name, target := range map[string]any{
		"process_id": &model.ProcessID, "offset": &model.Offset, "limit": &model.Limit, "name": &model.Name, "status": &model.Status,
	} {
		response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(name), target)...)
	}
	client := d.session.requireClient("list process API keys", &response.Diagnostics)
	if response.Diagnostics.HasError() {
		return
	}
	keys, total, err := readWindow(ctx, client, model)
	if err != nil {
		response.Diagnostics.Append(apiDiagnostics(err, fmt.Sprintf("list the keys of process %s", model.ProcessID.ValueString()))...)
		return
	}
	// What was listed is shared with others.
	keys = slices.DeleteFunc(slices.Clone(keys), func(key alphamoon.ProcessAPIKey) bool {
		return !model.Name.IsNull() && key.Name != model.Name.ValueString() ||
			!model.Status.IsNull() && key.Status != model.Status.ValueString()
	})
	slices.SortFunc(keys, func(a, b alphamoon.ProcessAPIKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	var attributes map[string]tftypes.Value
	if err := request.Config.Raw.As(&attributes); err != nil {
		response.Diagnostics.AddError("Defect in the Alphamoon provider", "The configuration of the data source cannot be read: "+err.Error()+". Please report this.")
		return
	}
	attributes["total"] = tftypes.NewValue(tftypes.Number, nil)
	if total >= 0 {
		attributes["total"] = tftypes.NewValue(tftypes.Number, total)
	}
	attributes["api_keys"] = listedKeys(keys, model.ProcessID.ValueString())
	response.State.Raw = tftypes.NewValue(request.Config.Raw.Type(), attributes)
}

// listedKeys builds the attribute api_keys from plain values. To have the framework build it from structs takes
// three times as long and twice the memory, which shows in processes with thousands of keys.
func listedKeys(keys []alphamoon.ProcessAPIKey, processID string) tftypes.Value {
	texts := tftypes.Set{ElementType: tftypes.String}
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"id": tftypes.String, "name": tftypes.String, "scopes": texts, "status": tftypes.String, "created_at": tftypes.String,
		"expires_at": tftypes.String, "organization_id": tftypes.String, "process_id": tftypes.String,
	}}
	text := func(value types.String) tftypes.Value {
		if value.IsNull() {
			return tftypes.NewValue(tftypes.String, nil)
		}
		return tftypes.NewValue(tftypes.String, value.ValueString())
	}
	elements := make([]tftypes.Value, len(keys))
	for i, key := range keys {
		scopes := make([]tftypes.Value, len(key.Scopes))
		for j, scope := range key.Scopes {
			scopes[j] = tftypes.NewValue(tftypes.String, scope)
		}
		elements[i] = tftypes.NewValue(object, map[string]tftypes.Value{
			"id": tftypes.NewValue(tftypes.String, key.ID), "name": tftypes.NewValue(tftypes.String, key.Name), "scopes": tftypes.NewValue(texts, scopes),
			"status": text(stringOrNull(key.Status)), "created_at": text(instantOrNull(key.CreatedAt.Time)), "expires_at": text(instantOrNull(key.ExpiresAt.Time)),
			"organization_id": text(stringOrNull(key.OrganizationID)), "process_id": tftypes.NewValue(tftypes.String, processID),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: object}, elements)
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
