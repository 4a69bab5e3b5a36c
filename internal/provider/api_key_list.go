package provider

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// apiKeyList finds keys of either kind for "terraform query".
type apiKeyList struct{ apiKeyType }

var _ list.ListResourceWithConfigure = (*apiKeyList)(nil)

func (l *apiKeyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	attributes := map[string]schema.Attribute{
		"status": schema.StringAttribute{
			MarkdownDescription: "Lists only the keys with this status, like `Active`, in upper or lower case. Default: all keys.",
			Optional:            true,
		},
	}
	if l.kind.ofProcess {
		attributes["process_id"] = schema.StringAttribute{
			MarkdownDescription: "The process whose keys are listed. Default: every process that the provider's `api_key` can see.",
			Optional:            true,
			Validators:          []validator.String{validators.ProcessID()},
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: l.kind.listDescription, Attributes: attributes}
}

// List streams the keys page by page. Whatever goes wrong is an error in the stream: a list that ends early would
// be taken for the whole.
func (l *apiKeyList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var processID, status types.String
	diags := loadObject(ctx, req.Config.Raw, []field{bindString("process_id", &processID), bindString("status", &status)})
	client := l.data.requireClient("list keys", &diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		pushed, wanted := false, true
		s := &keyStream{
			apiKeyList: l, client: client, req: req, status: status, left: cmp.Or(int(req.Limit), math.MaxInt),
			push: func(result list.ListResult) bool {
				l.data.lookOver(&result.Diagnostics)
				pushed, wanted = true, push(result)
				return wanted
			},
		}
		if processID.IsNull() && l.kind.ofProcess {
			s.everyProcess(ctx)
		} else {
			s.streamKeys(ctx, processID.ValueString(), "")
		}
		if s.last != nil {
			s.push(*s.last)
		}
		var last diag.Diagnostics
		warnOfStatus(status, pushed, &last)
		l.data.finish(&last)
		if wanted && len(last) > 0 {
			push(list.ListResult{Diagnostics: last})
		}
	}
}

// keyStream is a list on its way to Terraform.
type keyStream struct {
	*apiKeyList
	client *alphamoon.Client
	req    list.ListRequest
	status types.String
	push   func(list.ListResult) bool
	// left is how many results are still wanted.
	left int
	// last is the result that reaches the limit. It waits for the next key, which shows that the limit cuts the list.
	last *list.ListResult
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
		if !s.streamKeys(ctx, process.ID, redact.Show(process.Name)+" / ") {
			return
		}
	}
}

// streamKeys streams the keys of a process or of the organization. It returns false if no more results are wanted.
func (s *keyStream) streamKeys(ctx context.Context, processID, prefix string) bool {
	window := alphamoon.Window{}
	if s.left < math.MaxInt && s.status.IsNull() {
		window.Limit = s.left + 1 // one more shows whether the limit cuts the list
	}
	for page, err := range s.kind.keys(s.client, processID).Pages(ctx, window) {
		if err != nil {
			return s.fail(s.data.failure(s.kind.advice, err, "list the keys of "+s.kind.owner(processID)))
		}
		for _, key := range page.Elements {
			if hasStatus(key, s.status) && !s.add(s.result(ctx, processID, prefix, key)) {
				return false
			}
		}
	}
	return true
}

// fail puts a failure into the stream. It returns false if no more results are wanted.
func (s *keyStream) fail(failure diag.Diagnostics) bool {
	if s.last == nil {
		return s.push(list.ListResult{Diagnostics: failure})
	}
	s.last.Diagnostics.Append(failure...)
	return true
}

// add puts a key into the stream. It returns false if no more results are wanted.
func (s *keyStream) add(result list.ListResult) bool {
	switch s.left--; {
	case s.left < 0:
		s.last.Diagnostics.AddWarning("More keys exist than are listed", fmt.Sprintf("The list ends after %d keys, "+
			"because that is its limit. Set a higher limit in the list block, or list fewer keys with status.", s.req.Limit))
		return false
	case s.left == 0:
		s.last = &result
		return true
	default:
		return s.push(result)
	}
}

// result describes a key, with the whole resource if that is asked for.
func (s *keyStream) result(ctx context.Context, processID, prefix string, key alphamoon.APIKey) list.ListResult {
	result := s.req.NewListResult(ctx)
	result.DisplayName = s.client.Redact(prefix + redact.Show(key.Name))
	model := s.kind.importedModel(ctx, processOf(key, processID), key)
	result.Diagnostics.Append(model.store(ctx, &result.Identity.Raw)...)
	if s.req.IncludeResource {
		result.Diagnostics.Append(model.store(ctx, &result.Resource.Raw)...)
	}
	return result
}
