package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// statusExpired is what the provider calls a key that is gone after its expiry. The service documents no such
// status of its own.
const statusExpired = "Expired"

type processAPIKeyModel struct {
	ProcessID               types.String `tfsdk:"process_id"`
	Name                    types.String `tfsdk:"name"`
	Scopes                  types.Set    `tfsdk:"scopes"`
	ExpiresAt               types.String `tfsdk:"expires_at"`
	ExpiresIn               types.String `tfsdk:"expires_in"`
	RotateBeforeExpiry      types.String `tfsdk:"rotate_before_expiry"`
	RotationTriggers        types.Map    `tfsdk:"rotation_triggers"`
	RevokeOnDestroy         types.Bool   `tfsdk:"revoke_on_destroy"`
	AllowUndocumentedScopes types.Bool   `tfsdk:"allow_undocumented_scopes"`
	EncryptTo               types.List   `tfsdk:"encrypt_to"`
	ID                      types.String `tfsdk:"id"`
	OrganizationID          types.String `tfsdk:"organization_id"`
	Status                  types.String `tfsdk:"status"`
	CreatedAt               types.String `tfsdk:"created_at"`
	RotatesAt               types.String `tfsdk:"rotates_at"`
	Key                     types.String `tfsdk:"key"`
	EncryptedKey            types.String `tfsdk:"encrypted_key"`
}

// importedModel is the state of a key of which only the listing is known: no secret, and no settings.
func importedModel(processID types.String) processAPIKeyModel {
	return processAPIKeyModel{
		ProcessID:               processID,
		RotationTriggers:        types.MapNull(types.StringType),
		EncryptTo:               types.ListNull(types.StringType),
		RevokeOnDestroy:         types.BoolValue(false),
		AllowUndocumentedScopes: types.BoolValue(false),
	}
}

// request translates a plan into what the API is asked for. With expires_in the expiry counts from now.
func (m *processAPIKeyModel) request(ctx context.Context, now time.Time, diags *diag.Diagnostics) alphamoon.ProcessAPIKeyRequest {
	request := alphamoon.ProcessAPIKeyRequest{Name: m.Name.ValueString()}
	diags.Append(m.Scopes.ElementsAs(ctx, &request.Scopes, false)...)
	if m.ExpiresIn.IsNull() {
		expiresAt, err := rotation.ParseInstant(m.ExpiresAt.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("expires_at"), "Invalid date", err.Error())
		}
		request.ExpiresAt = expiresAt
		return request
	}
	lifetime, err := rotation.ParseDuration(m.ExpiresIn.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("expires_in"), "Invalid duration", err.Error())
	}
	request.ExpiresAt = now.Add(lifetime)
	return request
}

// subject is what a creation from this plan is about.
func (m *processAPIKeyModel) subject() subject {
	expiry := "expires_in"
	if m.ExpiresIn.IsNull() {
		expiry = "expires_at"
	}
	return subject{
		name: m.Name.ValueString(), processID: m.ProcessID.ValueString(), expiry: expiry,
		revokes: m.RevokeOnDestroy.ValueBool(), revocation: "revoke_on_destroy",
	}
}

// take puts what the service says of the key into the state. Spellings that mean the same stay as they are.
func (m *processAPIKeyModel) take(ctx context.Context, key alphamoon.ProcessAPIKey, diags *diag.Diagnostics) {
	m.ID = types.StringValue(key.ID)
	m.Name = types.StringValue(key.Name)
	scopes, found := types.SetValueFrom(ctx, types.StringType, key.Scopes)
	diags.Append(found...)
	if !scopes.Equal(m.Scopes) {
		m.Scopes = scopes
	}
	m.OrganizationID = stringOrNull(key.OrganizationID)
	m.Status = stringOrNull(key.Status)
	m.CreatedAt = instantOrNull(key.CreatedAt.Time)
	if current, err := rotation.ParseInstant(m.ExpiresAt.ValueString()); err != nil || !alphamoon.SameSecond(current, key.ExpiresAt.Time) {
		m.ExpiresAt = instantOrNull(key.ExpiresAt.Time)
	}
	m.RotatesAt = m.rotatesAt()
}

// recipients returns whom the secret is encrypted to; none if it is kept in clear.
func (m *processAPIKeyModel) recipients(ctx context.Context, diags *diag.Diagnostics) []string {
	var recipients []string
	diags.Append(m.EncryptTo.ElementsAs(ctx, &recipients, false)...)
	for i, recipient := range recipients {
		if _, err := encryption.ParseRecipient(recipient); err != nil {
			diags.AddAttributeError(path.Root("encrypt_to").AtListIndex(i), "Invalid recipient", err.Error())
		}
	}
	return recipients
}

// keep puts the secret of a new key into the state, in clear or encrypted.
func (m *processAPIKeyModel) keep(secret alphamoon.Secret, recipients []string, diags *diag.Diagnostics) {
	m.Key, m.EncryptedKey = types.StringNull(), types.StringNull()
	switch {
	case secret.IsZero():
	case len(recipients) == 0:
		m.Key = types.StringValue(secret.Reveal())
	default:
		encrypted, err := encryption.Encrypt(secret.Reveal(), recipients)
		if err != nil {
			diags.AddAttributeError(path.Root("encrypted_key"), "Secret could not be encrypted",
				fmt.Sprintf("The key was created, and its secret is lost: %s. The key is kept in the state as tainted: the next apply replaces it.", err))
			return
		}
		m.EncryptedKey = types.StringValue(encrypted)
	}
}

// expiry returns the instant at which the key expires; false if it is not known.
func (m *processAPIKeyModel) expiry() (time.Time, bool) {
	expiresAt, err := rotation.ParseInstant(m.ExpiresAt.ValueString())
	return expiresAt, err == nil
}

// policy returns how the key is rotated. A window that is not known yet counts as none.
func (m *processAPIKeyModel) policy() rotation.Policy {
	// Both were validated, and what is null or unknown is no duration.
	lifetime, _ := rotation.ParseDuration(m.ExpiresIn.ValueString())
	window, _ := rotation.ParseDuration(m.RotateBeforeExpiry.ValueString())
	return rotation.Policy{Lifetime: lifetime, Window: window}
}

// rotatesAt derives the attribute of that name from the others.
func (m *processAPIKeyModel) rotatesAt() types.String {
	if m.ExpiresIn.IsNull() {
		return types.StringNull()
	}
	expiresAt, ok := m.expiry()
	if !ok || m.ExpiresIn.IsUnknown() || m.RotateBeforeExpiry.IsUnknown() {
		return types.StringUnknown()
	}
	rotatesAt, _ := m.policy().RotatesAt(expiresAt)
	return types.StringValue(formatInstant(rotatesAt))
}

// disabled reports whether the service says that the key no longer works.
func (m *processAPIKeyModel) disabled() bool {
	status := m.Status.ValueString()
	return status != "" && status != alphamoon.StatusActive
}

func formatInstant(instant time.Time) string { return instant.UTC().Format(time.RFC3339) }

func instantOrNull(instant time.Time) types.String {
	if instant.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(formatInstant(instant))
}

func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
