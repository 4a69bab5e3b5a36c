package provider

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// staysValid is the summary of a plan about every key that will outlive its resource. Terraform folds warnings of equal
// summaries, which is as it should be in a plan: it shows the ids anyway. An apply names each key.
const staysValid = "Key stays valid until it expires"

// checkNewAPIKey judges the expiry of a key that the plan creates.
func checkNewAPIKey(now time.Time, plan apiKeyModel) (diags diag.Diagnostics) {
	attribute := path.Root("expires_at")
	expiresAt, known := parseInstant(plan.ExpiresAt)
	if !plan.ExpiresIn.IsNull() {
		lifetime := plan.policy().Lifetime
		attribute, expiresAt, known = path.Root("expires_in"), now.Add(lifetime), lifetime > 0
	}
	if !known {
		return nil
	}
	switch rotation.CheckNew(now, expiresAt) {
	case rotation.NotInFuture:
		diags.AddAttributeError(attribute, "Expiry not in the future", fmt.Sprintf("A key that expires at %s cannot be "+
			"created, because that is not in the future. Set expires_at to a later date, or use expires_in for keys "+
			"that are renewed automatically. To destroy the configuration as it is, run terraform destroy -refresh=false.",
			plan.ExpiresAt.ValueString()))
	case rotation.LongLived:
		diags.AddAttributeWarning(attribute, "Long-lived key", fmt.Sprintf("A new key is valid for %d days. "+
			"Alphamoon advises to change keys every 3 to 6 months: consider expires_in = \"90d\", which renews the key "+
			"30 days before it expires.", (expiresAt.Unix()-now.Unix())/86400)) // a time.Duration ends after 292 years
	case rotation.ShortLived:
		detail := fmt.Sprintf("A new key expires at %s, in less than an hour. Check the date, the time and the offset.",
			plan.ExpiresAt.ValueString())
		if !plan.ExpiresIn.IsNull() {
			detail = fmt.Sprintf("A new key is valid for %s only. In a duration, m means minutes: write three months as 90d.",
				plan.ExpiresIn.ValueString())
		}
		diags.AddAttributeWarning(attribute, "Short-lived key", detail)
	case rotation.Sound:
	}
	return diags
}

// warnAboutReplacement says what becomes of the old key, and whether the new one is as it should be. due says that the time is
// the reason.
func (c *keyChange) warnAboutReplacement(plan apiKeyModel, due bool) {
	if !due || !plan.ExpiresIn.Equal(c.state.ExpiresIn) { // a schedule is judged when it is new
		c.diags.Append(checkNewAPIKey(c.now, plan)...)
	}
	state := c.state
	if state.expired(c.now) || state.disabled() {
		return
	}
	revokes := state.RevokeOnDestroy.ValueBool()
	if !plan.RevokeOnDestroy.IsUnknown() && plan.RevokeOnDestroy.ValueBool() != revokes {
		c.warnOfLateRevocation(revokes)
	}
	if revokes {
		return
	}
	if c.scheduled = due && c.policy(plan).OverlapIsPlanned(c.now, state.rotationKey()); c.scheduled {
		return
	}
	c.diags.AddWarning(staysValid, fmt.Sprintf("The key %s of %s is replaced and not revoked: until %s it keeps working "+
		"with its scopes (%s). To end it sooner, delete it %s.", state.describe(), c.kind.owner(state.ProcessID.ValueString()),
		state.worksUntil(), joinTexts(elements(state.Scopes.Elements())), c.kind.whereToDelete))
}

// warnOfLateRevocation says that the old key is treated as the state says.
func (c *keyChange) warnOfLateRevocation(revokes bool) {
	what := "stays valid"
	if revokes {
		what = "is revoked"
	}
	c.diags.AddAttributeWarning(path.Root("revoke_on_destroy"), "revoke_on_destroy changes together with a replacement",
		fmt.Sprintf("The old key %s %s, because revoke_on_destroy is %t in the state. The new value counts for the new "+
			"key. To treat the old key in the new way too, first apply the change of revoke_on_destroy alone.",
			c.state.describe(), what, revokes))
}

// warnOfUnknownSecret says what revoke_on_destroy = true means for a key that nobody can recognize as the provider's own, in the
// plan that makes it so.
func warnOfUnknownSecret(config, state, plan apiKeyModel) (diags diag.Diagnostics) {
	if state.hasSecret() || adoptsSecret(config, state) || state.RevokeOnDestroy.ValueBool() || !plan.RevokeOnDestroy.ValueBool() {
		return nil
	}
	diags.AddAttributeWarning(path.Root("revoke_on_destroy"), "Key with an unknown secret will be revoked",
		fmt.Sprintf("The provider does not know the secret of the key %s, so it cannot tell whether it uses that key itself. "+
			"With revoke_on_destroy = true a destroy or a replacement revokes it all the same, and if it is that key, the service refuses "+
			"everything after that. Make sure that it is not, or set key_wo to its secret.", state.describe()))
	return diags
}

// warnOfForgetting warns, in a plan, of a key that stays valid although Terraform will no longer know it; nil if there is nothing
// to warn of.
func (k apiKeyKind) warnOfForgetting(now time.Time, state apiKeyModel) diag.Diagnostic {
	if !state.outlives(now) {
		return nil
	}
	return diag.NewWarningDiagnostic(staysValid, fmt.Sprintf("Terraform removes the key %s of %s from the "+
		"state without revoking it: it works until %s. To end it sooner, delete it %s. To have the provider revoke "+
		"such a key, set revoke_on_destroy = true and apply before you destroy or replace it.", state.describe(),
		k.owner(state.ProcessID.ValueString()), state.worksUntil(), k.whereToDelete))
}

// warnOfForgotten does the same in the apply, where it is too late for the key. Its summary is its own, so that no key is folded
// away.
func (k apiKeyKind) warnOfForgotten(now time.Time, state apiKeyModel) diag.Diagnostic {
	if !state.outlives(now) {
		return nil
	}
	processID := state.ProcessID.ValueString()
	return diag.NewWarningDiagnostic(fmt.Sprintf("Key %s stays valid until it expires", state.describe()), fmt.Sprintf("This "+
		"key of %s works until %s. Terraform no longer knows it and did not revoke it, because revoke_on_destroy was false in the state. "+
		"To set that now is too late for this key. To end it sooner, delete it %s; or import %s at another address with "+
		"revoke_on_destroy = true, apply, and destroy it there.",
		k.owner(processID), state.worksUntil(), k.whereToDelete, k.importID(processID, state.ID.ValueString())))
}

// outlives reports whether a key goes on working when Terraform no longer knows it.
func (m *apiKeyModel) outlives(now time.Time) bool {
	return !m.RevokeOnDestroy.ValueBool() && !m.disabled() && !m.expired(now)
}

// warnOfLostOverlap warns once of a rotation that the default of revoke_on_destroy deprives of its overlap.
func (k apiKeyKind) warnOfLostOverlap(config apiKeyModel) (diags diag.Diagnostics) {
	window := config.RotateBeforeExpiry
	overlap := window.IsUnknown() || !window.IsNull() && config.policy().Window > 0
	if k.revokes && config.RevokeOnDestroy.IsNull() && overlap {
		diags.AddAttributeWarning(path.Root("revoke_on_destroy"), "Rotation revokes the old key at once",
			"Each rotation of this key revokes the old key in the same apply, because revoke_on_destroy is true by default for "+
				"organization keys. Set revoke_on_destroy = false to let the old key work until it expires, or true to confirm.")
	}
	return diags
}
