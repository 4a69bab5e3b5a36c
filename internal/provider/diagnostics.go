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

// apiDiagnostics is the one place where an error of the client becomes a diagnostic: what happened, and what to
// do. action completes "The provider could not …". The summaries are constant, because Terraform folds
// diagnostics by their summary.
func apiDiagnostics(err error, action string) diag.Diagnostics {
	summary, advice := explain(err)
	return diag.Diagnostics{diag.NewErrorDiagnostic(summary,
		fmt.Sprintf("The provider could not %s: %s. %s", action, strings.TrimSuffix(reason(err), "."), advice))}
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
		text := fmt.Sprintf("%s %s was answered with status %d %s", status.Method, status.Path, status.Status, http.StatusText(status.Status))
		if words := status.Words(); words != "" {
			text += ", saying: " + words
		}
		return text
	case alphamoon.IsTimeout(err):
		return "no complete answer arrived in time"
	case errors.As(err, &answer):
		return fmt.Sprintf("%s %s was answered with a body that is not what the API sends (%v)", answer.Method, answer.Path, answer.Err)
	case errors.As(err, &connection):
		return "no answer arrived (" + innermost(connection.Err).Error() + ")"
	default:
		return err.Error()
	}
}

// explain chooses the summary and the advice for an error.
func explain(err error) (summary, advice string) {
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
		return "Alphamoon refused the credential", "The provider's api_key (or ALPHAMOON_API_KEY) is wrong or has expired: use a valid one."
	case alphamoon.IsForbidden(err):
		return "Alphamoon denied the permission", "The provider's api_key needs the scope " + alphamoon.ScopeManageProcessAPIKeys +
			" for this process: use a key that has it."
	case alphamoon.IsNotFound(err):
		return "Alphamoon does not know the process", "Check process_id, and that the provider's api_key belongs to the workspace of the process. " +
			"If the process was deleted, remove its keys with terraform state rm."
	case alphamoon.IsForeignNotFound(err):
		return "Alphamoon API not found at base_url", "The answer is not the API's own, so something else lives at this address: check the provider's base_url."
	case alphamoon.IsRateLimited(err):
		return "Alphamoon limits the rate of requests", "All retries were used up: apply again later, lower -parallelism, or raise max_retries."
	case errors.As(err, &status) && status.Location != "":
		return "Alphamoon redirected the request", "The provider does not follow redirects, because they would hand over its credential. If " +
			status.Location + " is the right address, set base_url accordingly."
	case errors.As(err, &status) && status.Status >= 500:
		return "Alphamoon failed to answer", unchanged + "try again later. If it persists, give the status and the path to Alphamoon's support" + instance(status) + "."
	case errors.As(err, &status):
		return "Alphamoon rejected the request", "Change the configuration as the message says." + conflictAdvice(status)
	case errors.Is(err, alphamoon.ErrInconsistentListing), errors.Is(err, alphamoon.ErrUnproven):
		return "Listing of keys is not reliable", unchanged + "the provider does not take a key for removed on such a listing. Try again when nobody changes keys of the process."
	case alphamoon.IsTrustFailure(err):
		return "Alphamoon's certificate is not trusted", "Check base_url, and whether a proxy replaces certificates: SSL_CERT_FILE can name the authority to trust."
	case errors.As(err, &dns):
		return "Alphamoon's host name cannot be resolved", "Check base_url, the network, and whether HTTPS_PROXY must be set."
	case alphamoon.IsTimeout(err):
		return "Alphamoon did not answer in time", unchanged + "try again later, or raise the provider's request_timeout."
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

// subject is what a creation is about, in the terms of the configuration.
type subject struct {
	name, processID string
	// expiry is the attribute that the expiry comes from.
	expiry string
	// revokes tells whether a key that is left over may be revoked, and revocation which attribute permits it.
	revokes    bool
	revocation string
}

// attribute translates a field of the API's request into the attribute that it comes from.
func (s subject) attribute(field string) path.Path {
	if field == "exp" {
		return path.Root(s.expiry)
	}
	return path.Root(field)
}

// creationDiagnostics says what became of a creation that failed. It puts the service's complaints on the
// attributes they concern, word for word.
func creationDiagnostics(err error, of subject) diag.Diagnostics {
	var doubt *alphamoon.DoubtfulCreationError
	if errors.As(err, &doubt) {
		return diag.Diagnostics{doubtDiagnostic(doubt, of)}
	}
	var status *alphamoon.StatusError
	var diags diag.Diagnostics
	if errors.As(err, &status) {
		for _, field := range status.Fields {
			if len(field.Location) == 0 || !slices.Contains([]string{"name", "scopes", "exp"}, field.Location[0]) {
				continue
			}
			diags.AddAttributeError(of.attribute(field.Location[0]), "Alphamoon rejected the value",
				fmt.Sprintf("The service refused to create the key %q and says: %s. Change the configuration accordingly.",
					of.name, strings.TrimSuffix(field.String(), ".")))
		}
	}
	if len(diags) > 0 && len(diags) == len(status.Fields) {
		return diags
	}
	return append(diags, apiDiagnostics(err,
		fmt.Sprintf("create the key %q in process %s, and nothing remains of the attempt", of.name, of.processID))...)
}

// doubtDiagnostic reports a key that may exist without anybody knowing its secret.
func doubtDiagnostic(doubt *alphamoon.DoubtfulCreationError, of subject) diag.Diagnostic {
	const remedy = "in the web application (process, Configuration, API keys), then apply again."
	if len(doubt.Twins) == 0 {
		return diag.NewErrorDiagnostic("Key may have been created without its secret",
			fmt.Sprintf("The creation of the key %q in process %s was sent, and then %s. Whether the key exists could not be found out: %s. If it does, its secret is lost: look for a key of "+
				"this name that was created just now and delete it %s", of.name, of.processID, reason(doubt.Err), reason(doubt.Obstacle), remedy))
	}
	ids := strings.Join(doubt.TwinIDs(), " or ")
	attempt := "With " + of.revocation + " = true the provider would try to revoke it itself."
	if doubt.Obstacle != nil {
		attempt = "Revoking it failed: " + reason(doubt.Obstacle) + "."
	} else if of.revokes {
		attempt = "The service accepted to revoke it and still lists it as active."
	}
	return diag.NewErrorDiagnostic("Key was created but its secret is lost",
		fmt.Sprintf("The creation of the key %q in process %s was sent, and then %s. The process now has %s, which nobody knew before and whose secret is lost. "+
			"Delete it %s %s", of.name, of.processID, reason(doubt.Err), ids, remedy, attempt))
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
