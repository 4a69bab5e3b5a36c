package alphamoon

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/redact"
)

// StatusActive is the only status that the service documents.
const StatusActive = "Active"

// IsActive reports whether a status means that the key works. Upper and lower case make no difference.
// U: words of status
func IsActive(status string) bool { return strings.EqualFold(status, StatusActive) }

// DoesNotWork reports whether a status says in so many words that the key does not work. None of these words is
// documented, and any other may mean anything.
func DoesNotWork(status string) bool { return KnowsStatus(status) && !IsActive(status) }

// KnowsStatus reports whether a status is one of [Statuses].
// U: words of status
func KnowsStatus(status string) bool {
	return slices.ContainsFunc(Statuses(), func(known string) bool { return strings.EqualFold(known, status) })
}

// Statuses are the words whose meaning is clear: the documented one, and those that say that a key does not work.
func Statuses() []string {
	return []string{StatusActive, "Disabled", "Inactive", "Revoked", "Deleted", "Expired"}
}

// APIKey is a key as a listing shows it, without its secret.
// U: secret in a listing
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

// UnmarshalJSON takes an object whose fields may be odd. Ids may be numbers, and names come in Unicode's composed form
// (NFC), which is all that Terraform can write. A key that has a "deletedAt" is listed and yet removed.
// U: ids; names; a removed key is no longer listed
func (k *APIKey) UnmarshalJSON(data []byte) error {
	type plain APIKey
	wire := struct {
		*plain
		ID        looseText `json:"id"`
		Name      string    `json:"name"`
		ProcessID looseText `json:"processId"`
		// U: a removed key is no longer listed
		DeletedAt Timestamp `json:"deletedAt"`
	}{plain: (*plain)(k)}
	err := json.Unmarshal(data, &wire)
	k.ID, k.Name, k.ProcessID = string(wire.ID), norm.NFC.String(wire.Name), string(wire.ProcessID)
	if !wire.DeletedAt.IsZero() {
		k.Status = "Deleted"
	}
	return err
}

// looseText is a text that may also be written as a number.
// U: ids
type looseText string

// UnmarshalJSON never fails: everything but a text or a number is empty.
func (t *looseText) UnmarshalJSON(data []byte) error {
	var text string
	var number json.Number
	if json.Unmarshal(data, &text) == nil {
		*t = looseText(text)
	} else if json.Unmarshal(data, &number) == nil {
		*t = looseText(number)
	}
	return nil
}

// CreatedAPIKey is the answer to a creation, the only place where the secret ever stands.
type CreatedAPIKey struct {
	APIKey
	// Key is the secret, in the form user:pass. It is empty if the answer did not have it.
	Key redact.Secret
	// Version is the creation in Unix seconds, or the next free second: no two keys of one name share it, see
	// [APIKeys.Create].
	Version int64
}

// UnmarshalJSON takes an object whose fields may be odd.
func (k *CreatedAPIKey) UnmarshalJSON(data []byte) error {
	var secret struct {
		Key redact.Secret `json:"key"`
	}
	err := errors.Join(json.Unmarshal(data, &k.APIKey), json.Unmarshal(data, &secret))
	k.Key = secret.Key
	return err
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

// UnmarshalJSON takes an RFC 3339 string and never fails. Without a zone it is UTC. The years 1 and 9999, and the beginning of
// 1970, are how some services write that there is none.
// U: dates; keys that never expire
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	if t.Time.UnmarshalJSON(data) != nil {
		t.Time, _ = time.Parse(`"2006-01-02T15:04:05"`, string(data)) // zero where it fails
	}
	if year := t.UTC().Year(); year <= 1 || year >= 9999 || t.Unix() == 0 {
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
// U: expiry with another offset than Z
func (r APIKeyRequest) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name   string   `json:"name"`
		Exp    string   `json:"exp"`
		Scopes []string `json:"scopes"`
	}{r.Name, r.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z"), r.Scopes})
}

// SameSecond reports whether two instants are equal to the service, which keeps whole seconds and truncates.
func SameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// Grant is what the service made of a request. It may write a name otherwise, trimmed or cut, which means nothing.
// U: scopes; expiries; an expiry in ten years
type Grant struct {
	// Missing are the scopes that were asked for and not granted, and Additional those that were granted beyond them,
	// sorted. An answer that leaves the scopes out says nothing.
	Missing, Additional []string
	// ExpiresAt is the granted expiry, zero if the answer has none. Over means that it is not after the creation, so that the
	// key never worked.
	ExpiresAt time.Time
	Over      bool
}

// Granted compares a key with what was asked for.
func (r APIKeyRequest) Granted(key APIKey) Grant {
	grant := Grant{ExpiresAt: key.ExpiresAt.Time}
	grant.Over = !key.ExpiresAt.IsZero() && !key.CreatedAt.IsZero() && !key.ExpiresAt.After(key.CreatedAt.Time)
	if key.Scopes != nil {
		grant.Missing, grant.Additional = lacking(key.Scopes, r.Scopes), lacking(r.Scopes, key.Scopes)
	}
	return grant
}

// lacking are the wanted texts that a list does not have, sorted.
func lacking(list, wanted []string) []string {
	sorted := slices.Compact(slices.Sorted(slices.Values(wanted)))
	return slices.DeleteFunc(sorted, func(text string) bool { return slices.Contains(list, text) })
}

// isNamed reports whether a key has the name that was asked for.
func (r APIKeyRequest) isNamed(key APIKey) bool { return foldName(r.Name) == foldName(key.Name) }

// equals reports whether a key is what was asked for, in every respect that a listing shows.
func (r APIKeyRequest) equals(key APIKey) bool {
	return r.isNamed(key) && len(lacking(key.Scopes, r.Scopes))+len(lacking(r.Scopes, key.Scopes)) == 0 &&
		SameSecond(r.ExpiresAt, key.ExpiresAt.Time)
}

// mayBecome reports whether a service with rules of its own may have made a key of the request.
func (r APIKeyRequest) mayBecome(key APIKey) bool { return r.isNamed(key) && r.mayGrant(key) }

// mayGrant reports whether a key has the scopes and the life of the request, for a service that expands scopes, and rounds an
// expiry or caps it.
// U: scopes; expiries
func (r APIKeyRequest) mayGrant(key APIKey) bool {
	const day = 24 * time.Hour
	return len(r.Granted(key).Missing) == 0 && key.ExpiresAt.Sub(r.ExpiresAt.Truncate(time.Second)) < day
}

// resembles reports whether a key shares the name, whole or cut, or the expiry with what was asked for.
func (r APIKeyRequest) resembles(key APIKey) bool {
	const shortestCut = 8 // a shorter name may be the beginning of anything, so that the rest has to fit
	name := foldName(key.Name)
	isCut := name != "" && strings.HasPrefix(foldName(r.Name), name)
	return r.isNamed(key) || SameSecond(key.ExpiresAt.Time, r.ExpiresAt) || isCut && (len(name) >= shortestCut || r.mayGrant(key))
}

// same reports whether two creations ask for keys that could not be told apart.
func (r APIKeyRequest) same(other APIKeyRequest) bool {
	key := APIKey{Name: other.Name, Scopes: other.Scopes}
	key.ExpiresAt.Time = other.ExpiresAt
	return r.equals(key)
}

// foldName is a name without what a service may change in it: blanks at its ends, upper and lower case.
// U: names
func foldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// isNumber reports an id that counts, so that keys of two tables may have the same one.
// U: ids
func isNumber(id string) bool { return strings.Trim(id, "0123456789") == "" }

// foldID is an id without what a listing may write otherwise: upper and lower case, and dashes.
// U: ids
func foldID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }
