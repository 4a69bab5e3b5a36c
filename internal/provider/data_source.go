package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// configuredDataSource is a data source that needs the provider's configuration.
type configuredDataSource struct {
	// name is the data source's type without the provider's name.
	name string
	data *providerData
}

func (d *configuredDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *configuredDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.data = providerDataFrom(req.ProviderData, &resp.Diagnostics)
}

// computedText is an attribute that a data source fills in.
func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

// object holds the attributes of one object of a result. Results are built from plain values: to have the framework build
// them from structs takes three times as long and twice the memory, which shows in processes with thousands of keys.
type object = map[string]tftypes.Value

// textOrNull is null for an empty text.
func textOrNull(text string) tftypes.Value {
	if text == "" {
		return tftypes.NewValue(tftypes.String, nil)
	}
	return tftypes.NewValue(tftypes.String, text)
}

// textSet is null for nil, which stands for a set that is missing.
func textSet(texts []string) tftypes.Value {
	kind := tftypes.Set{ElementType: tftypes.String}
	if texts == nil {
		return tftypes.NewValue(kind, nil)
	}
	elements := make([]tftypes.Value, len(texts))
	for i, text := range texts {
		elements[i] = tftypes.NewValue(tftypes.String, text)
	}
	return tftypes.NewValue(kind, elements)
}

// setResult sets the result of a data source: its arguments, the computed attributes, and a list of objects under a name.
func setResult[T any](resp *datasource.ReadResponse, arguments tftypes.Value, computed object,
	name string, elements []T, describe func(T) object,
) {
	var result object
	_ = arguments.As(&result)   // they were read before
	result = maps.Clone(result) // they are the framework's
	list := result[name].Type().(tftypes.List)
	objects := make([]tftypes.Value, len(elements))
	for i, element := range elements {
		objects[i] = tftypes.NewValue(list.ElementType, describe(element))
	}
	maps.Copy(result, computed)
	result[name] = tftypes.NewValue(list, objects)
	resp.State.Raw = tftypes.NewValue(arguments.Type(), result)
}
