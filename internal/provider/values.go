package provider

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// field ties an attribute of an object to a variable. The framework does the same by reflection, which took a third
// of the provider's time in a plan of many keys.
type field struct {
	name string
	load func(context.Context, tftypes.Value) error
	// setNull sets the variable to a null of the attribute's type.
	setNull func(context.Context)
	// value is what the variable holds.
	value func() attr.Value
}

// bind makes a field. kind is the type of the attribute.
func bind[T attr.Value](name string, kind attr.Type, variable *T) field {
	load := func(ctx context.Context, raw tftypes.Value) error {
		value, err := kind.ValueFromTerraform(ctx, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		typed, ok := value.(T)
		if !ok {
			return fmt.Errorf("%s: %T instead of %T", name, value, *variable)
		}
		*variable = typed
		return nil
	}
	return field{name: name, load: load, value: func() attr.Value { return *variable }, setNull: func(ctx context.Context) {
		_ = load(ctx, tftypes.NewValue(kind.TerraformType(ctx), nil)) // a null has the type
	}}
}

func bindString(name string, variable *types.String) field {
	return bind(name, types.StringType, variable)
}

func bindBool(name string, variable *types.Bool) field { return bind(name, types.BoolType, variable) }

// texts is the type of the elements of all collections here.
var texts = types.StringType

// loadObject fills variables from an object. An attribute that the object does not have leaves its variable alone.
func loadObject(ctx context.Context, object tftypes.Value, fields []field) diag.Diagnostics {
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		return defect("A value of Terraform's cannot be read: " + err.Error())
	}
	for _, field := range fields {
		if raw, ok := attributes[field.name]; ok {
			if err := field.load(ctx, raw); err != nil {
				return defect("A value of Terraform's cannot be read: " + err.Error())
			}
		}
	}
	return nil
}

// storeObject is the reverse of loadObject: an object of the type, whose attributes that no field has are null.
func storeObject(ctx context.Context, kind tftypes.Type, fields []field) (tftypes.Value, diag.Diagnostics) {
	object, ok := kind.(tftypes.Object)
	if !ok {
		return tftypes.Value{}, defect("A value is no object")
	}
	attributes := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for _, field := range fields {
		if _, ok := object.AttributeTypes[field.name]; !ok {
			continue
		}
		value, err := field.value().ToTerraformValue(ctx)
		if err != nil {
			return tftypes.Value{}, defect("A value cannot be written: " + err.Error())
		}
		attributes[field.name] = value
	}
	for name, kind := range object.AttributeTypes {
		if _, ok := attributes[name]; !ok {
			attributes[name] = tftypes.NewValue(kind, nil)
		}
	}
	return tftypes.NewValue(kind, attributes), nil
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

func instantOrNull(instant time.Time) types.String {
	if instant.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(formatInstant(instant))
}

func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
