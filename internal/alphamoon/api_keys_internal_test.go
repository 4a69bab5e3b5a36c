package alphamoon

import (
	"errors"
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
			err := absence(test.ref, test.removal, *test.first, test.second)
			if !errors.Is(err, test.want) || err != nil && test.want == nil {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
