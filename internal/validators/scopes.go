package validators

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// Scope accepts a text in the form of a scope, documented or not.
func Scope() validator.String {
	return rule{
		"have the form of a scope, like workspace.result:read", "Malformed scope",
		func(_ context.Context, value string, _ validator.StringRequest) string {
			if alphamoon.IsScope(value) {
				return ""
			}
			if strings.Contains(value, "*") {
				return fmt.Sprintf("%q is not a scope. There is no wildcard: name each scope that the key needs, like "+
					"workspace.result:read.", value)
			}
			return fmt.Sprintf("%q is not a scope. A scope has lower-case words joined by dots, then a colon and an action, like "+
				"workspace.result:read%s.", value, meaning(value))
		},
	}
}

// DocumentedScopes accepts a set of scopes of the documented catalogue, or any well-formed scopes when the
// boolean attribute of the given name, beside the set, is true. Malformed scopes are left to [Scope].
func DocumentedScopes(unless string) validator.Set {
	return setvalidator.ValueStringsAre(rule{
		"be documented, unless " + unless + " is true", "Unknown scope",
		func(ctx context.Context, value string, request validator.StringRequest) string {
			if !alphamoon.IsScope(value) || alphamoon.IsDocumentedScope(value) {
				return ""
			}
			var escape types.Bool
			if diags := request.Config.GetAttribute(ctx, path.Root(unless), &escape); diags.HasError() {
				return diags.Errors()[0].Detail()
			}
			if escape.IsUnknown() || escape.ValueBool() {
				return ""
			}
			return fmt.Sprintf("%q is not a documented scope%s. If the service does have it, set %s = true.",
				value, meaning(value), unless)
		},
	})
}

// meaning ends a sentence with the documented scope that was probably meant; empty if none is near.
func meaning(text string) string {
	if nearest := nearestScope(text); nearest != "" {
		return fmt.Sprintf("; the nearest one is %q", nearest)
	}
	return ""
}
