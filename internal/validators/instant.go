package validators

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// Instant accepts an RFC 3339 date and time with an offset.
func Instant() validator.String {
	return text{
		description: "be a date and time with an offset (RFC 3339), such as 2027-01-31T12:00:00Z",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if _, err := rotation.ParseInstant(value); err != nil {
				response.Diagnostics.AddAttributeError(request.Path, "Invalid date",
					fmt.Sprintf("%q cannot be used as %s: it must be a date and a time with an offset (RFC 3339). "+
						"Write 2027-01-31T12:00:00Z for noon in UTC, or 2027-01-31T12:00:00+01:00 for noon one hour east of it.",
						value, request.Path))
			}
		},
	}
}
