package alphamoon

import (
	"math"
	"time"
)

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

// pace learns how many requests a second the service accepts, by AIMD (additive increase, multiplicative decrease) as
// congestion control does: it grows slowly and shrinks fast. The clock is an argument.
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

func (p *pace) accepted() {
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
