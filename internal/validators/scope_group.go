package validators

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// ScopeGroup accepts the name of a group of the documented catalogue of scopes.
func ScopeGroup() validator.String {
	return text{
		description: "be one of " + strings.Join(alphamoon.ScopeGroups(), ", "),
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if !slices.Contains(alphamoon.ScopeGroups(), value) {
				response.Diagnostics.AddAttributeError(request.Path, "Unknown group of scopes",
					fmt.Sprintf("%q is no group of the documented catalogue; the nearest one is %q.", value,
						alphamoon.NearestScopeGroup(value)))
			}
		},
	}
}
