package alphamoon

import (
	"cmp"
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// limiter holds requests back, so that the configured ceiling is kept and the service need not refuse requests. It learns
// the pace by AIMD (additive increase, multiplicative decrease), as congestion control does. No
// pace is kept before the first refusal. A limit that only one collection has run into sets a pace for the requests to
// that collection; one that a second collection runs into is taken for a limit of all requests.
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

// gate lets requests pass one by one, first come, first served.
type gate struct {
	queue *semaphore.Weighted
	last  time.Time // when the last one passed
}

// pass returns at the time that next derives from the last passage. What next says may change while a request waits.
func (g *gate) pass(ctx context.Context, next func(last time.Time) time.Time) error {
	if err := g.queue.Acquire(ctx, 1); err != nil {
		return err
	}
	defer g.queue.Release(1)
	for {
		wait := next(g.last).Sub(now())
		if wait <= 0 {
			g.last = now()
			return ctx.Err()
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// accepted notes that the service worked on a request, which was sent at the given time.
func (l *limiter) accepted(collection string, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paces(collection) {
		l.pace.accepted(sent)
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

// What the pace does, chosen by simulation over limits from 0.5 to 100 requests a second; see the test.
const (
	// start is the pace after the first refusal.
	start = 1
	// decrease is what a refusal leaves of the pace.
	decrease = 0.85
	// increase, times the root of the pace, is what an accepted request adds to it. So fast limits are learned in larger
	// steps, and yet a slow client catches up with a fast one that shares the limit.
	increase = 0.02
)

// pace learns how many requests a second the service accepts: it grows slowly and shrinks fast. The clock is an argument.
type pace struct {
	slowest, fastest float64
	// perSecond is 0 before the first refusal.
	perSecond float64
	// peak is the pace at the last refusal before which requests were accepted. It is infinite at first.
	peak float64
	// proven means that a request was accepted since the pace was lowered.
	proven bool
	// lowered is when the pace was lowered. What became of a request that was sent before says nothing new.
	lowered time.Time
	// closed is until when the service asks to stay away.
	closed time.Time
}

// next is when the next request may be sent.
func (p *pace) next(last time.Time) time.Time { return later(p.closed, last.Add(p.spacing())) }

func (p *pace) spacing() time.Duration { return time.Duration(float64(time.Second) / p.perSecond) }

func (p *pace) set(perSecond float64) { p.perSecond = min(max(perSecond, p.slowest), p.fastest) }

func (p *pace) accepted(sent time.Time) {
	if sent.Before(p.lowered) {
		return
	}
	p.proven = true
	if p.perSecond < p.peak/2 {
		p.set(p.perSecond + 1) // far below what went well before: it doubles in less than a second
		return
	}
	p.set(p.perSecond + increase*math.Sqrt(p.perSecond))
}

func (p *pace) refused(sent, now time.Time, wait time.Duration) {
	switch {
	case p.perSecond == 0:
		p.set(start)
		p.peak, p.lowered, p.closed = math.Inf(1), now, now.Add(p.spacing())
	case !sent.Before(p.lowered):
		if p.proven {
			p.peak = p.perSecond
		}
		p.set(p.perSecond * decrease)
		p.proven, p.lowered = false, now
	}
	// A service that counts in whole seconds says one second where it means less: the pace covers that.
	if wait > time.Second {
		p.closed = later(p.closed, now.Add(wait))
	}
}
