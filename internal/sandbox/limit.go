package sandbox

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// bucket is a limit of the rate of requests.
type bucket struct {
	tokens float64
	last   time.Time
}

// limit refuses a request that comes too fast; nil means that it may be worked on.
func (s *Sandbox) limit(operation Operation, id string, header http.Header) *answer {
	if s.Rate <= 0 {
		return nil
	}
	name := ""
	if s.RatePerProcess && (operation == Create || operation == List) {
		name = id
	}
	burst := float64(max(s.Burst, 1))
	now := time.Now() //nolint:forbidigo // a rate is about real seconds
	state := s.buckets[name]
	if state == nil {
		state = &bucket{tokens: burst, last: now}
		s.buckets[name] = state
	}
	state.tokens = min(burst, state.tokens+now.Sub(state.last).Seconds()*s.Rate)
	state.last = now
	if state.tokens >= 1 {
		state.tokens--
		return nil
	}
	if s.RateHints {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil((1-state.tokens)/s.Rate))))
	}
	refusal := s.problem(http.StatusTooManyRequests, "Too many requests", "The rate of requests is limited.")
	return &refusal
}
