package alphamoon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// listingLag is for how long after its creation a listing may not show a key yet: listings may be eventually consistent,
// and how soon they show a write is not known.
// U: a new key is listed
const listingLag = 5 * time.Minute

// Reasons why a key that is not listed is not provably absent.
var (
	// ErrTooYoung means that the key was created so recently that a listing may not show it yet, see [TooYoungError].
	ErrTooYoung = errors.New("the key was created less than five minutes ago, and a listing may not show it yet")
	// ErrNeverSeen means that the credential has never seen the key, so that it cannot see it to be gone either.
	ErrNeverSeen = errors.New("the credential has never seen the key, and a listing may show only what its caller made or may see")
)

// ErrUnsafeID means that no removal was sent, because the id could lead it to something else than the key.
var ErrUnsafeID = errors.New("its id must have 1 to 128 letters, digits, - and _ to be put into an address, " +
	"so that no removal was requested")

// isSafeID reports whether an id means nothing but itself in an address. Every documented id does.
func isSafeID(id string) bool {
	const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
	return id != "" && len(id) <= 128 && strings.Trim(id, characters) == ""
}

// TooYoungError is an [ErrTooYoung].
// U: a new key is listed
type TooYoungError struct {
	// Until is when a listing must show the key, by the clock of the service.
	Until time.Time
}

func (e *TooYoungError) Error() string { return ErrTooYoung.Error() }

func (e *TooYoungError) Unwrap() error { return ErrTooYoung }

// APIKeys is a collection of keys: those of a process, or those of the organization. There is one for each path, so
// that what it remembers is shared. It may be used by several goroutines.
type APIKeys struct {
	client  *Client
	path    []string
	listing listing[APIKey]
	// sightings are shared with the other collections.
	sightings view

	// before lists what was there before the first creation of this client.
	before *sharedCall[struct{}]
	ledger *ledger
	// attempts is acquired once by every creation on its way, see [exclusive].
	attempts *semaphore.Weighted

	// listings are replaced by a write, because whoever reads after it must see what was written.
	listings atomic.Pointer[listings]
}

// listings are the first of the two that prove an absence, and the second: some time later, or at once.
// U: a new key is listed
type listings struct{ first, later, atOnce *sharedCall[reading[APIKey]] }

func newAPIKeys(client *Client, path []string) *APIKeys {
	sightings := view{&client.sightings, path[2]}
	k := &APIKeys{
		client: client, path: path, before: newSharedCall[struct{}](client.config.FailureMemory),
		sightings: sightings, ledger: newLedger(sightings), attempts: semaphore.NewWeighted(exclusive),
	}
	k.invalidate()
	k.listing = listing[APIKey]{id: func(key APIKey) string { return key.ID }, fetch: k.fetch}
	return k
}

func (k *APIKeys) fetch(ctx context.Context, offset, limit int) (Page[APIKey], error) {
	page, err := fetchWindow(ctx, k.client, k.path, "apiKeys", k.listing.id, offset, limit)
	k.sightings.note(page.Elements)
	return page, err
}

// List returns all keys, read after the call began. An answer without content (204) means that there are none. It fails
// if it cannot be certain that they are all: with [ErrInconsistentListing] if the pages contradict each other, with
// [ErrUnproven] if nothing shows where they end.
func (k *APIKeys) List(ctx context.Context) ([]APIKey, error) {
	result, err := k.listing.all(ctx)
	if err == nil || isNoContent(err) && len(result.elements) == 0 {
		return result.elements, nil
	}
	return nil, err
}

// Pages reads a window of the collection page by page, or all of it. It ends when the window is full, when the
// service's total is reached, or at a page that brings nothing new; where nothing proves that this is all, a second
// reading must agree. An error is the last thing it yields; then what was read is not all that was asked for.
func (k *APIKeys) Pages(ctx context.Context, window Window) iter.Seq2[Page[APIKey], error] {
	return func(yield func(Page[APIKey], error) bool) {
		r := k.listing.reader(window)
		for page, err := range r.all(ctx) {
			if isNoContent(err) && r.answers == 0 || !yield(page, err) || err != nil {
				return
			}
		}
		if r.full() || r.isProven() || window.Offset > 0 {
			return
		}
		again, err := k.listing.read(ctx)
		if err == nil && !r.sameAs(again) {
			err = fmt.Errorf("%w: a second reading differs", ErrInconsistentListing)
		}
		if err != nil {
			yield(Page[APIKey]{Total: -1}, err)
		}
	}
}

// KeyRef identifies a key to find, with what the caller knows of it.
type KeyRef struct {
	ID string
	// CreatedAt is zero if it is not known.
	CreatedAt time.Time
	// Expired means that the key is past its expiry. Its absence needs no proof.
	// U: an expired key
	Expired bool
	// NeverSeen means that the client's credential is not the one that last saw the key.
	// U: a key that another credential made
	NeverSeen bool
}

// Ref identifies a listed key.
func (k APIKey) Ref() KeyRef { return KeyRef{ID: k.ID, CreatedAt: k.CreatedAt.Time} }

// Find looks for a key. It returns nil without an error only if the absence is proved: two complete listings do not have
// it, and where the service gives no total, they agree with each other; the key is old enough to be listed, else it is a
// [TooYoungError]; and the credential has seen it before, else [ErrNeverSeen]. The second listing begins
// ten seconds after the first one: pages may come from several indexes, and one that lags makes a listing skip a key.
// A key that stands on any page is found, whatever became of the rest. Readers share both listings, and nobody may
// change the result. They share a failure too.
func (k *APIKeys) Find(ctx context.Context, ref KeyRef) (*APIKey, error) {
	return k.find(ctx, ref, noRemoval)
}

// removal is what became of a request to remove a key.
type removal int

const (
	// noRemoval was worked on.
	noRemoval removal = iota
	// maybeRemoval may have been worked on.
	maybeRemoval
	// acceptedRemoval was worked on.
	acceptedRemoval
)

// find looks for a key, also after a removal. Of one that was accepted, two listings right after each other prove enough.
func (k *APIKeys) find(ctx context.Context, ref KeyRef, removal removal) (*APIKey, error) {
	listings, pause := k.listings.Load(), k.client.config.SettleTime
	first, err := listings.first.get(ctx, k.listing.read)
	if key := first.get(ref.ID); key != nil {
		return key, nil
	}
	if ref.Expired && SaysNothing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := absence(ref, removal, first, nil); !errors.Is(err, errLookAgain) {
		return nil, err
	}
	again := listings.later
	if removal == acceptedRemoval {
		again, pause = listings.atOnce, 0
	}
	second, err := again.get(ctx, func(ctx context.Context) (reading[APIKey], error) {
		if err := sleep(ctx, pause); err != nil {
			return newReading[APIKey](), err
		}
		return k.listing.read(ctx)
	})
	if key := second.get(ref.ID); key != nil {
		return key, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, absence(ref, removal, first, &second)
}

// errLookAgain asks for a second listing.
var errLookAgain = errors.New("one listing proves nothing")

// absence judges what a listing without a key proves, and with second what two of them do. Nil means that the key is
// gone.
func absence(ref KeyRef, removal removal, first reading[APIKey], second *reading[APIKey]) error {
	switch {
	case ref.Expired:
		return nil
	case second == nil && removal == noRemoval && ref.isYoung(first.date):
		return &TooYoungError{ref.CreatedAt.Add(listingLag)}
	case removal != acceptedRemoval && ref.NeverSeen:
		return ErrNeverSeen
	case second == nil:
		return errLookAgain // after a removal, two listings say more than one
	case (!first.proven || !second.proven) && !first.sameAs(*second):
		return fmt.Errorf("%w: two readings differ", ErrInconsistentListing)
	case ref.isYoung(second.date):
		return &TooYoungError{ref.CreatedAt.Add(listingLag)}
	default:
		return nil
	}
}

// isYoung reports whether a key was made so recently that a listing of the given time may not show it yet.
func (r KeyRef) isYoung(date time.Time) bool {
	return !r.CreatedAt.IsZero() && date.Sub(r.CreatedAt) < listingLag
}

// invalidate ends the validity of what is known of the collection. Those who wait for a listing now began to wait before
// the write ended, and may be served from it.
func (k *APIKeys) invalidate() {
	call := func() *sharedCall[reading[APIKey]] {
		return newSharedCall[reading[APIKey]](k.client.config.FailureMemory)
	}
	k.listings.Store(&listings{call(), call(), call()})
}

// NotRevokedError means that a key is not known to be revoked.
type NotRevokedError struct {
	// Refusal is what the request for the removal failed with, or the second one after one that was accepted; nil if both were.
	Refusal error
	// Unchecked is why it could not be seen what became of the key; nil if the key is seen to be active.
	Unchecked error
	// Status is what the listing says of the key, in the words of the service.
	Status string
}

func (e *NotRevokedError) Error() string {
	switch {
	case e.Unchecked != nil:
		return fmt.Sprintf("it is not known whether the key was revoked: %v", e.Unchecked)
	case e.Refusal != nil:
		return fmt.Sprintf("the key was not revoked: %v", e.Refusal)
	default:
		return "the service accepted to revoke the key and still lists it"
	}
}

func (e *NotRevokedError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Refusal, e.Unchecked}, func(err error) bool { return err == nil })
}

// Revoke calls the documented removal of an organization key, and then looks, again and again while a removal that was
// accepted does not show. Nil means that the key is absent, or has a status that says that it does not work, or that the
// service says of a second removal that there is no such key. Anything else is a [*NotRevokedError]. Unless a removal was
// accepted, the absence needs the proof of [APIKeys.Find].
// Whether the removal accepts the id of a process key is not known, nor what it answers.
// A key with an id that could mean something else is not removed: [ErrUnsafeID].
// U: removal of a process's key; removal of a key of the organization
func (k *APIKeys) Revoke(ctx context.Context, ref KeyRef) error {
	if !isSafeID(ref.ID) {
		return &NotRevokedError{Refusal: ErrUnsafeID}
	}
	removal, refusal := k.removeOnlyThis(ctx, ref.ID)
	for retries := 0; ; retries++ {
		k.invalidate()
		key, err := k.find(ctx, ref, removal)
		if k.isGone(key, err) || isHiddenByLag(err, removal, refusal) {
			return nil
		}
		if removal == acceptedRemoval && retries == 0 {
			refusal = k.removeAgain(ctx, ref.ID, err)
		}
		switch {
		case removal == acceptedRemoval && isDocumented(refusal, http.StatusNotFound, http.StatusGone):
			return nil
		case err != nil, removal == noRemoval, retries >= k.client.config.MaxRetries:
			return k.notRevoked(key, refusal, err)
		}
		if err := sleep(ctx, k.client.pause(nil, retries)); err != nil {
			return &NotRevokedError{Unchecked: err}
		}
	}
}

func (k *APIKeys) notRevoked(key *APIKey, refusal, unchecked error) error {
	failure := &NotRevokedError{Refusal: refusal, Unchecked: unchecked}
	if key != nil {
		failure.Status = k.client.show(key.Status, false)
	}
	return failure
}

// isHiddenByLag reports that a young key is not listed after a removal that was not refused by something else than the API.
func isHiddenByLag(err error, removal removal, refusal error) bool {
	return errors.Is(err, ErrTooYoung) && (removal == acceptedRemoval || removal == maybeRemoval && !isForeign(refusal))
}

// removeAgain sends the removal once more where it was accepted and does not show in a listing that was answered: what was
// removed may stay listed, and then the service does not know it any more. Its error is the refusal.
// U: its removal again; a removed key is no longer listed
func (k *APIKeys) removeAgain(ctx context.Context, id string, unlisted error) error {
	if unlisted != nil && !SaysNothing(unlisted) {
		return nil
	}
	_, refusal := k.remove(ctx, id)
	return refusal
}

// isForeign reports a refusal of something else than the API, like a firewall's page. It says nothing about the key, and
// an old listing lacks a young one.
func isForeign(refusal error) bool {
	status, answered := errors.AsType[*StatusError](refusal)
	return answered && !status.Documented && status.Status < 500 || IsUnusableAnswer(refusal)
}

// removeOnlyThis sends the removal unless it could meet another key.
func (k *APIKeys) removeOnlyThis(ctx context.Context, id string) (removal removal, refusal error) {
	if err := k.meetsAnother(ctx, id); err != nil {
		return noRemoval, err
	}
	return k.remove(ctx, id)
}

// meetsAnother says why the removal of a process's key could meet another key: it is the organization's, and a number may be
// the id of a key of each. Nil means that it cannot.
// U: ids; removal of a process's key
func (k *APIKeys) meetsAnother(ctx context.Context, id string) error {
	own := k.client.OrganizationAPIKeys()
	if k == own || !isNumber(id) {
		return nil
	}
	keys, err := own.List(ctx)
	switch {
	case SaysNothing(err):
		return nil
	case err != nil:
		return fmt.Errorf("%w, and the keys of the organization could not be listed: %w", errAmbiguousID, err)
	case slices.ContainsFunc(keys, func(key APIKey) bool { return key.ID == id && !slices.Contains(k.path, key.ProcessID) }):
		return fmt.Errorf("%w, and a key of the organization has the same one", errAmbiguousID)
	}
	return nil
}

var errAmbiguousID = errors.New("no removal was requested, because the id is a number")

// isGone reports whether what was found is no key that works: nothing, or one whose status or expiry says so.
func (k *APIKeys) isGone(key *APIKey, err error) bool {
	return err == nil && (key == nil || DoesNotWork(key.Status) ||
		!key.ExpiresAt.IsZero() && !key.ExpiresAt.After(k.client.config.Clock()))
}

// remove sends the removal. The refusal is nil if it was accepted.
func (k *APIKeys) remove(ctx context.Context, id string) (removal removal, refusal error) {
	refusal = k.client.do(ctx, request{
		method: http.MethodDelete, path: append(organizationKeysPath(), id),
		decode: func(_ http.Header, body io.Reader) error {
			// An acceptance needs no body, but some firewalls refuse with a page and 200.
			if text, _ := io.ReadAll(body); redact.IsMarkup(string(text)) {
				return errors.New("it is a web page")
			}
			return nil
		},
		wrapAttempt: func(send func() error) error {
			err := send()
			if !DidNothing(err) {
				removal = maybeRemoval
			}
			return err
		},
	})
	if refusal == nil {
		removal = acceptedRemoval
	}
	return removal, refusal
}
