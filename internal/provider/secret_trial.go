package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// adoptsSecret reports whether a change in place takes over the secret that the configuration gives in key_wo. A key whose
// secret is in the state ignores it: the secret of a new key is another one.
func adoptsSecret(config, state apiKeyModel) bool {
	return !config.KeyWO.IsNull() && !state.hasSecret()
}

// expectSecret plans the taking over of a secret. The version moves, so that a store that is written in the same apply gets it.
func (m *apiKeyModel) expectSecret() {
	m.Key, m.EncryptedKey, m.KeyVersion = types.StringUnknown(), types.StringUnknown(), types.Int64Unknown()
	settleSecret(m)
}

// adoptSecret tries the secret of an adopted key and puts it into the model that the apply stores. Nothing changes unless the
// service accepts it.
func (r *apiKeyResource) adoptSecret(ctx context.Context, config, state apiKeyModel, model *apiKeyModel, resp *resource.UpdateResponse) {
	model.Key, model.EncryptedKey, model.KeyVersion = state.Key, state.EncryptedKey, state.KeyVersion
	if config.KeyWO.IsNull() {
		return // it was not known in the plan
	}
	diags := &resp.Diagnostics
	client := r.data.requireClient("try the secret of an adopted key", diags)
	credential, err := alphamoon.ParseCredential(config.KeyWO.ValueString())
	if err != nil {
		diags.Append(validators.CredentialDiagnostic(path.Root("key_wo"), "The value", err))
	}
	file := model.openEncryption(ctx, diags)
	if diags.HasError() {
		return
	}
	keys := r.kind.keys(client, model.ProcessID.ValueString())
	switch err := keys.Try(ctx, credential.Secret); {
	case alphamoon.IsUnauthorized(err):
		diags.AddAttributeError(path.Root("key_wo"), "Secret was refused", fmt.Sprintf("The service refused the secret that key_wo gives "+
			"for the key %s: %s Nothing was changed. If it is another key's secret, correct key_wo. If nobody has the right one, remove "+
			"key_wo: the key is then adopted without its secret.", model.describe(), sentence(reason(err))))
		return
	case err != nil:
		diags.Append(r.data.failure(r.kind.advice, err, fmt.Sprintf("try the secret that key_wo gives for the key %s, so nothing was "+
			"changed", model.describe()))...)
		return
	}
	if err := model.sealSecret(credential.Secret, file); err != nil {
		diags.AddAttributeError(path.Root("encrypted_key"), "Secret could not be encrypted", fmt.Sprintf("The secret that key_wo gives "+
			"for the key %s could not be encrypted, so nothing was changed: %s Apply again.", model.describe(), sentence(err.Error())))
		return
	}
	at := time.Unix(max(r.data.now().Unix(), state.KeyVersion.ValueInt64()+1), 0)
	model.KeyVersion = types.Int64Value(keys.Renumber(model.Name.ValueString(), at))
	if !model.EncryptedKey.IsNull() {
		diags.Append(resp.Private.SetKey(ctx, fingerprintNote, newFingerprint(credential.Secret))...)
	}
}

// awaitAcceptance tries the secret of a new key where the old one is revoked next, and warns if the service still refuses it: a
// program that gets the new key then is without one that works.
func (k apiKeyKind) awaitAcceptance(
	ctx context.Context, client *alphamoon.Client, model apiKeyModel, secret redact.Secret,
) diag.Diagnostics {
	if !model.RevokeOnDestroy.ValueBool() || k.keys(client, model.ProcessID.ValueString()).AwaitAcceptance(ctx, secret) {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(fmt.Sprintf("Key %s is not accepted yet", model.describe()),
		fmt.Sprintf("The service created the key of %s, and answers it with 401. If this is a rotation, the old key is revoked now, so "+
			"that programs may be without a key that works for a while. If the service does not accept the new key soon, replace it once "+
			"more.", k.owner(model.ProcessID.ValueString())))}
}
