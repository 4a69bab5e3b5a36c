package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// keyCreation is what a creation is about, in the terms of the configuration.
type keyCreation struct {
	kind            apiKeyKind
	name, processID string
	// generated means that the name was made for this creation, so that a key that has it is this creation's.
	generated bool
	// expiry is the attribute that the expiry comes from.
	expiry string
	// revokes reports whether a key that is left over may be revoked, and revocation names the attribute that permits it.
	revokes    bool
	revocation string
}

// attribute translates a field of the API's request into the attribute that it comes from.
func (o keyCreation) attribute(field string) path.Path {
	if field == "exp" {
		return path.Root(o.expiry)
	}
	return path.Root(field)
}

// options are what the client may do beside the creation.
func (o keyCreation) options() alphamoon.CreateOptions {
	return alphamoon.CreateOptions{GeneratedName: o.generated, RevokeRemains: o.generated && o.revokes}
}

func (o keyCreation) owner() string { return o.kind.owner(o.processID) }

// creationDiagnostics says what became of a creation that failed. It puts the service's complaints on the
// attributes they concern, word for word.
func creationDiagnostics(err error, creation keyCreation) diag.Diagnostics {
	lost, isLost := errors.AsType[*alphamoon.LostCreationError](err)
	foreign, isForeign := errors.AsType[*alphamoon.NotOursError](err)
	switch {
	case isLost && errors.Is(lost.Obstacle, alphamoon.ErrUnlistedBefore) && alphamoon.IsForbidden(err):
		// The credential may neither list nor create, which is all there is to say.
		return creation.kind.advice.diagnostics(err, fmt.Sprintf("create the key %q in %s", creation.name, creation.owner()))
	case isLost:
		return diag.Diagnostics{lostCreationDiagnostic(lost, creation)}
	case isForeign:
		return diag.Diagnostics{diag.NewErrorDiagnostic("Alphamoon answered with an existing key",
			fmt.Sprintf("The service answered the creation of the key %q in %s with the key %s, but %s. It may be somebody "+
				"else's, so it is neither in the state nor revoked. Look also for a new key of this name. Then use another name, or "+
				"import the key that existed.", creation.name, creation.owner(), foreign.Key.ID, foreign.Reason))}
	}
	var diags diag.Diagnostics
	status, isStatus := errors.AsType[*alphamoon.StatusError](err)
	if isStatus {
		for _, field := range status.Fields {
			if len(field.Location) == 0 || !slices.Contains([]string{"name", "scopes", "exp"}, field.Location[0]) {
				continue
			}
			diags.AddAttributeError(creation.attribute(field.Location[0]), "Alphamoon rejected the value",
				fmt.Sprintf("The service refused to create the key %q and says: %s Change the configuration accordingly.",
					creation.name, sentence(field.String())))
		}
	}
	if len(diags) > 0 && len(diags) == len(status.Fields) {
		return diags
	}
	rejection := creation.kind.advice
	if rejection.rejected = "Change the configuration as the message says."; isStatus && status.Status == http.StatusConflict {
		rejection.rejected = creation.kind.conflict
	}
	return append(diags, rejection.diagnostics(err,
		fmt.Sprintf("create the key %q in %s, and nothing remains of the attempt", creation.name, creation.owner()))...)
}

// lostCreationDiagnostic reports a key that may exist without anybody knowing its secret.
func lostCreationDiagnostic(lost *alphamoon.LostCreationError, creation keyCreation) diag.Diagnostic {
	text := fmt.Sprintf("The creation of the key %q in %s was sent, but its answer was lost: %s", creation.name, creation.owner(),
		sentence(reason(lost.Err)))
	obstacle := ""
	if lost.Obstacle != nil {
		obstacle = " The provider could not see everything: " + sentence(whyNotRevoked(lost.Obstacle))
	}
	const apply = ", then apply again."
	switch {
	case len(lost.Equal) > 0:
		advice := fmt.Sprintf("With %s = true the provider revokes such a key itself.", creation.revocation) // its name says whose it is
		revocation, failed := errors.AsType[*alphamoon.NotRevokedError](lost.Obstacle)
		switch {
		case !creation.generated:
			advice = fmt.Sprintf("It may also be the key of another configuration that asks for an equal one: make sure that nobody "+
				"uses it before you delete it. If it is another's, a key of this name may still appear. With name_prefix and %s = true "+
				"the provider knows such a key by its name, and revokes it itself.", creation.revocation)
		case failed:
			advice = "Revoking it failed: " + sentence(whyNotRevoked(revocation))
		case lost.Obstacle != nil:
			advice = strings.TrimSpace(obstacle)
		case len(lost.Equal) > 1:
			advice = "More than one key could be it, and some may be somebody else's: make sure that nobody uses what you delete."
		}
		return diag.NewErrorDiagnostic("Key was created but its secret is lost",
			fmt.Sprintf("%s There is now the key %s, which was not there before and whose secret is lost. Delete it %s%s %s",
				text, alphamoon.JoinIDs(lost.Equal), creation.kind.whereToDelete, apply, advice))
	case len(lost.Similar) > 0:
		return diag.NewErrorDiagnostic("Key may have been created with other attributes",
			fmt.Sprintf("%s There are new keys that resemble the request: %s. Somebody else may have made them, or the service created "+
				"the key with other attributes. The creation was not repeated and nothing was revoked. Find out whose they are, delete "+
				"what nobody uses %s%s%s", text, alphamoon.JoinIDs(lost.Similar), creation.kind.whereToDelete, apply, obstacle))
	default:
		return diag.NewErrorDiagnostic("Key may have been created without its secret",
			fmt.Sprintf("%s The key may exist, or may still appear, and its secret is lost.%s Look for a key of this name that was "+
				"created just now, and delete it %s if nobody uses it%s", text, obstacle, creation.kind.whereToDelete, apply))
	}
}

// judge says what is wrong with a new key that stands in the state already.
func (o keyCreation) judge(wanted alphamoon.APIKeyRequest, key *alphamoon.CreatedAPIKey) (diags diag.Diagnostics) {
	if key.Key.IsZero() {
		diags.AddAttributeError(path.Root("key"), "Key created without its secret",
			fmt.Sprintf("The service created the key %s, but its answer does not have the secret, which is shown only "+
				"once. The key is kept in the state as tainted: the next apply replaces it. It stays valid until %s unless "+
				"you delete it %s.", key.ID, instantOrEmpty(key.ExpiresAt.Time), o.kind.whereToDelete))
	}
	for _, field := range differences(wanted, key.APIKey) {
		attribute := o.attribute(field)
		diags.AddAttributeError(attribute, "Key differs from what was asked for",
			fmt.Sprintf("The service created the key %s with another %s than was asked for: %s. The key is kept in the "+
				"state as tainted: the next apply replaces it. If you can accept the key as it is, change the configuration "+
				"accordingly and run terraform untaint.", key.ID, attribute, describeGrant(field, key.APIKey)))
	}
	return diags
}

// differences names the fields in which a key differs from what was asked for, in the names of the API.
func differences(wanted alphamoon.APIKeyRequest, key alphamoon.APIKey) (fields []string) {
	grant := wanted.Granted(key)
	if key.Name != wanted.Name {
		fields = append(fields, "name")
	}
	if len(grant.Missing)+len(grant.Additional) > 0 || key.Scopes == nil {
		fields = append(fields, "scopes")
	}
	if !alphamoon.SameSecond(grant.ExpiresAt, wanted.ExpiresAt) {
		fields = append(fields, "exp")
	}
	return fields
}

// describeGrant says what the service granted for a field of the request.
func describeGrant(field string, key alphamoon.APIKey) string {
	switch {
	case field == "scopes":
		return "it granted " + strings.Join(key.Scopes, ", ")
	case field == "name":
		return fmt.Sprintf("it is called %q", key.Name)
	case key.ExpiresAt.IsZero():
		return "the answer names no readable expiry"
	default:
		return "it expires at " + formatInstant(key.ExpiresAt.Time)
	}
}
