package validators

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// ShorterThan accepts a duration shorter than the one in the attribute of the given name. What is no duration
// on either side is left to [Duration].
func ShorterThan(other string) validator.String { return shorterThan{other: other} }

type shorterThan struct{ other string }

func (v shorterThan) Description(context.Context) string {
	return "value must be shorter than " + v.other
}

func (v shorterThan) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v shorterThan) ValidateString(ctx context.Context, request validator.StringRequest,
	response *validator.StringResponse,
) {
	var other types.String
	response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root(v.other), &other)...)
	// The text of a null or unknown value is empty and so no duration.
	short, shortErr := rotation.ParseDuration(request.ConfigValue.ValueString())
	long, longErr := rotation.ParseDuration(other.ValueString())
	if response.Diagnostics.HasError() || shortErr != nil || longErr != nil || short < long {
		return
	}
	response.Diagnostics.AddAttributeError(request.Path, "Duration too long",
		fmt.Sprintf("%s is %q and must be shorter than %s, which is %q: otherwise every new key would be due at once.",
			request.Path, request.ConfigValue.ValueString(), v.other, other.ValueString()))
}
