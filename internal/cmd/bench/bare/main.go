// Command bare is the floor that the benchmark measures against: a provider with the schema of the real resource
// that talks to nobody. Creating makes values up, and reading returns the state.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/tuning"
)

func main() {
	tuning.Prepare()
	err := providerserver.Serve(context.Background(), func() framework.Provider { return bare{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/alphamoon/bare", ProtocolVersion: 6})
	if err != nil {
		log.Fatal(err)
	}
}

type bare struct{}

func (bare) Metadata(_ context.Context, _ framework.MetadataRequest, resp *framework.MetadataResponse) {
	resp.TypeName = "bare"
}

func (bare) Schema(context.Context, framework.SchemaRequest, *framework.SchemaResponse) {}

func (bare) Configure(context.Context, framework.ConfigureRequest, *framework.ConfigureResponse) {}

func (bare) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (bare) Resources(ctx context.Context) []func() resource.Resource {
	actual := provider.New(provider.Options{})().Resources(ctx)[0]
	return []func() resource.Resource{func() resource.Resource { return key{actual()} }}
}

// key takes its schema from the real resource. The benchmark updates none in place.
type key struct{ resource.Resource }

func (key) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "bare_process_api_key"
}

func (key) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var err error
	// Whatever the real provider would compute is made up, attributes that are added later included.
	resp.State.Raw, err = tftypes.Transform(req.Plan.Raw, func(_ *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		switch {
		case value.IsKnown():
			return value, nil
		case value.Type().Is(tftypes.Number):
			return tftypes.NewValue(tftypes.Number, 1), nil
		default:
			return tftypes.NewValue(value.Type(), "2099-01-01T00:00:00Z"), nil
		}
	})
	if err != nil {
		resp.Diagnostics.AddError("Values cannot be made up", err.Error())
	}
}

func (key) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (key) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
