package alphamoon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// LostCreationError means that a creation was sent, that its answer was lost, and that it may have left an orphan: a key
// whose secret nobody knows.
type LostCreationError struct {
	findings
	// Err is what happened to the creation.
	Err error
	// Settled reports whether the keys were listed after the time that remains need to show. Without it, or after a
	// failure that shows that the service worked on the request, a key may still appear.
	Settled bool
	// revoked reports that an orphan was found and revoked.
	revoked bool
}

// ConflictError means that the service refused a creation in its own words because of what exists (409), or for whatever
// reason after one whose answer was lost.
type ConflictError struct {
	findings
	// Err is the refusal.
	Err error
	// Earlier is what happened to the creation before this one, whose answer was lost; nil if there was none.
	Earlier error
}

// ProvesEarlier reports whether the earlier creation has worked, so that a key exists whose secret is lost: nothing else that
// could conflict was there before.
func (e *ConflictError) ProvesEarlier() bool {
	return isConflict(e.Err) && e.Earlier != nil && len(e.InTheWay) == 0
}

func (e *ConflictError) Error() string { return e.Err.Error() }

func (e *ConflictError) Unwrap() error { return e.Err }

// findings are the possible orphans that a listing shows of a creation without a key.
type findings struct {
	// Equal are the new keys that are as the creation asked for, as far as a service with rules of its own lets one tell.
	// Unless the name was generated, they may also be another configuration's. Similar are new keys that share only the
	// name or the expiry; they are listed only if there is no equal one.
	Equal, Similar []APIKey
	// InTheWay are the keys with the name asked for that existed before.
	InTheWay []APIKey
	// Obstacle is why the keys could not be listed, or the equal one not revoked; nil if neither failed.
	Obstacle error
	// signed reports that the equal keys have a generated name, so that they stem from this creation and no other.
	signed bool
}

func (e *LostCreationError) Error() string {
	if ids := JoinIDs(slices.Concat(e.Equal, e.Similar)); ids != "" {
		return fmt.Sprintf("a key may have been created, %s: %v", ids, e.Err)
	}
	if e.Obstacle != nil {
		return fmt.Sprintf("a key may have been created: %v; looking for it failed: %v", e.Err, e.Obstacle)
	}
	return fmt.Sprintf("a key may have been created: %v", e.Err)
}

func (e *LostCreationError) Unwrap() error { return e.Err }

// ErrUnlistedBefore is the obstacle where nobody can tell which keys are new.
var ErrUnlistedBefore = errors.New("the keys that existed before could not be listed")

// JoinIDs names keys within a sentence that leaves open which one it is.
func JoinIDs(keys []APIKey) string {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ID
	}
	return strings.Join(ids, " or ")
}

// lostCreation is an attempt to create a key of which nothing is known.
type lostCreation struct {
	request APIKeyRequest
	// signed reports that the name was generated for it.
	signed bool
	// showsAt is when what it left must stand in a listing.
	showsAt time.Time
	// findings is nil until somebody has looked.
	findings *findings
}

// ready reports whether a listing that began at the given time must show what the creation left. A creation that was lost
// at 12:00:00 is ready for the listing that another one begins at 12:00:10, and not for one of 12:00:09, which it would
// take for the proof that nothing remains.
func (c *lostCreation) ready(began time.Time) bool { return !c.showsAt.After(began) }

// ledger is what a collection remembers of creations, to distinguish orphans from every other key. What was seen before the
// first creation, answers another one or was named to somebody is none.
type ledger struct {
	sightings view

	mu sync.Mutex
	// listed reports that what existed before is known, and begun is the moment of that listing. Otherwise nobody can tell
	// which keys are new, and unlisted says why: an [ErrUnlistedBefore] and what the listing failed with.
	listed   bool
	begun    int
	unlisted error
	// lost are the creations that nobody has looked into.
	lost []*lostCreation
	// versions are the numbers in use, by the name of the keys.
	versions map[string]map[int64]bool
}

func newLedger(sightings view) *ledger {
	return &ledger{sightings: sightings, versions: map[string]map[int64]bool{}}
}

// markListed notes what existed before the first creation.
func (l *ledger) markListed(keys []APIKey) {
	for _, key := range keys {
		l.number(key, key.CreatedAt.Time)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed, l.begun = true, l.sightings.moment()
}

// number gives a key its version: its creation in Unix seconds, or the next one that no key of its name has.
func (l *ledger) number(key APIKey, createdAt time.Time) (version int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := foldName(key.Name)
	if l.versions[name] == nil {
		l.versions[name] = map[int64]bool{}
	}
	for version = createdAt.Unix(); l.versions[name][version]; version++ {
	}
	l.versions[name][version] = true
	return version
}

// isNew reports whether a lost creation may have left a key.
func (l *ledger) isNew(key APIKey) bool { return l.listed && l.sightings.isNew(key.ID, l.begun) }

func (l *ledger) lose(request APIKeyRequest, signed bool, showsAt time.Time) *lostCreation {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := &lostCreation{request: request, signed: signed, showsAt: showsAt}
	l.lost = append(l.lost, lost)
	return lost
}

// distribute gives the new ones among the listed keys to the lost creations. One listing, which began at the given time,
// serves all that were ready by then. The others take part, so that nothing of theirs is given away, and look for
// themselves later. With an obstacle it serves only the given creation: another may meet none.
func (l *ledger) distribute(lost *lostCreation, listed []APIKey, obstacle error, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, found := range assign(l.lost, matching(listed, l.isNew)) {
		creation := l.lost[i]
		if creation != lost && (obstacle != nil || !creation.ready(began)) {
			continue
		}
		found.Obstacle = obstacle
		found.InTheWay = matching(listed, func(key APIKey) bool {
			return !l.isNew(key) && creation.request.isNamed(key)
		})
		creation.findings = &found
	}
	for _, creation := range l.lost {
		if creation.findings != nil {
			// These keys are named to somebody now. No later creation takes them for its own.
			for _, key := range slices.Concat(creation.findings.Equal, creation.findings.Similar) {
				l.sightings.claim(key.ID, l.begun)
			}
		}
	}
	l.lost = slices.DeleteFunc(l.lost, func(creation *lostCreation) bool { return creation.findings != nil })
}

// assign says which of the new keys each of the lost creations may have left. A generated name decides alone. Otherwise
// keys that are equal in every respect are given away first, then those that a service may have made of a request.
func assign(creations []*lostCreation, fresh []APIKey) []findings {
	result := make([]findings, len(creations))
	for _, matches := range []func(*lostCreation, APIKey) bool{
		func(c *lostCreation, key APIKey) bool { return c.signed && c.request.isNamed(key) },
		func(c *lostCreation, key APIKey) bool { return c.request.equals(key) },
		func(c *lostCreation, key APIKey) bool { return c.request.mayBecome(key) },
	} {
		unclaimed := without(fresh, result)
		for i, creation := range creations {
			equal := matching(unclaimed, func(key APIKey) bool { return matches(creation, key) })
			if len(result[i].Equal) == 0 {
				result[i].Equal, result[i].signed = share(creations, i, equal), creation.signed && len(equal) > 0
			}
		}
	}
	unclaimed := without(fresh, result)
	for i, creation := range creations {
		if len(result[i].Equal) == 0 {
			result[i].Similar = matching(unclaimed, creation.request.resembles)
		}
	}
	return result
}

// share is what one of several creations gets of the keys that are equal to it. Creations that ask for equal keys get one
// each, in their order. If there are more keys than such creations, nobody can tell which are theirs, and each gets all.
func share(creations []*lostCreation, i int, equal []APIKey) []APIKey {
	rank, sharers := 0, 0
	for j, other := range creations {
		if j == i {
			rank = sharers
		}
		if other.request.same(creations[i].request) {
			sharers++
		}
	}
	if len(equal) > sharers {
		return equal
	}
	return equal[min(rank, len(equal)):min(rank+1, len(equal))]
}

// without are the keys that no findings claim.
func without(keys []APIKey, claims []findings) []APIKey {
	return matching(keys, func(key APIKey) bool {
		return !slices.ContainsFunc(claims, func(found findings) bool {
			return slices.ContainsFunc(found.Equal, func(claimed APIKey) bool { return claimed.ID == key.ID })
		})
	})
}

func matching(keys []APIKey, matches func(APIKey) bool) []APIKey {
	return slices.DeleteFunc(slices.Clone(keys), func(key APIKey) bool { return !matches(key) })
}
