package validators

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// WholeNumber accepts a whole number within bounds, both included. It is for number attributes: the framework's
// integer attributes answer a fraction with a message that calls it a defect of the provider.
func WholeNumber(lowest, highest int64) validator.Number {
	return wholeNumber{lowest: lowest, highest: highest}
}

type wholeNumber struct{ lowest, highest int64 }

func (v wholeNumber) Description(context.Context) string {
	return fmt.Sprintf("value must be a whole number from %d to %d", v.lowest, v.highest)
}

func (v wholeNumber) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v wholeNumber) ValidateNumber(_ context.Context, request validator.NumberRequest,
	response *validator.NumberResponse,
) {
	if request.ConfigValue.IsNull() || request.ConfigValue.IsUnknown() {
		return
	}
	number := request.ConfigValue.ValueBigFloat()
	whole, _ := number.Int64()
	if !number.IsInt() || whole < v.lowest || whole > v.highest {
		response.Diagnostics.AddAttributeError(request.Path, "Invalid number",
			fmt.Sprintf("%s is %s, but must be a whole number from %d to %d.", request.Path, number.Text('g', 10), v.lowest,
				v.highest))
	}
}
