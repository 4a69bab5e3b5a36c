// Package validators holds the rules for single arguments. They need neither the network nor the
// clock, so that a configuration that was valid stays valid for ever. Unknown and null values pass: the first
// are checked when they become known, the second are the schema's business.
package validators

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// rule is a rule about a string that is known and not null.
type rule struct {
	must    string // completes the sentence "value must …"
	summary string // of the error
	// refuse says what is wrong with the value and what to do, or nothing.
	refuse func(ctx context.Context, value string, request validator.StringRequest) string
}

func (r rule) Description(context.Context) string         { return "value must " + r.must }
func (r rule) MarkdownDescription(context.Context) string { return "value must " + r.must }

func (r rule) ValidateString(ctx context.Context, request validator.StringRequest, response *validator.StringResponse) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	if detail := r.refuse(ctx, request.ConfigValue.ValueString(), request); detail != "" {
		response.Diagnostics.AddAttributeError(request.Path, r.summary, detail)
	}
}

// cut is a value as messages quote it: its beginning, if it is long.
func cut(value string) string {
	const longest = 300
	characters := 0
	for i := range value {
		if characters++; characters > longest {
			return value[:i] + "…"
		}
	}
	return value
}
