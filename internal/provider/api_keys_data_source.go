package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
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

func (d *apiKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	key := map[string]schema.Attribute{
		"id":              computedText("The id of the key."),
		"name":            computedText("The name of the key."),
		"scopes":          schema.SetAttribute{MarkdownDescription: "What the key permits.", Computed: true, ElementType: texts},
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
		"name": schema.StringAttribute{MarkdownDescription: "Keeps only the keys with exactly this name.", Optional: true},
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

// maxWindow bounds offset and limit far above what a process can hold.
const maxWindow = 1_000_000

func (d *apiKeysDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.data.finish(&resp.Diagnostics)
	var processID, name, status types.String
	var offset, limit types.Number
	resp.Diagnostics.Append(loadObject(ctx, req.Config.Raw, []field{
		bindString("process_id", &processID), bindString("name", &name), bindString("status", &status),
		bind("offset", types.NumberType, &offset), bind("limit", types.NumberType, &limit),
	})...)
	client := d.data.requireClient("list keys", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	window := alphamoon.Window{Offset: wholeNumber(offset), Limit: wholeNumber(limit)}
	keys, total, err := readWindow(ctx, d.kind.keys(client, processID.ValueString()), window)
	if err != nil {
		resp.Diagnostics.Append(d.data.failure(d.kind.advice, err, "list the keys of "+d.kind.owner(processID.ValueString()))...)
		return
	}
	keys = slices.DeleteFunc(keys, func(key alphamoon.APIKey) bool { return !hasStatus(key, status) })
	warnOfStatus(status, len(keys) > 0, &resp.Diagnostics)
	keys = slices.DeleteFunc(keys, func(key alphamoon.APIKey) bool { return !name.IsNull() && key.Name != name.ValueString() })
	slices.SortFunc(keys, func(a, b alphamoon.APIKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	computed := object{"total": tftypes.NewValue(tftypes.Number, nil)}
	if total >= 0 {
		computed["total"] = tftypes.NewValue(tftypes.Number, total)
	}
	setResult(resp, req.Config.Raw, computed, "api_keys", keys, func(key alphamoon.APIKey) object {
		result := object{
			"id":              textOrNull(key.ID),
			"name":            textOrNull(key.Name),
			"scopes":          textSet(key.Scopes),
			"status":          textOrNull(key.Status),
			"created_at":      textOrNull(instantOrEmpty(key.CreatedAt.Time)),
			"expires_at":      textOrNull(instantOrEmpty(key.ExpiresAt.Time)),
			"organization_id": textOrNull(key.OrganizationID),
		}
		if d.kind.ofProcess {
			result["process_id"] = textOrNull(processOf(key, processID.ValueString()))
		}
		return result
	})
}

// readWindow reads what offset and limit select, and how many keys there are in all, -1 if that is not known.
// Without either it reads all there are; a window is what the service makes of it.
func readWindow(ctx context.Context, keys *alphamoon.APIKeys, window alphamoon.Window) (found []alphamoon.APIKey, total int, err error) {
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
