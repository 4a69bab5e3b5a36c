package validators

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// NotBlank accepts a text with at least one character that is not white space.
func NotBlank() validator.String {
	return text{
		description: "not be blank",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if strings.TrimSpace(value) == "" {
				response.Diagnostics.AddAttributeError(request.Path, "Blank value",
					fmt.Sprintf("%s must have at least one character that is not a blank. Give a name that tells what the "+
						"key is for.", request.Path))
			}
		},
	}
}
