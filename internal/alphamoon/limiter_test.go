package alphamoon

import (
	"container/heap"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// served is a service with a limit, in simulated time.
type served interface {
	// accept says whether a request at the given time is accepted, and else which Retry-After it gets.
	accept(at time.Duration) (ok bool, retryAfter time.Duration)
	// allowed is how many requests may be accepted between two times, roughly.
	allowed(from, to time.Duration) float64
}

// bucketService refills steadily and saves up a burst.
type bucketService struct {
	rate, burst float64
	changes     map[time.Duration]float64 // another rate from then on
	hints       bool                      // sends Retry-After in whole seconds, rounded up

	tokens float64
	last   time.Duration
}

func (s *bucketService) rateAt(at time.Duration) float64 {
	current, since := s.rate, time.Duration(-1)
	for from, changed := range s.changes {
		if at >= from && from > since {
			current, since = changed, from
		}
	}
	return current
}

func (s *bucketService) accept(at time.Duration) (bool, time.Duration) {
	if s.last == 0 && s.tokens == 0 {
		s.tokens = s.burst
	}
	s.tokens = min(s.burst, s.tokens+(at-s.last).Seconds()*s.rateAt(at))
	s.last = at
	if s.tokens >= 1 {
		s.tokens--
		return true, 0
	}
	if !s.hints {
		return false, 0
	}
	return false, time.Duration(math.Ceil((1-s.tokens)/s.rateAt(at))) * time.Second
}

func (s *bucketService) allowed(from, to time.Duration) float64 {
	sum := 0.0
	for at := from; at < to; at += 100 * time.Millisecond {
		sum += s.rateAt(at) / 10
	}
	return sum
}

// windowService accepts so many requests in each window of the clock.
type windowService struct {
	span  time.Duration
	limit int
	hints bool

	window time.Duration
	count  int
}

func (s *windowService) accept(at time.Duration) (bool, time.Duration) {
	if window := at / s.span; window != s.window {
		s.window, s.count = window, 0
	}
	if s.count++; s.count <= s.limit {
		return true, 0
	}
	if !s.hints {
		return false, 0
	}
	return false, (s.window+1)*s.span - at
}

func (s *windowService) allowed(from, to time.Duration) float64 {
	return float64(s.limit) * (to - from).Seconds() / s.span.Seconds()
}

// simulation is clients with a number of workers each, that send request after request to one service.
type simulation struct {
	service  served
	clients  int
	workers  int
	latency  time.Duration
	duration time.Duration
	warmUp   time.Duration
}

type simulated struct {
	accepted, refused   int // within the steady state
	early, earlyRefused int // before it
	longest             time.Duration
	perClient           []int
}

// waiter is a request in the queue of its client.
type waiter struct{ since time.Duration }

type simulatedEvent struct {
	at   time.Duration
	seq  int
	call func(at time.Duration)
}

type eventQueue []simulatedEvent

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(simulatedEvent)) } //nolint:forcetypeassert // only events
func (q *eventQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

func (s simulation) run() simulated {
	result := simulated{perClient: make([]int, s.clients)}
	var queue eventQueue
	seq := 0
	at := func(when time.Duration, call func(time.Duration)) {
		seq++
		heap.Push(&queue, simulatedEvent{when, seq, call})
	}
	clock := noon.Add
	for client := range s.clients {
		p := &pace{longestWait: defaultRetryWaitMax}
		var line []waiter // first come, first served
		var serve func(time.Duration)
		var pending bool
		send := func(sent time.Duration, first waiter) {
			at(sent+s.latency/2, func(arrived time.Duration) {
				ok, wait := s.service.accept(arrived)
				at(arrived+s.latency/2, func(now time.Duration) {
					if now > s.warmUp {
						if ok {
							result.accepted++
							result.perClient[client]++
						} else {
							result.refused++
						}
					} else {
						result.early++
						if !ok {
							result.earlyRefused++
						}
					}
					if ok {
						p.accepted(clock(now), true)
						result.longest = max(result.longest, now-first.since)
						line = append(line, waiter{since: now}) // the worker's next request
					} else {
						p.refused(clock(sent), clock(now), wait)
						line = append(line, first)
					}
					serve(now)
				})
			})
		}
		serve = func(now time.Duration) {
			if pending || len(line) == 0 {
				return
			}
			wait := p.delay(clock(now))
			if wait > 0 {
				pending = true
				at(now+wait, func(now time.Duration) { pending = false; serve(now) })
				return
			}
			p.meter.roll(clock(now))
			p.spend(clock(now))
			first := line[0]
			line = line[1:]
			send(now, first)
			serve(now)
		}
		for range s.workers {
			line = append(line, waiter{})
		}
		at(0, serve)
	}
	for len(queue) > 0 {
		event := heap.Pop(&queue).(simulatedEvent) //nolint:forcetypeassert // only events
		if event.at > s.duration {
			break
		}
		event.call(event.at)
	}
	return result
}

// TestPace simulates many limits: the service must be kept busy, must not be bothered, and nobody may starve.
func TestPace(t *testing.T) {
	t.Parallel()
	services := map[string]func() served{}
	for _, perSecond := range []float64{1, 2, 5, 20, 100} {
		for _, burst := range []float64{1, 2, 10, 50} {
			for _, hints := range []bool{false, true} {
				services[fmt.Sprintf("%v per second, burst %v, hints %t", perSecond, burst, hints)] = func() served {
					return &bucketService{rate: perSecond, burst: burst, hints: hints}
				}
			}
		}
		services[fmt.Sprintf("%v per second, in windows", perSecond)] = func() served {
			return &windowService{span: time.Second, limit: int(perSecond)}
		}
	}
	services["300 a minute, in windows, with hints"] = func() served { return &windowService{span: time.Minute, limit: 300, hints: true} }
	services["down from 20 to 2"] = func() served {
		return &bucketService{rate: 20, burst: 5, changes: map[time.Duration]float64{200 * time.Second: 2}}
	}
	services["up from 2 to 20"] = func() served {
		return &bucketService{rate: 2, burst: 5, changes: map[time.Duration]float64{200 * time.Second: 20}}
	}
	for name, service := range services {
		for _, clients := range []int{1, 4} {
			limit := service()
			if bucket, ok := limit.(*bucketService); clients > 1 &&
				(limit.allowed(0, time.Second) < 5 || ok && bucket.burst < 2*bucket.rate/5) {
				continue // requests of clients that know nothing of each other collide, however slow they are
			}
			t.Run(fmt.Sprintf("%s, %d clients", name, clients), func(t *testing.T) {
				t.Parallel()
				s := simulation{
					service:  service(),
					clients:  clients,
					workers:  10,
					latency:  20 * time.Millisecond,
					warmUp:   time.Minute,
					duration: 10 * time.Minute,
				}
				got := s.run()
				utilisation := float64(got.accepted) / s.service.allowed(s.warmUp, s.duration)
				refusals := float64(got.refused) / float64(got.accepted+got.refused)
				summary := fmt.Sprintf("utilisation %.2f, refusals %.2f, %d of %d early ones, longest wait %s, per client "+
					"%v", utilisation, refusals, got.earlyRefused, got.early, got.longest, got.perClient)
				if utilisation < 0.8 || refusals > 0.2 || got.earlyRefused > got.early/5+20*clients ||
					slices.Min(got.perClient) < 50 ||
					got.longest > defaultPatience {
					t.Error(summary)
				}
			})
		}
	}
}
