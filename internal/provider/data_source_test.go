package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestSetResultLeavesTheArgumentsAlone: the framework still has the configuration.
func TestSetResultLeavesTheArgumentsAlone(t *testing.T) {
	t.Parallel()
	list := tftypes.List{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String}}}
	kind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"total": tftypes.Number, "things": list}}
	arguments := tftypes.NewValue(kind, object{"total": tftypes.NewValue(tftypes.Number, nil), "things": tftypes.NewValue(list, nil)})
	before := arguments.Copy()
	var resp datasource.ReadResponse
	setResult(&resp, arguments, object{"total": tftypes.NewValue(tftypes.Number, 1)}, "things", []string{"a"}, func(name string) object {
		return object{"name": textOrNull(name)}
	})
	if !arguments.Equal(before) || resp.State.Raw.Equal(before) {
		t.Errorf("the arguments are %s, the result is %s", arguments, resp.State.Raw)
	}
}
