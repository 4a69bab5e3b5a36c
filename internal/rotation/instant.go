package rotation

import (
	"errors"
	"strings"
	"time"
)

var errInstantForm = errors.New("not a date and time in the form of RFC 3339")

// ParseInstant reads an RFC 3339 instant, which has an offset or Z.
func ParseInstant(text string) (time.Time, error) {
	instant, err := time.Parse(time.RFC3339, text)
	// The standard library also accepts an hour of one digit and a comma before the fraction, which other
	// programs that read the state would refuse.
	if err != nil || text[len("2006-01-02T15")] != ':' || strings.Contains(text, ",") {
		return time.Time{}, errInstantForm
	}
	return instant, nil
}
