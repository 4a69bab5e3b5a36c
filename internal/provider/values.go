package provider

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// field ties an attribute of an object to a variable. The framework does the same by reflection, which took a third
// of the provider's time in a plan of many keys.
type field struct {
	name string
	kind attr.Type
	set  func(attr.Value)
	get  func() attr.Value
}

// bind makes a field. kind is the type of the attribute.
func bind[T attr.Value](name string, kind attr.Type, variable *T) field {
	return field{name, kind, func(value attr.Value) { *variable = value.(T) }, func() attr.Value { return *variable }}
}

func bindString(name string, variable *types.String) field {
	return bind(name, types.StringType, variable)
}

func bindSet(name string, variable *types.Set) field {
	return bind(name, types.SetType{ElemType: texts}, variable)
}

func bindBool(name string, variable *types.Bool) field { return bind(name, types.BoolType, variable) }

// texts is the type of the elements of all collections here.
var texts = types.StringType

// loadObject fills variables from an object. What the object does not have is null.
func loadObject(ctx context.Context, object tftypes.Value, fields []field) diag.Diagnostics {
	var attributes map[string]tftypes.Value
	err := object.As(&attributes)
	for _, field := range fields {
		raw, ok := attributes[field.name]
		if !ok {
			raw = tftypes.NewValue(field.kind.TerraformType(ctx), nil)
		}
		value, problem := field.kind.ValueFromTerraform(ctx, raw)
		if err = cmp.Or(err, problem); err != nil {
			return defect("A value of Terraform's cannot be read: " + err.Error())
		}
		field.set(value)
	}
	return nil
}

// storeObject is the reverse of loadObject. Each attribute of the object's type has a field.
func storeObject(ctx context.Context, object *tftypes.Value, fields []field) diag.Diagnostics {
	attributes := map[string]tftypes.Value{}
	for _, field := range fields {
		if _, ok := object.Type().(tftypes.Object).AttributeTypes[field.name]; !ok {
			continue
		}
		value, err := field.get().ToTerraformValue(ctx)
		if err != nil {
			return defect("A value cannot be written: " + err.Error())
		}
		attributes[field.name] = value
	}
	*object = tftypes.NewValue(object.Type(), attributes)
	return nil
}

// defect reports what cannot happen unless this provider is wrong.
func defect(what string) diag.Diagnostics {
	return diag.Diagnostics{diag.NewErrorDiagnostic("Defect in the Alphamoon provider", what+". Please report this.")}
}

// elements returns the strings of a known collection.
func elements(values []attr.Value) []string {
	result := make([]string, 0, len(values))
	for _, value := range values {
		if text, ok := value.(types.String); ok {
			result = append(result, text.ValueString())
		}
	}
	return result
}

// stringSet makes a set of strings.
func stringSet(values []string) types.Set {
	elements := make([]attr.Value, 0, len(values))
	for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
		elements = append(elements, types.StringValue(value))
	}
	return types.SetValueMust(texts, elements)
}

// wholeNumber returns the value of a validated number, 0 if it is null.
func wholeNumber(value types.Number) int {
	if value.IsNull() || value.IsUnknown() {
		return 0
	}
	number, _ := value.ValueBigFloat().Int64()
	return int(number)
}

func formatInstant(instant time.Time) string { return instant.UTC().Format(time.RFC3339) }

// parseInstant reads an attribute; false if it holds no instant.
func parseInstant(value types.String) (time.Time, bool) {
	instant, err := rotation.ParseInstant(value.ValueString())
	return instant, err == nil
}

// isInstant reports whether an attribute holds that second, however it is written.
func isInstant(value types.String, instant time.Time) bool {
	current, known := parseInstant(value)
	return known && alphamoon.SameSecond(current, instant)
}

// instantOrEmpty writes an instant, the empty text if it is not known.
func instantOrEmpty(instant time.Time) string {
	if instant.IsZero() {
		return ""
	}
	return formatInstant(instant)
}

func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
