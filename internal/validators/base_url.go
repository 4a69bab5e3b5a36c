package validators

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// BaseURL accepts the address of the service.
func BaseURL() validator.String {
	return text{
		description: "be an absolute https address; http only for a loopback host",
		check: func(value string, request validator.StringRequest, response *validator.StringResponse) {
			if _, err := alphamoon.ParseBaseURL(value); err != nil {
				response.Diagnostics.Append(BaseURLDiagnostic(request.Path, "The value", err))
			}
		},
	}
}

// BaseURLDiagnostic says why an address cannot be used; source begins the sentence and tells where it came from.
// The address itself is not repeated, because it may hold a password.
func BaseURLDiagnostic(attribute path.Path, source string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(attribute, "Invalid base URL",
		source+" cannot be used as the address of the service: "+err.Error()+".")
}
