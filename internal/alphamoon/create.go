package alphamoon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// clockTolerance is by how much a key's creation time may precede the request for it. The service's machines
// need not agree on the time to the second.
const clockTolerance = time.Minute

// Creation is a key to create.
type Creation struct {
	ProcessID string
	Request   ProcessAPIKeyRequest
	// RevokeTwins permits to revoke a key that may stem from a lost creation, and then to create it again.
	RevokeTwins bool
}

// DoubtfulCreationError means that a creation was sent, that its answer was lost, and that a key may exist whose
// secret nobody knows.
type DoubtfulCreationError struct {
	// Err is what happened to the creation.
	Err error
	// Twins are the keys of the process that it may have created; empty if the process could not be listed.
	Twins []ProcessAPIKey
	// Obstacle is why the twins could not be listed or revoked; nil if that was not tried.
	Obstacle error
}

// TwinIDs lists the ids of the twins.
func (e *DoubtfulCreationError) TwinIDs() []string {
	ids := make([]string, len(e.Twins))
	for i, twin := range e.Twins {
		ids[i] = twin.ID
	}
	return ids
}

func (e *DoubtfulCreationError) Error() string {
	if len(e.Twins) == 0 {
		return fmt.Sprintf("a key may have been created: %v; looking for it failed: %v", e.Err, e.Obstacle)
	}
	return fmt.Sprintf("a key may have been created, %s: %v", strings.Join(e.TwinIDs(), " or "), e.Err)
}

func (e *DoubtfulCreationError) Unwrap() error { return e.Err }

// Know tells the client that a key belongs to somebody: it is never taken for the remains of a lost creation.
func (c *Client) Know(id string) { c.known.add(id) }

// CreateProcessAPIKey creates a key, and only one. If the answer is lost after the request was sent, it lists the
// process: if no key can stem from that request, it sends it again; if one can, that is a
// [*DoubtfulCreationError]. The context's end lets a request on its way finish, see [interruptGrace].
//
// strays are keys that appeared although the listing had shown that a lost request had created nothing, so that
// there is one too many of them; they are reported beside the created key.
func (c *Client) CreateProcessAPIKey(ctx context.Context, creation Creation) (key *CreatedProcessAPIKey, strays []string, err error) {
	// Keys that could not be told apart are created one after the other: then whatever is found after a lost
	// answer was either known before or is the lost key.
	unlock, err := c.creating.lock(ctx, creation.fingerprint())
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	started := c.config.Now()
	for retries := 0; ; retries++ {
		key, err := c.post(ctx, creation.ProcessID, creation.Request)
		c.listings.invalidate(creation.ProcessID)
		if err == nil {
			c.known.add(key.ID)
			if retries > 0 {
				strays = c.strays(ctx, creation, started)
			}
			return key, strays, nil
		}
		if DidNothing(err) {
			return nil, nil, err
		}
		if err := c.clearUp(ctx, creation, started, err); err != nil {
			return nil, nil, err
		}
		// Now it is certain that nothing remains of the request.
		if retries >= c.config.MaxRetries || ctx.Err() != nil {
			return nil, nil, err
		}
		select {
		case <-time.After(jitteredBackoff(c.config.RetryWaitMin, c.config.RetryWaitMax, retries)):
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("%w after %w", ctx.Err(), err)
		}
	}
}

// clearUp makes sure that nothing remains of a creation that failed with cause.
func (c *Client) clearUp(ctx context.Context, creation Creation, started time.Time, cause error) error {
	ctx, release := outlive(ctx, interruptGrace)
	defer release()
	twins, err := c.twins(ctx, creation, started)
	if err != nil {
		return &DoubtfulCreationError{Err: cause, Obstacle: err}
	}
	if len(twins) == 0 {
		return nil
	}
	doubt := &DoubtfulCreationError{Err: cause, Twins: twins}
	// From here on they are named to somebody, and no later creation takes them for its own.
	c.known.add(doubt.TwinIDs()...)
	if !creation.RevokeTwins {
		return doubt
	}
	for _, twin := range twins {
		revoked, refusal, err := c.RevokeProcessAPIKey(ctx, creation.ProcessID, twin.ID)
		if !revoked {
			doubt.Obstacle = cmp.Or(err, refusal)
			return doubt
		}
	}
	return nil
}

// strays clears up once more after a creation that was sent twice, and names what remains: a gateway can give
// up on a request that the service behind it still carries out. A listing that fails now is no error, because
// nothing speaks for a stray.
func (c *Client) strays(ctx context.Context, creation Creation, started time.Time) []string {
	var doubt *DoubtfulCreationError
	if errors.As(c.clearUp(ctx, creation, started, nil), &doubt) {
		return doubt.TwinIDs()
	}
	return nil
}

// twins lists the keys that a lost creation may have left.
func (c *Client) twins(ctx context.Context, creation Creation, started time.Time) ([]ProcessAPIKey, error) {
	listing, err := c.ListProcessAPIKeys(ctx, creation.ProcessID)
	if err != nil {
		return nil, err
	}
	if !listing.Complete {
		return nil, ErrUnproven
	}
	// By the service's own clock, if it tells the time; by none otherwise, for a wrong clock here must not hide a key.
	var earliest time.Time
	if !listing.date.IsZero() {
		earliest = listing.date.Add(-c.config.Now().Sub(started)).Add(-clockTolerance)
	}
	return slices.DeleteFunc(slices.Clone(listing.Keys), func(key ProcessAPIKey) bool {
		return len(creation.Request.Differences(key)) > 0 || c.known.has(key.ID) ||
			!key.CreatedAt.IsZero() && key.CreatedAt.Before(earliest)
	}), nil
}

// fingerprint is equal for creations whose keys could not be told apart.
func (c Creation) fingerprint() string {
	return fmt.Sprintf("%q %q %q %d", c.ProcessID, c.Request.Name, slices.Sorted(slices.Values(c.Request.Scopes)), c.Request.ExpiresAt.Unix())
}
