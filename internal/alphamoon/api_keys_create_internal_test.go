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
	settled := func(err error, found findings) LostCreationError {
		return LostCreationError{Err: err, Settled: true, findings: found}
	}
	revoked := func(err error, found findings) LostCreationError {
		return LostCreationError{Err: err, Settled: true, findings: found, revoked: true}
	}
	nothing, obstacle := findings{}, errors.New("no listing")
	for name, test := range map[string]struct {
		failure LostCreationError
		spent   bool
		want    step
	}{
		"nothing remains":                     {settled(reset, nothing), false, repeat},
		"nothing remains, and it is spent":    {settled(reset, nothing), true, giveUp},
		"nobody has looked long enough":       {LostCreationError{Err: reset}, false, report},
		"the service worked on it":            {settled(timeout, nothing), false, report},
		"the service worked on it, and spent": {settled(timeout, nothing), true, report},
		"an answer that cannot be used":       {settled(&AnswerError{}, nothing), false, report},
		"an equal key":                        {settled(reset, findings{Equal: key}), false, report},
		"a similar key":                       {settled(reset, findings{Similar: key}), false, report},
		"a key in the way":                    {settled(reset, findings{InTheWay: key}), false, repeat},
		"an obstacle":                         {settled(reset, findings{Obstacle: obstacle}), false, report},
		"revoked":                             {revoked(reset, nothing), false, repeat},
		"revoked, worked on":                  {revoked(timeout, nothing), false, repeat},
		"revoked, and it is spent":            {revoked(reset, nothing), true, giveUp},
		"one of two revoked":                  {revoked(reset, findings{Equal: key, Obstacle: obstacle}), false, report},
	} {
		if got := next(&test.failure, test.spent); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}
