package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// advice is what to say when a part of the service refuses. The service's words come first, and nobody knows what it means
// by a status. So all of it is a guess, which begins with "If".
type advice struct {
	// forbidden is the advice for a 403, and notFound for a 404 in the service's own words.
	forbidden, notFound string
	// wayOut is more advice for a refusal, after a blank; empty if there is none.
	wayOut string
}

// processesAdvice is the list of processes.
var processesAdvice = advice{
	forbidden: "If the provider's api_key lacks the scope workspace.process:read, use a key that has it.",
	notFound:  "If base_url is wrong, correct it. If the provider's api_key belongs to no workspace, use one that does.",
}

// orForget is the advice about a key in the state.
func (a advice) orForget() advice {
	a.wayOut = " If you no longer need the key, terraform state rm takes it out of the state."
	return a
}

// diagnostics is the one place where an error of the client becomes a diagnostic: what happened, and what to do. action
// completes "The provider could not …". The summaries are constant, because Terraform folds diagnostics by their summary.
func (a advice) diagnostics(err error, action string) diag.Diagnostics {
	summary, next := a.onFailure(err)
	detail := fmt.Sprintf("The provider could not %s: %s %s", action, sentence(reason(err)), next)
	if isRepeated(err) {
		detail = seeDetailed(summary)
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(summary, detail)}
}

// diagnosticsOf is the same about one key. fate says in a few words what the failure means for it, where that is not plain.
func (a advice) diagnosticsOf(err error, fate, action string) diag.Diagnostics {
	if !isRepeated(err) {
		return a.diagnostics(err, action)
	}
	summary, _ := a.onFailure(err)
	return diag.Diagnostics{diag.NewErrorDiagnostic(summary, fate+" "+seeDetailed(summary))}
}

// isRepeated reports a failure that the run was told of before.
func isRepeated(err error) bool {
	_, repeated := errors.AsType[*repeatedError](err)
	return repeated
}

// seeDetailed is one line of a terminal, for there may be hundreds.
func seeDetailed(summary string) string {
	return fmt.Sprintf("See the error %q of this run for the cause.", summary)
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
	case isStatus:
		return reasonOfStatus(status)
	case errors.Is(err, context.Canceled):
		return "the run was interrupted"
	case isAnswer && !alphamoon.IsTimeout(err):
		return reasonOfAnswer(answer)
	case isConnection:
		return reasonOfConnection(connection)
	case alphamoon.IsTimeout(err):
		return noAnswerInTime
	default:
		return err.Error()
	}
}

func reasonOfStatus(status *alphamoon.StatusError) string {
	text := fmt.Sprintf("%s %s was answered with status %d", status.Method, status.Path, status.Status)
	if name := http.StatusText(status.Status); name != "" {
		text += " " + name
	}
	if words := status.Words(); words != "" {
		text += ", saying: " + words
	}
	return text
}

func reasonOfAnswer(answer *alphamoon.AnswerError) string {
	what := answer.Reason
	if _, isSyntax := errors.AsType[*json.SyntaxError](answer.Err); isSyntax {
		what = "it is not JSON"
		if answer.ContentType != "" {
			what += fmt.Sprintf("; its content type is %q", answer.ContentType)
		}
	}
	return fmt.Sprintf("%s %s was answered with a body that is not what the API sends (%s)", answer.Method, answer.Path, what)
}

func reasonOfConnection(connection *alphamoon.ConnectionError) string {
	peer := connection.Host
	if connection.Proxy != "" {
		peer += " through the proxy " + connection.Proxy
	}
	if alphamoon.IsTimeout(connection) {
		return noAnswerInTime + " from " + peer
	}
	return fmt.Sprintf("no answer arrived from %s (%s)", peer, connection.Reason)
}

// onFailure chooses the summary of an error and what to do next.
func (a advice) onFailure(err error) (summary, next string) {
	status, isStatus := errors.AsType[*alphamoon.StatusError](err)
	connection, isConnection := errors.AsType[*alphamoon.ConnectionError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "Interrupted", "Run it again when you want to go on."
	case isStatus:
		return a.onStatus(status)
	case alphamoon.IsTimeout(err):
		return tooLate, raiseTimeout
	case isConnection:
		return onConnection(connection)
	case isUnreliable(err):
		return "Listing is not reliable", "The provider creates nothing and takes nothing for removed on such a " +
			"listing. Try again when nobody else makes changes. If it persists, ask Alphamoon's support."
	case alphamoon.IsUnusableAnswer(err):
		return "Alphamoon's answer cannot be understood", "A proxy may have replaced it: check base_url and the network, and try again."
	default:
		return "Alphamoon request failed", "Try again."
	}
}

// onStatus is for an answer that refuses.
func (a advice) onStatus(status *alphamoon.StatusError) (summary, next string) {
	switch {
	case status.Status == http.StatusProxyAuthRequired && !status.Documented:
		return "Proxy refused the request", "The proxy wants a user and a password: put them into HTTPS_PROXY, or exempt the host " +
			"with NO_PROXY."
	case status.Status == http.StatusUnauthorized && !status.Documented:
		return refusedCredential, badCredential + " " + maybeGateway
	case status.Status == http.StatusUnauthorized:
		return refusedCredential, badCredential
	case status.Status == http.StatusForbidden && !status.Documented:
		return deniedPermission, a.forbidden + " " + maybeGateway
	case status.Status == http.StatusForbidden:
		return deniedPermission, a.forbidden + a.wayOut
	case status.Status == http.StatusNotFound && !status.Documented:
		return "Alphamoon API not found at base_url", "The answer is not the API's own, so something else lives at this " +
			"address: check the provider's base_url."
	case status.Status == http.StatusNotFound:
		return "Alphamoon answered that it was not found", a.notFound + a.wayOut
	case status.RetryAfter > longWait:
		return onLongWait(status)
	case status.Status == http.StatusTooManyRequests:
		return "Alphamoon limits the rate of requests", "The service refused the request again and again, for ten " +
			"minutes: apply again later, or ask Alphamoon to raise the limit."
	case status.Status == http.StatusRequestTimeout:
		return tooLate, raiseTimeout
	case status.Status < http.StatusBadRequest:
		return "Alphamoon redirected the request", fmt.Sprintf("The provider does not follow redirects, because they would hand over its "+
			"credential. If %s is the right address, set base_url accordingly.", cmp.Or(status.Location, "the address of the redirect"))
	case status.Status >= http.StatusInternalServerError:
		return "Alphamoon failed to answer", fmt.Sprintf("Try again later. If it persists, give the status and the "+
			"path to Alphamoon's support%s.", instance(status))
	case status.Words() == "":
		return rejectedRequest, fmt.Sprintf("The service gives no reason. Check base_url, and whether a proxy or a "+
			"gateway refuses such requests; else give the status and the path to Alphamoon's support%s.", instance(status))
	default:
		return rejectedRequest, "If the configuration is wrong, correct it; otherwise ask Alphamoon's support" + instance(status) + "." +
			a.wayOut
	}
}

// onLongWait is for a service that asks to stay away for longer than a rate limit takes.
func onLongWait(status *alphamoon.StatusError) (summary, next string) {
	limit := "" // for other failures the provider only repeats the request, see max_retries
	if status.Status == http.StatusTooManyRequests || status.Status == http.StatusServiceUnavailable {
		limit = ", and the provider waits for ten minutes at most"
	}
	return "Alphamoon asks to come back later", fmt.Sprintf("The service asks to stay away until %s%s: apply again then.",
		formatInstant(status.RetryAt), limit)
}

// onConnection is for a request without an answer.
func onConnection(connection *alphamoon.ConnectionError) (summary, next string) {
	_, isDNS := errors.AsType[*net.DNSError](connection)
	switch {
	case alphamoon.IsCleartextProxy(connection):
		return "Proxy does not speak TLS", "The address of the proxy begins with https://, but the proxy answers without encryption. " +
			"Write http:// in HTTPS_PROXY, as most proxies want it: the requests to the service are encrypted all the same."
	case alphamoon.IsCleartextServer(connection):
		return "Alphamoon's address does not speak TLS", "The server at base_url answers without encryption. Check the " +
			"address and the port; use http only for a loopback host."
	case alphamoon.IsTrustFailure(connection):
		return "Alphamoon's certificate is not trusted", "Check base_url, and whether a proxy replaces certificates: " +
			"SSL_CERT_FILE can name the authority to trust."
	case connection.Proxy != "":
		return unreachable, "Check the proxy: its address, user and password in HTTPS_PROXY, and " +
			"whether NO_PROXY must exempt the host. Then try again."
	case isDNS:
		return "Alphamoon's host name cannot be resolved", "Check base_url, the network, and whether HTTPS_PROXY must be set."
	default:
		return unreachable, "Check base_url, the network, and whether HTTPS_PROXY must be set; then try again."
	}
}

// isUnreliable reports a listing that cannot be trusted to be all there is.
func isUnreliable(err error) bool {
	return errors.Is(err, alphamoon.ErrInconsistentListing) || errors.Is(err, alphamoon.ErrUnproven) ||
		errors.Is(err, alphamoon.ErrTooManyPages)
}

// longWait is what no service asks for that only limits the rate of requests.
const longWait = 30 * time.Second

const (
	badCredential     = "If the provider's api_key (or ALPHAMOON_API_KEY) is wrong or has expired, use a valid one."
	refusedCredential = "Alphamoon refused the credential"
	deniedPermission  = "Alphamoon denied permission"
	rejectedRequest   = "Alphamoon rejected the request"
	noAnswerInTime    = "no complete answer arrived in time"
	tooLate           = "Alphamoon did not answer in time"
	raiseTimeout      = "Try again later, or raise the provider's request_timeout."
	unreachable       = "Alphamoon cannot be reached"
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
