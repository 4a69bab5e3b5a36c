package validators

import (
	"fmt"
	"time"

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

// DurationUpTo accepts a duration that is not longer than the given one. What is no duration is left to [Duration].
func DurationUpTo(longest time.Duration) validator.String {
	return text{
		description: fmt.Sprintf("be at most %d hours", int(longest.Hours())),
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if duration, err := rotation.ParseDuration(value); err == nil && duration > longest {
				response.Diagnostics.AddAttributeError(request.Path, "Duration too long",
					fmt.Sprintf("%s is %q, but at most %d hours are allowed here.", request.Path, value,
						int(longest.Hours())))
			}
		},
	}
}
