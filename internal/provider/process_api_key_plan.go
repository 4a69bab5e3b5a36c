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
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// ModifyPlan decides what depends on the clock and on several attributes at once. It only decides: no planned
// value is derived from the present time, so that a plan may be applied later than it was made. Terraform asks
// twice about a replacement, the second time as if the new key were the first.
func (r *processAPIKeyResource) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, response *resource.ModifyPlanResponse) {
	if r.session == nil {
		return
	}
	now := r.session.now()
	var state, plan processAPIKeyModel
	if !request.State.Raw.IsNull() {
		response.Diagnostics.Append(request.State.Get(ctx, &state)...)
	}
	if !request.Plan.Raw.IsNull() {
		response.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	}
	if response.Diagnostics.HasError() {
		return
	}
	before := plan
	switch {
	case request.Plan.Raw.IsNull():
		warnOfForgetting(now, state, &response.Diagnostics)
		return
	case request.State.Raw.IsNull():
		checkNewKey(now, plan, &response.Diagnostics)
		if plan.ExpiresIn.IsNull() {
			plan.RotatesAt = types.StringNull()
		}
		switch {
		case plan.EncryptTo.IsNull():
			plan.EncryptedKey = types.StringNull()
		case !plan.EncryptTo.IsUnknown():
			plan.Key = types.StringNull()
		}
	default:
		var fixed types.String
		response.Diagnostics.Append(request.Config.GetAttribute(ctx, path.Root("expires_at"), &fixed)...)
		plan, response.RequiresReplace = planChange(now, fixed, state, plan, &response.Diagnostics)
	}
	if !reflect.DeepEqual(before, plan) {
		response.Diagnostics.Append(response.Plan.Set(ctx, &plan)...)
	}
}

// checkNewKey judges the expiry of a key that the plan creates.
func checkNewKey(now time.Time, plan processAPIKeyModel, diags *diag.Diagnostics) {
	attribute, expiresAt := path.Root("expires_at"), time.Time{}
	switch instant, known := plan.expiry(); {
	case known:
		expiresAt = instant
	case plan.policy().Lifetime > 0:
		attribute, expiresAt = path.Root("expires_in"), now.Add(plan.policy().Lifetime)
	default:
		return // not known yet
	}
	switch rotation.CheckNew(now, expiresAt) {
	case rotation.NotInFuture:
		diags.AddAttributeError(attribute, "Expiry not in the future",
			fmt.Sprintf("A key that expires at %s cannot be created, because that is not in the future. Set expires_at to a later date, "+
				"or use expires_in for keys that are renewed by themselves.", plan.ExpiresAt.ValueString()))
	case rotation.LongLived:
		diags.AddAttributeWarning(attribute, "Long-lived key",
			fmt.Sprintf("The new key would be valid for %d days. Alphamoon advises to change keys every 3 to 6 months; "+
				"consider expires_in = \"90d\" with rotate_before_expiry = \"30d\".", int(expiresAt.Sub(now).Hours()/24)))
	case rotation.NoDoubt:
	}
}

// planChange decides what becomes of an existing key. fixed is expires_at as configured. It returns the plan
// with every value settled that can be known, and the attributes that force a replacement.
func planChange(now time.Time, fixed types.String, state, plan processAPIKeyModel, diags *diag.Diagnostics) (processAPIKeyModel, path.Paths) {
	var replace path.Paths
	// Another spelling of the same value is no change: Terraform accepts the old spelling for the new.
	if sameInstant(fixed, state.ExpiresAt) || fixed.IsNull() {
		plan.ExpiresAt = state.ExpiresAt
	} else {
		replace.Append(path.Root("expires_at"))
	}
	switch {
	case sameDuration(plan.ExpiresIn, state.ExpiresIn):
		plan.ExpiresIn = state.ExpiresIn
	case !plan.ExpiresIn.IsNull() && !state.ExpiresIn.IsNull():
		replace.Append(path.Root("expires_in"))
	}
	if sameDuration(plan.RotateBeforeExpiry, state.RotateBeforeExpiry) {
		plan.RotateBeforeExpiry = state.RotateBeforeExpiry
	}
	if !plan.RotationTriggers.IsNull() && !state.RotationTriggers.IsNull() && !plan.RotationTriggers.Equal(state.RotationTriggers) {
		replace.Append(path.Root("rotation_triggers"))
	}
	if expiresAt, known := state.expiry(); known && len(replace) == 0 {
		key := rotation.Key{ExpiresAt: expiresAt, Disabled: state.disabled()}
		switch rotation.Decide(now, key, plan.policy()) {
		case rotation.ReplaceDue, rotation.ReplaceExpired:
			// Terraform ignores a reason whose value does not change, hence unknown.
			plan.ExpiresAt = types.StringUnknown()
			replace.Append(path.Root("expires_at"))
		case rotation.ReplaceDisabled:
			plan.Status = types.StringUnknown()
			replace.Append(path.Root("status"))
		case rotation.KeepExpired:
			diags.AddAttributeWarning(path.Root("expires_at"), "Key has expired",
				fmt.Sprintf("The key %q (%s) expired at %s and no longer works. It is left alone, because a new key with the same date could not exist: "+
					"set a later expires_at, use expires_in, or remove the resource.", state.Name.ValueString(), state.ID.ValueString(), state.ExpiresAt.ValueString()))
		case rotation.Keep:
		}
	}
	if len(replace) > 0 && fixed.IsNull() {
		plan.ExpiresAt = types.StringUnknown()
	}
	plan.RotatesAt = plan.rotatesAt()
	return plan, replace
}

// warnOfForgetting warns of a key that stays valid although Terraform no longer knows it.
func warnOfForgetting(now time.Time, state processAPIKeyModel, diags *diag.Diagnostics) {
	expiresAt, known := state.expiry()
	if state.RevokeOnDestroy.ValueBool() || state.disabled() || known && rotation.Expired(now, expiresAt) {
		return
	}
	diags.AddWarning("Key stays valid until it expires",
		fmt.Sprintf("Terraform forgets the key %q (%s) of process %s, but the API cannot remove it: it works until %s. To end it sooner, delete it in "+
			"the web application (process, Configuration, API keys), or set revoke_on_destroy = true and apply before destroying it.",
			state.Name.ValueString(), state.ID.ValueString(), state.ProcessID.ValueString(), state.ExpiresAt.ValueString()))
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
