package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// advice is what to say when a part of the service refuses.
type advice struct {
	// forbidden says what a 403 means and what to do.
	forbidden string
	// notFound is the summary, and cure the advice, for a 404 in the service's own words.
	notFound, cure string
	// rejected is the advice for every other refusal of the service, if there is a better one than its words.
	rejected string
}

// processesAdvice is the list of processes.
var processesAdvice = advice{
	forbidden: "To list processes, the provider's api_key needs the scope workspace.process:read: use a key that has it.",
	notFound:  "Alphamoon does not offer the list of processes",
	cure:      "Check base_url, and that the provider's api_key belongs to a workspace.",
}

// diagnostics is the one place where an error of the client becomes a diagnostic: what happened, and what to do. action
// completes "The provider could not …". The summaries are constant, because Terraform folds diagnostics by their summary.
func (a advice) diagnostics(err error, action string) diag.Diagnostics {
	summary, next := a.onFailure(err)
	detail := fmt.Sprintf("The provider could not %s: %s %s", action, sentence(reason(err)), next)
	if _, repeated := errors.AsType[*repeatedError](err); repeated {
		detail = fmt.Sprintf("The detailed error %q says why.", summary) // one line of a terminal, for there may be hundreds
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(summary, detail)}
}

// sentence ends a text with one full stop.
func sentence(text string) string {
	if text = strings.TrimRight(text, ".…:;, "); strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// reason says what happened in words for a user: the service's own if there are any.
func reason(err error) string {
	status, isStatus := errors.AsType[*alphamoon.StatusError](err)
	answer, isAnswer := errors.AsType[*alphamoon.AnswerError](err)
	connection, isConnection := errors.AsType[*alphamoon.ConnectionError](err)
	switch {
	case errors.Is(err, context.Canceled) && !isStatus:
		return "the run was interrupted"
	case isStatus:
		text := fmt.Sprintf("%s %s was answered with status %d", status.Method, status.Path, status.Status)
		if name := http.StatusText(status.Status); name != "" {
			text += " " + name
		}
		if words := status.Words(); words != "" {
			text += ", saying: " + words
		}
		return text
	case isAnswer && !alphamoon.IsTimeout(err):
		what := answer.Reason
		if _, isSyntax := errors.AsType[*json.SyntaxError](err); isSyntax {
			what = "it is not JSON"
			if answer.ContentType != "" {
				what += fmt.Sprintf("; its content type is %q", answer.ContentType)
			}
		}
		return fmt.Sprintf("%s %s was answered with a body that is not what the API sends (%s)", answer.Method, answer.Path, what)
	case isConnection:
		peer := connection.Host
		if connection.Proxy != "" {
			peer += " through the proxy " + connection.Proxy
		}
		if alphamoon.IsTimeout(err) {
			return "no complete answer arrived in time from " + peer
		}
		return fmt.Sprintf("no answer arrived from %s (%s)", peer, connection.Reason)
	case alphamoon.IsTimeout(err):
		return "no complete answer arrived in time"
	default:
		return err.Error()
	}
}

// onFailure chooses the summary of an error and what to do next.
func (a advice) onFailure(err error) (summary, next string) {
	status, isStatus := errors.AsType[*alphamoon.StatusError](err)
	connection, isConnection := errors.AsType[*alphamoon.ConnectionError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	foreign := isStatus && !status.Documented
	switch {
	case errors.Is(err, context.Canceled):
		return "Interrupted", keptAsItWas + "apply again when you want to go on."
	case foreign && status.Status == http.StatusProxyAuthRequired:
		return "Proxy refused the request", "The proxy wants a user and a password: put them into HTTPS_PROXY, or exempt the host " +
			"with NO_PROXY."
	case alphamoon.IsUnauthorized(err) && foreign:
		return refusedCredential, "The provider's api_key (or ALPHAMOON_API_KEY) may be wrong or have expired. " + maybeGateway
	case alphamoon.IsUnauthorized(err):
		return refusedCredential, "The provider's api_key (or ALPHAMOON_API_KEY) is wrong or has expired: use a valid one."
	case alphamoon.IsForbidden(err) && foreign:
		return deniedPermission, a.forbidden + " " + maybeGateway
	case alphamoon.IsForbidden(err):
		return deniedPermission, a.forbidden
	case alphamoon.IsNotFound(err):
		return a.notFound, a.cure
	case alphamoon.IsForeignNotFound(err):
		return "Alphamoon API not found at base_url", "The answer is not the API's own, so something else lives at this " +
			"address: check the provider's base_url."
	case isStatus && status.RetryAfter > longWait:
		limit := "" // for other failures the provider only repeats the request, see max_retries
		if status.Status == http.StatusTooManyRequests || status.Status == http.StatusServiceUnavailable {
			limit = ", and the provider waits for ten minutes at most"
		}
		return "Alphamoon asks to come back later", fmt.Sprintf("The service asks to stay away until %s%s: apply again then.",
			formatInstant(status.RetryAt), limit)
	case alphamoon.IsRateLimited(err):
		return "Alphamoon limits the rate of requests", "The service refused the request again and again, for ten " +
			"minutes: apply again later, or ask Alphamoon to raise the limit."
	case alphamoon.IsTimeout(err), isStatus && status.Status == http.StatusRequestTimeout:
		return "Alphamoon did not answer in time", keptAsItWas + "try again later, or raise the provider's request_timeout."
	case isStatus && status.Status < 400:
		address := "the address of the redirect"
		if status.Location != "" {
			address = status.Location
		}
		return "Alphamoon redirected the request", fmt.Sprintf("The provider does not follow redirects, because they would hand over its "+
			"credential. If %s is the right address, set base_url accordingly.", address)
	case isStatus && status.Status >= 500:
		return "Alphamoon failed to answer", fmt.Sprintf("%stry again later. If it persists, give the status and the "+
			"path to Alphamoon's support%s.", keptAsItWas, instance(status))
	case isStatus && status.Words() == "":
		return "Alphamoon rejected the request", fmt.Sprintf("The service gives no reason. Check base_url, and whether a proxy or a "+
			"gateway refuses such requests; else give the status and the path to Alphamoon's support%s.", instance(status))
	case isStatus:
		return "Alphamoon rejected the request", cmp.Or(a.rejected, keptAsItWas+"the words of the service say why.")
	case errors.Is(err, alphamoon.ErrOtherOrganization):
		return "Keys of another organization", keptAsItWas + "the provider's api_key seems to belong to another " +
			"organization: use a key of the organization that the key belongs to."
	case errors.Is(err, alphamoon.ErrInconsistentListing), errors.Is(err, alphamoon.ErrUnproven), errors.Is(err, alphamoon.ErrTooManyPages):
		return "Listing is not reliable", keptAsItWas + "the provider creates nothing and takes nothing for removed on such a " +
			"listing. Try again when nobody else makes changes. If it persists, ask Alphamoon's support."
	case alphamoon.IsCleartextServer(err):
		return "Alphamoon's address does not speak TLS", "The server at base_url answers without encryption. Check the " +
			"address and the port; use http only for a loopback host."
	case alphamoon.IsTrustFailure(err):
		return "Alphamoon's certificate is not trusted", "Check base_url, and whether a proxy replaces certificates: " +
			"SSL_CERT_FILE can name the authority to trust."
	case isConnection && connection.Proxy != "":
		return "Alphamoon cannot be reached", "Check the proxy: its address, user and password in HTTPS_PROXY, and " +
			"whether NO_PROXY must exempt the host. Then try again."
	case isDNS:
		return "Alphamoon's host name cannot be resolved", "Check base_url, the network, and whether HTTPS_PROXY must be set."
	case alphamoon.IsUnusableAnswer(err):
		return "Alphamoon's answer cannot be understood", "A proxy may have replaced it: check base_url and the network, and try again."
	case isConnection:
		return "Alphamoon cannot be reached", "Check base_url, the network, and whether HTTPS_PROXY must be set; then try again."
	default:
		return "Alphamoon request failed", keptAsItWas + "try again."
	}
}

// longWait is what no service asks for that only limits the rate of requests.
const longWait = 30 * time.Second

const (
	keptAsItWas       = "Nothing was changed in the state; "
	refusedCredential = "Alphamoon refused the credential"
	deniedPermission  = "Alphamoon denied permission"
	// maybeGateway is for a refusal that is a gateway's, or the API's in a form that is not documented.
	maybeGateway = "The answer is not in the API's documented form, so that it may also be a proxy's or a gateway's: " +
		"check HTTPS_PROXY and the network."
)

func instance(status *alphamoon.StatusError) string {
	if status.Instance == "" {
		return ""
	}
	return " together with the service's reference " + status.Instance
}

// keyCreation is what a creation is about, in the terms of the configuration.
type keyCreation struct {
	kind            apiKeyKind
	name, processID string
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

func (o keyCreation) owner() string { return o.kind.owner(o.processID) }

// creationDiagnostics says what became of a creation that failed. It puts the service's complaints on the
// attributes they concern, word for word.
func creationDiagnostics(err error, creation keyCreation) diag.Diagnostics {
	lost, isLost := errors.AsType[*alphamoon.LostCreationError](err)
	reused, isReused := errors.AsType[*alphamoon.ReusedIDError](err)
	switch {
	case isLost && errors.Is(lost.Obstacle, alphamoon.ErrUnlistedBefore) && alphamoon.IsForbidden(err):
		// The credential may neither list nor create, which is all there is to say.
		return creation.kind.advice.diagnostics(err, fmt.Sprintf("create the key %q in %s", creation.name, creation.owner()))
	case isLost:
		return diag.Diagnostics{lostCreationDiagnostic(lost, creation)}
	case isReused:
		return diag.Diagnostics{diag.NewErrorDiagnostic("Alphamoon answered with an existing key",
			fmt.Sprintf("The service answered the creation of the key %q in %s with the key %s, which existed before. It may be somebody "+
				"else's, so it is neither in the state nor revoked. Look also for a new key of this name. Then use another name, or "+
				"import the key that existed.", creation.name, creation.owner(), reused.ID))}
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
		advice := fmt.Sprintf("With %s = true the provider revokes such a key itself.", creation.revocation)
		revocation, failed := errors.AsType[*alphamoon.NotRevokedError](lost.Obstacle)
		switch {
		case creation.expiry == "expires_at":
			advice = "It may also be the key of another configuration that asks for an equal one: make sure that nobody " +
				"uses it before you delete it. If it is another's, a key of this name may still appear."
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

// whyNotRevoked says what became of a request to revoke a key.
func whyNotRevoked(err error) string {
	failure, failed := errors.AsType[*alphamoon.NotRevokedError](err)
	switch {
	case !failed:
		return reason(err)
	case failure.Unchecked != nil && (failure.Refusal == nil || !errors.Is(failure.Unchecked, alphamoon.ErrTooYoung)):
		return reason(failure.Unchecked)
	case failure.Refusal != nil:
		return reason(failure.Refusal)
	default:
		return "the service accepted the request and still lists the key"
	}
}
