// Package validators holds the rules for single arguments, one a file. They need neither the network nor the
// clock, so that a configuration that was valid stays valid for ever. Unknown and null values pass: the first
// are checked when they become known, the second are the schema's business.
package validators

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// text is a rule about a string that is known and not null.
type text struct {
	// description completes the sentence "value must …".
	description string
	// check adds its findings to the response.
	check func(value string, request validator.StringRequest, response *validator.StringResponse)
}

func (v text) Description(context.Context) string         { return "value must " + v.description }
func (v text) MarkdownDescription(context.Context) string { return "value must " + v.description }

func (v text) ValidateString(_ context.Context, request validator.StringRequest, response *validator.StringResponse) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	v.check(request.ConfigValue.ValueString(), request, response)
}
