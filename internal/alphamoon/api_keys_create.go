package alphamoon

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"slices"
)

// CreateOptions says what is permitted beside the creation itself.
type CreateOptions struct {
	// RevokeRemains permits to revoke the key that a lost creation left, and then to create it again. Permit it only
	// if the expiry is as good as a signature: with a fixed date an equal key may be somebody else's.
	RevokeRemains bool
}

// Create creates a key, and only one. Before the first creation it lists what is there. If the answer is lost after
// the request was sent, it waits until the remains must show, and lists again. Without a new key it sends the request
// once more, unless the service is known to have worked on it; [LostCreationError] describes everything else. The
// context's end lets a request on its way finish, see [interruptGrace]. A key that is answered without a secret is not
// an error here, because its id is known and must be kept.
func (k *APIKeys) Create(ctx context.Context, wanted APIKeyRequest, options CreateOptions) (*CreatedAPIKey, error) {
	listed, err := k.before.get(ctx, k.listBefore)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, k.ledger.spacing(wanted.Name, k.client.config.Spacing)); err != nil {
		return nil, err
	}
	retries := 0
	for repeated := false; ; repeated = true {
		key, lost, err := k.post(ctx, wanted, &retries)
		if lost == nil {
			return key, err
		}
		failure := &LostCreationError{Err: err}
		k.resolve(ctx, lost, listed, failure)
		revoked := false
		if failure.revocable && options.RevokeRemains {
			failure.Obstacle = k.Revoke(ctx, failure.Equal[0].Ref())
			if revoked = failure.Obstacle == nil; revoked {
				failure.Equal = nil
			}
		}
		switch {
		case len(failure.Equal)+len(failure.Similar) > 0 || failure.Obstacle != nil:
			return nil, failure
		case !revoked && (!failure.Settled || workedOn(err)):
			return nil, failure
		case repeated || retries >= k.client.config.MaxRetries || ctx.Err() != nil:
			return nil, interrupted(ctx.Err(), err)
		}
		retries++
	}
}

// listBefore notes which keys exist before the first creation. It returns false if the credential may not see that:
// creations go on, and nobody can tell what a lost one left.
func (k *APIKeys) listBefore(ctx context.Context) (bool, error) {
	result, err := k.listing.all(ctx)
	k.ledger.markKnown(result.elements...)
	k.ledger.setClock(result.date)
	if IsForbidden(err) {
		return false, nil
	}
	return err == nil, err
}

// exclusive is the weight that waits for all creations in flight. Each has either returned its key then or is known as
// lost, so that its key is not taken for another's.
const exclusive = math.MaxInt64

// post sends a creation, again only if the attempt before it provably did nothing. With an error comes a lost creation
// if the error leaves open whether a key exists.
func (k *APIKeys) post(ctx context.Context, wanted APIKeyRequest, retries *int) (*CreatedAPIKey, *lostCreation, error) {
	var key CreatedAPIKey
	var lost *lostCreation
	err := k.client.do(ctx, request{
		method: http.MethodPost, path: k.path, body: wanted, creation: true, retries: retries,
		decode: func(_ http.Header, body io.Reader) error {
			return cmp.Or(decodeCreated(body, &key), k.client.checkID(key.ID))
		},
		wrapAttempt: func(send func() error) error {
			if err := k.attempts.Acquire(ctx, 1); err != nil {
				return err // nothing was sent
			}
			defer k.attempts.Release(1)
			err := send()
			if DidNothing(err) {
				return err
			}
			k.invalidate()
			switch {
			case err != nil:
				lost = k.ledger.lose(wanted)
			case !k.ledger.markKnown(key.APIKey):
				return &ReusedIDError{ID: key.ID}
			}
			return err
		},
	})
	if err != nil {
		return nil, lost, err
	}
	return &key, nil, nil
}

// resolve looks for what a lost creation left, and completes the failure with it.
func (k *APIKeys) resolve(ctx context.Context, lost *lostCreation, listed bool, failure *LostCreationError) {
	if !listed {
		failure.Obstacle = ErrUnlistedBefore
		return
	}
	settleTime := k.client.config.SettleTime
	failure.Settled = sleep(ctx, lost.at.Add(settleTime).Sub(now())) == nil
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
		k.ledger.distribute(lost, matching(result.elements, func(key APIKey) bool { return key.belongsTo(k.path) }), err, began, settleTime)
	}
	failure.findings = *lost.findings
}

// belongsTo reports whether a key can be of the collection with the given path. A listing may show the keys of other
// processes too.
func (k APIKey) belongsTo(path []string) bool {
	return !IsProcessID(k.ProcessID) || slices.Contains(path, k.ProcessID)
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
