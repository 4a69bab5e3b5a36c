package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// notRevoked says why a key stays in the state that was to be revoked, or that Terraform forgets what became of it.
func (r *apiKeyResource) notRevoked(err error, model apiKeyModel) diag.Diagnostics {
	failure, isFailure := errors.AsType[*alphamoon.NotRevokedError](err)
	const summary = "Key could not be revoked"
	switch {
	case errors.Is(err, alphamoon.ErrUnsafeID):
		return diag.Diagnostics{diag.NewErrorDiagnostic(summary,
			fmt.Sprintf("The key %s stays in the state and may still work: %s Delete the key %s; then run terraform state rm for this "+
				"resource.", redact.ShowID(model.ID.ValueString()), sentence(alphamoon.ErrUnsafeID.Error()), r.kind.whereToDelete))}
	case isFailure && r.kind.ofProcess && alphamoon.SaysNothing(failure.Unchecked):
		return diag.Diagnostics{diag.NewWarningDiagnostic(fmt.Sprintf("Key %s may still work", redact.ShowID(model.ID.ValueString())),
			fmt.Sprintf("Terraform forgets %s, but could not see what became of it: %s If the process exists, the key works until %s; "+
				"delete it %s.", r.kind.name(model), sentence(reason(failure.Unchecked)), model.worksUntil(), r.kind.whereToDelete))}
	case isFailure && failure.Refusal == nil && alphamoon.IsUnauthorized(failure.Unchecked) && !model.hasSecret():
		return diag.Diagnostics{diag.NewErrorDiagnostic("Provider has revoked its own key", fmt.Sprintf("The service accepted the removal "+
			"of %s and has refused the provider's credential ever since: %s So it probably was the key that the provider itself uses, "+
			"which nobody could know without its secret (key_wo). It stays in the state. Give the provider another api_key, then apply "+
			"again.", r.kind.name(model), sentence(reason(failure.Unchecked))))}
	case isFailure && failure.Unchecked != nil && !provesNothing(failure.Unchecked):
		return r.kind.advice.diagnosticsOf(r.data.markRepeated(failure.Unchecked),
			fmt.Sprintf("The key %s stays in the state and may still work.", model.describe()),
			fmt.Sprintf("check whether %s was revoked; it stays in the state", r.kind.name(model)))
	default:
		return diag.Diagnostics{diag.NewErrorDiagnostic(summary,
			fmt.Sprintf("The key stays in the state, because %s may still work: %s%s If the provider's api_key is not an organization "+
				"admin's, use one that is, or delete the key %s; then apply again. If the key is not a deposed object, you can also set "+
				"revoke_on_destroy = false and apply: then Terraform forgets the key.%s", r.kind.name(model), sentence(whyNotRevoked(err)),
				absenceAdvice(err), r.kind.whereToDelete, afterExpiry(model)))}
	}
}

// afterExpiry says that a key goes at last, where it is known when.
func afterExpiry(model apiKeyModel) string {
	if _, known := model.expiry(); !known {
		return ""
	}
	return fmt.Sprintf(" After %s it has expired, and the next apply forgets it in any case.", model.worksUntil())
}

// provesNothing reports that the key is not listed, and that this does not mean that it is gone.
func provesNothing(err error) bool {
	return errors.Is(err, alphamoon.ErrTooYoung) || errors.Is(err, alphamoon.ErrNeverSeen)
}

// absenceAdvice says how to go on with a key that is not listed, where that does not mean that it is gone.
func absenceAdvice(err error) string {
	young, isYoung := errors.AsType[*alphamoon.TooYoungError](err)
	switch {
	case isYoung:
		return fmt.Sprintf(" It is not listed, which proves nothing in the first five minutes of a key: if it was deleted by hand, wait "+
			"until %s, then apply again.", formatInstant(young.Until))
	case errors.Is(err, alphamoon.ErrNeverSeen):
		return " It is not listed, but the provider's api_key has changed since it was last seen, and a listing may show only what its " +
			"caller made or may see: if the key is gone, apply with the api_key that saw it, or run terraform state rm."
	default:
		return ""
	}
}

// whyNotRevoked says what became of a request to revoke a key.
func whyNotRevoked(err error) string {
	failure, failed := errors.AsType[*alphamoon.NotRevokedError](err)
	switch {
	case !failed:
		return reason(err)
	case failure.Unchecked != nil && (failure.Refusal == nil || !provesNothing(failure.Unchecked)):
		return reason(failure.Unchecked)
	case failure.Refusal != nil:
		return reason(failure.Refusal)
	case alphamoon.IsActive(failure.Status) || failure.Status == "":
		return "the service accepted the request and still lists the key"
	default:
		return fmt.Sprintf("the service accepted the request and still lists the key, with the status %q", failure.Status)
	}
}
