// Package sandbox is an in-memory server of the Alphamoon Workspace REST API: as far as the API is documented
// it answers as documented, and what is not known of it can be switched. It serves this provider's tests, its
// demonstration, and anybody who wants to try the provider without an account.
package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"
)

const (
	// DefaultCredential is the API key that the sandbox accepts unless told otherwise.
	DefaultCredential = "sandbox:sandbox-password"
	// DefaultMemberCredential is an API key that manages keys of every process and is no organization admin's.
	DefaultMemberCredential = "member:member-password"
	// Organization stands for the organization where the owner of keys is asked for, instead of a process.
	Organization = "organization"
	// DefaultProcessID is the process that exists unless told otherwise.
	DefaultProcessID = "2080d36bf94c4147b2e543104342fc2f"
	// StatusActive is the only documented status of a key.
	StatusActive = "Active"

	defaultMaxLimit     = 100
	defaultOrganization = "org_sandbox"
)

// Sandbox is the server. Its zero value works: one process, one credential, the system's clock. Set the
// options before the first request; later use [Sandbox.Update].
type Sandbox struct {
	Options

	mu        sync.Mutex
	prepared  bool
	processes []Process
	keys      map[string][]Key // by owner, in order of creation
	journal   []*Request
	faults    []*activeFault
	advanced  time.Duration // by how much the clock was moved
	buckets   map[string]*bucket
}

// Options are the switches for what is not known of the service, each with the most plausible answer as its
// zero value.
type Options struct {
	// Credential is an organization admin's API key, user:pass, that may do everything. Empty means
	// [DefaultCredential].
	Credential string
	// MemberCredential is an API key that may do everything but what only an admin may. Empty means
	// [DefaultMemberCredential].
	MemberCredential string
	// Processes exist from the beginning. Empty means one with [DefaultProcessID].
	Processes []Process
	// Now is the clock. Nil means the system's.
	Now func() time.Time
	// Latency is added to every answer.
	Latency time.Duration

	// Rate is how many requests a second are worked on, the others are refused with 429; 0 means any number. Burst
	// is how many may come at once; 0 means one. RateHints sends Retry-After, and RatePerProcess counts the requests
	// to each process by themselves. The seconds are real, whatever Now says.
	Rate                      float64
	Burst                     int
	RateHints, RatePerProcess bool

	// MaxLimit is the largest page, and the page when the request names no limit. 0 means 100.
	MaxLimit int
	// OmitPagination leaves the "pagination" object out of listings; CountPage makes its total the number of
	// elements of the page.
	OmitPagination, CountPage bool
	// IgnoreOffset and IgnoreLimit make listings disregard the parameter.
	IgnoreOffset, IgnoreLimit bool
	// NewestFirst lists keys in the reverse order of their creation.
	NewestFirst bool
	// HideExpired and HideInactive leave such keys out of listings.
	HideExpired, HideInactive bool
	// ListedSecret says how listings show the secret.
	ListedSecret ListedSecret

	// CreateStatus answers a creation. 0 means 201.
	CreateStatus int
	// Revocation says what the removal does with the id of a process key, and OrganizationRevocation what it does
	// with one of the organization, which is documented.
	Revocation, OrganizationRevocation Revocation
	// RevokeStatus answers a removal that the endpoint accepts. 0 means 204.
	RevokeStatus int
}

// ListedSecret is how a listing shows the secret of a key.
type ListedSecret int

// The ways in which a listing may show a secret.
const (
	SecretAbsent ListedSecret = iota
	SecretNull
	SecretMasked
)

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
	// Secret is what the creation handed out.
	Secret string
}

// Update changes options while the sandbox serves.
func (s *Sandbox) Update(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	change(&s.Options)
}

// Keys returns the keys of a process, or of the [Organization], in the order of their creation, whatever listings show of them.
func (s *Sandbox) Keys(owner string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	return slices.Clone(s.keys[owner])
}

// LiveKeys returns the keys of an owner that a program could use now.
func (s *Sandbox) LiveKeys(owner string) []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	return slices.DeleteFunc(slices.Clone(s.keys[owner]), func(key Key) bool { return !s.isLive(key) })
}

// AddKey gives an owner a key as if somebody had created it in the web application, and returns it with everything
// filled in that was empty. A process must exist.
func (s *Sandbox) AddKey(owner string, key Key) Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	return s.addKey(owner, key)
}

// RemoveKey removes a key as a person does in the web application.
func (s *Sandbox) RemoveKey(id string) { s.changeKey(id, nil) }

// SetStatus gives a key another status.
func (s *Sandbox) SetStatus(id, status string) {
	s.changeKey(id, func(key *Key) { key.Status = status })
}

// SetName gives a key another name.
func (s *Sandbox) SetName(id, name string) {
	s.changeKey(id, func(key *Key) { key.Name = name })
}

// RemoveProcess deletes a process with its keys, as a person does in the web application.
func (s *Sandbox) RemoveProcess(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	s.processes = slices.DeleteFunc(s.processes, func(process Process) bool { return process.ID == id })
	delete(s.keys, id)
}

// Advance moves the sandbox's clock forward.
func (s *Sandbox) Advance(duration time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	s.advanced += duration
}

// clock is the time of the service.
func (s *Sandbox) clock() time.Time { return s.Now().Add(s.advanced) }

// changeKey changes the key of an id, or removes it if there is no change. It panics if there is no such key.
func (s *Sandbox) changeKey(id string, change func(*Key)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	if !s.edit(id, change) {
		panic("sandbox: no key has the id " + id)
	}
}

func (s *Sandbox) edit(id string, change func(*Key)) bool {
	for owner, keys := range s.keys {
		i := slices.IndexFunc(keys, func(key Key) bool { return key.ID == id })
		switch {
		case i < 0:
		case change == nil:
			s.keys[owner] = slices.Delete(keys, i, i+1)
			return true
		default:
			change(&keys[i])
			return true
		}
	}
	return false
}

// prepare makes the zero value usable. The caller holds the lock, as for all unexported methods but ServeHTTP's.
func (s *Sandbox) prepare() {
	if s.prepared {
		return
	}
	s.prepared = true
	if s.Now == nil {
		s.Now = time.Now //nolint:forbidigo // the one place where a missing clock becomes the system's
	}
	if s.Credential == "" {
		s.Credential = DefaultCredential
	}
	if s.MemberCredential == "" {
		s.MemberCredential = DefaultMemberCredential
	}
	s.processes = slices.Clone(s.Processes)
	if len(s.processes) == 0 {
		s.processes = []Process{{ID: DefaultProcessID, Name: "Invoices"}}
	}
	s.keys, s.buckets = map[string][]Key{}, map[string]*bucket{}
	for i := range s.processes {
		process := &s.processes[i]
		process.TypeID = orDefault(process.TypeID, randomHex(16))
		process.TypeName = orDefault(process.TypeName, process.Name)
		process.Status = orDefault(process.Status, "Ready")
		process.OrganizationID = orDefault(process.OrganizationID, defaultOrganization)
		if process.CreatedAt.IsZero() {
			process.CreatedAt = s.clock()
		}
		if process.UpdatedAt.IsZero() {
			process.UpdatedAt = process.CreatedAt
		}
	}
}

func (s *Sandbox) addKey(owner string, key Key) Key {
	if owner != Organization {
		key.ProcessID = owner
	}
	key.ID = orDefault(key.ID, randomHex(16))
	key.OrganizationID = orDefault(key.OrganizationID, defaultOrganization)
	key.Status = orDefault(key.Status, StatusActive)
	if key.Secret == "" {
		key.Secret = randomHex(8) + ":" + randomHex(24)
	}
	if key.CreatedAt.IsZero() {
		key.CreatedAt = s.clock()
	}
	key.CreatedAt = key.CreatedAt.UTC().Truncate(time.Second)
	key.ExpiresAt = key.ExpiresAt.UTC().Truncate(time.Second)
	s.keys[owner] = append(s.keys[owner], key)
	return key
}

func (s *Sandbox) isLive(key Key) bool {
	return key.Status == StatusActive && s.clock().Before(key.ExpiresAt)
}

// hasOwner reports whether a process exists. The organization always does.
func (s *Sandbox) hasOwner(id string) bool {
	return id == Organization ||
		slices.ContainsFunc(s.processes, func(process Process) bool { return process.ID == id })
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func randomHex(bytes int) string {
	buffer := make([]byte, bytes)
	_, _ = rand.Read(buffer) // documented never to fail
	return hex.EncodeToString(buffer)
}
