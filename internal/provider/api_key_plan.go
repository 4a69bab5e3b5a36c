package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

// scheduledNote marks in the private data of a planned replacement that it is a scheduled rotation, whose overlap was asked
// for: the only removal of a living key that an apply says nothing of.
const scheduledNote = "scheduled"

// ModifyPlan decides what depends on the clock and on several attributes at once. It only decides: no planned value is
// derived from the present time, so that a plan may be applied later than it was made.
//
// Two walks over the resources come here, each with a provider process of its own, which is not told which one it serves:
//
//   - A plan reads each key, unless -refresh=false is given, and then asks for its plan. For a replacement it asks twice, the
//     second time as if the new key were the first, and shows only the first answer's warnings.
//   - An apply reads nothing. It asks once more about everything that it is about to create or to change in place, and the
//     answer must be the planned one; and, for the first time, about the removal of what create_before_destroy put aside.
//     About other removals it does not ask again.
//
// What a process has done before tells the two apart, see [runMemory].
func (r *apiKeyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.data == nil {
		return
	}
	defer r.data.lookOver(&resp.Diagnostics)
	state := loadAPIKey(ctx, req.State.Raw, &resp.Diagnostics)
	plan := loadAPIKey(ctx, req.Plan.Raw, &resp.Diagnostics)
	state.grantedUntil = loadNotes(ctx, req.Private, &resp.Diagnostics).GrantedUntil
	config := loadAPIKey(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	switch proposed := plan; {
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, state, resp)
	case req.State.Raw.IsNull():
		r.planCreate(config, &plan, resp)
		r.savePlan(ctx, proposed, plan, state, resp)
	default:
		r.planChange(ctx, config, state, &plan, resp)
		r.savePlan(ctx, proposed, plan, state, resp)
	}
}

// planDestroy warns of a key that lives on. In an apply the removal itself does.
func (r *apiKeyResource) planDestroy(ctx context.Context, state apiKeyModel, resp *resource.ModifyPlanResponse) {
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, scheduledNote, nil)...) // an earlier plan left it, whose removal failed
	if !r.data.run.inApply.Load() {
		resp.Diagnostics.Append(r.kind.warnOfForgetting(r.data.now(), state))
	}
}

// planCreate plans what is known of a new key beside its arguments.
func (r *apiKeyResource) planCreate(config apiKeyModel, plan *apiKeyModel, resp *resource.ModifyPlanResponse) {
	resp.Diagnostics.Append(checkNewAPIKey(r.data.now(), *plan)...)
	if !r.data.run.inApply.Load() {
		resp.Diagnostics.Append(r.kind.warnOfLostOverlap(config)...)
	}
	if plan.ExpiresIn.IsNull() {
		plan.RotatesAt = types.StringNull()
	}
	settleSecret(plan)
}

// settleSecret plans in which of the two attributes a new secret will be.
func settleSecret(plan *apiKeyModel) {
	switch {
	case plan.EncryptTo.IsNull():
		plan.EncryptedKey = types.StringNull()
	case !plan.EncryptTo.IsUnknown():
		plan.Key = types.StringNull()
	}
}

// planChange decides what becomes of a key that exists.
func (r *apiKeyResource) planChange(ctx context.Context, config, state apiKeyModel, plan *apiKeyModel, resp *resource.ModifyPlanResponse) {
	change := keyChange{
		kind: r.kind, now: r.data.now(), state: state, config: config,
		planning: r.data.run.planning(state.ID.ValueString()), inApply: r.data.run.inApply.Load(),
	}
	*plan, resp.RequiresReplace = change.plan(*plan)
	resp.Diagnostics.Append(change.diags...)
	if len(resp.RequiresReplace) == 0 && !change.inApply {
		resp.Diagnostics.Append(warnOfUnknownSecret(config, state, *plan)...)
	}
	var note []byte
	if change.scheduled {
		note = []byte("true")
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, scheduledNote, note)...)
}

// savePlan hands over what became of the proposed plan. New recipients are tried first, so that a wrong one stops the plan and
// not the apply.
func (r *apiKeyResource) savePlan(ctx context.Context, proposed, plan, state apiKeyModel, resp *resource.ModifyPlanResponse) {
	if !plan.EncryptTo.Equal(state.EncryptTo) {
		plan.openEncryption(ctx, &resp.Diagnostics)
	}
	if !reflect.DeepEqual(proposed, plan) {
		resp.Diagnostics.Append(plan.store(ctx, &resp.Plan.Raw)...)
	}
}

// keyChange is the plan of a key that exists.
type keyChange struct {
	kind apiKeyKind
	now  time.Time
	// planning and inApply say which walk this process certainly serves. Both false means that it cannot be told.
	planning, inApply bool
	state, config     apiKeyModel

	// scheduled becomes true if the plan is a rotation whose overlap was asked for.
	scheduled bool
	diags     diag.Diagnostics
}

// plan decides what becomes of the key. It returns the plan with every value settled that can be known, and the
// attributes that force a replacement.
func (c *keyChange) plan(plan apiKeyModel) (apiKeyModel, path.Paths) {
	plan.grantedUntil = c.state.grantedUntil
	plan.keepComputed(c.config, c.state)
	plan.keepUnrevoked(c.config, c.state)
	replace := changedArguments(c.state, plan)
	plan.keepSpellings(c.state)
	if len(replace) == 0 {
		replace = c.reasonOfTime(plan)
	}
	if len(replace) > 0 {
		c.warnAboutReplacement(plan, replace.Contains(path.Root("rotates_at")))
		plan.renew(c.config, replace)
		return plan, replace
	}
	if c.planning && !plan.ExpiresIn.IsNull() && !plan.ExpiresIn.Equal(c.state.ExpiresIn) {
		c.diags.Append(checkNewAPIKey(c.now, plan)...)
	}
	plan.keepRotatesAt(c.state)
	if adoptsSecret(c.config, c.state) {
		plan.expectSecret()
	}
	if !reflect.DeepEqual(plan, c.state) && plan.KeyVersion.IsNull() {
		plan.KeyVersion = c.state.versionOfCreation() // the state is older than the attribute, which is no change by itself
	}
	return plan, nil
}

// keepComputed carries over what the key has as long as it is not replaced.
func (m *apiKeyModel) keepComputed(config, state apiKeyModel) {
	m.ID, m.OrganizationID, m.Status, m.CreatedAt = state.ID, state.OrganizationID, state.Status, state.CreatedAt
	m.RotatesAt, m.KeyVersion, m.Key, m.EncryptedKey = state.RotatesAt, state.KeyVersion, state.Key, state.EncryptedKey
	if config.ExpiresAt.IsNull() {
		m.ExpiresAt = state.ExpiresAt
	}
	if config.Name.IsNull() {
		m.Name = state.Name
	}
}

// keepUnrevoked leaves revoke_on_destroy false by default while nobody knows the secret of the key: it could be the one that the
// provider itself uses.
func (m *apiKeyModel) keepUnrevoked(config, state apiKeyModel) {
	switch {
	case !config.RevokeOnDestroy.IsNull() || state.RevokeOnDestroy.ValueBool() || state.hasSecret():
	case config.KeyWO.IsUnknown():
		m.RevokeOnDestroy = types.BoolUnknown() // the default, if there is a secret
	case config.KeyWO.IsNull():
		m.RevokeOnDestroy = state.RevokeOnDestroy
	}
}

// changedArguments returns the arguments whose change makes a new key. A name or scopes that are null in the state are what a
// listing left out when the key was imported: the configuration only describes them. A key without an expiry has none.
func changedArguments(state, plan apiKeyModel) (changed path.Paths) {
	for _, argument := range []struct {
		name    string
		changed bool
	}{
		{"process_id", !plan.ProcessID.Equal(state.ProcessID)},
		{"name", !state.Name.IsNull() && plan.NamePrefix.IsNull() && !plan.Name.Equal(state.Name)},
		{"name_prefix", !state.Name.IsNull() && !plan.NamePrefix.IsNull() && !plan.NamePrefix.Equal(state.NamePrefix) &&
			!beginsWith(state.Name, plan.NamePrefix)},
		{"scopes", !state.Scopes.IsNull() && !plan.Scopes.Equal(state.Scopes)},
		{"expires_at", !plan.ExpiresAt.Equal(state.ExpiresAt) && !sameInstant(plan.ExpiresAt, state.ExpiresAt)},
		{"rotation_triggers", triggered(state, plan)},
		{"encrypt_to", state.hasSecret() && !sameRecipients(plan.EncryptTo, state.EncryptTo)},
	} {
		if argument.changed {
			changed.Append(path.Root(argument.name))
		}
	}
	return changed
}

// beginsWith reports whether a name is known to begin with a prefix.
func beginsWith(name, prefix types.String) bool {
	return !prefix.IsUnknown() && strings.HasPrefix(name.ValueString(), prefix.ValueString())
}

// keepSpellings makes another spelling of the same value no change: Terraform accepts the old one for the new.
func (m *apiKeyModel) keepSpellings(state apiKeyModel) {
	if sameInstant(m.ExpiresAt, state.ExpiresAt) {
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

// reasonOfTime decides by the clock and by the status, and returns the attribute that forces a replacement, if any.
//
// Before Terraform changes a key in place it asks for the plan once more, maybe days after the plan was made. If that
// were not in place, because the key has become due, Terraform would refuse it. So what changes in place stays in place,
// unless this certainly is a plan.
func (c *keyChange) reasonOfTime(plan apiKeyModel) (replace path.Paths) {
	if c.inApply || !c.planning && !reflect.DeepEqual(plan, c.state) {
		return nil
	}
	state := c.state
	warn := func(attribute, summary, detail string) {
		c.diags.AddAttributeWarning(path.Root(attribute), summary, fmt.Sprintf("The key %s ", state.describe())+detail)
	}
	decision := rotation.Decide(c.now, state.rotationKey(), c.policy(plan))
	switch decision {
	case rotation.ReplaceDue:
		return path.Paths{path.Root("rotates_at")}
	case rotation.ReplaceDisabled:
		return path.Paths{path.Root("status")}
	case rotation.KeepDisabled:
		warn("status", "Imported key does not work", fmt.Sprintf("was imported, and its status is %q: it does not work. It "+
			"is left alone until you ask for a new key: plan with -replace, or change its name or its scopes. If nobody "+
			"needs it, remove the resource.", redact.Show(state.Status.ValueString())))
	case rotation.KeepExpired:
		next := "because a new key with the same date could not exist: set a later expires_at, use expires_in, or remove the resource."
		if asked, known := parseInstant(state.ExpiresAt); known && asked.After(c.now) {
			next = "because its date is fixed: plan with -replace to get another one, or use expires_in for keys that are renewed."
		}
		warn("expires_at", "Key has expired", fmt.Sprintf("expired at %s and no longer works. It is left alone, %s",
			state.worksUntil(), next))
	case rotation.KeepEnding:
		warn("expires_at", "Key expires soon", fmt.Sprintf("expires at %s, and nothing renews it, because its date is fixed. "+
			"Set a later expires_at, or use expires_in for keys that are renewed automatically.", state.worksUntil()))
	case rotation.Keep:
		if !plan.ExpiresIn.IsNull() && plan.rotatesAt().IsNull() {
			warn("expires_in", "Key is never due", "has no expiry, and it is not known when it was created, so that expires_in never "+
				"replaces it. Plan with -replace to get a key that expires.")
		}
	}
	if status := state.Status.ValueString(); status != "" && !alphamoon.IsActive(status) && !state.disabled() &&
		decision != rotation.KeepExpired {
		// U: words of status
		warn("status", "Status of a key is not documented", fmt.Sprintf("has the status %q, which the service does not "+
			"document. The provider does not know whether the key works, and keeps it. If it does not work, plan with "+
			"-replace to get a new one.", redact.Show(status)))
	}
	return nil
}

// policy returns how the key is to be rotated. A policy that is not known yet counts as unchanged: Terraform would not
// accept it if the key turned out to be due only when the policy is known.
func (c *keyChange) policy(plan apiKeyModel) rotation.Policy {
	if plan.ExpiresIn.IsUnknown() || plan.RotateBeforeExpiry.IsUnknown() && plan.ExpiresIn.Equal(c.state.ExpiresIn) {
		return c.state.policy()
	}
	policy := plan.policy()
	policy.New = policy != c.state.policy()
	return policy
}

// renew plans a new key. With ignore_changes the configuration that Terraform shows holds the old expiry even beside
// expires_in, and must not be contradicted; rotates_at carries the replacement then.
func (m *apiKeyModel) renew(config apiKeyModel, replace path.Paths) {
	if config.ExpiresAt.IsNull() {
		m.ExpiresAt = types.StringUnknown()
	}
	if config.Name.IsNull() {
		m.Name = types.StringUnknown()
	}
	if m.RotatesAt = types.StringNull(); !m.ExpiresIn.IsNull() {
		m.RotatesAt = types.StringUnknown()
	}
	if replace.Contains(path.Root("status")) {
		m.Status = types.StringUnknown() // Terraform ignores a reason whose value does not change
	}
	m.KeyVersion = types.Int64Unknown()
}

// keepRotatesAt leaves the instant as it is while nothing that it depends on changes: another version of the provider
// may have computed another, which only a refresh corrects.
func (m *apiKeyModel) keepRotatesAt(state apiKeyModel) {
	if !m.ExpiresAt.Equal(state.ExpiresAt) || !m.ExpiresIn.Equal(state.ExpiresIn) ||
		!m.RotateBeforeExpiry.Equal(state.RotateBeforeExpiry) {
		m.RotatesAt = m.rotatesAt()
	}
}

// triggered reports whether rotation_triggers ask for a new key. Removed, they do not; nor do the first ones of an
// imported key, which only describe it. An empty map is none.
func triggered(state, plan apiKeyModel) bool {
	before, after := state.RotationTriggers, plan.RotationTriggers
	switch {
	case after.Equal(before) || !after.IsUnknown() && len(after.Elements()) == 0:
		return false
	case len(before.Elements()) == 0:
		return state.hasSecret()
	default:
		return true
	}
}

// sameInstant reports whether two values mean the same second. What is unknown is like nothing else.
func sameInstant(a, b types.String) bool {
	first, firstErr := rotation.ParseInstant(a.ValueString())
	second, secondErr := rotation.ParseInstant(b.ValueString())
	return firstErr == nil && secondErr == nil && alphamoon.SameSecond(first, second)
}

// sameDuration reports whether two values, null included, mean the same duration.
func sameDuration(a, b types.String) bool {
	return a.Equal(b) || rotation.SameDuration(a.ValueString(), b.ValueString())
}

// sameRecipients reports whether two lists, null included, name the same keys in any order.
func sameRecipients(a, b types.List) bool {
	unknown := a.IsUnknown() || b.IsUnknown() || slices.ContainsFunc(append(a.Elements(), b.Elements()...), attr.Value.IsUnknown)
	return a.Equal(b) || !unknown && encryption.SameRecipients(elements(a.Elements()), elements(b.Elements()))
}
