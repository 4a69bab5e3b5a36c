package validators

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// Scope accepts a text in the form of a scope, documented or not.
func Scope() validator.String {
	return text{
		description: "have the form of a scope, such as workspace.result:read",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if !alphamoon.IsScope(value) {
				response.Diagnostics.AddAttributeError(request.Path, "Malformed scope",
					fmt.Sprintf("%q is not a scope. A scope has lower-case words joined by dots, then a colon and an "+
						"action; the nearest documented one is %q.", value, alphamoon.NearestScope(value)))
			}
		},
	}
}
