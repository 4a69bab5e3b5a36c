package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// apiKeysDataSource lists the keys of a process or of the organization.
type apiKeysDataSource struct {
	configuredDataSource
	kind apiKeyKind
}

var _ datasource.DataSourceWithConfigure = (*apiKeysDataSource)(nil)

// apiKeysModel holds the arguments. The result is not in it, see listedKeys.
type apiKeysModel struct {
	ProcessID types.String
	Offset    types.Number
	Limit     types.Number
	Name      types.String
	Status    types.String
}

func (m *apiKeysModel) fields() []field {
	return []field{
		bindString("process_id", &m.ProcessID),
		bind[types.Number]("offset", types.NumberType, &m.Offset),
		bind[types.Number]("limit", types.NumberType, &m.Limit),
		bindString("name", &m.Name),
		bindString("status", &m.Status),
	}
}

func (d *apiKeysDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.kind.typeName + "s"
}

func (d *apiKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	key := map[string]schema.Attribute{
		"id":   computedText("The id of the key."),
		"name": computedText("The name of the key."),
		"scopes": schema.SetAttribute{
			MarkdownDescription: "What the key permits.",
			Computed:            true,
			ElementType:         texts,
		},
		"status":          computedText("`Active`, or the status that the service states instead."),
		"created_at":      computedText("When the key was created, as an RFC 3339 date and time."),
		"expires_at":      computedText("When the key expires, as an RFC 3339 date and time."),
		"organization_id": computedText("The organization or user that the key belongs to."),
	}
	attributes := map[string]schema.Attribute{
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
			MarkdownDescription: "Keeps only the keys with exactly this name.",
			Optional:            true,
		},
		"status": schema.StringAttribute{
			MarkdownDescription: "Keeps only the keys with this status, like `Active`, in upper or lower case.",
			Optional:            true,
		},
		"total": schema.Int64Attribute{
			MarkdownDescription: "How many keys there are in all, whatever was read and kept of them; null if that is not known.",
			Computed:            true,
		},
		"api_keys": schema.ListNestedAttribute{
			MarkdownDescription: "The keys, sorted by `created_at`, then `id`. Attributes missing from the response are null.",
			Computed:            true,
			NestedObject:        schema.NestedAttributeObject{Attributes: key},
		},
	}
	if d.kind.ofProcess {
		key["process_id"] = computedText("The process that the key belongs to.")
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: "The process whose keys are listed.",
			Required:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: d.kind.dataSourceDescription, Attributes: attributes}
}

// computedText is an attribute that a data source fills in.
func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

// maxWindow bounds offset and limit far above what a process can hold.
const maxWindow = 1_000_000

func (d *apiKeysDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.warnOfLongWait(&resp.Diagnostics)
	var model apiKeysModel
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, model.fields())...)
	client := d.data.requireClient("list keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	processID := model.ProcessID.ValueString()
	keys, total, err := readWindow(ctx, d.kind.keys(client, processID), model)
	if err != nil {
		resp.Diagnostics.Append(d.kind.advice.diagnostics(err, "list the keys of "+d.kind.owner(processID))...)
		return
	}
	warnOfStatus(model.Status, slices.ContainsFunc(keys, func(key alphamoon.APIKey) bool {
		return strings.EqualFold(key.Status, model.Status.ValueString())
	}), &resp.Diagnostics)
	keys = slices.DeleteFunc(keys, func(key alphamoon.APIKey) bool {
		return !model.Name.IsNull() && key.Name != model.Name.ValueString() ||
			!model.Status.IsNull() && !strings.EqualFold(key.Status, model.Status.ValueString())
	})
	slices.SortFunc(keys, func(a, b alphamoon.APIKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	var attributes map[string]tftypes.Value
	if err := req.Config.Raw.As(&attributes); err != nil {
		resp.Diagnostics.Append(defect("The configuration of the data source cannot be read: " + err.Error())...)
		return
	}
	attributes["total"] = tftypes.NewValue(tftypes.Number, nil)
	if total >= 0 {
		attributes["total"] = tftypes.NewValue(tftypes.Number, total)
	}
	attributes["api_keys"] = listedKeys(keys, attributes["api_keys"].Type(), processID)
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), attributes)
}

// warnOfStatus warns of a filter that found nothing and may be mistyped. It is no error: the service may have other words
// than the known ones.
func warnOfStatus(status types.String, found bool, diags *diag.Diagnostics) {
	if found || status.IsNull() || alphamoon.KnowsStatus(status.ValueString()) {
		return
	}
	diags.AddAttributeWarning(path.Root("status"), "No key has this status", fmt.Sprintf("No listed key has the status "+
		"%q. The known words "+
		"are %s. Correct the status if it is mistyped; the service may have other words.", status.ValueString(),
		strings.Join(alphamoon.Statuses(), ", ")))
}

// listedKeys builds the attribute api_keys from plain values. To have the framework build it from structs takes
// three times as long and twice the memory, which shows in processes with thousands of keys.
func listedKeys(keys []alphamoon.APIKey, kind tftypes.Type, processID string) tftypes.Value {
	list, _ := kind.(tftypes.List) // the schema says so
	object, _ := list.ElementType.(tftypes.Object)
	_, ofProcess := object.AttributeTypes["process_id"]
	scopesType := tftypes.Set{ElementType: tftypes.String}
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
		attributes := map[string]tftypes.Value{
			"id":              tftypes.NewValue(tftypes.String, key.ID),
			"name":            tftypes.NewValue(tftypes.String, key.Name),
			"scopes":          tftypes.NewValue(scopesType, scopes),
			"status":          text(stringOrNull(key.Status)),
			"created_at":      text(instantOrNull(key.CreatedAt.Time)),
			"expires_at":      text(instantOrNull(key.ExpiresAt.Time)),
			"organization_id": text(stringOrNull(key.OrganizationID)),
		}
		if ofProcess {
			attributes["process_id"] = tftypes.NewValue(tftypes.String, processID)
		}
		elements[i] = tftypes.NewValue(object, attributes)
	}
	return tftypes.NewValue(list, elements)
}

// readWindow reads what offset and limit select, and how many keys there are in all, -1 if that is not known.
// Without either it reads all there are; a window is what the service makes of it.
func readWindow(ctx context.Context, keys *alphamoon.APIKeys,
	model apiKeysModel,
) (found []alphamoon.APIKey, total int, err error) {
	window := alphamoon.Window{Offset: wholeNumber(model.Offset), Limit: wholeNumber(model.Limit)}
	if window == (alphamoon.Window{}) {
		found, err = keys.List(ctx)
		return found, len(found), err
	}
	total = -1
	for page, err := range keys.Pages(ctx, window) {
		if err != nil {
			return nil, -1, err
		}
		found, total = append(found, page.Elements...), page.Total
	}
	return found, total, nil
}
