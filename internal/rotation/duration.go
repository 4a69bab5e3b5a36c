package rotation

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Reasons why [ParseDuration] refuses a text.
var (
	ErrDurationForm = errors.New("a duration is made of whole numbers with the units w, d, h, m and s")
	ErrDurationZero = errors.New("a duration must be longer than zero")
	ErrDurationLong = errors.New("a duration must be shorter than 292 years")
)

// longestDuration is how long the text of a duration can be. No sensible one is half as long.
const longestDuration = 100

var durationPart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+)([wdhms])`) })

var units = map[string]time.Duration{
	"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second,
}

// ParseDuration reads a duration like 90d, 1w, 36h or 1h30m. A day is 24 hours and a week seven days,
// whatever the calendar says. Fractions, signs and other units are [ErrDurationForm].
func ParseDuration(text string) (time.Duration, error) {
	var sum time.Duration
	var tooLong bool
	if len(text) > longestDuration {
		return 0, ErrDurationForm
	}
	for rest := text; rest != "" || text == ""; {
		part := durationPart().FindStringSubmatch(rest)
		if part == nil {
			return 0, ErrDurationForm
		}
		count, err := strconv.ParseInt(part[1], 10, 64)
		unit := units[part[2]]
		if err != nil || count > int64((math.MaxInt64-sum)/unit) {
			tooLong, count = true, 0 // the form of the rest is still looked at
		}
		sum += time.Duration(count) * unit
		rest = rest[len(part[0]):]
	}
	switch {
	case tooLong:
		return 0, ErrDurationLong
	case sum == 0:
		return 0, ErrDurationZero
	}
	return sum, nil
}

// ParseWindow reads a duration that may also be zero.
func ParseWindow(text string) (time.Duration, error) {
	window, err := ParseDuration(text)
	if errors.Is(err, ErrDurationZero) {
		return 0, nil
	}
	return window, err
}

// SameDuration reports whether two texts spell one duration, as 90d and 2160h do. Texts that are no durations do not.
func SameDuration(a, b string) bool {
	first, firstErr := ParseWindow(a)
	second, secondErr := ParseWindow(b)
	return firstErr == nil && secondErr == nil && first == second
}
