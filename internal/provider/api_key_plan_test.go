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
	null, unknown := types.StringNull(), types.StringUnknown()
	nothing := func(*apiKeyModel) {}
	fixed := text(expiresAt, date)
	imported := set(secretOf, null)
	in90 := text(expiresIn, "90d")
	recipient := set(recipientsOf, types.ListValueMust(texts, []attr.Value{types.StringValue("age1a")}))
	ten := func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2034-01-01T00:00:00Z") }
	const staysValidWarning, long = staysValid, "Long-lived key"
	for name, test := range map[string]struct {
		state, config func(*apiKeyModel) // config begins with the state's arguments and without expires_at
		replace       string
		expiresAt     types.String
		rotatesAt     types.String
		warnings      []string
	}{
		"nothing changes":               {nothing, fixed, "", types.StringValue(date), null, nil},
		"another spelling of the date":  {nothing, text(expiresAt, "2026-04-20T14:00:00.9+02:00"), "", types.StringValue(date), null, nil},
		"another date":                  {nothing, text(expiresAt, "2026-04-20T12:00:01Z"), "expires_at", types.StringValue("2026-04-20T12:00:01Z"), null, []string{staysValidWarning}},
		"a date that is not known yet":  {nothing, set(expiresAt, unknown), "expires_at", unknown, null, []string{staysValidWarning}},
		"another name":                  {in90, text(nameOf, "y"), "name", unknown, unknown, []string{staysValidWarning}},
		"a name not known yet":          {in90, set(nameOf, unknown), "name", unknown, unknown, []string{staysValidWarning}},
		"other scopes":                  {in90, set(scopesOf, stringSet([]string{"workspace.file:upload"})), "scopes", unknown, unknown, []string{staysValidWarning}},
		"another name, revoked":         {both(in90, set(revokesOf, types.BoolValue(true))), text(nameOf, "y"), "name", unknown, unknown, nil},
		"another name, disabled":        {both(in90, text(statusOf, "revoked")), text(nameOf, "y"), "name", unknown, unknown, nil},
		"another name, expired":         {both(in90, text(expiresAt, "2026-03-01T12:00:00Z")), text(nameOf, "y"), "name", unknown, unknown, nil},
		"a name that was never listed":  {both(in90, set(nameOf, null), imported), text(nameOf, "y"), "", types.StringValue(date), types.StringValue("2026-03-21T12:00:00Z"), nil},
		"scopes that were never listed": {both(in90, set(scopesOf, types.SetNull(texts)), imported), set(scopesOf, stringSet([]string{"a.b:c"})), "", types.StringValue(date), types.StringValue("2026-03-21T12:00:00Z"), nil},
		"an expiry that was never listed": {
			both(set(expiresAt, null), imported), fixed, "", types.StringValue(date), null, nil,
		},
		"revocation changes, and the name": {in90, both(text(nameOf, "y"), set(revokesOf, types.BoolValue(true))), "name", unknown, unknown, []string{"revoke_on_destroy changes together with a replacement", staysValidWarning}},
		"no more revocation, another name": {both(in90, set(revokesOf, types.BoolValue(true))), both(text(nameOf, "y"), set(revokesOf, types.BoolValue(false))), "name", unknown, unknown, []string{"revoke_on_destroy changes together with a replacement"}},

		"a lifetime for the first time":                {nothing, in90, "", types.StringValue(date), types.StringValue("2026-03-21T12:00:00Z"), nil},
		"a lifetime for the first time, not known yet": {nothing, set(expiresIn, unknown), "", types.StringValue(date), unknown, nil},
		"another lifetime":                             {in90, text(expiresIn, "91d"), "", types.StringValue(date), types.StringValue("2026-03-21T04:00:00Z"), nil},
		"a shorter lifetime":                           {in90, text(expiresIn, "60d"), "", types.StringValue(date), types.StringValue("2026-03-13T12:00:00Z"), nil},
		"a lifetime that makes it due":                 {in90, text(expiresIn, "42d"), "rotates_at", unknown, unknown, []string{staysValidWarning}},
		"a lifetime that nearly does":                  {in90, text(expiresIn, "43d"), "", types.StringValue(date), types.StringValue("2026-03-02T04:00:00Z"), nil},
		"a lifetime that is too long":                  {in90, text(expiresIn, "365d"), "rotates_at", unknown, unknown, []string{long}},
		"a long lifetime with a small window":          {in90, both(text(expiresIn, "365d"), text(windowOf, "1d")), "", types.StringValue(date), types.StringValue("2026-04-19T12:00:00Z"), []string{long}},
		"another lifetime, not known yet":              {in90, set(expiresIn, unknown), "", types.StringValue(date), unknown, nil},
		"due, and a lifetime not known yet":            {both(in90, text(windowOf, "50d")), set(expiresIn, unknown), "rotates_at", unknown, unknown, nil},
		"another spelling of the lifetime":             {in90, text(expiresIn, "2160h"), "", types.StringValue(date), types.StringValue("2026-03-21T12:00:00Z"), nil},
		"from a lifetime to the same date":             {in90, both(set(expiresIn, null), fixed), "", types.StringValue(date), null, nil},
		"from a lifetime to another date":              {in90, both(set(expiresIn, null), text(expiresAt, "2026-04-21T12:00:00Z")), "expires_at", types.StringValue("2026-04-21T12:00:00Z"), null, []string{staysValidWarning}},

		"a window that is not known yet":      {in90, set(windowOf, unknown), "", types.StringValue(date), unknown, nil},
		"due, and a window not known yet":     {both(in90, text(windowOf, "50d")), set(windowOf, unknown), "rotates_at", unknown, unknown, nil},
		"a window that makes it due":          {in90, text(windowOf, "50d"), "rotates_at", unknown, unknown, nil},
		"a window that does not":              {in90, text(windowOf, "49d"), "", types.StringValue(date), types.StringValue("2026-03-02T12:00:00Z"), nil},
		"no window":                           {in90, text(windowOf, "0s"), "", types.StringValue(date), types.StringValue(date), nil},
		"the default window":                  {both(in90, text(windowOf, "40d")), set(windowOf, null), "", types.StringValue(date), types.StringValue("2026-03-21T12:00:00Z"), nil},
		"a default window that makes it due":  {both(text(expiresIn, "150d"), text(windowOf, "1d")), set(windowOf, null), "rotates_at", unknown, unknown, nil},
		"another spelling of no window":       {both(in90, text(windowOf, "0s")), text(windowOf, "0d"), "", types.StringValue(date), types.StringValue(date), nil},
		"a lifetime that the key outlives":    {ten, both(in90, text(windowOf, "30d")), "", types.StringValue("2034-01-01T00:00:00Z"), types.StringValue("2026-04-02T12:00:00Z"), nil},
		"a lifetime that it has outlived":     {ten, both(text(expiresIn, "28d"), text(windowOf, "0s")), "rotates_at", unknown, unknown, []string{staysValidWarning}},
		"a due key and another name":          {both(in90, text(windowOf, "50d")), text(nameOf, "y"), "name", unknown, unknown, []string{staysValidWarning}},
		"a date in the configuration as well": {both(in90, text(windowOf, "50d")), fixed, "rotates_at", types.StringValue(date), unknown, nil}, // as with ignore_changes
		"a date as well, and disabled":        {both(in90, text(statusOf, "Disabled")), fixed, "status", types.StringValue(date), unknown, nil},

		"triggers for the first time":            {nothing, both(fixed, set(triggersOf, triggers("1"))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"triggers for the first time, imported":  {imported, both(fixed, set(triggersOf, triggers("1"))), "", types.StringValue(date), null, nil},
		"triggers after an empty map":            {set(triggersOf, triggers()), both(fixed, set(triggersOf, triggers("1"))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"an empty map of triggers":               {nothing, both(fixed, set(triggersOf, triggers())), "", types.StringValue(date), null, nil},
		"other triggers, imported":               {both(imported, set(triggersOf, triggers("1"))), both(fixed, set(triggersOf, triggers("2"))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"triggers for the first time, encrypted": {both(imported, text(encryptedOf, "file")), both(fixed, set(triggersOf, triggers("1"))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"triggers removed":                       {set(triggersOf, triggers("1")), both(fixed, set(triggersOf, types.MapNull(texts))), "", types.StringValue(date), null, nil},
		"triggers emptied":                       {set(triggersOf, triggers("1")), both(fixed, set(triggersOf, triggers())), "", types.StringValue(date), null, nil},
		"other triggers":                         {set(triggersOf, triggers("1")), both(fixed, set(triggersOf, triggers("2"))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"triggers not known yet":                 {set(triggersOf, triggers("1")), both(fixed, set(triggersOf, types.MapUnknown(texts))), "rotation_triggers", types.StringValue(date), null, []string{staysValidWarning}},
		"a trigger within the window":            {both(in90, text(windowOf, "50d"), set(triggersOf, triggers("1"))), set(triggersOf, triggers("2")), "rotation_triggers", unknown, unknown, []string{staysValidWarning}},
		"recipients":                             {nothing, both(fixed, recipient), "encrypt_to", types.StringValue(date), null, []string{staysValidWarning}},
		"recipients, imported":                   {imported, both(fixed, recipient), "", types.StringValue(date), null, nil},

		"Active in other letters":       {text(statusOf, "ACTIVE"), fixed, "", types.StringValue(date), null, nil},
		"a status that nobody knows":    {text(statusOf, "Pending"), fixed, "", types.StringValue(date), null, []string{"Status of a key is not documented"}},
		"a state without a status":      {set(statusOf, null), fixed, "", types.StringValue(date), null, nil},
		"disabled":                      {text(statusOf, "disabled"), fixed, "status", types.StringValue(date), null, nil},
		"inactive":                      {both(in90, text(statusOf, "Inactive")), nothing, "status", unknown, unknown, nil},
		"deleted":                       {both(in90, text(statusOf, "DELETED")), nothing, "status", unknown, unknown, nil},
		"called expired before its day": {both(in90, text(statusOf, "Expired")), nothing, "status", unknown, unknown, nil},
		"disabled and imported":         {both(imported, text(statusOf, "Disabled")), fixed, "", types.StringValue(date), null, []string{"Imported key does not work"}},
		"disabled, imported and due":    {both(in90, text(windowOf, "50d"), imported, text(statusOf, "Disabled")), nothing, "rotates_at", unknown, unknown, nil},

		"a state without a date":                 {both(in90, set(expiresAt, null)), nothing, "", null, null, nil},
		"a state without a date, disabled":       {both(in90, set(expiresAt, null), text(statusOf, "Disabled")), nothing, "status", unknown, unknown, nil},
		"a fixed date 14 days ahead":             {text(expiresAt, "2026-03-15T12:00:00Z"), text(expiresAt, "2026-03-15T12:00:00Z"), "", types.StringValue("2026-03-15T12:00:00Z"), null, []string{"Key expires soon"}},
		"a fixed date further ahead":             {text(expiresAt, "2026-03-15T12:00:01Z"), text(expiresAt, "2026-03-15T12:00:01Z"), "", types.StringValue("2026-03-15T12:00:01Z"), null, nil},
		"expired, a fixed date":                  {text(expiresAt, "2026-03-01T12:00:00Z"), text(expiresAt, "2026-03-01T12:00:00Z"), "", types.StringValue("2026-03-01T12:00:00Z"), null, []string{"Key has expired"}},
		"expired, gone, and revocation changes":  {both(text(expiresAt, "2026-02-28T12:00:00Z"), text(statusOf, "Expired")), both(text(expiresAt, "2026-02-28T12:00:00Z"), set(revokesOf, types.BoolValue(true))), "", types.StringValue("2026-02-28T12:00:00Z"), null, []string{"Key has expired"}},
		"expired, a lifetime for the first time": {text(expiresAt, "2026-03-01T12:00:00Z"), in90, "rotates_at", unknown, unknown, nil},
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
