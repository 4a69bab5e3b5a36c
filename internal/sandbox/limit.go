package sandbox

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// limit refuses a request that comes too fast; nil means that it may be worked on.
func (s *Sandbox) limit(header http.Header) *answer {
	if s.Rate <= 0 {
		return nil
	}
	now := time.Now() //nolint:forbidigo // a rate is about real seconds
	s.tokens = min(float64(max(s.Burst, 1)), s.tokens+now.Sub(s.refilled).Seconds()*s.Rate)
	s.refilled = now
	if s.tokens >= 1 {
		s.tokens--
		return nil
	}
	if s.RateHints {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil((1-s.tokens)/s.Rate))))
	}
	return s.problem(http.StatusTooManyRequests, "Too many requests", "The rate of requests is limited.")
}
