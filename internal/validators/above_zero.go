package validators

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// AboveZero accepts a number above zero.
func AboveZero() validator.Float64 { return aboveZero{} }

type aboveZero struct{}

func (aboveZero) Description(context.Context) string               { return "value must be above zero" }
func (v aboveZero) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (aboveZero) ValidateFloat64(_ context.Context, request validator.Float64Request, response *validator.Float64Response) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	if number := request.ConfigValue.ValueFloat64(); number <= 0 {
		response.Diagnostics.AddAttributeError(request.Path, "Invalid number",
			fmt.Sprintf("%s is %v, but must be above zero, like 5 or 0.5.", request.Path, number))
	}
}
