package provider

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// warnedNote marks in the private data of a planned destruction that its warning was given with the plan, so that
// the apply does not repeat it.
const warnedNote = "warned"

// ModifyPlan decides what depends on the clock and on several attributes at once. It only decides: no planned
// value is derived from the present time, so that a plan may be applied later than it was made. Terraform asks
// twice about a replacement, the second time as if the new key were the first, and shows only the first warnings.
func (r *apiKeyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest,
	resp *resource.ModifyPlanResponse,
) {
	if r.data == nil {
		return
	}
	now := r.data.now()
	var state, plan, config apiKeyModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(state.load(ctx, req.State.Raw)...)
	}
	if !req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(plan.load(ctx, req.Plan.Raw)...)
		resp.Diagnostics.Append(config.load(ctx, req.Config.Raw)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	before := plan
	switch {
	case req.Plan.Raw.IsNull():
		if warning := r.kind.warnOfForgetting(now, state); warning != nil {
			resp.Diagnostics.Append(warning)
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, warnedNote, []byte("true"))...)
		}
		return
	case req.State.Raw.IsNull():
		resp.Diagnostics.Append(checkNewAPIKey(now, plan)...)
		if !r.data.destroyed.Load() {
			resp.Diagnostics.Append(r.kind.warnOfLostOverlap(config)...)
		}
		settleNewAPIKey(&plan)
	default:
		var diags diag.Diagnostics
		plan, resp.RequiresReplace, diags = planAPIKeyChange(now, config.ExpiresAt, state, plan)
		resp.Diagnostics.Append(diags...)
	}
	if !plan.EncryptTo.Equal(state.EncryptTo) {
		plan.openEncryption(ctx, &resp.Diagnostics)
	}
	if !reflect.DeepEqual(before, plan) {
		resp.Diagnostics.Append(plan.store(ctx, &resp.Plan.Raw)...)
	}
}

// settleNewAPIKey plans what is known of a new key beside its arguments.
func settleNewAPIKey(plan *apiKeyModel) {
	if plan.ExpiresIn.IsNull() {
		plan.RotatesAt = types.StringNull()
	}
	switch {
	case plan.EncryptTo.IsNull():
		plan.EncryptedKey = types.StringNull()
	case !plan.EncryptTo.IsUnknown():
		plan.Key = types.StringNull()
	}
}

// checkNewAPIKey judges the expiry of a key that the plan creates.
func checkNewAPIKey(now time.Time, plan apiKeyModel) (diags diag.Diagnostics) {
	attribute, expiresAt := path.Root("expires_at"), time.Time{}
	switch instant, known := plan.expiry(); {
	case known:
		expiresAt = instant
	case plan.policy().Lifetime > 0:
		attribute, expiresAt = path.Root("expires_in"), now.Add(plan.policy().Lifetime)
	default:
		return nil // not known yet
	}
	switch rotation.CheckNew(now, expiresAt) {
	case rotation.NotInFuture:
		diags.AddAttributeError(attribute, "Expiry not in the future", fmt.Sprintf("A key that expires at %s cannot be "+
			"created, because that is not in the future. Set expires_at to a later date, or use expires_in for keys "+
			"that are renewed automatically.", plan.ExpiresAt.ValueString()))
	case rotation.LongLived:
		diags.AddAttributeWarning(attribute, "Long-lived key", fmt.Sprintf("The new key would be valid for %d days. "+
			"Alphamoon advises to change keys every 3 to 6 months; consider expires_in = \"90d\" with "+
			"rotate_before_expiry = \"30d\".", int(expiresAt.Sub(now).Hours()/24)))
	case rotation.NoDoubt:
	}
	return diags
}

// planAPIKeyChange decides what becomes of an existing key. fixed is expires_at as configured. It returns the plan
// with every value settled that can be known, and the attributes that force a replacement.
func planAPIKeyChange(now time.Time, fixed types.String,
	state, plan apiKeyModel,
) (_ apiKeyModel, replace path.Paths, diags diag.Diagnostics) {
	plan.settleComputed(state)
	for _, argument := range []struct {
		name    string
		changed bool
	}{
		{"process_id", !plan.ProcessID.Equal(state.ProcessID)},
		{"name", !plan.Name.Equal(state.Name)},
		{"scopes", !plan.Scopes.Equal(state.Scopes)},
		{"expires_at", !fixed.IsNull() && !sameInstant(fixed, state.ExpiresAt)},
		{"expires_in", !plan.ExpiresIn.IsNull() && !state.ExpiresIn.IsNull() && !sameDuration(plan.ExpiresIn, state.ExpiresIn)},
		{"rotation_triggers", triggered(state, plan)},
		{"encrypt_to", !sameRecipients(plan.EncryptTo, state.EncryptTo)},
	} {
		if argument.changed {
			replace.Append(path.Root(argument.name))
		}
	}
	plan.preserveSpellings(fixed, state)
	scheduled := false
	if _, known := state.expiry(); known && len(replace) == 0 {
		switch rotation.Decide(now, state.lifetime(), plan.policy()) {
		case rotation.ReplaceDue, rotation.ReplaceExpired:
			// Terraform ignores a reason whose value does not change: rotates_at becomes unknown with the expiry.
			plan.ExpiresAt = types.StringUnknown()
			replace.Append(path.Root("rotates_at"))
			scheduled = true
		case rotation.ReplaceDisabled:
			plan.Status = types.StringUnknown()
			replace.Append(path.Root("status"))
		case rotation.KeepExpired:
			diags.AddAttributeWarning(path.Root("expires_at"), "Key has expired",
				fmt.Sprintf("The key %q (%s) expired at %s and no longer works. It is left alone, because a new key with "+
					"the same date could not exist: set a later expires_at, use expires_in, or remove the resource.",
					state.Name.ValueString(), state.ID.ValueString(), state.ExpiresAt.ValueString()))
		case rotation.Keep:
		}
	}
	if len(replace) > 0 {
		if fixed.IsNull() {
			plan.ExpiresAt = types.StringUnknown()
		}
		plan.KeyVersion = types.Int64Unknown()
		if !scheduled { // what happens by schedule was judged when the key was new
			diags.Append(checkNewAPIKey(now, plan)...)
		}
	}
	plan.RotatesAt = plan.rotatesAt()
	if plan.ExpiresAt.Equal(state.ExpiresAt) && plan.ExpiresIn.Equal(state.ExpiresIn) &&
		plan.RotateBeforeExpiry.Equal(state.RotateBeforeExpiry) {
		plan.RotatesAt = state.RotatesAt // a state of an earlier version that computed another is corrected by a refresh
	}
	if unchanged := plan.withVersion(state.KeyVersion); reflect.DeepEqual(unchanged, state) {
		plan = unchanged // nor is a version that the state does not have yet a change by itself
	}
	return plan, replace, diags
}

func (m apiKeyModel) withVersion(version types.Int64) apiKeyModel {
	m.KeyVersion = version
	return m
}

// settleComputed carries over what the key has as long as it is not replaced.
func (m *apiKeyModel) settleComputed(state apiKeyModel) {
	m.ID, m.OrganizationID, m.Status, m.CreatedAt = state.ID, state.OrganizationID, state.Status, state.CreatedAt
	m.Key, m.EncryptedKey = state.Key, state.EncryptedKey
	if m.KeyVersion.IsUnknown() {
		if m.KeyVersion = state.KeyVersion; m.KeyVersion.IsNull() {
			m.KeyVersion = state.versionOfCreation() // the state is older than the attribute
		}
	}
}

// preserveSpellings makes another spelling of the same value no change: Terraform accepts the old one for the new.
func (m *apiKeyModel) preserveSpellings(fixed types.String, state apiKeyModel) {
	if fixed.IsNull() || sameInstant(fixed, state.ExpiresAt) {
		m.ExpiresAt = state.ExpiresAt
	}
	if sameDuration(m.ExpiresIn, state.ExpiresIn) {
		m.ExpiresIn = state.ExpiresIn
	}
	if sameDuration(m.RotateBeforeExpiry, state.RotateBeforeExpiry) {
		m.RotateBeforeExpiry = state.RotateBeforeExpiry
	}
	if sameRecipients(m.EncryptTo, state.EncryptTo) {
		m.EncryptTo = state.EncryptTo
	}
}

// triggered reports whether rotation_triggers ask for a new key. Removed, they do not; nor do the first ones of an
// imported key, which only describe it.
func triggered(state, plan apiKeyModel) bool {
	switch {
	case plan.RotationTriggers.IsNull() || plan.RotationTriggers.Equal(state.RotationTriggers):
		return false
	case state.RotationTriggers.IsNull():
		return state.hasSecret()
	default:
		return true
	}
}

// sameInstant reports whether two known values mean the same second.
func sameInstant(a, b types.String) bool {
	first, firstErr := rotation.ParseInstant(a.ValueString())
	second, secondErr := rotation.ParseInstant(b.ValueString())
	return firstErr == nil && secondErr == nil && alphamoon.SameSecond(first, second)
}

// sameDuration reports whether two values, null included, mean the same duration.
func sameDuration(a, b types.String) bool {
	if a.IsNull() || b.IsNull() || a.IsUnknown() || b.IsUnknown() {
		return a.Equal(b)
	}
	return rotation.SameDuration(a.ValueString(), b.ValueString())
}

// sameRecipients reports whether two lists, null included, name the same keys in any order.
func sameRecipients(a, b types.List) bool {
	if a.Equal(b) {
		return true
	}
	if a.IsNull() || b.IsNull() || a.IsUnknown() || b.IsUnknown() {
		return false
	}
	for _, value := range append(a.Elements(), b.Elements()...) {
		if value.IsUnknown() {
			return false
		}
	}
	return encryption.SameRecipients(elements(a.Elements()), elements(b.Elements()))
}

// warnOfForgetting warns of a key that stays valid although Terraform no longer knows it; nil if there is nothing to
// warn of. A key that was due is replaced by schedule, and its overlap is what was asked for.
func (k apiKeyKind) warnOfForgetting(now time.Time, state apiKeyModel) diag.Diagnostic {
	if state.RevokeOnDestroy.ValueBool() || state.disabled() || state.expired(now) || state.due(now) {
		return nil
	}
	return diag.NewWarningDiagnostic("Key stays valid until it expires", fmt.Sprintf("Terraform forgets the key %q (%s) "+
		"of %s without revoking it: it works until %s. To end it sooner, delete it %s, or set revoke_on_destroy = true "+
		"and apply before destroying it.", state.Name.ValueString(), state.ID.ValueString(),
		k.owner(state.ProcessID.ValueString()), state.ExpiresAt.ValueString(), k.place))
}

// warnOfLostOverlap warns once of a rotation that the default of revoke_on_destroy deprives of its overlap.
func (k apiKeyKind) warnOfLostOverlap(config apiKeyModel) (diags diag.Diagnostics) {
	if k.revokes && config.RevokeOnDestroy.IsNull() && !config.RotateBeforeExpiry.IsNull() {
		diags.AddAttributeWarning(path.Root("revoke_on_destroy"), "Rotation revokes the old key at once",
			"Each rotation of this key revokes the old key in the same apply, because revoke_on_destroy is true by "+
				"default for organization keys. Set revoke_on_destroy = false to let the old key work until it expires, or "+
				"true to confirm.")
	}
	return diags
}
