package alphamoon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"time"
)

// CreateOptions says what is permitted beside the creation itself.
type CreateOptions struct {
	// GeneratedName means that the name was made for this creation, so that a key that has it is this creation's. No other
	// sign is one: two configurations may ask for equal keys in the same second.
	GeneratedName bool
	// RevokeRemains permits to revoke the keys that a lost creation left, and then to create another. It needs a generated
	// name.
	RevokeRemains bool
}

// Create creates a key, and only one. Before the first creation it lists what is there. If the answer is lost after
// the request was sent, it waits until the remains must show, and lists again. Without a new key it sends the request
// once more, unless the service is known to have worked on it; [LostCreationError] describes everything else. A conflict
// is looked into at once, see [ConflictError]. An answer with a key that is not the new one is a [NotOursError]. The
// context's end lets a request on its way finish, see [interruptGrace]. A key that is answered without a secret is not
// an error here, because its id is known and must be kept.
func (k *APIKeys) Create(ctx context.Context, wanted APIKeyRequest, options CreateOptions) (*CreatedAPIKey, error) {
	if _, err := k.before.get(ctx, k.listBefore); err != nil {
		return nil, err
	}
	var earlier error // what happened to the creation before this one, if it may have worked
	retries := 0
	for repeated := false; ; repeated = true {
		key, lost, err := k.post(ctx, wanted, options, &retries)
		if lost == nil {
			return key, afterLoss(earlier, err)
		}
		failure := &LostCreationError{Err: err}
		k.look(ctx, lost, failure)
		if isConflict(err) {
			return nil, &ConflictError{findings: failure.findings, Err: err, Earlier: earlier}
		}
		if failure.signed && options.RevokeRemains && failure.Obstacle == nil {
			k.revokeRemains(ctx, failure)
		}
		spent := repeated || retries >= k.client.config.MaxRetries || ctx.Err() != nil
		switch next(failure, spent) {
		case report:
			return nil, failure
		case giveUp:
			return nil, interrupted(ctx.Err(), err)
		case repeat:
			retries++
		}
		if earlier = err; failure.revoked {
			earlier = nil
		}
	}
}

// afterLoss makes a refusal in the service's own words a [ConflictError] if an earlier creation was lost. Without an error, and
// for any other one, it changes nothing.
func afterLoss(earlier, err error) error {
	if status, refused := errors.AsType[*StatusError](err); earlier == nil || !refused || !status.Documented {
		return err
	}
	return &ConflictError{Err: err, Earlier: earlier}
}

// step is what follows a creation whose answer was lost.
type step int

const (
	// report that a key may exist.
	report step = iota
	// repeat the creation.
	repeat
	// giveUp with what happened: nothing remains of the attempt.
	giveUp
)

// next decides what follows. spent means that the creation may not be sent again.
func next(failure *LostCreationError, spent bool) step {
	switch {
	case len(failure.Equal)+len(failure.Similar) > 0, failure.Obstacle != nil:
		return report
	case !failure.revoked && (!failure.Settled || workedOn(failure.Err)):
		return report // a key may still appear
	case spent:
		return giveUp
	default:
		return repeat
	}
}

// revokeRemains revokes what a creation left for certain.
func (k *APIKeys) revokeRemains(ctx context.Context, failure *LostCreationError) {
	for len(failure.Equal) > 0 {
		if failure.Obstacle = k.Revoke(ctx, failure.Equal[0].Ref()); failure.Obstacle != nil {
			return
		}
		failure.Equal, failure.revoked = failure.Equal[1:], true
	}
}

// listBefore notes which keys exist before the first creation. If the credential may not see that, or the service says
// that there is nothing, creations go on: they will tell. Then nobody can tell what a lost one left.
// U: creations refused; a listing without keys
func (k *APIKeys) listBefore(ctx context.Context) (struct{}, error) {
	result, err := k.listing.all(ctx)
	switch {
	case IsForbidden(err), SaysNothing(err):
		k.ledger.unlisted = fmt.Errorf("%w: %w", ErrUnlistedBefore, err)
		return struct{}{}, nil
	case err == nil:
		k.ledger.markListed(result.elements)
	}
	return struct{}{}, err
}

// exclusive is the weight that waits for all creations in flight. Each has either returned its key then or is known as
// lost, so that its key is not taken for another's.
const exclusive = math.MaxInt64

// post sends a creation, again only if the attempt before it provably did nothing. With an error comes a lost creation
// if the error leaves open whether a key exists, or if its cause may be visible.
func (k *APIKeys) post(
	ctx context.Context, wanted APIKeyRequest, options CreateOptions, retries *int,
) (*CreatedAPIKey, *lostCreation, error) {
	var key CreatedAPIKey
	var answeredAt time.Time
	var lost *lostCreation
	err := k.client.do(ctx, request{
		method: http.MethodPost, path: k.path, body: wanted, creation: true, retries: retries,
		decode: func(header http.Header, body io.Reader) error {
			answeredAt = k.client.dateOf(header)
			return cmp.Or(decodeCreated(body, &key), k.client.checkID(key.ID))
		},
		wrapAttempt: func(send func() error) error {
			if err := k.attempts.Acquire(ctx, 1); err != nil {
				return err // nothing was sent
			}
			defer k.attempts.Release(1)
			before := k.sightings.moment()
			err := send()
			switch {
			case err == nil:
				k.invalidate()
				return k.take(&key, before, answeredAt)
			case isConflict(err):
				k.invalidate() // a gateway may have sent the request twice
				lost = k.ledger.lose(wanted, options.GeneratedName, now())
			case !DidNothing(err):
				k.invalidate()
				lost = k.ledger.lose(wanted, options.GeneratedName, now().Add(k.client.config.SettleTime))
			}
			return err
		},
	})
	if err != nil {
		return nil, lost, err
	}
	return &key, nil, nil
}

// isConflict reports that the service refused a creation in its own words because of what exists.
// U: a second creation of one name; creations refused
func isConflict(err error) bool { return hasStatus(err, http.StatusConflict) && DidNothing(err) }

// take makes the key of an answer the creation's, unless it is not a new key of the collection.
func (k *APIKeys) take(key *CreatedAPIKey, before int, answeredAt time.Time) error {
	reason := ""
	switch {
	case !key.belongsTo(k.path):
		reason = fmt.Sprintf("it belongs to the process %s", key.ProcessID)
	case !k.sightings.claim(key.ID, before):
		reason = "it existed before"
	case key.isOld(answeredAt):
		reason = "it was created more than a day ago"
	}
	if reason != "" {
		return &NotOursError{Key: key.APIKey, Reason: reason}
	}
	key.Version = k.ledger.number(key.APIKey, cmp.Or(key.CreatedAt.Time, answeredAt))
	return nil
}

// NotOursError means that the service answered a creation with a key that is not the new one: it is in no state, and is
// never revoked.
// U: a second creation of one name; createdAt of a new key
type NotOursError struct {
	Key APIKey
	// Reason says why it is not, in words that follow "the key".
	Reason string
}

func (e *NotOursError) Error() string {
	return fmt.Sprintf("the service answered the creation with the key %s, but %s", e.Key.ID, e.Reason)
}

// look finds out what a creation left, once its remains must show, and completes the failure with it.
func (k *APIKeys) look(ctx context.Context, lost *lostCreation, failure *LostCreationError) {
	if !k.ledger.listed && !isConflict(failure.Err) {
		failure.Obstacle = k.ledger.unlisted
		return
	}
	failure.Settled = sleep(ctx, lost.showsAt.Sub(now())) == nil
	ctx, release := outlive(ctx, interruptGrace)
	defer release()
	if err := k.attempts.Acquire(ctx, exclusive); err != nil {
		failure.Obstacle = err
		return
	}
	defer k.attempts.Release(exclusive)
	if lost.findings == nil {
		began := now()
		result, err := k.listing.all(ctx)
		listed := matching(result.elements, func(key APIKey) bool { return key.belongsTo(k.path) })
		k.ledger.distribute(lost, listed, err, began)
	}
	failure.findings = *lost.findings
}

// belongsTo reports whether a key can be of the collection with the given path. A listing may show the keys of other
// processes too.
func (k APIKey) belongsTo(path []string) bool {
	id := foldID(k.ProcessID)
	return !IsProcessID(id) || slices.Contains(path, id)
}

// isOld reports whether a key was created so long before an answer that no creation of this run can have made it.
// U: createdAt of a new key
func (k APIKey) isOld(answeredAt time.Time) bool {
	return !k.CreatedAt.IsZero() && answeredAt.Sub(k.CreatedAt.Time) > 24*time.Hour
}

func decodeCreated(body io.Reader, key *CreatedAPIKey) error {
	*key = CreatedAPIKey{}
	// What is wrong with a key whose id is known shows as a difference from the request.
	if err := json.NewDecoder(body).Decode(key); err != nil && !isMismatch(err) {
		return unusable(err)
	}
	if key.ID == "" {
		return errNoID
	}
	return nil
}
