package validators

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// Duration accepts a positive duration in whole weeks, days, hours, minutes and seconds.
func Duration() validator.String {
	return text{
		description: "be a duration above zero, such as 90d, 1w or 1h30m",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if _, err := rotation.ParseDuration(value); err != nil {
				response.Diagnostics.AddAttributeError(request.Path, "Invalid duration",
					fmt.Sprintf("%q cannot be used as %s: %s.", value, request.Path, err))
			}
		},
	}
}
