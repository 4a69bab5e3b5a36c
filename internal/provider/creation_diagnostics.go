package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
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
	return alphamoon.CreateOptions{GeneratedName: o.generated, RevokeRemains: o.revokes}
}

func (o keyCreation) owner() string { return o.kind.owner(o.processID) }

// creationDiagnostics says what became of a creation that failed.
func creationDiagnostics(err error, creation keyCreation, run *runMemory) diag.Diagnostics {
	lost, isLost := errors.AsType[*alphamoon.LostCreationError](err)
	conflict, isConflict := errors.AsType[*alphamoon.ConflictError](err)
	notOurs, isNotOurs := errors.AsType[*alphamoon.NotOursError](err)
	status, isStatus := errors.AsType[*alphamoon.StatusError](err)
	action := fmt.Sprintf("create the key %q in %s", creation.name, creation.owner())
	switch {
	case isLost && errors.Is(lost.Obstacle, alphamoon.ErrUnlistedBefore) && alphamoon.IsForbidden(lost.Obstacle) &&
		alphamoon.IsForbidden(err):
		// The credential may neither list nor create, which is all there is to say.
		return creation.kind.advice.diagnostics(err, action)
	case isLost:
		return diag.Diagnostics{lostCreationDiagnostic(lost, creation)}
	case isConflict:
		return diag.Diagnostics{conflictDiagnostic(conflict, creation, run)}
	case isNotOurs:
		return diag.Diagnostics{notOursDiagnostic(notOurs, creation, run)}
	case !alphamoon.DidNothing(err):
		action += ", and nothing remains of the attempt"
	}
	var diags diag.Diagnostics
	about := creation.kind.advice
	if isStatus && (status.Status == http.StatusBadRequest || status.Status == http.StatusUnprocessableEntity) {
		about.wayOut = nameAdvice(creation, run, nil)
		diags = complaints(status, creation, about.wayOut)
	}
	if len(diags) > 0 && len(diags) == len(status.Fields) {
		return diags
	}
	return append(diags, about.diagnosticsOf(err, fmt.Sprintf("The key %q was not created.", creation.name), action)...)
}

// complaints puts what the service says of the arguments on the attributes that they concern, word for word.
func complaints(status *alphamoon.StatusError, creation keyCreation, ofName string) (diags diag.Diagnostics) {
	advice := map[string]string{
		"name": ofName, "scopes": "", "exp": " If it is right, check the clock of this machine.",
	}
	for _, field := range status.Fields {
		if len(field.Location) == 0 {
			continue
		}
		if more, known := advice[field.Location[0]]; known {
			diags.AddAttributeError(creation.attribute(field.Location[0]), "Alphamoon rejected the value",
				fmt.Sprintf("The service refused to create the key %q and says: %s If the value is wrong, correct it.%s",
					creation.name, sentence(field.String()), more))
		}
	}
	return diags
}

// notOursDiagnostic reports an answer with a key that is not the new one.
func notOursDiagnostic(notOurs *alphamoon.NotOursError, creation keyCreation, run *runMemory) diag.Diagnostic {
	key := notOurs.Key.ID
	if notOurs.Key.ProcessID != "" {
		key += " of process " + notOurs.Key.ProcessID
	}
	return diag.NewErrorDiagnostic("Alphamoon answered with an existing key",
		fmt.Sprintf("The service answered the creation of the key %q in %s with the key %s, but %s. So it is neither in the state "+
			"nor revoked. If the answer renewed that key, its secret in a state or a store may have stopped working. Look also for "+
			"a new key of this name. If you want to manage the key that exists, import it.%s", creation.name, creation.owner(), key,
			notOurs.Reason, nameAdvice(creation, run, []alphamoon.APIKey{notOurs.Key})))
}

// conflictDiagnostic reports a creation that the service refused because of what exists, with what is in the way.
func conflictDiagnostic(conflict *alphamoon.ConflictError, creation keyCreation, run *runMemory) diag.Diagnostic {
	text := fmt.Sprintf("The provider could not create the key %q in %s: %s", creation.name, creation.owner(),
		sentence(reason(conflict.Err)))
	where := creation.kind.whereToDelete
	switch {
	case len(conflict.Equal)+len(conflict.Similar) > 0:
		return diag.NewErrorDiagnostic("Key may have been created although it was refused",
			fmt.Sprintf("%s There is now the key %s, which was not there before: a gateway may have sent the request twice, or somebody "+
				"else made it. If nobody uses it, delete it %s, then apply again.", text,
				alphamoon.JoinIDs(slices.Concat(conflict.Equal, conflict.Similar)), where))
	case conflict.ProvesEarlier():
		return diag.NewErrorDiagnostic("Key was created but its secret is lost",
			fmt.Sprintf("%s The creation before this one, whose answer was lost, has worked: a key exists whose secret is lost. Look for "+
				"a key of this name that was created just now, delete it %s, then apply again.", text, where))
	case conflict.Earlier != nil && len(conflict.InTheWay) == 0:
		return diag.NewErrorDiagnostic("Key may have been created without its secret",
			fmt.Sprintf("%s The answer to the creation before this one was lost: if that one has worked, a key exists whose secret is "+
				"lost, and may be what is refused now. Look for a key of this name that was created just now, delete it %s if nobody "+
				"uses it, then apply again.", text, where))
	default:
		advice := nameAdvice(creation, run, conflict.InTheWay)
		if creation.generated {
			advice = " If the service cuts names, shorten name_prefix, so that the part behind it stays."
		}
		return diag.NewErrorDiagnostic("Alphamoon refused the creation as a conflict", fmt.Sprintf("%s%s If it is about a limit, delete "+
			"keys that nobody needs %s.", text, advice, where))
	}
}

// nameAdvice says how to go on if names must be unique, with the keys that are known to have the name. Of the one that is
// replaced, which Terraform removes first, only this run knows.
// U: a second creation of one name
func nameAdvice(creation keyCreation, run *runMemory, inTheWay []alphamoon.APIKey) string {
	if creation.generated {
		return ""
	}
	replaced, isReplaced := run.forgottenKey(creation)
	switch {
	case isReplaced && (len(inTheWay) == 0 || slices.ContainsFunc(inTheWay, func(key alphamoon.APIKey) bool { return key.ID == replaced })):
		return fmt.Sprintf(" If names must be unique, the key %s stands in the way: it is the one that is to be replaced, and keeps its "+
			"name while it works. Set name_prefix instead of name, so that each key has a name of its own.", replaced)
	case len(inTheWay) > 0:
		return fmt.Sprintf(" If names must be unique, the key %s stands in the way, which may be the one that is to be replaced. Set "+
			"name_prefix instead of name, so that each key has a name of its own, or delete that key %s if nobody needs it.",
			alphamoon.JoinIDs(inTheWay), creation.kind.whereToDelete)
	default:
		return " If names must be unique, set name_prefix instead of name, so that each key has a name of its own."
	}
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
		remedy := "Delete it"
		revocation, failed := errors.AsType[*alphamoon.NotRevokedError](lost.Obstacle)
		switch {
		case !creation.generated:
			remedy = "If nobody uses it, delete it"
			advice = fmt.Sprintf("If another configuration made it, keep it: your own key may still appear. With name_prefix and %s = "+
				"true the provider knows such a key by its name, and revokes it itself.", creation.revocation)
		case failed:
			advice = "Revoking it failed: " + sentence(whyNotRevoked(revocation))
		case lost.Obstacle != nil:
			advice = strings.TrimSpace(obstacle)
		case len(lost.Equal) > 1:
			advice = "More than one key could be it, and some may be somebody else's: make sure that nobody uses what you delete."
		}
		return diag.NewErrorDiagnostic("Key was created but its secret is lost",
			fmt.Sprintf("%s The key %s was not there before, and its secret is lost. %s %s%s %s",
				text, alphamoon.JoinIDs(lost.Equal), remedy, creation.kind.whereToDelete, apply, advice))
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

// judge says what is to know of a new key that stands in the state already.
func (o keyCreation) judge(wanted alphamoon.APIKeyRequest, key *alphamoon.CreatedAPIKey) (diags diag.Diagnostics) {
	if key.Key.IsZero() {
		diags.AddAttributeError(path.Root("key"), "Key created without its secret",
			fmt.Sprintf("The service created the key %s, but its answer does not have the secret, which is shown only "+
				"once. The key is kept in the state as tainted: the next apply replaces it. It stays valid until it expires unless "+
				"you delete it %s.", key.ID, o.kind.whereToDelete))
	}
	if grant := wanted.Granted(key.APIKey); len(grant.Missing) > 0 {
		diags.AddAttributeError(path.Root("scopes"), "Key lacks scopes",
			fmt.Sprintf("The service created the key %s without scopes that were asked for: %s. It was asked for %s and granted %s. The "+
				"key is kept in the state as tainted: the next apply replaces it. If the provider's api_key may not grant these scopes, "+
				"use another one. If the key has them by other names, run terraform untaint. If you can do without them, remove them from "+
				"scopes before that.", key.ID,
				joinTexts(grant.Missing), joinTexts(wanted.Scopes), joinTexts(key.Scopes)))
	}
	if grant := wanted.Granted(key.APIKey); grant.Over {
		text := fmt.Sprintf("The service created the key %s at %q with the expiry %q, where %q was asked for, so that it does not work. "+
			"If the service's time is not yours, check the clock of this machine. If the service rounds expiries or limits them, ask "+
			"for a later one.", key.ID, formatInstant(key.CreatedAt.Time), formatInstant(grant.ExpiresAt), formatInstant(wanted.ExpiresAt))
		if o.expiry == "expires_at" { // another key would have the same date, again and again
			diags.AddAttributeWarning(path.Root(o.expiry), "Key has expired already", text)
		} else {
			diags.AddAttributeError(path.Root(o.expiry), "Key has expired already",
				text+" The key is kept in the state as tainted: the next apply replaces it.")
		}
		return diags
	}
	return append(diags, o.warnOfGrant(wanted, key.APIKey)...)
}

// warnOfGrant says in what a new key differs from what was asked for, although it works.
func (o keyCreation) warnOfGrant(wanted alphamoon.APIKeyRequest, key alphamoon.APIKey) (diags diag.Diagnostics) {
	grant := wanted.Granted(key)
	if len(grant.Additional) > 0 {
		diags.AddAttributeWarning(path.Root("scopes"), "Key has more scopes than were asked for",
			fmt.Sprintf("The service granted the key %s also %s. The state keeps the scopes that were asked for.", key.ID,
				joinTexts(grant.Additional)))
	}
	tolerated := 24 * time.Hour
	if o.expiry == "expires_at" {
		tolerated = 0
	}
	asked := formatInstant(wanted.ExpiresAt)
	switch difference := grant.ExpiresAt.Sub(wanted.ExpiresAt.Truncate(time.Second)).Abs(); {
	case grant.ExpiresAt.IsZero():
		diags.AddAttributeWarning(path.Root(o.expiry), "Key has no known expiry",
			fmt.Sprintf("The service created the key %s, and its answer names no expiry, where %s was asked for. If the key never "+
				"expires, only its deletion ends it.", key.ID, asked))
	case difference > tolerated:
		diags.AddAttributeWarning(path.Root(o.expiry), "Key expires at another time than was asked for",
			fmt.Sprintf("The service created the key %s with the expiry %q, where %q was asked for.", key.ID,
				formatInstant(grant.ExpiresAt), asked))
	}
	return diags
}

// joinTexts lists texts within a sentence.
func joinTexts(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return redact.Show(strings.Join(texts, ", "))
}
