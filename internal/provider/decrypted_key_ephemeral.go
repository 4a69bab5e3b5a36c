package provider

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
)

const (
	identityVariable     = "ALPHAMOON_AGE_IDENTITY"
	identityFileVariable = "ALPHAMOON_AGE_IDENTITY_FILE"
)

func newDecryptedKeyEphemeral() ephemeral.EphemeralResource { return decryptedKeyEphemeral{} }

// decryptedKeyEphemeral opens an encrypted key for the run. It needs neither the service nor the provider's
// configuration.
type decryptedKeyEphemeral struct{}

var _ ephemeral.EphemeralResource = decryptedKeyEphemeral{}

type decryptedKeyModel struct {
	EncryptedKey types.String `tfsdk:"encrypted_key"`
	Identities   types.List   `tfsdk:"identities"`
	Required     types.Bool   `tfsdk:"required"`
	Key          types.String `tfsdk:"key"`
}

func (decryptedKeyEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_decrypted_key"
}

func (decryptedKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Decrypts the `encrypted_key` of a key for the duration of a run, to pass it to write-only " +
			"arguments and provisioners. " +
			"It is never stored in state or plan files, and no request is sent.",
		Attributes: map[string]schema.Attribute{
			"encrypted_key": schema.StringAttribute{
				MarkdownDescription: "The attribute `encrypted_key` of a key: an armored age file.",
				Required:            true,
			},
			"identities": schema.ListAttribute{
				MarkdownDescription: "Private keys of age or SSH, as text of an identity file; an element may hold " +
					"several. One that matches is enough. " +
					"Default: the environment variable `ALPHAMOON_AGE_IDENTITY` (the text), else " +
					"`ALPHAMOON_AGE_IDENTITY_FILE` (a path).",
				Optional:    true,
				Sensitive:   true,
				ElementType: texts,
				Validators:  []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()},
			},
			"required": schema.BoolAttribute{
				MarkdownDescription: "Whether it is an error that there is no identity. With `false`, `key` is null " +
					"then, so that a plan can run without the identity: " +
					"`required = terraform.applying`. An identity that does not match is always an error. Default: `true`.",
				Optional: true,
			},
			"key": schema.StringAttribute{MarkdownDescription: keyDescription, Computed: true, Sensitive: true},
		},
	}
}

// Open decrypts. While the key is replaced, encrypted_key is unknown, and Terraform waits with the opening.
func (decryptedKeyEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model decryptedKeyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	identities, diags := findIdentities(model)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.Key = types.StringNull()
	if len(identities) > 0 {
		key, err := encryption.Decrypt(model.EncryptedKey.ValueString(), identities)
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("encrypted_key"), "Key could not be decrypted",
				fmt.Sprintf("The encrypted key could not be decrypted: %s Give an identity that belongs to one of the "+
					"recipients in encrypt_to.", sentence(err.Error())))
			return
		}
		model.Key = types.StringValue(key)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}

// findIdentities looks into the argument and the environment. No identity is an error unless the configuration says
// otherwise.
func findIdentities(model decryptedKeyModel) (identities []string, diags diag.Diagnostics) {
	if !model.Identities.IsNull() {
		return elements(model.Identities.Elements()), nil
	}
	if text := os.Getenv(identityVariable); strings.TrimSpace(text) != "" {
		return []string{text}, nil
	}
	if name := strings.TrimSpace(os.Getenv(identityFileVariable)); name != "" {
		text, err := os.ReadFile(name) //nolint:gosec // the user names the file
		if err != nil {
			diags.AddError("Identity file cannot be read", fmt.Sprintf("The file that the environment variable %s names "+
				"cannot be read: %s Correct the path or the file's permissions.", identityFileVariable,
				sentence(innermost(err).Error())))
			return nil, diags
		}
		return []string{string(text)}, nil
	}
	if model.Required.IsNull() || model.Required.ValueBool() {
		diags.AddAttributeError(path.Root("identities"), "Missing identity",
			fmt.Sprintf("There is no identity to decrypt the key with. Set the argument identities, the environment "+
				"variable %s to the text of an identity file, or %s to its path; or set required = terraform.applying if "+
				"only the apply has it.", identityVariable, identityFileVariable))
	}
	return nil, diags
}
