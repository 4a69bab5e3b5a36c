package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

func newProcessAPIKeyList() list.ListResource { return &processAPIKeyList{} }

// processAPIKeyList finds keys for "terraform query".
type processAPIKeyList struct{ session *session }

var _ list.ListResourceWithConfigure = (*processAPIKeyList)(nil)

func (l *processAPIKeyList) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_process_api_key"
}

func (l *processAPIKeyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, response *list.ListResourceSchemaResponse) {
	response.Schema = schema.Schema{
		MarkdownDescription: "Finds the API keys of a process, whoever created them.",
		Attributes: map[string]schema.Attribute{
			"process_id": schema.StringAttribute{
				MarkdownDescription: "The process whose keys are listed.",
				Required:            true,
				Validators:          []validator.String{validators.ProcessID()},
			},
		},
	}
}

func (l *processAPIKeyList) Configure(_ context.Context, request resource.ConfigureRequest, response *resource.ConfigureResponse) {
	l.session = sessionFrom(request.ProviderData, &response.Diagnostics)
}

// List streams the keys page by page. Whatever goes wrong is an error in the stream: a list that ends early would
// be taken for the whole.
func (l *processAPIKeyList) List(ctx context.Context, request list.ListRequest, stream *list.ListResultsStream) {
	var processID types.String
	var diags diag.Diagnostics
	diags.Append(request.Config.GetAttribute(ctx, path.Root("process_id"), &processID)...)
	client := l.session.requireClient("list process API keys", &diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		fail := func(err error) {
			push(list.ListResult{Diagnostics: apiDiagnostics(err, "list the keys of process "+processID.ValueString())})
		}
		count, total := 0, -1
		for page, err := range client.ProcessAPIKeyPages(ctx, processID.ValueString(), alphamoon.Window{Limit: int(request.Limit)}) {
			if err != nil {
				fail(err)
				return
			}
			if page.Repeated > 0 && page.Total >= 0 {
				fail(fmt.Errorf("%w: %d keys stood on two pages", alphamoon.ErrInconsistentListing, page.Repeated))
				return
			}
			total = page.Total
			for _, key := range page.Keys {
				count++
				if !push(listResult(ctx, request, processID, key)) {
					return
				}
			}
		}
		if limited := request.Limit > 0 && count >= int(request.Limit); !limited && total >= 0 && count != total {
			fail(fmt.Errorf("%w: the service counts %d keys and sent %d", alphamoon.ErrInconsistentListing, total, count))
		}
	}
}

// listResult describes a key, with the whole resource if that is asked for.
func listResult(ctx context.Context, request list.ListRequest, processID types.String, key alphamoon.ProcessAPIKey) list.ListResult {
	result := request.NewListResult(ctx)
	result.DisplayName = key.Name
	model := importedModel(processID)
	model.ID = types.StringValue(key.ID)
	result.Diagnostics.Append(model.identify(ctx, result.Identity)...)
	if request.IncludeResource {
		takeListed(ctx, key, &model, &result.Diagnostics)
		if !result.Diagnostics.HasError() {
			result.Diagnostics.Append(result.Resource.Set(ctx, &model)...)
		}
	}
	return result
}
