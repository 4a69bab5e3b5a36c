package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// area is a part of the service, with what to say when it refuses.
type area struct {
	// forbidden says what a 403 means and what to do.
	forbidden string
	// notFound is the summary, and cure the advice, for a 404 in the service's own words.
	notFound, cure string
}

// processesArea is the list of processes.
var processesArea = area{
	forbidden: "To list processes, the provider's api_key needs the scope workspace.process:read: use a key that has it.",
	notFound:  "Alphamoon does not offer the list of processes",
	cure:      "Check base_url, and that the provider's api_key belongs to a workspace.",
}

// diagnostics is the one place where an error of the client becomes a diagnostic: what happened, and what to
// do. action completes "The provider could not …". The summaries are constant, because Terraform folds
// diagnostics by their summary.
func (a area) diagnostics(err error, action string) diag.Diagnostics {
	summary, advice := a.explain(err)
	detail := fmt.Sprintf("The provider could not %s: %s %s", action, sentence(reason(err)), advice)
	var repeated *alphamoon.RepeatedError
	if errors.As(err, &repeated) {
		detail = "The first error of this kind gives the reason." // one line of a terminal, for there may be hundreds
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(summary, detail)}
}

// sentence ends a text with one full stop.
func sentence(text string) string {
	return strings.TrimRight(text, ". ") + "."
}

// reason says what happened in words for a user: the service's own if there are any.
func reason(err error) string {
	var (
		status     *alphamoon.StatusError
		answer     *alphamoon.AnswerError
		connection *alphamoon.ConnectionError
	)
	switch {
	case errors.As(err, &status):
		text := fmt.Sprintf("%s %s was answered with status %d %s", status.Method, status.Path, status.Status,
			http.StatusText(status.Status))
		if words := status.Words(); words != "" {
			text += ", saying: " + words
		}
		return text
	case alphamoon.IsTimeout(err):
		return "no complete answer arrived in time"
	case errors.As(err, &answer):
		return fmt.Sprintf("%s %s was answered with a body that is not what the API sends (%v)", answer.Method, answer.Path,
			answer.Err)
	case errors.As(err, &connection):
		return "no answer arrived (" + innermost(connection.Err).Error() + ")"
	default:
		return err.Error()
	}
}

// explain chooses the summary and the advice for an error.
func (a area) explain(err error) (summary, advice string) {
	const unchanged = "Nothing was changed in the state; "
	var (
		status     *alphamoon.StatusError
		dns        *net.DNSError
		connection *alphamoon.ConnectionError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "Interrupted", unchanged + "apply again when you want to go on."
	case alphamoon.IsUnauthorized(err):
		return "Alphamoon refused the credential", "The provider's api_key (or ALPHAMOON_API_KEY) is wrong or has " +
			"expired: use a valid one."
	case alphamoon.IsForbidden(err):
		return "Alphamoon denied the permission", a.forbidden
	case alphamoon.IsNotFound(err):
		return a.notFound, a.cure
	case alphamoon.IsForeignNotFound(err):
		return "Alphamoon API not found at base_url", "The answer is not the API's own, so something else lives at this " +
			"address: check the provider's base_url."
	case alphamoon.IsRateLimited(err):
		return "Alphamoon limits the rate of requests", "The service refused the request again and again, for ten " +
			"minutes: apply again later, or ask Alphamoon to raise the limit."
	case alphamoon.IsTimeout(err), errors.As(err, &status) && status.Status == http.StatusRequestTimeout:
		return "Alphamoon did not answer in time", unchanged + "try again later, or raise the provider's request_timeout."
	case errors.As(err, &status) && status.Location != "":
		return "Alphamoon redirected the request", "The provider does not follow redirects, because they would hand " +
			"over its credential. If " +
			status.Location + " is the right address, set base_url accordingly."
	case errors.As(err, &status) && status.Status >= 500:
		return "Alphamoon failed to answer", unchanged + "try again later. If it persists, give the status and the path " +
			"to Alphamoon's support" + instance(status) + "."
	case errors.As(err, &status):
		return "Alphamoon rejected the request", "Change the configuration as the message says." + conflictAdvice(status)
	case errors.Is(err, alphamoon.ErrInconsistentListing),
		errors.Is(err, alphamoon.ErrUnproven),
		errors.Is(err, alphamoon.ErrTooManyPages):
		return "Listing is not reliable", unchanged + "the provider takes nothing for removed on such a listing. Try " +
			"again when nobody else makes changes."
	case alphamoon.IsCleartextServer(err):
		return "Alphamoon's address does not speak TLS", "The server at base_url answers without encryption. Check the " +
			"address and the port; use http only for a loopback host."
	case alphamoon.IsTrustFailure(err):
		return "Alphamoon's certificate is not trusted", "Check base_url, and whether a proxy replaces certificates: " +
			"SSL_CERT_FILE can name the authority to trust."
	case errors.As(err, &dns):
		return "Alphamoon's host name cannot be resolved", "Check base_url, the network, and whether HTTPS_PROXY must be set."
	case alphamoon.IsUnusableAnswer(err):
		return "Alphamoon's answer cannot be understood", "A proxy may have replaced it: check base_url and the network, and try again."
	case errors.As(err, &connection):
		return "Alphamoon cannot be reached", "Check base_url, the network, and whether HTTPS_PROXY must be set; then try again."
	default:
		return "Alphamoon request failed", unchanged + "try again."
	}
}

func instance(status *alphamoon.StatusError) string {
	if status.Instance == "" {
		return ""
	}
	return " together with the service's reference " + status.Instance
}

func conflictAdvice(status *alphamoon.StatusError) string {
	if status.Status == http.StatusConflict {
		return " It conflicts with something that exists already: the web application shows the keys of the process."
	}
	return ""
}

// keyOrder is what a creation is about, in the terms of the configuration.
type keyOrder struct {
	kind            apiKeyKind
	name, processID string
	// expiry is the attribute that the expiry comes from.
	expiry string
	// revokes tells whether a key that is left over may be revoked, and revocation which attribute permits it.
	revokes    bool
	revocation string
}

// attribute translates a field of the API's request into the attribute that it comes from.
func (o keyOrder) attribute(field string) path.Path {
	if field == "exp" {
		return path.Root(o.expiry)
	}
	return path.Root(field)
}

func (o keyOrder) owner() string { return o.kind.owner(o.processID) }

// creationDiagnostics says what became of a creation that failed. It puts the service's complaints on the
// attributes they concern, word for word.
func creationDiagnostics(err error, order keyOrder) diag.Diagnostics {
	var doubt *alphamoon.DoubtfulCreationError
	if errors.As(err, &doubt) {
		return diag.Diagnostics{doubtDiagnostic(doubt, order)}
	}
	var status *alphamoon.StatusError
	var diags diag.Diagnostics
	if errors.As(err, &status) {
		for _, field := range status.Fields {
			if len(field.Location) == 0 || !slices.Contains([]string{"name", "scopes", "exp"}, field.Location[0]) {
				continue
			}
			diags.AddAttributeError(order.attribute(field.Location[0]), "Alphamoon rejected the value",
				fmt.Sprintf("The service refused to create the key %q and says: %s Change the configuration accordingly.",
					order.name, sentence(field.String())))
		}
	}
	if len(diags) > 0 && len(diags) == len(status.Fields) {
		return diags
	}
	return append(diags, order.kind.area.diagnostics(err,
		fmt.Sprintf("create the key %q in %s, and nothing remains of the attempt", order.name, order.owner()))...)
}

// doubtDiagnostic reports a key that may exist without anybody knowing its secret.
func doubtDiagnostic(doubt *alphamoon.DoubtfulCreationError, order keyOrder) diag.Diagnostic {
	lost := fmt.Sprintf("The creation of the key %q in %s was sent, and then this happened: %s", order.name, order.owner(),
		sentence(reason(doubt.Err)))
	obstacle := ""
	if doubt.Obstacle != nil {
		obstacle = " " + sentence("What is known of it may be incomplete: "+whyNotRevoked(doubt.Obstacle))
	}
	switch {
	case len(doubt.Candidates) > 0:
		advice := "With " + order.revocation + " = true the provider would try to revoke it itself."
		var revocation *alphamoon.NotRevokedError
		switch {
		case errors.As(doubt.Obstacle, &revocation):
			advice = "Revoking it failed: " + sentence(whyNotRevoked(revocation))
		case doubt.Obstacle != nil:
			advice = strings.TrimSpace(obstacle)
		case order.revokes:
			advice = "The provider did not revoke it, because more than one key could be it."
		}
		return diag.NewErrorDiagnostic("Key was created but its secret is lost",
			fmt.Sprintf("%s There is now the key %s, which was not there before and whose secret is lost. Delete it %s, "+
				"then apply again. %s", lost, listIDs(doubt.Candidates), order.kind.place, advice))
	case len(doubt.Others) > 0:
		return diag.NewErrorDiagnostic("Key may have been created otherwise than asked for",
			fmt.Sprintf("%s New keys are there that differ from what was asked for: %s. Either somebody else made them, "+
				"or the service granted the request otherwise. The creation was not sent again and nothing was revoked. "+
				"Find out whose they are, delete what nobody uses %s, then apply again.%s", lost, listIDs(doubt.Others),
				order.kind.place, obstacle))
	default:
		return diag.NewErrorDiagnostic("Key may have been created without its secret",
			fmt.Sprintf("%s Whether the key exists could not be found out: %s If it does, its secret is lost: look for a "+
				"key of this name that was created just now, delete it %s, then apply again.", lost,
				sentence(reason(doubt.Obstacle)), order.kind.place))
	}
}

// extraKeysDiagnostics names keys that the service created beside the one that is in use.
func extraKeysDiagnostics(key *alphamoon.CreatedAPIKey, order keyOrder) (diags diag.Diagnostics) {
	if len(key.ExtraIDs) > 0 {
		diags.AddWarning("More keys were created than asked for", fmt.Sprintf("The first attempt to create the key %q "+
			"failed, but the service carried it out later: %s of %s is a valid key whose secret is lost. Delete it %s. "+
			"The key in use is %s.", order.name, strings.Join(key.ExtraIDs, " and "), order.owner(), order.kind.place,
			key.ID))
	}
	return diags
}

func listIDs(keys []alphamoon.APIKey) string {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ID
	}
	return strings.Join(ids, " or ")
}

// whyNotRevoked tells what became of a request to revoke a key.
func whyNotRevoked(err error) string {
	var failure *alphamoon.NotRevokedError
	switch {
	case !errors.As(err, &failure):
		return reason(err)
	case failure.Unchecked != nil:
		return reason(failure.Unchecked)
	case failure.Refusal != nil:
		return reason(failure.Refusal)
	default:
		return "the service accepted the request and still lists the key as active"
	}
}

// innermost drops the wrappings of network errors, which repeat the address in Go's terms.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
