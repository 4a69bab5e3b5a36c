package validators

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

const invalidBaseURL = "Invalid base URL"

// BaseURL accepts the address of the service.
func BaseURL() validator.String {
	return rule{
		"be an absolute https address; http only for a loopback host", invalidBaseURL,
		func(_ context.Context, value string, request validator.StringRequest) string {
			if _, err := alphamoon.ParseBaseURL(value); err != nil {
				return BaseURLDiagnostic(request.Path, "The value", err).Detail()
			}
			return ""
		},
	}
}

// BaseURLDiagnostic says why an address cannot be used; source begins the sentence and says where it came from.
// The address itself is not repeated, because it may hold a password.
func BaseURLDiagnostic(attribute path.Path, source string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(attribute, invalidBaseURL,
		source+" cannot be used as the address of the service: "+err.Error()+".")
}

const invalidCredential = "Invalid Alphamoon API key"

// Credential accepts an Alphamoon API key. Its error never repeats the value.
func Credential() validator.String {
	return rule{
		"be an Alphamoon API key, user:pass", invalidCredential,
		func(_ context.Context, value string, request validator.StringRequest) string {
			if _, err := alphamoon.ParseCredential(value); err != nil {
				return CredentialDiagnostic(request.Path, "The value", err).Detail()
			}
			return ""
		},
	}
}

// CredentialDiagnostic says why a credential cannot be used; source begins the sentence and says where it came from.
func CredentialDiagnostic(attribute path.Path, source string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(attribute, invalidCredential, source+" is not a usable Alphamoon API key: "+
		err.Error()+".")
}
