package alphamoon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"sync"
)

// APIKeys is a collection of keys: those of a process, or those of the organization. There is one for each path, so
// that what it remembers is shared. It may be used by several goroutines.
type APIKeys struct {
	client  *Client
	path    []string
	listing listing[APIKey]
	created creations

	mu         sync.Mutex
	generation *generation
	reported   string // the failure that a reader was told last
}

func newAPIKeys(client *Client, path []string) *APIKeys {
	k := &APIKeys{client: client, path: path, generation: newGeneration(client.config.FailureMemory)}
	k.created.before.memory = client.config.FailureMemory
	id := func(key APIKey) string { return key.ID }
	k.listing = listing[APIKey]{id: id, fetch: func(ctx context.Context, offset, limit int) (Page[APIKey], error) {
		return fetchPage(ctx, client, request{path: path, query: windowQuery(offset, limit)}, "apiKeys", id, offset)
	}}
	return k
}

// List returns all keys, read after the call began. It fails if it cannot be certain that they are all: with
// [ErrInconsistentListing] if the pages never fit together, with [ErrUnproven] if nothing tells where they end.
func (k *APIKeys) List(ctx context.Context) ([]APIKey, error) {
	result, err := k.listing.all(ctx)
	if err != nil {
		return nil, err
	}
	return result.elements, nil
}

// Pages reads a window of the collection page by page, or all of it. It ends when the window is full, when the
// service's total is reached, or at a page that brings nothing new. An error is the last thing it yields; then what
// was read is not all that was asked for.
func (k *APIKeys) Pages(ctx context.Context, window Window) iter.Seq2[Page[APIKey], error] {
	return k.listing.pages(ctx, window)
}

// Find looks for a key. It returns nil without an error only if the absence is proved: two complete listings, the
// second one fresh, do not have it, and where the service names no total, they agree with each other. A key that
// stands on any page is found, whatever became of the rest. Readers share both listings, and nobody may change the
// result. They share a failure too: all but the first are told a [*RepeatedError].
func (k *APIKeys) Find(ctx context.Context, id string) (*APIKey, error) {
	k.mu.Lock()
	current := k.generation
	k.mu.Unlock()
	read := func(ctx context.Context) (*found, error) {
		result, err := k.listing.read(ctx, true)
		return index(result), err
	}
	first, err := current.first.get(ctx, read)
	if key := first.key(id); key != nil {
		return key, nil
	}
	if err != nil {
		return nil, k.report(err)
	}
	second, err := current.second.get(ctx, read)
	if key := second.key(id); key != nil {
		return key, nil
	}
	if err != nil {
		return nil, k.report(err)
	}
	if (!first.proven || !second.proven) && !sameElements(k.listing.id, first.elements, second.elements) {
		return nil, k.report(fmt.Errorf("%w: two readings differ", ErrInconsistentListing))
	}
	return nil, nil
}

// report marks a failure that was told before.
func (k *APIKeys) report(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if text := err.Error(); text != k.reported {
		k.reported = text
		return err
	}
	return &RepeatedError{Err: err}
}

// wrote ends the validity of what is known of the collection. Those who wait for a listing now began to wait before
// the write ended, and may be served from it.
func (k *APIKeys) wrote() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.generation = newGeneration(k.client.config.FailureMemory)
}

// NotRevokedError means that a key is not known to be revoked.
type NotRevokedError struct {
	// Refusal is what the request for the removal failed with; nil if it was accepted.
	Refusal error
	// Unchecked is why it could not be seen what became of the key; nil if the key is seen to be active.
	Unchecked error
}

func (e *NotRevokedError) Error() string {
	switch {
	case e.Unchecked != nil:
		return fmt.Sprintf("whether the key was revoked is not known: %v", e.Unchecked)
	case e.Refusal != nil:
		return fmt.Sprintf("the key was not revoked: %v", e.Refusal)
	default:
		return "the service accepted to revoke the key and still lists it as active"
	}
}

func (e *NotRevokedError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Refusal, e.Unchecked}, func(err error) bool { return err == nil })
}

// Revoke calls the documented removal of an organization key, and then looks: nil means that the key is provably
// absent or no longer active. Anything else is a [*NotRevokedError]. Whether the removal accepts the id of a process
// key is not known, nor what it answers.
func (k *APIKeys) Revoke(ctx context.Context, id string) error {
	refusal := k.client.do(ctx, request{
		method: http.MethodDelete,
		path:   append(organizationKeysPath(), id),
		decode: func(_ http.Header, body io.Reader) error { _, err := io.Copy(io.Discard, body); return err },
	})
	k.wrote()
	key, err := k.Find(ctx, id)
	switch {
	case err != nil:
		return &NotRevokedError{Refusal: refusal, Unchecked: err}
	case key == nil || key.Status != "" && !IsActive(key.Status):
		return nil
	default:
		return &NotRevokedError{Refusal: refusal}
	}
}
