package validators

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// DocumentedScopes accepts a set of scopes of the documented catalogue, or any well-formed scopes when the
// boolean attribute of the given name, beside the set, is true. Malformed scopes are left to [Scope].
func DocumentedScopes(unless string) validator.Set { return documentedScopes{unless: unless} }

type documentedScopes struct{ unless string }

func (v documentedScopes) Description(context.Context) string {
	return "every scope must be documented, unless " + v.unless + " is true"
}

func (v documentedScopes) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v documentedScopes) ValidateSet(ctx context.Context, request validator.SetRequest, response *validator.SetResponse) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	var escape types.Bool
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(v.unless), &escape)...)
	if response.Diagnostics.HasError() || escape.IsUnknown() || escape.ValueBool() {
		return
	}
	for _, element := range request.ConfigValue.Elements() {
		scope, ok := element.(types.String)
		if !ok || scope.IsNull() || scope.IsUnknown() || !alphamoon.IsScope(scope.ValueString()) ||
			alphamoon.IsDocumentedScope(scope.ValueString()) {
			continue
		}
		response.Diagnostics.AddAttributeError(request.Path.AtSetValue(scope), "Unknown scope",
			fmt.Sprintf("%q is not a documented scope; the nearest one is %q. If the service has it all the same, set %s "+
				"= true.", scope.ValueString(), alphamoon.NearestScope(scope.ValueString()), v.unless))
	}
}
