// Package sandbox is an in-memory server of the Alphamoon Workspace REST API: as far as the API is documented
// it answers as documented, and what is not known of it can be switched. It serves this provider's tests, its
// demonstration, and anybody who wants to try the provider without an account.
package sandbox

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultCredential is the API key that the sandbox accepts unless told otherwise.
	DefaultCredential = "sandbox:sandbox-password"
	// MemberCredential is an API key that manages keys of every process and is no organization admin's.
	MemberCredential = "member:member-password"
	// OtherCredential is the API key of an admin of another organization, see [OfOther].
	OtherCredential = "other:other-password"
	// Organization stands for the organization where the owner of keys is asked for, instead of a process.
	Organization = "organization"
	// DefaultProcessID is the process that exists unless told otherwise.
	DefaultProcessID = "2080d36bf94c4147b2e543104342fc2f"
	// StatusActive is the only documented status of a key.
	StatusActive = "Active"

	defaultMaxLimit     = 100
	defaultOrganization = "org_sandbox"
	otherOrganization   = "org_other"
	otherPrefix         = "other/"
)

// OfOther is the owner of the keys that the other organization's credential sees where others see those of the given
// owner.
func OfOther(owner string) string { return otherPrefix + owner }

// Sandbox is the server. Its zero value works: one process, one credential, the system's clock. Set the
// options before the first request; later use [Sandbox.Update].
type Sandbox struct {
	Options

	mu        sync.Mutex // see [Sandbox.lock]
	processes []Process
	keys      map[string][]Key    // by owner, in order of creation
	past      map[string][]Key    // what they were, for indexes that are behind
	removed   map[string][]string // names of keys that are gone, by owner
	order     int                 // how many keys there were
	index     int                 // whose turn it is to answer a listing
	hidden    map[access]int
	journal   []*Request
	faults    []*Fault
	advanced  time.Duration // by how much the clock was moved
	tokens    float64       // how many requests the rate permits, when it was last refilled
	refilled  time.Time
}

// Options are the switches for what is not known of the service, each with the most plausible answer as its zero value.
type Options struct {
	// Credential is an organization admin's API key, user:pass, that may do everything. Empty means [DefaultCredential].
	Credential string
	// Processes exist from the beginning. Empty means one with [DefaultProcessID].
	Processes []Process
	// Now is the clock. Nil means the system's.
	Now func() time.Time
	// Random is where ids and secrets come from. Nil means the system's random numbers.
	Random io.Reader
	// Latency is added to every answer.
	Latency time.Duration

	// Rate is how many requests a second are worked on, the others are refused with 429; 0 means any number. Burst
	// is how many may come at once; 0 means one. RateHints sends Retry-After. The seconds are real, whatever Now says.
	Rate      float64
	Burst     int
	RateHints bool

	// Lags are the indexes from which listings are answered in turn, each by how long it is behind what happened. The
	// time is real, and moves with [Sandbox.Advance]. Empty means one index that is never behind.
	Lags []time.Duration
	// MaxLimit is the largest page, and the page when the request names no limit. 0 means 100.
	MaxLimit int
	// OmitPagination leaves the "pagination" object out of listings; CountPage makes its total the number of
	// elements of the page.
	OmitPagination, CountPage bool
	// TotalOnFirstPage leaves the total out of the pages that begin at an offset.
	TotalOnFirstPage bool
	// EndStatus answers an offset at or beyond the end, such as 416. 0 means an empty page.
	EndStatus int
	// AlterListed changes an element of a listing before it is sent, see [With] and [Without].
	AlterListed func(fields map[string]any)
	// IgnoreOffset and IgnoreLimit make listings disregard the parameter.
	IgnoreOffset, IgnoreLimit bool
	// NewestFirst lists keys in the reverse order of their creation.
	NewestFirst bool
	// HideExpired and HideInactive leave such keys out of listings.
	HideExpired, HideInactive bool

	// CreateStatus answers a creation. 0 means 201.
	CreateStatus int
	// Revocation says what the removal does with the id of a process key, and OrganizationRevocation what it does
	// with one of the organization, which is documented.
	Revocation, OrganizationRevocation Revocation
	// RevokeStatus answers a removal that the endpoint accepts. 0 means 204.
	RevokeStatus int

	Rules

	addToTotal int // of a fault
}

// Revocation is what DELETE /api/v0.4/admin/api-keys/{id} does.
type Revocation int

// The ways in which the removal may treat a key.
const (
	// RevocationRemoves takes the key out of the listings.
	RevocationRemoves Revocation = iota
	// RevocationDisables keeps the key listed with another status.
	RevocationDisables
	// RevocationDoesNothing answers as if it had worked.
	RevocationDoesNothing
	// RevocationUnknown answers 404, as if it did not know the key.
	RevocationUnknown
)

// Process is a process of the workspace.
type Process struct {
	ID, Name, TypeID, TypeName, Status, OrganizationID string
	CreatedAt, UpdatedAt                               time.Time
}

// Key is an API key as the sandbox keeps it, with its secret.
type Key struct {
	// ProcessID is empty for a key of the organization.
	ID, Name, OrganizationID, Status, ProcessID string
	Scopes                                      []string
	CreatedAt, ExpiresAt                        time.Time
	// NeverExpires says that ExpiresAt counts for nothing.
	NeverExpires bool
	// RemovedAt is when it was removed, zero if it was not: see [Rules.KeepRemoved].
	RemovedAt time.Time
	// Secret is what the creation handed out.
	Secret string
	// Maker is the credential that created it, empty for a person in the web application.
	Maker string

	order       int
	accepted    time.Time // from when on its secret is, as [Sandbox.elapsed] counts
	began, over time.Time // when this version of the key came into being and was replaced, as [Sandbox.elapsed] counts
}

// Update changes options while the sandbox serves.
func (s *Sandbox) Update(change func(*Options)) {
	s.lock()
	defer s.mu.Unlock()
	change(&s.Options)
}

// Keys returns the keys of a process, or of the [Organization], in the order of their creation, whatever listings show of them.
func (s *Sandbox) Keys(owner string) []Key {
	s.lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys[owner])
}

// LiveKeys returns the keys of an owner that a program could use now.
func (s *Sandbox) LiveKeys(owner string) []Key {
	s.lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.keys[owner]), func(key Key) bool { return !s.isLive(key) })
}

// AddKey gives an owner a key as if somebody had created it in the web application, and returns it with everything
// filled in that was empty. A process must exist.
func (s *Sandbox) AddKey(owner string, key Key) Key {
	s.lock()
	defer s.mu.Unlock()
	return s.addKey(owner, key)
}

// RemoveKey removes a key as a person does in the web application.
func (s *Sandbox) RemoveKey(id string) { s.ChangeKey(id, nil) }

// SetStatus gives a key another status.
func (s *Sandbox) SetStatus(id, status string) {
	s.ChangeKey(id, func(key *Key) { key.Status = status })
}

// RemoveProcess deletes a process with its keys, as a person does in the web application. It reports whether there was one.
func (s *Sandbox) RemoveProcess(id string) bool {
	s.lock()
	defer s.mu.Unlock()
	before := len(s.processes)
	s.processes = slices.DeleteFunc(s.processes, func(process Process) bool { return process.ID == id })
	for _, owner := range []string{id, OfOther(id)} {
		delete(s.keys, owner)
		delete(s.past, owner)
	}
	return len(s.processes) < before
}

// access is what a credential sees of an owner's keys.
type access struct{ credential, owner string }

// Hide takes from a credential the access to a process. It gets 403 or 404 from now on, or with the status 200 lists
// without elements. The status 0 gives the access back.
func (s *Sandbox) Hide(credential, processID string, status int) {
	s.lock()
	defer s.mu.Unlock()
	s.hidden[access{credential, processID}] = status
}

// Advance moves the sandbox's clock forward, or with a negative duration back.
func (s *Sandbox) Advance(duration time.Duration) {
	s.lock()
	defer s.mu.Unlock()
	s.advanced += duration
}

// clock is the time of the service.
func (s *Sandbox) clock() time.Time { return s.Now().Add(s.advanced) }

// elapsed is the time that lags are counted in: a test may hold the service's clock still.
func (s *Sandbox) elapsed() time.Time {
	return time.Now().Add(s.advanced) //nolint:forbidigo // a lag is about real seconds
}

// ChangeKey changes the key of an id, or removes it if there is no change. It panics if there is no such key.
func (s *Sandbox) ChangeKey(id string, change func(*Key)) {
	if !s.editKey(id, change) {
		panic("sandbox: no key has the id " + id)
	}
}

// editKey is edit for those who do not hold the lock.
func (s *Sandbox) editKey(id string, change func(*Key)) bool {
	s.lock()
	defer s.mu.Unlock()
	return s.edit(id, change)
}

// edit changes the key of an id, or removes it if there is no change. It reports whether there is such a key.
func (s *Sandbox) edit(id string, change func(*Key)) bool {
	owner, i := s.find(id)
	if i < 0 {
		return false
	}
	keys, now := s.keys[owner], s.elapsed()
	if len(s.Lags) > 0 {
		old := keys[i]
		old.over = now
		s.past[owner] = append(s.past[owner], old)
	}
	switch {
	case change != nil:
		change(&keys[i])
	case s.KeepRemoved && !keys[i].RemovedAt.IsZero():
		return false
	case s.KeepRemoved:
		keys[i].RemovedAt = s.clock()
	default:
		s.removed[owner] = append(s.removed[owner], keys[i].Name)
		s.keys[owner] = slices.Delete(keys, i, i+1)
		return true
	}
	keys[i].began = now
	return true
}

// indexed returns an owner's keys as the index shows them that is next in turn. The caller must not change them.
func (s *Sandbox) indexed(owner string) []Key {
	if len(s.Lags) == 0 {
		return s.keys[owner]
	}
	lag := s.Lags[s.index%len(s.Lags)]
	s.index++
	if lag == 0 {
		return s.keys[owner]
	}
	then := s.elapsed().Add(-lag)
	var keys []Key
	for _, key := range slices.Concat(s.past[owner], s.keys[owner]) {
		if !key.began.After(then) && (key.over.IsZero() || key.over.After(then)) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return a.order - b.order })
	return keys
}

// find returns the owner of a key and its place among the owner's keys, -1 if there is no such key.
func (s *Sandbox) find(id string) (owner string, i int) {
	for owner, keys := range s.keys {
		if i := slices.IndexFunc(keys, func(key Key) bool { return key.ID == id || plainID(key.ID) == plainID(id) }); i >= 0 {
			return owner, i
		}
	}
	return "", -1
}

// plainID is an id as far as the ways to write it do not differ.
func plainID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// lock is what every exported method begins with. It makes the zero value usable. The callers of all other unexported
// methods but those that answer requests hold the lock.
func (s *Sandbox) lock() {
	s.mu.Lock()
	if s.keys != nil {
		return
	}
	if s.Now == nil {
		s.Now = time.Now //nolint:forbidigo // the one place where a missing clock becomes the system's
	}
	s.Credential = cmp.Or(s.Credential, DefaultCredential)
	if s.Random == nil {
		s.Random = rand.Reader
	}
	s.processes = slices.Clone(s.Processes)
	if len(s.processes) == 0 {
		s.processes = []Process{{ID: DefaultProcessID, Name: "Invoices"}}
	}
	s.keys, s.past, s.removed = map[string][]Key{}, map[string][]Key{}, map[string][]string{}
	s.hidden = map[access]int{}
	for i := range s.processes {
		process := &s.processes[i]
		process.TypeID = cmp.Or(process.TypeID, s.randomHex(16))
		process.TypeName = cmp.Or(process.TypeName, process.Name)
		process.Status = cmp.Or(process.Status, "Ready")
		process.OrganizationID = cmp.Or(process.OrganizationID, defaultOrganization)
		process.CreatedAt = cmp.Or(process.CreatedAt, s.clock())
		process.UpdatedAt = cmp.Or(process.UpdatedAt, process.CreatedAt)
	}
}

func (s *Sandbox) addKey(owner string, key Key) Key {
	if process := strings.TrimPrefix(owner, otherPrefix); process != Organization {
		key.ProcessID = process
	}
	key.ID = cmp.Or(key.ID, s.randomHex(16))
	key.OrganizationID = cmp.Or(key.OrganizationID, organizationOf(owner))
	key.Status = cmp.Or(key.Status, StatusActive)
	if key.Secret == "" {
		key.Secret = s.newSecret()
	}
	now := s.clock()
	key.CreatedAt = cmp.Or(key.CreatedAt, now)
	key.began = s.elapsed().Add(-max(0, now.Sub(key.CreatedAt)))
	s.order++
	key.order = s.order
	if s.NumericIDs {
		key.ID = strconv.Itoa(100000 + s.order)
	}
	key.CreatedAt = key.CreatedAt.UTC().Truncate(time.Second)
	key.ExpiresAt = key.ExpiresAt.UTC().Truncate(time.Second)
	s.keys[owner] = append(s.keys[owner], key)
	return key
}

func (s *Sandbox) newSecret() string { return s.randomHex(8) + ":" + s.randomHex(24) }

func organizationOf(owner string) string {
	if strings.HasPrefix(owner, otherPrefix) {
		return otherOrganization
	}
	return defaultOrganization
}

// IsOver reports whether a key's expiry has passed.
func (k Key) IsOver(now time.Time) bool { return !k.NeverExpires && !now.Before(k.ExpiresAt) }

func (s *Sandbox) isLive(key Key) bool {
	return key.Status == StatusActive && key.RemovedAt.IsZero() && !key.IsOver(s.clock())
}

// hasOwner reports whether a process exists. The organization always does.
func (s *Sandbox) hasOwner(id string) bool {
	id = strings.TrimPrefix(id, otherPrefix)
	return id == Organization ||
		slices.ContainsFunc(s.processes, func(process Process) bool { return process.ID == id })
}

func (s *Sandbox) randomHex(bytes int) string {
	buffer := make([]byte, bytes)
	if _, err := io.ReadFull(s.Random, buffer); err != nil {
		panic(fmt.Sprintf("sandbox: no random numbers: %v", err))
	}
	return hex.EncodeToString(buffer)
}
