package provider_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// block is an object of a configuration.
type block struct {
	mode, kind, address string
	config              tftypes.Value
}

// parsed is a configuration.
type parsed struct {
	text     string
	provider tftypes.Value
	blocks   []block
}

// parse reads a configuration.
func (s *session) parse(config string) parsed {
	s.t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(config), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		s.t.Fatal(diags)
	}
	read := parsed{text: config, provider: s.evaluate(&hclsyntax.Body{}, s.schemas.Provider)}
	for _, found := range file.Body.(*hclsyntax.Body).Blocks {
		if found.Type == "provider" {
			read.provider = s.evaluate(found.Body, s.schemas.Provider)
			continue
		}
		schema := map[string]map[string]*tfprotov6.Schema{
			"resource": s.schemas.ResourceSchemas, "data": s.schemas.DataSourceSchemas, "ephemeral": s.schemas.EphemeralResourceSchemas,
		}[found.Type][found.Labels[0]]
		if schema == nil {
			s.t.Fatalf("%s %q needs a real Terraform", found.Type, found.Labels)
		}
		address := strings.Join(found.Labels, ".")
		if found.Type != "resource" {
			address = found.Type + "." + address
		}
		read.blocks = append(read.blocks, block{found.Type, found.Labels[0], address, s.evaluate(found.Body, schema)})
	}
	return read
}

// evaluate converts the arguments of a block into the types of its schema.
func (s *session) evaluate(body *hclsyntax.Body, schema *tfprotov6.Schema) tftypes.Value {
	s.t.Helper()
	kind := schema.ValueType()
	signature, err := json.Marshal(kind)
	if err != nil {
		s.t.Fatal(err)
	}
	object, err := ctyjson.UnmarshalType(signature)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(body.Blocks) > 0 {
		s.t.Fatalf("the block %q needs a real Terraform", body.Blocks[0].Type)
	}
	arguments := map[string]cty.Value{}
	for name, attributeType := range object.AttributeTypes() {
		arguments[name] = cty.NullVal(attributeType)
	}
	for name, argument := range body.Attributes {
		value, diags := argument.Expr.Value(nil)
		if _, ok := arguments[name]; !ok || diags.HasErrors() {
			s.t.Fatalf("the argument %s needs a real Terraform: %s", name, diags)
		}
		if arguments[name], err = convert.Convert(value, arguments[name].Type()); err != nil {
			s.t.Fatalf("Terraform itself refuses %s: %v", name, err)
		}
	}
	for _, attribute := range schema.Block.Attributes {
		if attribute.Required && arguments[attribute.Name].IsNull() {
			s.t.Fatalf("Terraform itself misses %s", attribute.Name)
		}
	}
	encoded, err := msgpack.Marshal(cty.ObjectVal(arguments), object)
	if err != nil {
		s.t.Fatal(err)
	}
	value, err := (&tfprotov6.DynamicValue{MsgPack: encoded}).Unmarshal(kind)
	if err != nil {
		s.t.Fatal(err)
	}
	return value
}

// attributeOf is an attribute of an object.
func attributeOf(object tftypes.Value, name string) tftypes.Value {
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		panic(err)
	}
	return attributes[name]
}

// withAttribute is an object with another value of an attribute.
func withAttribute(object tftypes.Value, name string, value tftypes.Value) tftypes.Value {
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		panic(err)
	}
	attributes = maps.Clone(attributes)
	attributes[name] = value
	return tftypes.NewValue(object.Type(), attributes)
}

// attributesOf is an object in Go's own types: nil, string, bool, float64, []any and values.
func attributesOf(t testing.TB, object tftypes.Value) values {
	t.Helper()
	signature, err := json.Marshal(object.Type())
	if err != nil {
		t.Fatal(err)
	}
	kind, err := ctyjson.UnmarshalType(signature)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := tfprotov6.NewDynamicValue(object.Type(), object)
	if err != nil {
		t.Fatal(err)
	}
	value, err := msgpack.Unmarshal(encoded.MsgPack, kind)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ctyjson.Marshal(value, kind)
	if err != nil {
		t.Fatal(err)
	}
	var attributes values
	if err := json.Unmarshal(raw, &attributes); err != nil {
		t.Fatal(err)
	}
	return attributes
}
