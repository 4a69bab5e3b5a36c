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
}

// findings are the possible orphans that a listing shows of a lost creation.
type findings struct {
	// Equal are the new keys that are as the creation asked for. Similar are new keys that share only its name or its
	// expiry; they are listed only if there is no equal one.
	Equal, Similar []APIKey
	// Obstacle is why the keys could not be listed, or the equal one not revoked; nil if neither failed.
	Obstacle error
	// revocable reports that the one equal key can stem from no other creation of this client.
	revocable bool
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

// ReusedIDError means that the service answered a creation with a key that existed before.
type ReusedIDError struct{ ID string }

func (e *ReusedIDError) Error() string {
	return fmt.Sprintf("the service answered the creation with the key %s, which existed before", e.ID)
}

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
	// at is when the answer was lost.
	at time.Time
	// findings is nil until somebody has looked.
	findings *findings
}

// ledger is what a collection remembers of creations, to distinguish orphans from every other key.
type ledger struct {
	mu sync.Mutex
	// known are the ids of keys that no lost creation left: they existed before, or their creation was answered.
	known map[string]bool
	// lost are the creations that nobody has looked into.
	lost []*lostCreation
	// newest is when the last key of a name was created, by the service's clock, which is ahead of ours by skew.
	newest map[string]time.Time
	skew   time.Duration
}

// markKnown notes keys that no lost creation left. It reports whether all of them are new.
func (l *ledger) markKnown(keys ...APIKey) (fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh = true
	for _, key := range keys {
		fresh = fresh && !l.known[key.ID]
		l.known[key.ID] = true
		if key.CreatedAt.After(l.newest[key.Name]) {
			l.newest[key.Name] = key.CreatedAt.Time
		}
	}
	return fresh
}

// setClock learns how far the service's clock is ahead of ours from the date of an answer that has just come, if it has one.
func (l *ledger) setClock(date time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !date.IsZero() {
		l.skew = date.Sub(now())
	}
}

// spacing is how long to wait so that a new key of a name is created in a second of its own.
func (l *ledger) spacing(name string, apart time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	// The service gives its time in whole seconds. A clock that is far off must not hold a creation up.
	return min(max(l.newest[name].Add(apart).Sub(now().Add(l.skew)), 0), 2*apart)
}

func (l *ledger) lose(request APIKeyRequest) *lostCreation {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := &lostCreation{request: request, at: now()}
	l.lost = append(l.lost, lost)
	return lost
}

// distribute gives the new ones among the listed keys to the lost creations. One listing, which began at the given
// time, serves all that had settled by then. The others take part, so that nothing of theirs is given away, and look for
// themselves later. With an obstacle it serves only the given creation: another may meet none.
func (l *ledger) distribute(lost *lostCreation, listed []APIKey, obstacle error, began time.Time, settleTime time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := matching(listed, func(key APIKey) bool { return !l.known[key.ID] })
	for i, found := range assign(l.lost, fresh) {
		creation := l.lost[i]
		if creation == lost || obstacle == nil && !creation.at.Add(settleTime).After(began) {
			found.Obstacle, found.revocable = obstacle, found.revocable && obstacle == nil
			creation.findings = &found
			// These keys are named to somebody now. No later creation takes them for its own.
			for _, key := range slices.Concat(found.Equal, found.Similar) {
				l.known[key.ID] = true
			}
		}
	}
	l.lost = slices.DeleteFunc(l.lost, func(creation *lostCreation) bool { return creation.findings != nil })
}

// assign says which of the new keys each of the lost creations may have left. Creations that ask for equal keys get one
// each, in their order. If there are more equal keys than such creations, nobody can tell which are theirs, and each
// gets all.
func assign(creations []*lostCreation, fresh []APIKey) []findings {
	result := make([]findings, len(creations))
	claimed := map[string]bool{}
	for i, creation := range creations {
		equal := matching(fresh, func(key APIKey) bool { return len(creation.request.Differences(key)) == 0 })
		rank, sharers := 0, 0
		for j, other := range creations {
			if j == i {
				rank = sharers
			}
			if other.request.same(creation.request) {
				sharers++
			}
		}
		for _, key := range equal {
			claimed[key.ID] = true
		}
		switch {
		case len(equal) > sharers:
			result[i].Equal = equal
		case rank < len(equal):
			result[i].Equal, result[i].revocable = equal[rank:rank+1], true
		}
	}
	for i, creation := range creations {
		if len(result[i].Equal) == 0 {
			result[i].Similar = matching(fresh, func(key APIKey) bool {
				return !claimed[key.ID] && (key.Name == creation.request.Name ||
					SameSecond(key.ExpiresAt.Time, creation.request.ExpiresAt))
			})
		}
	}
	return result
}

func matching(keys []APIKey, matches func(APIKey) bool) []APIKey {
	return slices.DeleteFunc(slices.Clone(keys), func(key APIKey) bool { return !matches(key) })
}
