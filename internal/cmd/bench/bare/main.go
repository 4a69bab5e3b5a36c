// Command bare is the floor that the benchmark measures against: a provider with the schema of the real resource
// that talks to nobody. Creating makes values up, and reading returns the state.
package main

import (
	"context"
	"log"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

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

func (bare) Metadata(_ context.Context, _ framework.MetadataRequest, response *framework.MetadataResponse) {
	response.TypeName = "bare"
}

func (bare) Schema(context.Context, framework.SchemaRequest, *framework.SchemaResponse) {}

func (bare) Configure(context.Context, framework.ConfigureRequest, *framework.ConfigureResponse) {}

func (bare) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (bare) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return key{} }}
}

type key struct{}

func (key) Metadata(_ context.Context, _ resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = "bare_process_api_key"
}

func (key) Schema(ctx context.Context, request resource.SchemaRequest, response *resource.SchemaResponse) {
	provider.New(provider.Options{Now: time.Now})().Resources(ctx)[0]().Schema(ctx, request, response) //nolint:forbidigo // nothing asks it
}

func (key) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	response.State.Raw = request.Plan.Raw
	for _, name := range []string{"id", "organization_id", "status", "created_at", "expires_at", "rotates_at", "key", "encrypted_key"} {
		var value types.String
		response.Diagnostics.Append(request.Plan.GetAttribute(ctx, path.Root(name), &value)...)
		if value.IsUnknown() {
			response.Diagnostics.Append(response.State.SetAttribute(ctx, path.Root(name), "2099-01-01T00:00:00Z")...)
		}
	}
}

func (key) Read(_ context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	response.State.Raw = request.State.Raw
}

func (key) Update(_ context.Context, request resource.UpdateRequest, response *resource.UpdateResponse) {
	response.State.Raw = request.Plan.Raw
}

func (key) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
