package rotation

import (
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

// Reasons why [ParseDuration] refuses a text.
var (
	ErrDurationForm = errors.New("a duration is made of whole numbers with the units w, d, h, m and s, such as 90d, 1w or " +
		"1h30m")
	ErrDurationZero = errors.New("a duration must be longer than zero")
	ErrDurationLong = errors.New("a duration must be shorter than 292 years")
)

var durationForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[0-9]+[wdhms])+$`) })

// ParseDuration reads a duration such as 90d, 1w, 36h or 1h30m. A day is 24 hours and a week seven days,
// whatever the calendar says. Fractions, signs and other units are [ErrDurationForm].
func ParseDuration(text string) (time.Duration, error) {
	if !durationForm().MatchString(text) {
		return 0, ErrDurationForm
	}
	duration, err := str2duration.ParseDuration(text)
	if err != nil {
		// The form is right, so only the size can be wrong.
		return 0, ErrDurationLong
	}
	if duration == 0 {
		return 0, ErrDurationZero
	}
	return duration, nil
}

// SameDuration reports whether two texts spell one duration, as 90d and 2160h do. Texts that are no durations
// are the same only if they are equal.
func SameDuration(a, b string) bool {
	first, firstErr := ParseDuration(a)
	second, secondErr := ParseDuration(b)
	if firstErr != nil || secondErr != nil {
		return a == b
	}
	return first == second
}
