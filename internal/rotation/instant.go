package rotation

import (
	"errors"
	"regexp"
	"sync"
	"time"
)

// Reasons why [ParseInstant] refuses a text.
var (
	ErrInstantForm   = errors.New("not a date and time in the form of RFC 3339")
	ErrNoSuchInstant = errors.New("no day or time of the calendar")
)

// instantForm is stricter than the standard library, which also accepts an hour of one digit and a comma before the
// fraction. Other programs that read the state would refuse them.
var instantForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`)
})

// ParseInstant reads an RFC 3339 instant, which has an offset or Z.
func ParseInstant(text string) (time.Time, error) {
	if !instantForm().MatchString(text) {
		return time.Time{}, ErrInstantForm
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, ErrNoSuchInstant
	}
	return instant, nil
}
