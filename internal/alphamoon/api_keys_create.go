package alphamoon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// clockTolerance is by how much a key's creation time may precede the request for it. The service's machines
// need not agree on the time to the second.
const clockTolerance = time.Minute

// CreateOptions says what is permitted beside the creation itself.
type CreateOptions struct {
	// RevokeRemains permits to revoke the key that a lost creation left, and then to create it again.
	RevokeRemains bool
}

// DoubtfulCreationError means that a creation was sent, that its answer was lost, and that a key may exist whose
// secret nobody knows.
type DoubtfulCreationError struct {
	// Err is what happened to the creation.
	Err error
	// Candidates are the new keys that are as it asked for; Others are those that are not, and that it may have
	// created all the same.
	Candidates, Others []APIKey
	// Obstacle is why the keys could not be listed, or the candidate not revoked; nil if neither failed.
	Obstacle error
}

func (e *DoubtfulCreationError) Error() string {
	if len(e.Candidates)+len(e.Others) == 0 {
		return fmt.Sprintf("a key may have been created: %v; looking for it failed: %v", e.Err, e.Obstacle)
	}
	ids := append(keyIDs(e.Candidates), keyIDs(e.Others)...)
	return fmt.Sprintf("a key may have been created, %s: %v", strings.Join(ids, " or "), e.Err)
}

func (e *DoubtfulCreationError) Unwrap() error { return e.Err }

func keyIDs(keys []APIKey) []string {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = key.ID
	}
	return ids
}

// creations is what a collection remembers to tell the remains of a lost creation from every other key.
type creations struct {
	// before is the listing of what was there before the first creation of this client.
	before sharedCall[bool]
	// attempts is held for reading by every attempt on its way, and for writing by who looks for remains: then
	// every other attempt has either returned its key or left its doubt.
	attempts sync.RWMutex

	mu     sync.Mutex
	known  map[string]bool // ids of keys that are nobody's remains
	doubts []*doubt        // those that nobody has looked into
}

// doubt is an attempt to create a key of which nothing is known.
type doubt struct {
	request APIKeyRequest
	sent    time.Time
	// late tells that the attempt was followed by one that worked: then a key that differs says nothing.
	late bool
	// remains is nil until somebody has looked.
	remains *remains
}

// remains is what a listing says of a doubt.
type remains struct {
	candidates, others []APIKey
	obstacle           error
	// revocable tells that the one candidate can stem from nothing else.
	revocable bool
}

func (c *creations) addKnown(keys ...APIKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]bool{}
	}
	for _, key := range keys {
		c.known[key.ID] = true
	}
}

// Create creates a key, and only one. Before the first creation it lists what is there. If the answer is lost after
// the request was sent, it lists again: without a new key it sends the request again; a new key that could be it, or
// that could be it granted otherwise, is a [*DoubtfulCreationError]. The context's end lets a request on its way
// finish, see [interruptGrace]. A key that is answered without a secret is not an error here, because its id is
// known and must be kept.
func (k *APIKeys) Create(ctx context.Context, wanted APIKeyRequest, options CreateOptions) (*CreatedAPIKey, error) {
	listed, err := k.created.before.get(ctx, k.listBefore)
	if err != nil {
		return nil, k.report(err)
	}
	began := now()
	for retries := 0; ; retries++ {
		key, doubt, err := k.post(ctx, wanted)
		if err == nil {
			if retries > 0 {
				key.ExtraIDs = k.extraKeys(ctx, wanted, began)
			}
			return key, nil
		}
		if doubt == nil {
			return nil, err
		}
		if err := k.clearUp(ctx, doubt, err, listed, options); err != nil {
			return nil, err
		}
		// Now it is certain that nothing remains of the attempt.
		if retries >= k.client.config.MaxRetries || ctx.Err() != nil {
			return nil, interrupted(ctx.Err(), err)
		}
		if waited := sleep(ctx, k.client.pause(err, retries)); waited != nil {
			return nil, interrupted(waited, err)
		}
	}
}

// listBefore notes which keys exist before the first creation. It returns false if that could not be seen for a
// reason that does not concern creations: then they go on, and a doubt can no longer be resolved.
func (k *APIKeys) listBefore(ctx context.Context) (bool, error) {
	result, err := k.listing.all(ctx)
	k.created.addKnown(result.elements...)
	if IsForbidden(err) || errors.Is(err, ErrUnproven) || errors.Is(err, ErrInconsistentListing) {
		return false, nil
	}
	return err == nil, err
}

// post sends a creation, again only if the attempt before it provably did nothing. With an error comes a doubt if
// the error leaves open whether a key exists.
func (k *APIKeys) post(ctx context.Context, wanted APIKeyRequest) (*CreatedAPIKey, *doubt, error) {
	var key CreatedAPIKey
	var lost *doubt
	err := k.client.do(ctx, request{
		method: http.MethodPost, path: k.path, body: wanted, creation: true,
		decode: func(_ http.Header, body io.Reader) error { return decodeCreated(body, &key) },
		begin: func() func(error) {
			k.created.attempts.RLock()
			sent := now()
			return func(err error) {
				defer k.created.attempts.RUnlock()
				if err != nil && DidNothing(err) {
					return
				}
				k.wrote()
				if err == nil {
					k.created.addKnown(key.APIKey)
					return
				}
				lost = &doubt{request: wanted, sent: sent}
				k.created.mu.Lock()
				defer k.created.mu.Unlock()
				k.created.doubts = append(k.created.doubts, lost)
			}
		},
	})
	if err != nil {
		return nil, lost, err
	}
	return &key, nil, nil
}

// clearUp makes sure that nothing remains of a creation that failed with cause.
func (k *APIKeys) clearUp(ctx context.Context, lost *doubt, cause error, listed bool, options CreateOptions) error {
	ctx, release := outlive(ctx, interruptGrace)
	defer release()
	remains := k.look(ctx, lost, listed)
	if len(remains.candidates)+len(remains.others) == 0 && remains.obstacle == nil {
		return nil
	}
	uncertain := &DoubtfulCreationError{
		Err:        cause,
		Candidates: remains.candidates,
		Others:     remains.others,
		Obstacle:   remains.obstacle,
	}
	if !remains.revocable || !options.RevokeRemains {
		return uncertain
	}
	uncertain.Obstacle = k.Revoke(ctx, remains.candidates[0].ID)
	if uncertain.Obstacle != nil {
		return uncertain
	}
	return nil
}

// look says what remains of a lost creation. One listing serves all that were lost until it began.
func (k *APIKeys) look(ctx context.Context, lost *doubt, listed bool) *remains {
	k.created.attempts.Lock()
	defer k.created.attempts.Unlock()
	if lost.remains != nil {
		return lost.remains
	}
	result, err := k.listing.all(ctx)
	k.created.mu.Lock()
	defer k.created.mu.Unlock()
	doubts := []*doubt{lost}
	for _, other := range k.created.doubts {
		// After an interrupt each looks for itself: who was not interrupted may learn more.
		if other != lost && (err == nil || ctx.Err() == nil) {
			doubts = append(doubts, other)
		}
	}
	k.created.doubts = slices.DeleteFunc(k.created.doubts, func(d *doubt) bool { return slices.Contains(doubts, d) })
	unknown := slices.DeleteFunc(slices.Clone(result.elements), func(key APIKey) bool { return k.created.known[key.ID] })
	if !listed {
		// Whether a key is new nobody can tell, so none is named: it may be somebody's.
		unknown, err = nil, cmp.Or(err, errUnlistedBefore)
	}
	date, _ := http.ParseTime(result.header.Get("Date")) // zero if there is none
	explain(doubts, unknown, date, now(), err)
	for _, d := range doubts {
		// They are named to somebody now, and no later creation takes them for its own remains.
		for _, key := range append(slices.Clone(d.remains.candidates), d.remains.others...) {
			k.created.known[key.ID] = true
		}
	}
	return lost.remains
}

var errUnlistedBefore = errors.New("the keys that existed before could not be listed")

// explain decides what remains of each doubt. unknown are the new keys that nobody accounts for, obstacle is why they
// may not be all; date is the service's clock now, zero if it is not known.
func explain(doubts []*doubt, unknown []APIKey, date, now time.Time, obstacle error) {
	claimed := map[string]bool{}
	for i, d := range doubts {
		if d.remains != nil {
			continue
		}
		equal := []*doubt{d}
		for _, other := range doubts[i+1:] {
			if other.request.same(d.request) {
				equal = append(equal, other)
			}
		}
		var candidates []APIKey
		for _, key := range unknown {
			if len(d.request.Differences(key)) == 0 && !olderThan(key, equal, date, now) {
				candidates = append(candidates, key)
				claimed[key.ID] = true
			}
		}
		for j, each := range equal {
			each.remains = &remains{obstacle: obstacle}
			switch {
			case len(candidates) > len(equal):
				each.remains.candidates = candidates // which of them nobody can tell
			case j < len(candidates):
				each.remains.candidates = candidates[j : j+1]
				each.remains.revocable = obstacle == nil
			}
		}
	}
	others := slices.DeleteFunc(slices.Clone(unknown), func(key APIKey) bool { return claimed[key.ID] })
	for _, d := range doubts {
		if len(d.remains.candidates) == 0 && !d.late {
			d.remains.others = others
		}
	}
}

// olderThan reports whether a key was created before the earliest of the doubts was sent, by the service's own clock
// if it tells the time; by none otherwise, for a wrong clock here must not hide a key.
func olderThan(key APIKey, doubts []*doubt, date, now time.Time) bool {
	if date.IsZero() || key.CreatedAt.IsZero() {
		return false
	}
	earliest := slices.MinFunc(doubts, func(a, b *doubt) int { return a.sent.Compare(b.sent) }).sent
	return key.CreatedAt.Before(date.Add(-now.Sub(earliest)).Add(-clockTolerance))
}

// extraKeys names keys of a request, first sent at the given time, that appeared late: a gateway can give up on a
// request that the service behind it still carries out. A listing that fails now is no error, because nothing speaks
// for such a key.
func (k *APIKeys) extraKeys(ctx context.Context, wanted APIKeyRequest, sent time.Time) []string {
	ctx, release := outlive(ctx, interruptGrace)
	defer release()
	return keyIDs(k.look(ctx, &doubt{request: wanted, sent: sent, late: true}, true).candidates)
}

func decodeCreated(body io.Reader, key *CreatedAPIKey) error {
	*key = CreatedAPIKey{}
	decoder := json.NewDecoder(body)
	var mismatch *json.UnmarshalTypeError
	// After a mismatch of types the decoder has still filled in every other field. A key whose id is known is
	// kept, and what is wrong with it shows as a difference from the request.
	if err := decoder.Decode(key); err != nil && !errors.As(err, &mismatch) {
		return unusable(err)
	}
	if key.ID == "" {
		return errNoID
	}
	return nil
}
