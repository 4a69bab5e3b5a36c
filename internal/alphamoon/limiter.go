package alphamoon

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter holds requests back so that the service need not refuse them. Nothing is held back before the first
// refusal. A limit that only one part of the service has run into holds back only requests to that part; one that
// a second part runs into is taken for a limit of all requests.
type limiter struct {
	// turn passes the right to take the next place, first come, first served.
	turn chan struct{}

	mu      sync.Mutex
	pace    pace
	part    string // whose requests are paced, unless all are
	changed chan struct{}
}

func newLimiter(longestWait time.Duration) *limiter {
	l := &limiter{turn: make(chan struct{}, 1), pace: pace{longestWait: longestWait}, changed: make(chan struct{})}
	l.turn <- struct{}{}
	return l
}

// everything stands for all parts.
const everything = "*"

func (l *limiter) paces(part string) bool {
	return l.part == everything || l.part == part && part != ""
}

// wait returns when a request to the part may be sent. The error is the context's.
func (l *limiter) wait(ctx context.Context, part string) error {
	l.mu.Lock()
	paced := l.paces(part)
	if !paced {
		l.pace.sentFreely(now())
	}
	l.mu.Unlock()
	if !paced {
		return ctx.Err()
	}
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		l.mu.Lock()
		wait, changed := l.pace.delay(now()), l.changed
		if wait <= 0 {
			l.pace.spend(now())
			l.mu.Unlock()
			return ctx.Err()
		}
		l.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// accepted notes that the service worked on a request.
func (l *limiter) accepted(part string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace.accepted(now, l.paces(part))
}

// refused notes that the service refused a request, which was sent at the given time, and how long it asks to wait.
func (l *limiter) refused(part string, sent, now time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.part {
	case "":
		l.part = part
	case part:
	default:
		l.part = everything
	}
	l.pace.refused(sent, now, wait)
	close(l.changed)
	l.changed = make(chan struct{})
}

// What the pace does, tried by simulation over limits from 1 to 100 requests a second; see the test.
const (
	backOff   = 0.85 // what a refusal leaves of the pace
	emergency = 0.7  // and what it leaves if nothing was accepted since the last one
	forget    = 0.98 // what that leaves of the memory of a better time
	// increase is by how much the pace grows in a second, times the root of the pace: faster limits are learned in
	// larger steps, and yet a slow client catches up with a fast one that shares the limit. No single request lets
	// the pace grow by more than the share gentle.
	increase, gentle = 0.1, 0.02
	// patient is after how long without a refusal the growth itself grows.
	patient   = 20 * time.Second
	meterSpan = 5 * time.Second
)

// pace learns how many requests a second the service accepts: additive increase, multiplicative decrease, as TCP
// does it. It is pure: the clock is an argument.
type pace struct {
	longestWait time.Duration
	// bucket is nil before the first refusal. It lets no two requests go at once.
	bucket *rate.Limiter
	// peak is the rate at the last refusal, infinite before the first refusal of a paced request.
	peak float64
	// since is how many requests were accepted since then.
	since int
	// grown is when the rate was raised.
	grown time.Time
	// slowed is when the rate was lowered. A refusal of a request that was sent before tells nothing new.
	slowed time.Time
	// closed is until when nothing may be sent.
	closed time.Time
	meter  meter
}

// sentFreely notes a request that nothing held back.
func (p *pace) sentFreely(now time.Time) { p.meter.roll(now) }

// delay says how long the next request has to wait.
func (p *pace) delay(now time.Time) time.Duration {
	wait := p.closed.Sub(now)
	if p.bucket != nil {
		if missing := 1 - p.bucket.TokensAt(now); missing > 0 {
			wait = max(wait, time.Duration(missing/float64(p.bucket.Limit())*float64(time.Second))+time.Microsecond)
		}
	}
	return wait
}

// spend notes that the request goes.
func (p *pace) spend(now time.Time) {
	if p.bucket != nil {
		p.bucket.AllowN(now, 1)
	}
}

func (p *pace) accepted(now time.Time, paced bool) {
	p.meter.count(now)
	if p.bucket == nil || !paced {
		return
	}
	p.since++
	current := float64(p.bucket.Limit())
	growth := max(1, now.Sub(p.slowed).Seconds()/patient.Seconds())
	next := current + growth*min(increase/math.Sqrt(current), gentle*current)
	if current < p.peak/2 {
		// Far below what went well before: come back faster, but by the clock and not by how many come at once.
		next = max(next, current*(1+min(0.3, 2*now.Sub(p.grown).Seconds())))
	}
	p.grown = now
	p.bucket.SetLimitAt(now, rate.Limit(next))
}

func (p *pace) refused(sent, now time.Time, wait time.Duration) {
	wait = min(wait, p.longestWait)
	switch {
	case p.bucket == nil:
		// What was accepted so far is all that the service accepts until the wait is over.
		p.start(now, p.meter.rate(now, wait))
	case sent.After(p.slowed):
		p.slow(now)
	}
	p.closeFor(now, wait)
}

func (p *pace) start(now time.Time, initial float64) {
	p.bucket = rate.NewLimiter(rate.Limit(max(initial, p.floor())), 1)
	p.bucket.AllowN(now, 1)
	// How much was accepted so soon says little: the pace grows fast until it is refused for the first time.
	p.peak, p.since, p.slowed, p.grown = math.Inf(1), 0, now, now
}

func (p *pace) slow(now time.Time) {
	current := float64(p.bucket.Limit())
	next := current * backOff
	if p.since > 0 {
		p.peak = current
	} else {
		p.peak *= forget
		next = current * emergency
	}
	p.since, p.slowed = 0, now
	p.bucket.SetLimitAt(now, rate.Limit(max(next, p.floor())))
}

// closeFor obeys a wait that the service asks for. One second is what a service says that counts in whole seconds
// and means less: the pace covers that.
func (p *pace) closeFor(now time.Time, wait time.Duration) {
	if wait > time.Second {
		if until := now.Add(wait); until.After(p.closed) {
			p.closed = until
		}
	}
}

// floor is the slowest pace: eight requests per longest wait.
func (p *pace) floor() float64 { return 8 / p.longestWait.Seconds() }

// meter counts what was accepted within the last seconds.
type meter struct {
	began, middle  time.Time
	earlier, later int
}

// roll drops what is too old to count.
func (m *meter) roll(now time.Time) {
	switch {
	case m.began.IsZero() || now.Sub(m.middle) > 2*meterSpan:
		*m = meter{began: now, middle: now}
	case now.Sub(m.middle) > meterSpan:
		m.began, m.middle, m.earlier, m.later = m.middle, now, m.later, 0
	}
}

func (m *meter) count(now time.Time) {
	m.roll(now)
	m.later++
}

// rate is how many a second were accepted, if none will be during the wait that begins now.
func (m *meter) rate(now time.Time, wait time.Duration) float64 {
	span := max(now.Sub(m.began)+wait, time.Second)
	return float64(m.earlier+m.later) / span.Seconds()
}
