package alphamoon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// StatusActive is the only status that the service documents.
const StatusActive = "Active"

// ProcessAPIKey is a key as a listing shows it, without its secret.
type ProcessAPIKey struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	OrganizationID string `json:"orgId"`
	// Scopes come in no particular order (documented by example).
	Scopes []string `json:"scopes"`
	// Status is [StatusActive] or something the service does not document.
	Status string `json:"status"`
	// CreatedAt and ExpiresAt are in whole seconds.
	CreatedAt Timestamp `json:"createdAt"`
	ExpiresAt Timestamp `json:"exp"`
	ProcessID string    `json:"processId"`
}

// CreatedProcessAPIKey is the answer to a creation, the only place where the secret ever stands.
type CreatedProcessAPIKey struct {
	ProcessAPIKey
	// Key is the secret, in the form user:pass. It is empty if the answer did not have it.
	Key Secret `json:"key"`
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

// ProcessAPIKeyRequest is what a creation asks for. The service wants all three fields (documented).
type ProcessAPIKeyRequest struct {
	Name string
	// ExpiresAt is sent in UTC with milliseconds; the service truncates it to whole seconds (documented).
	ExpiresAt time.Time
	Scopes    []string
}

// MarshalJSON writes the documented body.
func (r ProcessAPIKeyRequest) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name   string   `json:"name"`
		Exp    string   `json:"exp"`
		Scopes []string `json:"scopes"`
	}{r.Name, r.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z"), r.Scopes})
}

// SameSecond reports whether two instants are equal to the service, which keeps whole seconds and truncates.
func SameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// Differences names the fields in which a key differs from what was asked for, in the names of the API.
func (r ProcessAPIKeyRequest) Differences(key ProcessAPIKey) []string {
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

func sameScopes(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// post sends a creation, again only if the attempt before it provably did nothing. An error for which
// [DidNothing] is false leaves open whether a key exists. A creation answered without an id is an
// [*AnswerError]; one without a secret is not an error here, because the id is known and must be kept.
func (c *Client) post(ctx context.Context, processID string, request ProcessAPIKeyRequest) (*CreatedProcessAPIKey, error) {
	var key CreatedProcessAPIKey
	err := c.do(ctx, call{
		method: http.MethodPost,
		path:   processAPIKeysPath(processID),
		body:   request,
		decode: func(_ http.Header, body io.Reader) error { return decodeCreated(body, &key) },
		retry:  retryCreation,
	})
	if err != nil {
		return nil, err
	}
	return &key, nil
}

var errNoID = errors.New(`the answer has no "id"`)

func decodeCreated(body io.Reader, key *CreatedProcessAPIKey) error {
	*key = CreatedProcessAPIKey{}
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

// unusable keeps the words of a decoding error apart from the body's: the decoder quotes at most one character.
func unusable(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the answer is empty or cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func processAPIKeysPath(processID string) []string {
	return []string{"api", "v0.4", "processes", processID, "api-keys"}
}
