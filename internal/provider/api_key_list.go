package provider

import (
	"cmp"
	"context"
	"math"

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

// apiKeyList finds keys of either kind for "terraform query".
type apiKeyList struct {
	kind apiKeyKind
	data *providerData
}

var _ list.ListResourceWithConfigure = (*apiKeyList)(nil)

func (l *apiKeyList) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + l.kind.typeName
}

func (l *apiKeyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest,
	resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{MarkdownDescription: l.kind.listDescription}
	if l.kind.ofProcess {
		resp.Schema.Attributes = map[string]schema.Attribute{
			"process_id": schema.StringAttribute{
				MarkdownDescription: "The process whose keys are listed. Default: every process that the provider's `api_key` can see.",
				Optional:            true,
				Validators:          []validator.String{validators.ProcessID()},
			},
		}
	}
}

func (l *apiKeyList) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// List streams the keys page by page. Whatever goes wrong is an error in the stream: a list that ends early would
// be taken for the whole.
func (l *apiKeyList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var processID types.String
	var diags diag.Diagnostics
	if l.kind.ofProcess {
		diags.Append(req.Config.GetAttribute(ctx, path.Root("process_id"), &processID)...)
	}
	client := l.data.requireClient("list keys", &diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		wanted := true
		s := &keyStream{
			apiKeyList: l, client: client, req: req, left: cmp.Or(int(req.Limit), math.MaxInt),
			push: func(result list.ListResult) bool { wanted = push(result); return wanted },
		}
		if processID.IsNull() && l.kind.ofProcess {
			s.everyProcess(ctx)
		} else {
			s.owner(ctx, processID.ValueString(), "")
		}
		var last diag.Diagnostics
		if l.data.warnOfLongWait(&last); wanted && len(last) > 0 {
			push(list.ListResult{Diagnostics: last})
		}
	}
}

// keyStream is a list on its way to Terraform.
type keyStream struct {
	*apiKeyList
	client *alphamoon.Client
	req    list.ListRequest
	push   func(list.ListResult) bool
	// left is how many results are still wanted.
	left int
}

// everyProcess streams the keys of all processes. One that cannot be listed is an error, and the others go on.
func (s *keyStream) everyProcess(ctx context.Context) {
	var diags diag.Diagnostics
	processes := s.data.processes(ctx, &diags)
	if diags.HasError() {
		s.push(list.ListResult{Diagnostics: diags})
		return
	}
	for _, process := range processes {
		if !s.owner(ctx, process.ID, process.Name+" / ") {
			return
		}
	}
}

// owner streams the keys of a process or of the organization. It returns false if no more results are wanted.
func (s *keyStream) owner(ctx context.Context, processID, prefix string) bool {
	if s.left <= 0 {
		return false
	}
	for page, err := range s.kind.keys(s.client, processID).Pages(ctx, alphamoon.Window{Limit: s.left}) {
		if err != nil {
			return s.push(list.ListResult{Diagnostics: s.kind.area.diagnostics(err, "list the keys of "+s.kind.owner(processID))})
		}
		for _, key := range page.Elements {
			s.left--
			if !s.push(s.result(ctx, processID, prefix, key)) {
				return false
			}
		}
	}
	return true
}

// result describes a key, with the whole resource if that is asked for.
func (s *keyStream) result(ctx context.Context, processID, prefix string, key alphamoon.APIKey) list.ListResult {
	result := s.req.NewListResult(ctx)
	result.DisplayName = prefix + key.Name
	model := s.kind.importedModel(processID, key)
	result.Diagnostics.Append(model.identify(ctx, result.Identity)...)
	if s.req.IncludeResource {
		result.Diagnostics.Append(s.kind.checkListed(key, processID)...)
		if !result.Diagnostics.HasError() {
			result.Diagnostics.Append(model.store(ctx, &result.Resource.Raw)...)
		}
	}
	return result
}
