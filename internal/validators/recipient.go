package validators

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

// Recipient accepts a public key to encrypt to. What it says never repeats the value, which may be a private key.
func Recipient() validator.String {
	return text{
		description: "be an age or SSH public key",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if _, err := encryption.ParseRecipient(value); err != nil {
				response.Diagnostics.AddAttributeError(request.Path, "Invalid recipient",
					fmt.Sprintf("%s cannot be encrypted to: %s.", request.Path, err))
			}
		},
	}
}
