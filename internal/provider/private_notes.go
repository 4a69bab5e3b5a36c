package provider

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// keyNotes are what the provider notes of a key beside its state, where no plan shows it.
type keyNotes struct {
	// SeenBy is a hash of the credential that last saw the key. Listings may show only what their caller made or may see, so
	// that only what a credential has seen can it see to be gone.
	// U: a key that another credential made
	SeenBy []byte `json:"seen_by,omitempty"`
	// ListedScopes are the scopes as the first listing showed them, sorted; nil before. A service may write scopes in another way
	// than it grants them. So only a difference between two listings is a change.
	// U: scopes
	ListedScopes []string `json:"listed_scopes"`
	// GrantedUntil is when the key really expires, where that is another second than the fixed date that the state keeps;
	// nil elsewhere. Its zero value stands for a key that never expires, for all that is known.
	// U: expiries; an expiry in ten years
	GrantedUntil *time.Time `json:"granted_until,omitempty"`
}

// keyNotesKey is where the notes stand in the private data.
const keyNotesKey = "notes"

// privateData is what the framework calls by a name of its own in every request and response.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func loadNotes(ctx context.Context, private privateData, diags *diag.Diagnostics) (notes keyNotes) {
	raw, problems := private.GetKey(ctx, keyNotesKey)
	diags.Append(problems...)
	_ = json.Unmarshal(raw, &notes) // without notes the provider is more careful
	return notes
}

// save writes the notes only if they are not those of before.
func (n keyNotes) save(ctx context.Context, before keyNotes, private privateData, diags *diag.Diagnostics) {
	old, _ := json.Marshal(before) // neither can fail
	raw, _ := json.Marshal(n)
	if !bytes.Equal(old, raw) {
		diags.Append(private.SetKey(ctx, keyNotesKey, raw)...)
	}
}

// seen reports whether that credential is the last that saw the key.
func (n *keyNotes) seen(by []byte) bool { return hmac.Equal(n.SeenBy, by) }

// takeListed notes what a listing shows of the key.
func (n *keyNotes) takeListed(model *apiKeyModel, key alphamoon.APIKey, by []byte) {
	n.SeenBy = by
	n.takeScopes(model, key.Scopes)
	if n.GrantedUntil != nil && n.GrantedUntil.IsZero() && !key.ExpiresAt.IsZero() {
		n.takeGrant(model, key.ExpiresAt.Time) // the answer to the creation had left it out
	}
}

// takeScopes judges the scopes of a listing. Those that a listing leaves out say nothing.
func (n *keyNotes) takeScopes(model *apiKeyModel, listed alphamoon.ScopeList) {
	set := stringSet(listed)
	sorted := elements(set.Elements())
	switch {
	case listed == nil:
	case n.ListedScopes == nil:
		n.ListedScopes = sorted
	case slices.Equal(sorted, n.ListedScopes), set.Equal(model.Scopes):
	default:
		n.ListedScopes, model.Scopes = sorted, set
	}
}

// takeGrant notes when a key with a fixed date really expires.
func (n *keyNotes) takeGrant(model *apiKeyModel, grantedUntil time.Time) {
	if asked, known := parseInstant(model.ExpiresAt); known && model.ExpiresIn.IsNull() && !alphamoon.SameSecond(asked, grantedUntil) {
		n.GrantedUntil = &grantedUntil
	} else {
		n.GrantedUntil = nil
	}
	model.grantedUntil = n.GrantedUntil
}
