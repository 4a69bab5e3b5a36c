package validators

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// Scopes accepts a set of scopes. Where a catalogue is documented, escape names the boolean attribute beside the set that permits
// others; it is empty where none is. What is permitted and has not the form of a scope gets a warning: nobody knows every scope.
func Scopes(escape string) validator.Set { return setvalidator.ValueStringsAre(scope{escape}) }

type scope struct{ escape string }

func (s scope) Description(context.Context) string {
	if s.escape == "" {
		return "value must be a scope, like workspace.result:read"
	}
	return "value must be a documented scope, like workspace.result:read, unless " + s.escape + " is true"
}

func (s scope) MarkdownDescription(ctx context.Context) string { return s.Description(ctx) }

func (s scope) ValidateString(ctx context.Context, request validator.StringRequest, response *validator.StringResponse) {
	value := request.ConfigValue.ValueString()
	isDocumented := s.escape == "" || alphamoon.IsDocumentedScope(value)
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() || alphamoon.IsScope(value) && isDocumented {
		return
	}
	escaped, diags := s.escaped(ctx, request)
	response.Diagnostics.Append(diags...)
	switch {
	case value == "" || strings.ContainsFunc(value, unicode.IsSpace):
		response.Diagnostics.AddAttributeError(request.Path, "Malformed scope", fmt.Sprintf("%q is not a scope, because it is empty or "+
			"has blanks. A scope is one word, like workspace.result:read%s.", cut(value), meaning(value)))
	case escaped && !alphamoon.IsScope(value):
		response.Diagnostics.AddAttributeWarning(request.Path, "Scope of an unusual form", fmt.Sprintf("%q is not like any documented "+
			"scope: those have lower-case words joined by dots, then a colon and an action%s. If it is mistyped, correct it.",
			cut(value), meaning(value)))
	case escaped:
	case strings.Contains(value, "*"):
		response.Diagnostics.AddAttributeError(request.Path, "Malformed scope", fmt.Sprintf("%q is not a scope. There is no wildcard: "+
			"name each scope that the key needs, like workspace.result:read.", cut(value)))
	case !alphamoon.IsScope(value):
		response.Diagnostics.AddAttributeError(request.Path, "Malformed scope", fmt.Sprintf("%q is not a scope. A scope has "+
			"lower-case words joined by dots, then a colon and an action, like workspace.result:read%s. If the service does have it, "+
			"set %s = true.", cut(value), meaning(value), s.escape))
	default:
		response.Diagnostics.AddAttributeError(request.Path, "Unknown scope", fmt.Sprintf("%q is not a documented scope%s. If the service "+
			"does have it, set %s = true.", cut(value), meaning(value), s.escape))
	}
}

// escaped reports whether a scope may be any text. An escape that is not known yet may turn out to permit it.
func (s scope) escaped(ctx context.Context, request validator.StringRequest) (bool, diag.Diagnostics) {
	if s.escape == "" {
		return true, nil
	}
	var escape types.Bool
	diags := request.Config.GetAttribute(ctx, path.Root(s.escape), &escape)
	return escape.IsUnknown() || escape.ValueBool(), diags
}

// meaning ends a sentence with the documented scope that was probably meant; empty if none is near.
func meaning(text string) string {
	if nearest := nearestScope(text); nearest != "" {
		return fmt.Sprintf("; the nearest one is %q", nearest)
	}
	return ""
}
