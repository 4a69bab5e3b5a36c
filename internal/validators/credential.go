package validators

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// Credential accepts an Alphamoon API key. What it says never repeats the value.
func Credential() validator.String {
	return text{
		description: "be an Alphamoon API key, user:pass",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if _, err := alphamoon.ParseCredential(value); err != nil {
				response.Diagnostics.Append(CredentialDiagnostic(request.Path, "The value", err))
			}
		},
	}
}

// CredentialDiagnostic says why a credential cannot be used; source begins the sentence and tells where it came from.
func CredentialDiagnostic(attribute path.Path, source string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(attribute, "Invalid Alphamoon API key", source+
		" is not a usable Alphamoon API key: "+err.Error()+
		". Copy it once more from where it was stored when it was created.")
}
