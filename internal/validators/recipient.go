package validators

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

// Recipient accepts a public key to encrypt to. Its error never repeats the value, which may be a private key.
func Recipient() validator.String {
	return rule{
		"be an age or SSH public key", "Invalid recipient",
		func(_ context.Context, value string, request validator.StringRequest) string {
			if _, err := encryption.ParseRecipient(value); err != nil {
				return fmt.Sprintf("%s cannot be encrypted to: %s.", request.Path, err)
			}
			return ""
		},
	}
}
