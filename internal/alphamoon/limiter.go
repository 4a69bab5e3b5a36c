package alphamoon

import (
	"cmp"
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// limiter holds requests back, so that the configured ceiling is kept and the service need not refuse requests. No pace
// is kept before the first refusal. A limit that only one collection has run into sets a [pace] for the requests to that
// collection; one that a second collection runs into is taken for a limit of all requests.
type limiter struct {
	// longestWait bounds a wait that the service asks for.
	longestWait time.Duration
	// spacing is the least time between two requests, whatever they are about. It is 0 without a ceiling.
	spacing        time.Duration
	ceiling, paced gate

	mu sync.Mutex
	// collection is the one whose requests are paced, or all.
	collection string
	pace       pace
	// waiting counts the requests that wait for the pace, since waitingSince; waited is how long any did before.
	waiting      int
	waitingSince time.Time
	waited       time.Duration
}

// all stands for all collections.
const all = "*"

func newLimiter(longestWait time.Duration, ceiling float64) *limiter {
	l := &limiter{longestWait: longestWait, pace: pace{slowest: 8 / longestWait.Seconds(), fastest: math.Inf(1)}}
	l.ceiling.queue, l.paced.queue = semaphore.NewWeighted(1), semaphore.NewWeighted(1)
	if ceiling > 0 {
		l.spacing = time.Duration(min(math.Ceil(float64(time.Second)/ceiling), 1<<62))
		l.pace.fastest = ceiling
	}
	return l
}

// wait returns when a request to the collection may be sent. The error is the context's.
func (l *limiter) wait(ctx context.Context, collection string) error {
	l.mu.Lock()
	paced := l.paces(collection)
	l.mu.Unlock()
	if paced {
		if err := l.waitForPace(ctx); err != nil {
			return err
		}
	}
	return l.waitForCeiling(ctx)
}

func (l *limiter) paces(collection string) bool {
	return l.collection == all || l.collection == collection && collection != ""
}

func (l *limiter) waitForPace(ctx context.Context) error {
	l.count(1)
	defer l.count(-1)
	return l.paced.pass(ctx, func(last time.Time) time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.pace.next(last)
	})
}

func (l *limiter) waitForCeiling(ctx context.Context) error {
	return l.ceiling.pass(ctx, func(last time.Time) time.Time { return last.Add(l.spacing) })
}

// accepted notes that the service worked on a request.
func (l *limiter) accepted(collection string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paces(collection) {
		l.pace.accepted()
	}
}

// refused notes that the service refused a request, which was sent at the given time, and how long it asks to wait.
func (l *limiter) refused(collection string, sent time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.collection = cmp.Or(l.collection, collection); l.collection != collection {
		l.collection = all
	}
	l.pace.refused(sent, now(), min(wait, l.longestWait))
}

// count notes that another request waits for the pace, or one less.
func (l *limiter) count(change int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == 0 {
		l.waitingSince = now()
	}
	if l.waiting += change; l.waiting == 0 {
		l.waited += now().Sub(l.waitingSince)
	}
}

// RateLimitWait is for how long requests have waited in all because the service limits their rate. While one still
// waits it is not complete.
func (c *Client) RateLimitWait() (waited time.Duration, complete bool) {
	l := c.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waited, l.waiting == 0
}
