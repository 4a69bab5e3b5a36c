package alphamoon

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// listedAt is a listing of the given time with the given keys.
func listedAt(date time.Time, proven bool, ids ...string) reading[APIKey] {
	r := newReading[APIKey]()
	r.date, r.proven = date, proven
	for _, id := range ids {
		r.put(id, APIKey{ID: id})
	}
	return r
}

func TestAbsence(t *testing.T) {
	t.Parallel()
	old, young := KeyRef{CreatedAt: noon.Add(-time.Hour)}, KeyRef{CreatedAt: noon.Add(-listingLag + time.Second)}
	expired, unseen, unseenAndYoung := KeyRef{CreatedAt: young.CreatedAt, Expired: true, NeverSeen: true}, old, young
	unseen.NeverSeen, unseenAndYoung.NeverSeen = true, true
	proven, unproven, another := listedAt(noon, true, "a"), listedAt(noon, false, "a"), listedAt(noon, false, "a", "b")
	later := listedAt(noon.Add(10*time.Second), true, "a")
	for name, test := range map[string]struct {
		ref           KeyRef
		removal       removal
		first, second *reading[APIKey]
		want          error
	}{
		"an old key":                                    {old, noRemoval, &proven, nil, errLookAgain},
		"an old key, twice":                             {old, noRemoval, &proven, &proven, nil},
		"nobody knows when it was made":                 {KeyRef{}, noRemoval, &proven, &proven, nil},
		"a young key":                                   {young, noRemoval, &proven, nil, ErrTooYoung},
		"a young key that grows old meanwhile":          {young, maybeRemoval, &proven, &later, nil},
		"a young key after a removal":                   {young, acceptedRemoval, &proven, nil, errLookAgain},
		"a young key after a removal, twice":            {young, acceptedRemoval, &proven, &proven, ErrTooYoung},
		"an expired key":                                {expired, noRemoval, &unproven, nil, nil},
		"another credential":                            {unseen, noRemoval, &proven, nil, ErrNeverSeen},
		"another credential, young":                     {unseenAndYoung, noRemoval, &proven, nil, ErrTooYoung},
		"another credential, perhaps removed":           {unseen, maybeRemoval, &proven, nil, ErrNeverSeen},
		"another credential, removed":                   {unseen, acceptedRemoval, &proven, nil, errLookAgain},
		"another credential, removed, twice":            {unseen, acceptedRemoval, &proven, &proven, nil},
		"listings that prove nothing, and agree":        {old, noRemoval, &unproven, &unproven, nil},
		"listings that prove nothing, and differ":       {old, noRemoval, &unproven, &another, ErrInconsistentListing},
		"the first one proves nothing, and they differ": {old, noRemoval, &another, &proven, ErrInconsistentListing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := absence(test.ref, test.removal, *test.first, test.second); !errors.Is(err, test.want) || err != nil && test.want == nil {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

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

// TestFormsOfAKey: what a service may write in its own way.
func TestFormsOfAKey(t *testing.T) {
	t.Parallel()
	second := time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2027-01-31T10:00:00Z"`: second, `"2027-01-31T12:00:00+02:00"`: second, `"2027-01-31T10:00:00"`: second,
		`"2027-01-31T10:00:00.000"`: second, `"9999-12-31T23:59:59Z"`: {}, `"0001-01-01T00:00:00Z"`: {}, `""`: {}, `null`: {},
		`7`: {}, `"soon"`: {}, `[]`: {},
	} {
		var key APIKey
		err := json.Unmarshal(fmt.Appendf(nil, `{"exp": %s, "id": "a"}`, text), &key)
		if err != nil || !key.ExpiresAt.Equal(want) || key.ExpiresAt.IsZero() != want.IsZero() {
			t.Errorf("%s: got %s, %v", text, key.ExpiresAt, err)
		}
	}
	var key CreatedAPIKey
	if err := json.Unmarshal([]byte(`{
		"id": 7, "name": "Auftra\u0308ge", "key": "user:pass", "processId": 9, "scopes": ["a"], "deletedAt": "2027-01-31T10:00:00"
	}`), &key); err != nil {
		t.Fatal(err)
	}
	if key.ID != "7" || key.Name != "Auftr\u00e4ge" || key.Key.Reveal() != "user:pass" || key.ProcessID != "9" || !DoesNotWork(key.Status) {
		t.Errorf("got %+v", key)
	}
	for text, removed := range map[string]bool{`null`: false, `""`: false, `"2027-01-31T10:00:00Z"`: true} {
		var key APIKey
		_ = json.Unmarshal(fmt.Appendf(nil, `{"status": "Active", "deletedAt": %s}`, text), &key)
		if DoesNotWork(key.Status) != removed {
			t.Errorf("deletedAt %s: %q", text, key.Status)
		}
	}
}
