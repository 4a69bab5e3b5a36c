package provider

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// notebook is private data that counts how often it is written.
type notebook struct {
	values map[string][]byte
	writes int
}

func (n *notebook) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return n.values[key], nil
}

func (n *notebook) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	n.values[key] = value
	n.writes++
	return nil
}

// TestNotesAreWrittenOnlyWhenTheyChange: a refresh of an unchanged key leaves its private data alone.
func TestNotesAreWrittenOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	private := &notebook{values: map[string][]byte{}}
	first, second := keyedHash(sandbox.DefaultCredential, []byte("https://a")), keyedHash(sandbox.DefaultCredential, []byte("https://b"))
	key := alphamoon.APIKey{Scopes: []string{"b", "a"}}
	for i, step := range []struct {
		by     []byte
		seen   bool // before
		writes int
	}{{first, false, 1}, {first, true, 1}, {second, false, 2}, {second, true, 2}, {first, false, 3}} {
		before := loadNotes(t.Context(), private, &diags)
		notes := before
		model := apiKeyModel{Scopes: stringSet([]string{"a", "b"})}
		if seen := notes.seen(step.by); seen != step.seen {
			t.Errorf("step %d: seen by this credential: %t", i, seen)
		}
		notes.takeListed(&model, key, step.by)
		if notes.save(t.Context(), before, private, &diags); private.writes != step.writes {
			t.Errorf("step %d: written %d times, want %d", i, private.writes, step.writes)
		}
	}
	if text := string(private.values[keyNotesKey]); strings.Contains(text, sandbox.DefaultCredential) || diags.HasError() {
		t.Errorf("the notes are %s, %v", text, diags)
	}
}

// TestTakeScopes: what the first listing shows is a way to write. Only what a later one shows otherwise is a change, unless it
// is what was asked for.
func TestTakeScopes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		noted, listed []string
		state, note   []string // afterwards; the state begins with a
	}{
		"the first listing":             {nil, []string{"b", "a"}, []string{"a"}, []string{"a", "b"}},
		"as before, in another order":   {[]string{"a", "b"}, []string{"b", "a", "b"}, []string{"a"}, []string{"a", "b"}},
		"otherwise":                     {[]string{"a", "b"}, []string{"c"}, []string{"c"}, []string{"c"}},
		"as it was asked for":           {[]string{"a", "b"}, []string{"a"}, []string{"a"}, []string{"a", "b"}},
		"left out":                      {[]string{"a", "b"}, nil, []string{"a"}, []string{"a", "b"}},
		"left out by the first":         {nil, nil, []string{"a"}, nil},
		"none, where there were some":   {[]string{"a", "b"}, []string{}, nil, nil},
		"none, in the first listing":    {nil, []string{}, []string{"a"}, nil},
		"some, where there were none":   {[]string{}, []string{"c"}, []string{"c"}, []string{"c"}},
		"none, as in the first listing": {[]string{}, []string{}, []string{"a"}, nil},
	} {
		notes, model := keyNotes{ListedScopes: test.noted}, apiKeyModel{Scopes: stringSet([]string{"a"})}
		notes.takeScopes(&model, test.listed)
		if !model.Scopes.Equal(stringSet(test.state)) || strings.Join(notes.ListedScopes, " ") != strings.Join(test.note, " ") {
			t.Errorf("%s: the state has %s, the note %q", name, model.Scopes, notes.ListedScopes)
		}
	}
}

// TestTakeGrant: with a fixed date the state keeps what was asked for, and when the key really expires is noted.
func TestTakeGrant(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 4, 20, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		expiresIn types.String
		granted   time.Time
		noted     bool
		expired   bool // two days after the date that was asked for
	}{
		"as asked for":    {types.StringNull(), asked, false, true},
		"later":           {types.StringNull(), asked.Add(72 * time.Hour), true, false},
		"earlier":         {types.StringNull(), asked.Add(-time.Second), true, true},
		"never":           {types.StringNull(), time.Time{}, true, false},
		"with a lifetime": {types.StringValue("90d"), asked.Add(72 * time.Hour), false, true},
	} {
		var notes keyNotes
		model := apiKeyModel{ExpiresAt: types.StringValue("2026-04-20T14:00:00.5+02:00"), ExpiresIn: test.expiresIn}
		notes.takeGrant(&model, test.granted)
		if noted := notes.GrantedUntil != nil; noted != test.noted || model.expired(asked.Add(48*time.Hour)) != test.expired {
			t.Errorf("%s: noted %v, expired %t", name, notes.GrantedUntil, model.expired(asked.Add(48*time.Hour)))
		}
	}
}
