package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

const (
	identityVariable     = "ALPHAMOON_AGE_IDENTITY"
	identityFileVariable = "ALPHAMOON_AGE_IDENTITY_FILE"
)

// decryptedKeyEphemeral opens an encrypted key for the run. It needs neither the service nor the provider's
// configuration.
type decryptedKeyEphemeral struct{ getenv func(string) string }

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
		MarkdownDescription: "Decrypts the `encrypted_key` of a key for the length of a run. Pass the result to write-only " +
			"arguments and provisioners. Terraform stores it nowhere, and the provider sends no request for it.",
		Attributes: map[string]schema.Attribute{
			// Optional, because an adopted key has none and the framework's words for that would help nobody.
			"encrypted_key": schema.StringAttribute{
				MarkdownDescription: "The `encrypted_key` of a key. It is null without `encrypt_to`, and for an adopted key without " +
					"a secret.",
				Optional: true,
			},
			"identities": schema.ListAttribute{
				MarkdownDescription: "Private keys of age or SSH, each the text of an identity file. Default: the environment " +
					"variable `ALPHAMOON_AGE_IDENTITY` (the text), then `ALPHAMOON_AGE_IDENTITY_FILE` (a path).",
				Optional:    true,
				Sensitive:   true,
				ElementType: texts,
				Validators:  []validator.List{validators.FilledList("Name at least one identity, or remove the argument.")},
			},
			"required": schema.BoolAttribute{
				MarkdownDescription: "Whether a missing or wrong identity, or a null `encrypted_key`, is an error. If not, `key` is " +
					"null. Default: `true`. Use `terraform.applying` for plans without the identity.",
				Optional: true,
			},
			"key": schema.StringAttribute{MarkdownDescription: keyDescription, Computed: true, Sensitive: true},
		},
	}
}

// Open decrypts. While a new key is planned, encrypted_key is unknown, and Terraform opens it in the apply.
func (e decryptedKeyEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model decryptedKeyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	required := model.Required.IsNull() || model.Required.ValueBool()
	if required && model.EncryptedKey.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("encrypted_key"), "No encrypted secret",
			"There is nothing to decrypt, because encrypted_key is null. The key has no encrypt_to, or it was imported and its "+
				"secret is not known. Set encrypt_to on the key; then give its secret with key_wo, or replace it "+
				"(terraform apply -replace=ADDRESS).")
		return
	}
	model.Key = types.StringNull()
	if !model.EncryptedKey.IsNull() {
		key, problems := e.decryptKey(ctx, model, required)
		model.Key = key
		if !required {
			problems = asWarnings(problems, "Because required is false, key is null.")
		}
		resp.Diagnostics.Append(problems...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}

// decryptKey returns null without an identity, and where there is a problem.
func (e decryptedKeyEphemeral) decryptKey(
	ctx context.Context, model decryptedKeyModel, required bool,
) (key types.String, problems diag.Diagnostics) {
	identities, source := e.findIdentities(model, required, &problems)
	if problems.HasError() || len(identities) == 0 {
		return types.StringNull(), problems
	}
	text, err := encryption.Decrypt(ctx, model.EncryptedKey.ValueString(), identities)
	if err != nil {
		problems.AddAttributeError(path.Root("encrypted_key"), "Key could not be decrypted",
			fmt.Sprintf("The provider could not decrypt the key with %s: %s", source, sentence(err.Error())))
		return types.StringNull(), problems
	}
	return types.StringValue(text), problems
}

// asWarnings makes warnings of errors that do not stop anything. consequence says what happens instead.
func asWarnings(problems diag.Diagnostics, consequence string) (warnings diag.Diagnostics) {
	for _, problem := range problems {
		detail := problem.Detail() + " " + consequence
		if located, ok := problem.(diag.DiagnosticWithPath); ok {
			warnings.AddAttributeWarning(located.Path(), problem.Summary(), detail)
			continue
		}
		warnings.AddWarning(problem.Summary(), detail)
	}
	return warnings
}

// findIdentities looks in the argument, then in the environment. source names where it found them.
func (e decryptedKeyEphemeral) findIdentities(
	model decryptedKeyModel, required bool, diags *diag.Diagnostics,
) (identities []string, source string) {
	if !model.Identities.IsNull() {
		return elements(model.Identities.Elements()), "the argument identities"
	}
	if text := e.getenv(identityVariable); strings.TrimSpace(text) != "" {
		return []string{text}, "the environment variable " + identityVariable
	}
	if name := strings.TrimSpace(e.getenv(identityFileVariable)); name != "" {
		text, err := readIdentityFile(name)
		file := fmt.Sprintf("file %s, which the environment variable %s names", redact.Show(name), identityFileVariable)
		if !encryption.IsShowablePath(name) {
			file = "file that the environment variable " + identityFileVariable + " names"
		}
		switch {
		case err != nil && !encryption.IsShowablePath(name):
			diags.AddError("Identity file cannot be read", fmt.Sprintf("The environment variable %s seems to hold an identity "+
				"itself, not the path of a file. Put the identity into %s, or give the path.", identityFileVariable, identityVariable))
		case err != nil:
			diags.AddError("Identity file cannot be read", fmt.Sprintf("The %s, cannot be read: %s Correct the path or the permissions.",
				file, sentence(cmp.Or(errors.Unwrap(err), err).Error())))
		}
		return []string{string(text)}, "the " + file
	}
	if required {
		diags.AddAttributeError(path.Root("identities"), "Missing identity",
			fmt.Sprintf("There is no identity to decrypt the key with. Set the argument identities, or the environment "+
				"variable %s to the text of an identity file, or %s to its path. If only the apply has the identity, set "+
				"required = terraform.applying.", identityVariable, identityFileVariable))
	}
	return nil, ""
}

// maxIdentityFile is how much of an identity file is read: a path can lead to what never ends, like /dev/zero.
const maxIdentityFile = 1 << 20

func readIdentityFile(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxIdentityFile+1))
	if err == nil && len(text) > maxIdentityFile {
		err = errors.New("it is larger than 1 MiB")
	}
	return text, err
}
