package provider

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var planTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// existing is the state of a key that was made 28 days ago and expires in 50.
func existing(change func(*apiKeyModel)) apiKeyModel {
	model := newAPIKeyModel(context.Background())
	model.Name, model.ID = types.StringValue("x"), types.StringValue("id")
	model.Scopes = stringSet([]string{"workspace.result:read"})
	model.RevokeOnDestroy, model.Status = types.BoolValue(false), types.StringValue("Active")
	model.CreatedAt, model.ExpiresAt = types.StringValue("2026-02-01T12:00:00Z"), types.StringValue("2026-04-20T12:00:00Z")
	model.Key, model.KeyVersion = types.StringValue("user:pass"), types.Int64Value(1769947200)
	change(&model)
	model.RotatesAt = model.rotatesAt()
	return model
}

// both applies several changes.
func both(changes ...func(*apiKeyModel)) func(*apiKeyModel) {
	return func(m *apiKeyModel) {
		for _, change := range changes {
			change(m)
		}
	}
}

func set[T any](field func(*apiKeyModel) *T, value T) func(*apiKeyModel) {
	return func(m *apiKeyModel) { *field(m) = value }
}

func text(field func(*apiKeyModel) *types.String, value string) func(*apiKeyModel) {
	return set(field, types.StringValue(value))
}

func expiresIn(m *apiKeyModel) *types.String   { return &m.ExpiresIn }
func expiresAt(m *apiKeyModel) *types.String   { return &m.ExpiresAt }
func windowOf(m *apiKeyModel) *types.String    { return &m.RotateBeforeExpiry }
func statusOf(m *apiKeyModel) *types.String    { return &m.Status }
func nameOf(m *apiKeyModel) *types.String      { return &m.Name }
func scopesOf(m *apiKeyModel) *types.Set       { return &m.Scopes }
func prefixOf(m *apiKeyModel) *types.String    { return &m.NamePrefix }
func secretOf(m *apiKeyModel) *types.String    { return &m.Key }
func encryptedOf(m *apiKeyModel) *types.String { return &m.EncryptedKey }
func triggersOf(m *apiKeyModel) *types.Map     { return &m.RotationTriggers }
func recipientsOf(m *apiKeyModel) *types.List  { return &m.EncryptTo }
func revokesOf(m *apiKeyModel) *types.Bool     { return &m.RevokeOnDestroy }

func triggers(pairs ...string) types.Map {
	elements := map[string]attr.Value{}
	for _, pair := range pairs {
		elements[pair] = types.StringValue(pair)
	}
	return types.MapValueMust(types.StringType, elements)
}

// TestPlanOfAChange covers null and unknown values beside what the acceptance tests show with Terraform. Arguments that a
// row does not change are configured as they are in the state.
func TestPlanOfAChange(t *testing.T) {
	t.Parallel()
	const date = "2026-04-20T12:00:00Z"
	at := types.StringValue
	null, unknown, dated := types.StringNull(), types.StringUnknown(), at(date)
	ends := func(date string) func(*apiKeyModel) { return text(expiresAt, date) }
	lasts := func(lifetime string) func(*apiKeyModel) { return text(expiresIn, lifetime) }
	window := func(duration string) func(*apiKeyModel) { return text(windowOf, duration) }
	nothing, fixed, in90, imported := func(*apiKeyModel) {}, ends(date), lasts("90d"), set(secretOf, null)
	undated := func(m *apiKeyModel) { m.CreatedAt, m.KeyVersion = types.StringNull(), types.Int64Null() }
	due, disabled, renamed := both(in90, window("50d")), text(statusOf, "Disabled"), text(nameOf, "y")
	revoked, kept := set(revokesOf, types.BoolValue(true)), set(revokesOf, types.BoolValue(false))
	first, second, noTriggers := set(triggersOf, triggers("1")), set(triggersOf, triggers("2")), set(triggersOf, triggers())
	recipient := set(recipientsOf, types.ListValueMust(texts, []attr.Value{at("age1a")}))
	ten := ends("2034-01-01T00:00:00Z")
	const together, long = "revoke_on_destroy changes together with a replacement", "Long-lived key"
	replaced, expired := []string{staysValid}, []string{"Key has expired"}
	for name, test := range map[string]struct {
		state, config func(*apiKeyModel) // config begins with the state's arguments and without expires_at
		replace       string
		expiresAt     types.String
		rotatesAt     types.String
		warnings      []string
	}{
		"nothing changes":              {nothing, fixed, "", dated, null, nil},
		"another spelling of the date": {nothing, ends("2026-04-20T14:00:00.9+02:00"), "", dated, null, nil},
		"another date":                 {nothing, ends("2026-04-20T12:00:01Z"), "expires_at", at("2026-04-20T12:00:01Z"), null, replaced},
		"a date that is not known yet": {nothing, set(expiresAt, unknown), "expires_at", unknown, null, replaced},
		"another name":                 {in90, renamed, "name", unknown, unknown, replaced},
		"a name not known yet":         {in90, set(nameOf, unknown), "name", unknown, unknown, replaced},
		"other scopes": {
			in90, set(scopesOf, stringSet([]string{"workspace.file:upload"})), "scopes", unknown, unknown, replaced,
		},
		"another name, revoked":  {both(in90, revoked), renamed, "name", unknown, unknown, nil},
		"another name, disabled": {both(in90, text(statusOf, "revoked")), renamed, "name", unknown, unknown, nil},
		"another name, expired":  {both(in90, ends("2026-03-01T12:00:00Z")), renamed, "name", unknown, unknown, nil},
		"a prefix of the name":   {in90, both(set(nameOf, null), text(prefixOf, "x")), "", dated, at("2026-03-21T12:00:00Z"), nil},
		"another prefix":         {in90, both(set(nameOf, null), text(prefixOf, "y")), "name_prefix", unknown, unknown, replaced},
		"a name that is listed shorter than its prefix": {
			both(in90, text(prefixOf, "xy")), both(set(nameOf, null), text(prefixOf, "xy")), "", dated, at("2026-03-21T12:00:00Z"), nil,
		},
		"a name that was never listed": {both(in90, set(nameOf, null), imported), renamed, "", dated, at("2026-03-21T12:00:00Z"), nil},
		"scopes that were never listed": {
			both(in90, set(scopesOf, types.SetNull(texts)), imported), set(scopesOf, stringSet([]string{"a.b:c"})), "", dated,
			at("2026-03-21T12:00:00Z"), nil,
		},
		"a date for a key that never expires": {
			both(set(expiresAt, null), imported), fixed, "expires_at", dated, null, replaced,
		},
		"revocation changes, and the name": {in90, both(renamed, revoked), "name", unknown, unknown, []string{together, staysValid}},
		"no more revocation, another name": {both(in90, revoked), both(renamed, kept), "name", unknown, unknown, []string{together}},

		"a lifetime for the first time":                {nothing, in90, "", dated, at("2026-03-21T12:00:00Z"), nil},
		"a lifetime for the first time, not known yet": {nothing, set(expiresIn, unknown), "", dated, unknown, nil},
		"another lifetime":                             {in90, lasts("91d"), "", dated, at("2026-03-21T04:00:00Z"), nil},
		"a shorter lifetime":                           {in90, lasts("60d"), "", dated, at("2026-03-13T12:00:00Z"), nil},
		"a lifetime that makes it due":                 {in90, lasts("42d"), "rotates_at", unknown, unknown, replaced},
		"a lifetime that nearly does":                  {in90, lasts("43d"), "", dated, at("2026-03-02T04:00:00Z"), nil},
		"a lifetime that is too long":                  {in90, lasts("365d"), "rotates_at", unknown, unknown, []string{long}},
		"a lifetime that was cut": {
			both(lasts("365d"), window("100d")), both(lasts("365d"), window("100d")), "", dated, at("2026-03-25T12:00:00Z"), nil,
		},
		"a long lifetime with a small window": {
			in90, both(lasts("365d"), window("1d")), "", dated, at("2026-04-19T12:00:00Z"), []string{long},
		},
		"another lifetime, not known yet":   {in90, set(expiresIn, unknown), "", dated, unknown, nil},
		"due, and a lifetime not known yet": {due, set(expiresIn, unknown), "rotates_at", unknown, unknown, nil},
		"another spelling of the lifetime":  {in90, lasts("2160h"), "", dated, at("2026-03-21T12:00:00Z"), nil},
		"from a lifetime to the same date":  {in90, both(set(expiresIn, null), fixed), "", dated, null, nil},
		"from a lifetime to another date": {
			in90, both(set(expiresIn, null), ends("2026-04-21T12:00:00Z")), "expires_at", at("2026-04-21T12:00:00Z"), null, replaced,
		},

		"a window that is not known yet":  {in90, set(windowOf, unknown), "", dated, unknown, nil},
		"due, and a window not known yet": {due, set(windowOf, unknown), "rotates_at", unknown, unknown, nil},
		"a window that makes it due":      {in90, window("50d"), "rotates_at", unknown, unknown, nil},
		"a window that does not":          {in90, window("49d"), "", dated, at("2026-03-02T12:00:00Z"), nil},
		"no window":                       {in90, window("0s"), "", dated, dated, nil},
		"the default window":              {both(in90, window("40d")), set(windowOf, null), "", dated, at("2026-03-21T12:00:00Z"), nil},
		"a default window that makes it due": {
			both(lasts("150d"), window("1d")), set(windowOf, null), "rotates_at", unknown, unknown, nil,
		},
		"another spelling of no window": {both(in90, window("0s")), window("0d"), "", dated, dated, nil},
		"a lifetime that the key outlives": {
			ten, both(in90, window("30d")), "", at("2034-01-01T00:00:00Z"), at("2026-04-02T12:00:00Z"), nil,
		},
		"a lifetime that it has outlived":     {ten, both(lasts("28d"), window("0s")), "rotates_at", unknown, unknown, replaced},
		"a due key and another name":          {due, renamed, "name", unknown, unknown, replaced},
		"a date in the configuration as well": {due, fixed, "rotates_at", dated, unknown, nil}, // as with ignore_changes
		"a date as well, and disabled":        {both(in90, disabled), fixed, "status", dated, unknown, nil},

		"triggers for the first time":           {nothing, both(fixed, first), "rotation_triggers", dated, null, replaced},
		"triggers for the first time, imported": {imported, both(fixed, first), "", dated, null, nil},
		"triggers after an empty map":           {noTriggers, both(fixed, first), "rotation_triggers", dated, null, replaced},
		"an empty map of triggers":              {nothing, both(fixed, noTriggers), "", dated, null, nil},
		"other triggers, imported":              {both(imported, first), both(fixed, second), "rotation_triggers", dated, null, replaced},
		"triggers for the first time, encrypted": {
			both(imported, text(encryptedOf, "file")), both(fixed, first), "rotation_triggers", dated, null, replaced,
		},
		"triggers removed": {first, both(fixed, set(triggersOf, types.MapNull(texts))), "", dated, null, nil},
		"triggers emptied": {first, both(fixed, noTriggers), "", dated, null, nil},
		"other triggers":   {first, both(fixed, second), "rotation_triggers", dated, null, replaced},
		"triggers not known yet": {
			first, both(fixed, set(triggersOf, types.MapUnknown(texts))), "rotation_triggers", dated, null, replaced,
		},
		"a trigger within the window": {both(due, first), second, "rotation_triggers", unknown, unknown, replaced},
		"recipients":                  {nothing, both(fixed, recipient), "encrypt_to", dated, null, replaced},
		"recipients, imported":        {imported, both(fixed, recipient), "", dated, null, nil},

		"Active in other letters":       {text(statusOf, "ACTIVE"), fixed, "", dated, null, nil},
		"a status that nobody knows":    {text(statusOf, "Pending"), fixed, "", dated, null, []string{"Status of a key is not documented"}},
		"a state without a status":      {set(statusOf, null), fixed, "", dated, null, nil},
		"disabled":                      {text(statusOf, "disabled"), fixed, "status", dated, null, nil},
		"inactive":                      {both(in90, text(statusOf, "Inactive")), nothing, "status", unknown, unknown, nil},
		"deleted":                       {both(in90, text(statusOf, "DELETED")), nothing, "status", unknown, unknown, nil},
		"called expired before its day": {both(in90, text(statusOf, "Expired")), nothing, "status", unknown, unknown, nil},
		"disabled and imported":         {both(imported, disabled), fixed, "", dated, null, []string{"Imported key does not work"}},
		"disabled, imported and due":    {both(due, imported, disabled), nothing, "rotates_at", unknown, unknown, nil},

		"a lifetime for a key that never expires": {both(set(expiresAt, null), imported), in90, "", null, at("2026-04-02T12:00:00Z"), nil},
		"the same, due since its creation": {
			both(set(expiresAt, null), imported), lasts("28d"), "rotates_at", unknown, unknown, replaced,
		},
		"the same, made nobody knows when": {
			both(set(expiresAt, null), undated, imported), in90, "", null, null, []string{"Key is never due"},
		},
		"a state without a date, disabled": {both(in90, set(expiresAt, null), disabled), nothing, "status", unknown, unknown, nil},
		"a fixed date 14 days ahead": {
			ends("2026-03-15T12:00:00Z"), ends("2026-03-15T12:00:00Z"), "", at("2026-03-15T12:00:00Z"), null,
			[]string{"Key expires soon"},
		},
		"a fixed date further ahead": {
			ends("2026-03-15T12:00:01Z"), ends("2026-03-15T12:00:01Z"), "", at("2026-03-15T12:00:01Z"), null, nil,
		},
		"expired, a fixed date": {
			ends("2026-03-01T12:00:00Z"), ends("2026-03-01T12:00:00Z"), "", at("2026-03-01T12:00:00Z"), null, expired,
		},
		"expired, gone, and revocation changes": {
			both(ends("2026-02-28T12:00:00Z"), text(statusOf, "Expired")), both(ends("2026-02-28T12:00:00Z"), revoked), "",
			at("2026-02-28T12:00:00Z"), null, expired,
		},
		"expired, a lifetime for the first time": {ends("2026-03-01T12:00:00Z"), in90, "rotates_at", unknown, unknown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := existing(test.state)
			config := newAPIKeyModel(t.Context())
			config.ProcessID, config.Name, config.Scopes, config.ExpiresIn = state.ProcessID, state.Name, state.Scopes, state.ExpiresIn
			config.RotateBeforeExpiry, config.RotationTriggers = state.RotateBeforeExpiry, state.RotationTriggers
			config.RevokeOnDestroy, config.EncryptTo = state.RevokeOnDestroy, state.EncryptTo
			test.config(&config)
			change := keyChange{kind: processAPIKey, now: planTime, planning: true, state: state, config: config}
			plan, replace := change.plan(config)
			if got := strings.Trim(replace.String(), "[]"); got != test.replace {
				t.Errorf("replaced because of %q, want %q", got, test.replace)
			}
			if !plan.ExpiresAt.Equal(test.expiresAt) || !plan.RotatesAt.Equal(test.rotatesAt) {
				t.Errorf("expires_at %s, want %s; rotates_at %s, want %s", plan.ExpiresAt, test.expiresAt, plan.RotatesAt,
					test.rotatesAt)
			}
			var summaries []string
			for _, diagnostic := range change.diags {
				summaries = append(summaries, diagnostic.Summary())
			}
			if !slices.Equal(summaries, test.warnings) || change.diags.HasError() {
				t.Errorf("got %q, want %q", summaries, test.warnings)
			}
			if len(replace) > 0 {
				return
			}
			// What is planned in place is planned again before it is applied, and what comes of it is planned once more.
			for _, later := range []time.Duration{0, 1000 * 24 * time.Hour} {
				again := keyChange{kind: processAPIKey, now: planTime.Add(later), state: state, config: config}
				if repeated, replace := again.plan(config); reflect.DeepEqual(plan, state) {
					continue // Terraform does not ask again about what does not change
				} else if len(replace) > 0 || !reflect.DeepEqual(repeated, plan) || len(again.diags) > 0 {
					t.Errorf("%s later: because of %q, %v", later, replace, again.diags)
				}
			}
		})
	}
}

func TestCheckNewAPIKey(t *testing.T) {
	t.Parallel()
	model := func(expiresAt, expiresIn types.String) apiKeyModel {
		return apiKeyModel{ExpiresAt: expiresAt, ExpiresIn: expiresIn}
	}
	null, unknown := types.StringNull(), types.StringUnknown()
	for name, test := range map[string]struct {
		plan             apiKeyModel
		errors, warnings int
		attribute        string
	}{
		"in the future":               {model(types.StringValue("2026-03-01T13:00:00Z"), null), 0, 0, ""},
		"in a second":                 {model(types.StringValue("2026-03-01T12:00:01Z"), null), 0, 1, "expires_at"},
		"just now":                    {model(types.StringValue("2026-03-01T12:00:00Z"), null), 1, 0, "expires_at"},
		"in the past":                 {model(types.StringValue("2026-03-01T12:59:59+01:00"), null), 1, 0, "expires_at"},
		"far in the future":           {model(types.StringValue("2026-09-01T12:00:01Z"), null), 0, 1, "expires_at"},
		"not known yet":               {model(unknown, null), 0, 0, ""},
		"a lifetime":                  {model(unknown, types.StringValue("184d")), 0, 0, ""},
		"a short lifetime":            {model(unknown, types.StringValue("3m")), 0, 1, "expires_in"},
		"an hour":                     {model(unknown, types.StringValue("1h")), 0, 0, ""},
		"an old date beside":          {model(types.StringValue("2026-03-01T12:00:00Z"), types.StringValue("90d")), 0, 0, ""},
		"a long lifetime":             {model(unknown, types.StringValue("184d1s")), 0, 1, "expires_in"},
		"a lifetime not known yet":    {model(unknown, unknown), 0, 0, ""},
		"neither, which is forbidden": {model(null, null), 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := checkNewAPIKey(planTime, test.plan)
			if diags.ErrorsCount() != test.errors || diags.WarningsCount() != test.warnings {
				t.Fatalf("got %v", diags)
			}
			if len(diags) > 0 {
				if located, ok := diags[0].(diag.DiagnosticWithPath); !ok || located.Path().String() != test.attribute {
					t.Errorf("not on %s: %v", test.attribute, diags[0])
				}
			}
		})
	}
}

// TestLongLivedKey: a date may be further away than a time.Duration reaches.
func TestLongLivedKey(t *testing.T) {
	t.Parallel()
	for date, days := range map[string]string{"2027-03-01T12:00:00Z": "365 days", "9999-12-31T12:00:00Z": "2912383 days"} {
		diags := checkNewAPIKey(planTime, apiKeyModel{ExpiresAt: types.StringValue(date), ExpiresIn: types.StringNull()})
		if len(diags) != 1 || !strings.Contains(diags[0].Detail(), "is valid for "+days+".") {
			t.Errorf("%s: got %v", date, diags)
		}
	}
}

// TestShortLivedKey: only a duration can mistake minutes for months.
func TestShortLivedKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan   apiKeyModel
		detail string
	}{
		"a lifetime": {
			apiKeyModel{ExpiresIn: types.StringValue("3m"), ExpiresAt: types.StringUnknown()},
			"A new key is valid for 3m only. In a duration, m means minutes: write three months as 90d.",
		},
		"a date": {
			apiKeyModel{ExpiresAt: types.StringValue("2026-03-01T12:03:00Z")},
			"A new key expires at 2026-03-01T12:03:00Z, in less than an hour. Check the date, the time and the offset.",
		},
	} {
		if diags := checkNewAPIKey(planTime, test.plan); len(diags) != 1 || diags[0].Detail() != test.detail {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}

// TestWarnOfLostOverlap: it warns only where an overlap was asked for, and revocation was not.
func TestWarnOfLostOverlap(t *testing.T) {
	t.Parallel()
	null := types.BoolNull()
	for name, test := range map[string]struct {
		kind    apiKeyKind
		window  types.String
		revokes types.Bool
		warns   bool
	}{
		"an overlap":               {organizationAPIKey, types.StringValue("30d"), null, true},
		"an overlap not known yet": {organizationAPIKey, types.StringUnknown(), null, true},
		"no overlap":               {organizationAPIKey, types.StringValue("0s"), null, false},
		"the default":              {organizationAPIKey, types.StringNull(), null, false},
		"revocation confirmed":     {organizationAPIKey, types.StringValue("30d"), types.BoolValue(true), false},
		"no revocation by default": {processAPIKey, types.StringValue("30d"), null, false},
	} {
		config := apiKeyModel{ExpiresIn: types.StringValue("90d"), RotateBeforeExpiry: test.window, RevokeOnDestroy: test.revokes}
		if diags := test.kind.warnOfLostOverlap(config); (len(diags) > 0) != test.warns {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}

func TestWarnOfForgetting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*apiKeyModel)
		warns  bool
	}{
		"valid":                {func(*apiKeyModel) {}, true},
		"expired just now":     {text(expiresAt, "2026-03-01T12:00:00Z"), false},
		"about to expire":      {text(expiresAt, "2026-03-01T12:00:01Z"), true},
		"expiry not known":     {set(expiresAt, types.StringNull()), true},
		"will be revoked":      {set(revokesOf, types.BoolValue(true)), false},
		"already disabled":     {text(statusOf, "Disabled"), false},
		"status not known":     {text(statusOf, "Pending"), true},
		"status not stated":    {set(statusOf, types.StringNull()), true},
		"due, nothing follows": {both(text(expiresIn, "90d"), text(windowOf, "50d")), true},
	} {
		if got := processAPIKey.warnOfForgetting(planTime, existing(test.change)); (got != nil) != test.warns {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestKeyVersion: it stays with the key, is unknown while a replacement is planned, and is made up for a state that
// is older than the attribute once anything else changes.
func TestKeyVersion(t *testing.T) {
	t.Parallel()
	current := existing(text(expiresIn, "90d"))
	older := existing(both(text(expiresIn, "90d"), func(m *apiKeyModel) { m.KeyVersion = types.Int64Null() }))
	for name, test := range map[string]struct {
		state  apiKeyModel
		change func(*apiKeyModel)
		want   types.Int64
	}{
		"nothing changes":                 {current, func(*apiKeyModel) {}, types.Int64Value(1769947200)},
		"a replacement":                   {current, text(nameOf, "y"), types.Int64Unknown()},
		"an older state, nothing changes": {older, func(*apiKeyModel) {}, types.Int64Null()},
		"an older state, something does":  {older, set(revokesOf, types.BoolValue(true)), types.Int64Value(1769947200)},
	} {
		config := test.state
		config.ExpiresAt = types.StringNull()
		test.change(&config)
		change := keyChange{kind: processAPIKey, now: planTime, state: test.state, config: config}
		if plan, _ := change.plan(config); !plan.KeyVersion.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, plan.KeyVersion, test.want)
		}
	}
}

// TestRotatesAtOfAnotherVersion stays in the plan until a refresh corrects it.
func TestRotatesAtOfAnotherVersion(t *testing.T) {
	t.Parallel()
	state := existing(text(expiresIn, "90d"))
	state.RotatesAt = state.ExpiresAt
	config := state
	config.ExpiresAt, config.RevokeOnDestroy = types.StringNull(), types.BoolValue(true)
	change := keyChange{kind: processAPIKey, now: planTime, state: state, config: config}
	if plan, replace := change.plan(config); len(replace) > 0 || !plan.RotatesAt.Equal(state.RotatesAt) {
		t.Errorf("rotates_at %s, because of %q", plan.RotatesAt, replace)
	}
}

// TestRotated: only a new key that is equal to one that was due, by both policies, and that lives no longer than the window, is
// a scheduled rotation. A plan with -refresh=false and -replace changes the policy in place and says nothing of the old key.
func TestRotated(t *testing.T) {
	t.Parallel()
	state := existing(text(expiresIn, "90d"))
	due := planTime.Add(20 * 24 * time.Hour)
	for name, test := range map[string]struct {
		change func(*apiKeyModel)
		now    time.Time
		want   bool
	}{
		"equal, not due":       {func(*apiKeyModel) {}, planTime, false},
		"equal, due":           {func(*apiKeyModel) {}, due, true},
		"due, another name":    {text(nameOf, "y"), due, false},
		"due by a new policy":  {text(expiresIn, "30d"), planTime, false},
		"due, shorter windows": {text(windowOf, "1d"), due, false},
	} {
		created := existing(both(text(expiresIn, "90d"), text(expiresAt, "2026-05-30T12:00:00Z"), test.change))
		var run runMemory
		if run.rotated(test.now, state) {
			t.Errorf("%s: rotated before anything was created", name)
		}
		if run.markCreated(created); run.rotated(test.now, state) != test.want || !run.inApply.Load() {
			t.Errorf("%s: got %t", name, !test.want)
		}
	}
}

func TestSameRecipients(t *testing.T) {
	t.Parallel()
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN"
	list := func(values ...string) types.List {
		var elements []attr.Value
		for _, value := range values {
			elements = append(elements, types.StringValue(value))
		}
		return types.ListValueMust(types.StringType, elements)
	}
	for name, test := range map[string]struct {
		a, b types.List
		same bool
	}{
		"a comment and a line end": {list(key), list(key + " me@home\n"), true},
		"the order":                {list(key, "age1x"), list("age1x", key), true},
		"another key":              {list(key), list("age1x"), false},
		"one more":                 {list(key), list(key, "age1x"), false},
		"null and one":             {types.ListNull(types.StringType), list(key), false},
		"both null":                {types.ListNull(types.StringType), types.ListNull(types.StringType), true},
		"unknown":                  {types.ListUnknown(types.StringType), list(key), false},
	} {
		if got := sameRecipients(test.a, test.b); got != test.same {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// TestKeepUnrevoked: by default an organization's key is revoked, but not while nobody knows its secret.
func TestKeepUnrevoked(t *testing.T) {
	t.Parallel()
	yes, no, null, unknown := types.BoolValue(true), types.BoolValue(false), types.BoolNull(), types.BoolUnknown()
	none, secret := types.StringNull(), types.StringValue("user:pass")
	for name, test := range map[string]struct {
		state, config, want types.Bool
		known, given        types.String // the secret in the state and in key_wo
	}{
		"adopted":                             {no, null, no, none, none},
		"adopted, and the configuration":      {no, yes, yes, none, none},
		"adopted with its secret":             {no, null, yes, none, secret},
		"adopted with a secret not known yet": {no, null, unknown, none, types.StringUnknown()},
		"a key with a secret":                 {no, null, yes, secret, none},
		"true before":                         {yes, null, yes, none, none},
	} {
		plan := apiKeyModel{RevokeOnDestroy: yes} // the default
		if !test.config.IsNull() {
			plan.RevokeOnDestroy = test.config
		}
		plan.keepUnrevoked(apiKeyModel{RevokeOnDestroy: test.config, KeyWO: test.given},
			apiKeyModel{RevokeOnDestroy: test.state, Key: test.known})
		if !plan.RevokeOnDestroy.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, plan.RevokeOnDestroy, test.want)
		}
	}
}
