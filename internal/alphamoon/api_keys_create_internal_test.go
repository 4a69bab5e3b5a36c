package alphamoon

import (
	"errors"
	"net/http"
	"testing"
)

func TestNext(t *testing.T) {
	t.Parallel()
	reset, timeout := errors.New("reset"), &StatusError{Status: http.StatusGatewayTimeout}
	key := []APIKey{{ID: "a"}}
	for name, test := range map[string]struct {
		failure LostCreationError
		spent   bool
		want    step
	}{
		"nothing remains":                     {LostCreationError{Err: reset, Settled: true}, false, repeat},
		"nothing remains, and it is spent":    {LostCreationError{Err: reset, Settled: true}, true, giveUp},
		"nobody has looked long enough":       {LostCreationError{Err: reset}, false, report},
		"the service worked on it":            {LostCreationError{Err: timeout, Settled: true}, false, report},
		"an answer that cannot be used":       {LostCreationError{Err: &AnswerError{}, Settled: true}, false, report},
		"an equal key":                        {LostCreationError{Err: reset, Settled: true, findings: findings{Equal: key}}, false, report},
		"a similar key":                       {LostCreationError{Err: reset, Settled: true, findings: findings{Similar: key}}, false, report},
		"a key in the way":                    {LostCreationError{Err: reset, Settled: true, findings: findings{InTheWay: key}}, false, repeat},
		"an obstacle":                         {LostCreationError{Err: reset, Settled: true, findings: findings{Obstacle: reset}}, false, report},
		"revoked":                             {LostCreationError{Err: reset, Settled: true, revoked: true}, false, repeat},
		"revoked, worked on":                  {LostCreationError{Err: timeout, Settled: true, revoked: true}, false, repeat},
		"revoked, and it is spent":            {LostCreationError{Err: reset, Settled: true, revoked: true}, true, giveUp},
		"one of two revoked":                  {LostCreationError{Err: reset, Settled: true, revoked: true, findings: findings{Equal: key, Obstacle: reset}}, false, report},
		"the service worked on it, and spent": {LostCreationError{Err: timeout, Settled: true}, true, report},
	} {
		if got := next(&test.failure, test.spent); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}
