package alphamoon

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limitedService is a service with a limit, in time since the beginning.
type limitedService interface {
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

// simulation is clients with ten workers each, that send request after request to one service.
type simulation struct {
	service  limitedService
	clients  int
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

// run must be called in a bubble.
func (s simulation) run(t *testing.T) simulated {
	result := simulated{perClient: make([]int, s.clients)}
	var mu sync.Mutex
	began := now()
	clock := func() time.Duration { return now().Sub(began) }
	for client := range s.clients {
		l := newLimiter(30*time.Second, 0)
		send := func(travel func()) bool {
			if err := l.wait(t.Context(), "keys"); err != nil {
				t.Error(err)
			}
			sent := now()
			travel()
			mu.Lock()
			ok, wait := s.service.accept(clock())
			mu.Unlock()
			travel()
			if ok {
				l.accepted("keys")
			} else {
				l.refused("keys", sent, wait)
			}
			mu.Lock()
			defer mu.Unlock()
			switch steady := clock() > s.warmUp; {
			case steady && ok:
				result.accepted++
				result.perClient[client]++
			case steady:
				result.refused++
			case ok:
				result.early++
			default:
				result.early++
				result.earlyRefused++
			}
			return ok
		}
		for worker := range 10 {
			// Each has a jitter of its own, or the order in which they run would decide what becomes of them.
			jitter := rand.New(rand.NewPCG(uint64(client), uint64(worker)))
			travel := func() { time.Sleep(s.latency*9/20 + time.Duration(jitter.Int64N(int64(s.latency/10)))) }
			go func() {
				for asked := clock(); asked < s.duration; asked = clock() {
					for !send(travel) && clock() < s.duration {
					}
					mu.Lock()
					result.longest = max(result.longest, clock()-asked)
					mu.Unlock()
				}
			}()
		}
	}
	time.Sleep(s.duration + time.Hour)
	synctest.Wait()
	return result
}

// TestPace simulates many limits: the service must be kept busy, must not be bothered, and nobody may starve.
func TestPace(t *testing.T) {
	t.Parallel()
	services := map[string]func() limitedService{}
	for _, perSecond := range []float64{0.5, 1, 2, 5, 20, 100} {
		for _, burst := range []float64{1, 2, 10, 50} {
			for _, hints := range []bool{false, true} {
				services[fmt.Sprintf("%v per second, burst %v, hints %t", perSecond, burst, hints)] = func() limitedService {
					return &bucketService{rate: perSecond, burst: burst, hints: hints}
				}
			}
		}
		if perSecond >= 1 {
			services[fmt.Sprintf("%v per second, in windows", perSecond)] = func() limitedService {
				return &windowService{span: time.Second, limit: int(perSecond)}
			}
		}
	}
	services["300 a minute, in windows, with hints"] = func() limitedService {
		return &windowService{span: time.Minute, limit: 300, hints: true}
	}
	for name, changes := range map[string]map[time.Duration]float64{
		"down from 20 to 2":       {0: 20, 200 * time.Second: 2},
		"up from 2 to 20":         {0: 2, 200 * time.Second: 20},
		"closed for two minutes":  {0: 20, 200 * time.Second: 0, 320 * time.Second: 20},
		"closed for five minutes": {0: 20, 100 * time.Second: 0, 400 * time.Second: 20},
	} {
		services[name] = func() limitedService { return &bucketService{burst: 5, changes: changes} }
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
					latency:  20 * time.Millisecond,
					warmUp:   time.Minute,
					duration: 10 * time.Minute,
				}
				bucket, _ := s.service.(*bucketService)
				switch perSecond := s.service.allowed(0, time.Second); { // many requests take long to simulate, and soon tell the same
				case bucket != nil && bucket.changes != nil:
				case perSecond > 50:
					s.warmUp, s.duration = 20*time.Second, 50*time.Second
				case perSecond > 10:
					s.duration = 3 * time.Minute
				}
				var got simulated
				synctest.Test(t, func(t *testing.T) { got = s.run(t) })
				utilisation := float64(got.accepted) / s.service.allowed(s.warmUp, s.duration)
				refusals := float64(got.refused) / float64(got.accepted+got.refused)
				summary := fmt.Sprintf(t.Name()+" utilisation %.2f, refusals %.2f, %d of %d early ones, longest wait %s, per client "+
					"%v", utilisation, refusals, got.earlyRefused, got.early, got.longest, got.perClient)
				t.Log(summary)
				if utilisation < 0.8 || refusals > 0.2 || got.earlyRefused > got.early/5+20*clients ||
					float64(slices.Min(got.perClient)) < s.service.allowed(s.warmUp, s.duration)/float64(10*clients) ||
					got.longest > 10*time.Minute {
					t.Error(summary)
				}
			})
		}
	}
}

// passes runs a request through the limiter and returns how long it waited.
func passes(t *testing.T, l *limiter, collection string) time.Duration {
	t.Helper()
	began := now()
	if err := l.wait(t.Context(), collection); err != nil {
		t.Error(err)
	}
	return now().Sub(began)
}

// TestRefusalsOfOneMoment: ten requests on their way were all sent at the old pace, so they lower it once.
func TestRefusalsOfOneMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(30*time.Second, 0)
		sent := now()
		time.Sleep(time.Millisecond)
		for range 10 {
			l.refused("keys", sent, 0)
		}
		for range 2 { // the second one shows the pace
			if waited := passes(t, l, "keys"); waited != time.Second/start {
				t.Errorf("waited %s", waited)
			}
		}
	})
}

// TestServiceThatClosesDuringAWait: a request that waits already waits for the new time, but no longer than the longest
// wait, and a shorter wait that is asked for later does not open the service early.
func TestServiceThatClosesDuringAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(30*time.Second, 0)
		l.refused("keys", now(), 10*time.Second)
		var waited time.Duration
		go func() { waited = passes(t, l, "keys") }()
		time.Sleep(5 * time.Second)
		l.refused("keys", now(), time.Hour)
		l.refused("keys", now(), 2*time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		if waited != 35*time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}

// TestLimitOfAll: the limit that a second collection runs into holds for a third one. Until then what the others do says
// nothing about the limit of the first.
func TestLimitOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(30*time.Second, 0)
		l.refused("first", now(), 0)
		for range 100 {
			l.accepted("second")
		}
		if waited := passes(t, l, "third"); waited != 0 {
			t.Errorf("the third waited %s for the first alone", waited)
		}
		for range 2 { // the second one shows the pace
			if waited := passes(t, l, "first"); waited != time.Second/start {
				t.Errorf("the first waited %s", waited)
			}
		}
		l.refused("second", now(), 5*time.Second)
		if waited := passes(t, l, "third"); waited != 5*time.Second {
			t.Errorf("the third waited %s", waited)
		}
	})
}

// TestInterruptInTheQueue: the second in the queue can be interrupted while the first one waits on.
func TestInterruptInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(30*time.Second, 0)
		l.refused("keys", now(), 30*time.Second)
		go passes(t, l, "keys")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := now()
		if err := l.wait(ctx, "keys"); err == nil || now().Sub(began) != time.Second {
			t.Errorf("got %v after %s", err, now().Sub(began))
		}
		time.Sleep(time.Minute)
	})
}

// TestPaceBelowTheCeiling: a pace that was learned at the ceiling does not grow beyond it, so that a lower limit is found
// soon.
func TestPaceBelowTheCeiling(t *testing.T) {
	t.Parallel()
	const ceiling = 5
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(30*time.Second, ceiling)
		l.refused("keys", now(), 0)
		for range 1000 {
			passes(t, l, "keys")
			l.accepted("keys")
		}
		if l.pace.perSecond != ceiling {
			t.Errorf("the pace is %g", l.pace.perSecond)
		}
	})
}

// TestTinyCeiling: the time between two requests is longer than a duration can be.
func TestTinyCeiling(t *testing.T) {
	t.Parallel()
	if l := newLimiter(time.Second, 1e-300); l.spacing < 1<<61 {
		t.Errorf("the spacing is %s", l.spacing)
	}
}
