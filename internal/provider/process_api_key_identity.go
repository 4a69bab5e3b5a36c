package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// processAPIKeyIdentity tells a key from every other key of the service.
type processAPIKeyIdentity struct {
	ProcessID types.String `tfsdk:"process_id"`
	ID        types.String `tfsdk:"id"`
}

func (r *processAPIKeyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, response *resource.IdentitySchemaResponse) {
	response.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"process_id": identityschema.StringAttribute{Description: "The process that the key gives access to.", RequiredForImport: true},
			"id":         identityschema.StringAttribute{Description: "The id of the key.", RequiredForImport: true},
		},
	}
}

// identify writes the identity of a key beside its state.
func (m *processAPIKeyModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	return identity.Set(ctx, processAPIKeyIdentity{ProcessID: m.ProcessID, ID: m.ID})
}
