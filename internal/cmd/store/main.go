// Command store is a provider for the tests: its one resource is a secret store with a write-only argument, as the
// stores of clouds have. It writes the secret to a file when the version beside it changes, and never keeps it.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return store{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/alphamoon/store", ProtocolVersion: 6})
	if err != nil {
		log.Fatal(err)
	}
}

type store struct{}

func (store) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "store"
}

func (store) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (store) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (store) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (store) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return secret{} }}
}

type secret struct{}

func (secret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "store_secret"
}

func (secret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"file":             schema.StringAttribute{Required: true},
		"value_wo":         schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
		"value_wo_version": schema.Int64Attribute{Optional: true},
	}}
}

// write puts the secret where a program would find it.
func write(ctx context.Context, config tfsdk.Config) (diags diag.Diagnostics) {
	var file, value types.String
	diags.Append(config.GetAttribute(ctx, path.Root("file"), &file)...)
	diags.Append(config.GetAttribute(ctx, path.Root("value_wo"), &value)...)
	if !diags.HasError() && !value.IsNull() {
		if err := os.WriteFile(file.ValueString(), []byte(value.ValueString()), 0o600); err != nil {
			diags.AddError("Secret cannot be stored", err.Error())
		}
	}
	return diags
}

func (secret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(write(ctx, req.Config)...)
}

func (secret) Read(_ context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	resp.State.Raw = req.State.Raw
}

func (secret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(write(ctx, req.Config)...)
}

func (secret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
