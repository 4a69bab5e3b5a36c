package validators

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// AboveZero accepts a number above zero.
func AboveZero() validator.Float64 {
	return numberRule{"be above zero, like 5 or 0.5", func(number *big.Float) bool { return number.Sign() > 0 }}
}

// WholeNumber accepts a whole number within bounds, both included. It is for number attributes: the framework's
// integer attributes answer a fraction with a message that calls it a defect of the provider.
func WholeNumber(lowest, highest int64) validator.Number {
	return numberRule{fmt.Sprintf("be a whole number from %d to %d", lowest, highest), func(number *big.Float) bool {
		whole, accuracy := number.Int64()
		return accuracy == big.Exact && lowest <= whole && whole <= highest
	}}
}

// numberRule is a rule about a number that is known and not null.
type numberRule struct {
	must    string // completes the sentence "value must …"
	accepts func(*big.Float) bool
}

func (r numberRule) Description(context.Context) string         { return "value must " + r.must }
func (r numberRule) MarkdownDescription(context.Context) string { return "value must " + r.must }

func (r numberRule) ValidateFloat64(_ context.Context, request validator.Float64Request, response *validator.Float64Response) {
	if value := request.ConfigValue; !value.IsNull() && !value.IsUnknown() {
		r.validate(request.Path, big.NewFloat(value.ValueFloat64()), &response.Diagnostics)
	}
}

func (r numberRule) ValidateNumber(_ context.Context, request validator.NumberRequest, response *validator.NumberResponse) {
	if value := request.ConfigValue; !value.IsNull() && !value.IsUnknown() {
		r.validate(request.Path, value.ValueBigFloat(), &response.Diagnostics)
	}
}

func (r numberRule) validate(attribute path.Path, number *big.Float, diags *diag.Diagnostics) {
	if !r.accepts(number) {
		diags.AddAttributeError(attribute, "Invalid number", fmt.Sprintf("%s is %s, but must %s.", attribute, written(number), r.must))
	}
}

// written writes a number, unless it takes long: that of a thousand million digits does.
func written(number *big.Float) string {
	const longest = 2000 // binary digits
	if exponent := number.MantExp(nil); exponent > longest || exponent < -longest {
		return "beyond all numbers in use"
	}
	return number.Text('g', 10)
}
