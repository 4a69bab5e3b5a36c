// Command bare is the floor that the benchmark measures against: a provider with the schema of the real resource
// that talks to nobody. Creating makes values up, and reading returns the state.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
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

func (bare) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return key{} }}
}

type key struct{}

func (key) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "bare_process_api_key"
}

func (key) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	provider.New(provider.Options{})().Resources(ctx)[0]().Schema(ctx, req, resp)
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

// ModifyPlan replaces a key for other triggers, so that a rotation can be compared.
func (key) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	var before, after types.Map
	triggers := path.Root("rotation_triggers")
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, triggers, &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, triggers, &after)...)
	if !before.Equal(after) {
		resp.RequiresReplace.Append(triggers)
	}
}

func (key) Read(_ context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	resp.State.Raw = req.State.Raw
}

func (key) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
}

func (key) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
