package alphamoon

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// outage is a short-lived circuit breaker. It keeps the last failure of the service itself or of the credential: every
// request would run into it, whatever it is about, so that it is shared by the requests that were waiting, and by those of
// the next seconds.
type outage struct {
	memory time.Duration

	mu      sync.Mutex
	failure error
	at      time.Time
}

// shared returns the failure that a request shares which began at the given time; nil if there is none.
func (o *outage) shared(began time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.concerns(began) {
		return nil
	}
	return &sharedFailure{o.failure}
}

func (o *outage) concerns(began time.Time) bool {
	return o.failure != nil && (!o.at.Before(began) || now().Sub(o.at) < o.memory)
}

// record takes what became of a request that began at the given time. It returns the failure to report: that of the
// request, or that of the outage which it belongs to.
func (o *outage) record(began time.Time, failure error) error {
	_, shared := errors.AsType[*sharedFailure](failure)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case shared, errors.Is(failure, context.Canceled):
		return failure // which says nothing new
	case !isOutage(failure):
		o.failure = nil
		return failure
	case o.concerns(began):
		return &sharedFailure{o.failure}
	default:
		o.failure, o.at = failure, now()
		return failure
	}
}

// isOutage reports whether a failure is the service's, the network's or the credential's, and not one of what was asked
// for.
func isOutage(err error) bool {
	_, unreachable := errors.AsType[*ConnectionError](err)
	return unreachable || IsTimeout(err) || hasStatus(err, http.StatusUnauthorized, 502, 503, 504)
}

// sharedFailure is the failure of another request, reported instead of one's own. The request itself changed nothing at
// the service.
type sharedFailure struct{ error }

func (e *sharedFailure) Unwrap() error { return e.error }
