package alphamoon

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// StatusActive is the only status that the service documents.
const StatusActive = "Active"

// IsActive reports whether a status means that the key works. Upper and lower case make no difference.
func IsActive(status string) bool { return strings.EqualFold(status, StatusActive) }

// DoesNotWork reports whether a status says in so many words that the key does not work. None of these words is
// documented, and any other may mean anything.
func DoesNotWork(status string) bool { return KnowsStatus(status) && !IsActive(status) }

// KnowsStatus reports whether a status is one of [Statuses].
func KnowsStatus(status string) bool {
	return slices.ContainsFunc(Statuses(), func(known string) bool { return strings.EqualFold(known, status) })
}

// Statuses are the words whose meaning is clear: the documented one, and those that say that a key does not work.
func Statuses() []string {
	return []string{StatusActive, "Disabled", "Inactive", "Revoked", "Deleted", "Expired"}
}

// APIKey is a key as a listing shows it, without its secret.
type APIKey struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	OrganizationID string `json:"orgId"`
	// Scopes come in no particular order (documented by example).
	Scopes ScopeList `json:"scopes"`
	// Status is [StatusActive] or something the service does not document.
	Status string `json:"status"`
	// CreatedAt and ExpiresAt are in whole seconds.
	CreatedAt Timestamp `json:"createdAt"`
	ExpiresAt Timestamp `json:"exp"`
	// ProcessID is empty for a key of the organization.
	ProcessID string `json:"processId"`
}

// CreatedAPIKey is the answer to a creation, the only place where the secret ever stands.
type CreatedAPIKey struct {
	APIKey
	// Key is the secret, in the form user:pass. It is empty if the answer did not have it.
	Key Secret `json:"key"`
}

// ScopeList are the scopes of a key. Nil stands for scopes that are missing or unreadable.
type ScopeList []string

// maxScopes is how long the list of a key's scopes can be, in bytes: many times the catalogue.
const maxScopes = 16 << 10

// UnmarshalJSON takes a list of strings and never fails.
func (l *ScopeList) UnmarshalJSON(data []byte) error {
	var scopes []string
	if len(data) <= maxScopes && json.Unmarshal(data, &scopes) == nil {
		*l = scopes
	}
	return nil
}

// Timestamp is an instant of the service. The zero value stands for one that is missing or unreadable: a key
// must not be lost because one of its dates is odd.
type Timestamp struct{ time.Time }

// UnmarshalJSON takes an RFC 3339 string and never fails.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	if t.Time.UnmarshalJSON(data) != nil {
		t.Time = time.Time{}
	}
	return nil
}

// APIKeyRequest is what a creation asks for. The service wants all three fields (documented).
type APIKeyRequest struct {
	Name string
	// ExpiresAt is sent in UTC with milliseconds; the service truncates it to whole seconds (documented).
	ExpiresAt time.Time
	Scopes    []string
}

// MarshalJSON writes the documented body.
func (r APIKeyRequest) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name   string   `json:"name"`
		Exp    string   `json:"exp"`
		Scopes []string `json:"scopes"`
	}{r.Name, r.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z"), r.Scopes})
}

// SameSecond reports whether two instants are equal to the service, which keeps whole seconds and truncates.
func SameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// Differences names the fields in which a key differs from what was asked for, in the names of the API.
func (r APIKeyRequest) Differences(key APIKey) []string {
	var differences []string
	if key.Name != r.Name {
		differences = append(differences, "name")
	}
	if !sameScopes(key.Scopes, r.Scopes) {
		differences = append(differences, "scopes")
	}
	if !SameSecond(key.ExpiresAt.Time, r.ExpiresAt) {
		differences = append(differences, "exp")
	}
	return differences
}

// same reports whether two creations ask for keys that could not be told apart.
func (r APIKeyRequest) same(other APIKeyRequest) bool {
	return r.Name == other.Name && sameScopes(r.Scopes, other.Scopes) && SameSecond(r.ExpiresAt, other.ExpiresAt)
}

func sameScopes(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
