package alphamoon

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// repeatable says whether another attempt may follow after a failure other than a refusal.
func repeatable(creation bool, err error) bool {
	status, answered := errors.AsType[*StatusError](err)
	switch {
	case IsTrustFailure(err), creation && !DidNothing(err), isNoContent(err), errors.Is(err, errNoList):
		return false
	case answered:
		return status.Status == http.StatusRequestTimeout || status.Status >= 500
	default:
		return true // no answer, or one that cannot be understood
	}
}

// refusal reports whether the service refused to work on a request for now, and for how long it asks to stay away:
// 429, or 503 with a Retry-After. The wait is 0 if it did not say.
func refusal(err error) (wait time.Duration, refused bool) {
	status, answered := errors.AsType[*StatusError](err)
	if !answered {
		return 0, false
	}
	return status.RetryAfter, status.Status == http.StatusTooManyRequests ||
		status.Status == http.StatusServiceUnavailable && status.HasRetryAfter
}

// DidNothing reports whether a failed request provably changed nothing at the service: there was no connection, the
// service refused to work on it for now, or the API itself rejected it. A page of a gateway proves nothing.
func DidNothing(err error) bool {
	if _, shared := errors.AsType[*sharedFailure](err); shared {
		return true
	}
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return !connection.Sent
	}
	_, refused := refusal(err)
	status, answered := errors.AsType[*StatusError](err)
	return refused || answered && status.Documented && status.Status >= 400 && status.Status < 500
}

// workedOn reports a failure that shows that the service worked on a request, or still does: an answer that cannot be
// used, a timeout, or a gateway's (524 is the 504 of a well-known content delivery network).
func workedOn(err error) bool {
	return IsUnusableAnswer(err) || IsTimeout(err) || hasStatus(err, http.StatusGatewayTimeout, 524)
}

// IsTrustFailure reports a failure that no repetition changes: the host's certificate is not trusted, or it does not speak TLS.
func IsTrustFailure(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	return verification || IsCleartextServer(err)
}

// IsCleartextProxy reports that the proxy was asked for TLS, because its own address begins with https, and answered without.
func IsCleartextProxy(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "proxyconnect" && IsCleartextServer(err)
}

// IsCleartextServer reports that the host was asked for TLS and answered in plain HTTP, or not in TLS at all.
func IsCleartextServer(err error) bool {
	_, noRecord := errors.AsType[tls.RecordHeaderError](err)
	return noRecord
}

// retryAfter reads the Retry-After header, given in seconds or as a date. A date counts from the answer's own
// Date if there is one, so that a wrong clock on either side does no harm. A wait in the past is none.
// U: refusals on the way
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(header.Get("Retry-After"))
	const longest = 24 * time.Hour
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second, true
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return min(max(until.Sub(now), 0), longest), true
}

// jitteredBackoff doubles the wait with every retry and takes a random half of it away, so that the many
// resources of one apply do not come back at the same moment.
func (c Config) jitteredBackoff(retries int) time.Duration {
	wait := min(c.RetryWaitMin<<min(retries, 20), c.RetryWaitMax)
	half := wait / 2
	return half + c.Jitter(wait-half)
}
