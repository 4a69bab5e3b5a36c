package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var planTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// existing is the state of a key that expires in 50 days.
func existing(change func(*apiKeyModel)) apiKeyModel {
	model := apiKeyModel{
		Name:               types.StringValue("x"),
		ID:                 types.StringValue("id"),
		Status:             types.StringValue("Active"),
		ExpiresAt:          types.StringValue("2026-04-20T12:00:00Z"),
		ExpiresIn:          types.StringNull(),
		RotateBeforeExpiry: types.StringNull(),
		RotationTriggers:   types.MapNull(types.StringType),
		RotatesAt:          types.StringNull(),
		CreatedAt:          types.StringValue("2026-02-01T12:00:00Z"),
		Scopes:             stringSet([]string{"workspace.result:read"}),
		EncryptTo:          types.ListNull(types.StringType),
		Key:                types.StringValue("user:pass"),
		KeyVersion:         types.Int64Value(1769947200),
	}
	change(&model)
	if model.RotatesAt = model.rotatesAt(); model.RotatesAt.IsUnknown() {
		model.RotatesAt = types.StringNull()
	}
	return model
}

// TestPlanAPIKeyChange covers null and unknown values beside what the acceptance tests show with Terraform.
func TestPlanAPIKeyChange(t *testing.T) {
	t.Parallel()
	null, unknown := types.StringNull(), types.StringUnknown()
	triggers := func(value string) types.Map {
		return types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue(value)})
	}
	nothing := func(*apiKeyModel) {}
	lifetime := func(text string) func(*apiKeyModel) {
		return func(m *apiKeyModel) { m.ExpiresIn = types.StringValue(text) }
	}
	for name, test := range map[string]struct {
		state, plan func(*apiKeyModel)
		fixed       types.String // expires_at as configured
		replace     []string
		expiresAt   types.String
		rotatesAt   types.String
		warnings    int
	}{
		"nothing changes": {nothing, nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"another spelling of the date": {
			nothing, func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-04-20T14:00:00.9+02:00") },
			types.StringValue("2026-04-20T14:00:00.9+02:00"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0,
		},
		"another date": {
			nothing, func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-04-20T12:00:01Z") },
			types.StringValue("2026-04-20T12:00:01Z"),
			[]string{"expires_at"},
			types.StringValue("2026-04-20T12:00:01Z"), null, 0,
		},
		"a date that is not known yet": {
			nothing, func(m *apiKeyModel) { m.ExpiresAt = unknown }, unknown, []string{"expires_at"}, unknown, null, 0,
		},
		"a lifetime for the first time":                 {nothing, lifetime("90d"), null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-04-20T12:00:00Z"), 0},
		"a lifetime for the first time, not known yet":  {nothing, func(m *apiKeyModel) { m.ExpiresIn = unknown }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), unknown, 0},
		"another lifetime":                              {lifetime("90d"), lifetime("91d"), null, []string{"expires_in"}, unknown, unknown, 0},
		"another lifetime, not known yet":               {lifetime("90d"), func(m *apiKeyModel) { m.ExpiresIn = unknown }, null, []string{"expires_in"}, unknown, unknown, 0},
		"another spelling of the lifetime":              {lifetime("90d"), lifetime("2160h"), null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-04-20T12:00:00Z"), 0},
		"from a lifetime to the same date":              {lifetime("90d"), nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"a window that is not known yet counts as none": {lifetime("90d"), func(m *apiKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = unknown }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), unknown, 0},
		"a window that makes it due":                    {lifetime("90d"), func(m *apiKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = types.StringValue("50d") }, null, []string{"rotates_at"}, unknown, unknown, 0},
		"a window that does not":                        {lifetime("90d"), func(m *apiKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = types.StringValue("49d") }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-03-02T12:00:00Z"), 0},
		"triggers for the first time":                   {nothing, func(m *apiKeyModel) { m.RotationTriggers = triggers("1") }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers for the first time, imported":         {func(m *apiKeyModel) { m.Key = null }, func(m *apiKeyModel) { m.Key = null; m.RotationTriggers = triggers("1") }, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"other triggers, imported":                      {func(m *apiKeyModel) { m.Key = null; m.RotationTriggers = triggers("1") }, func(m *apiKeyModel) { m.Key = null; m.RotationTriggers = triggers("2") }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers for the first time, encrypted":        {func(m *apiKeyModel) { m.Key = null; m.EncryptedKey = types.StringValue("file") }, func(m *apiKeyModel) { m.RotationTriggers = triggers("1") }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"a lifetime that the key outlives": {func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2034-01-01T00:00:00Z") }, func(m *apiKeyModel) {
			m.ExpiresAt = types.StringValue("2034-01-01T00:00:00Z")
			m.ExpiresIn = types.StringValue("90d")
			m.RotateBeforeExpiry = types.StringValue("30d")
		}, null, nil, types.StringValue("2034-01-01T00:00:00Z"), types.StringValue("2026-04-02T12:00:00Z"), 0},
		"a lifetime that the key has outlived":           {func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2034-01-01T00:00:00Z") }, lifetime("28d"), null, []string{"rotates_at"}, unknown, unknown, 0},
		"Active in other letters":                        {func(m *apiKeyModel) { m.Status = types.StringValue("ACTIVE") }, nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers removed":                               {func(m *apiKeyModel) { m.RotationTriggers = triggers("1") }, nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"other triggers":                                 {func(m *apiKeyModel) { m.RotationTriggers = triggers("1") }, func(m *apiKeyModel) { m.RotationTriggers = triggers("2") }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers not known yet":                         {func(m *apiKeyModel) { m.RotationTriggers = triggers("1") }, func(m *apiKeyModel) { m.RotationTriggers = types.MapUnknown(types.StringType) }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"a state without a date decides nothing by time": {func(m *apiKeyModel) { m.ExpiresAt = null }, lifetime("90d"), null, nil, null, unknown, 0},
		"a state without a status":                       {func(m *apiKeyModel) { m.Status = null }, func(m *apiKeyModel) { m.Status = null }, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"disabled":                                       {func(m *apiKeyModel) { m.Status = types.StringValue("Disabled") }, nothing, types.StringValue("2026-04-20T12:00:00Z"), []string{"status"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"expired, a fixed date": {
			func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") },
			func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") },
			types.StringValue("2026-03-01T12:00:00Z"), nil, types.StringValue("2026-03-01T12:00:00Z"), null, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, replace, diags := planAPIKeyChange(planTime, test.fixed, existing(test.state), existing(test.plan))
			var names []string
			for _, path := range replace {
				names = append(names, path.String())
			}
			if !slices.Equal(names, test.replace) {
				t.Errorf("replaced because of %q, want %q", names, test.replace)
			}
			if !plan.ExpiresAt.Equal(test.expiresAt) || !plan.RotatesAt.Equal(test.rotatesAt) {
				t.Errorf("expires_at %s, want %s; rotates_at %s, want %s", plan.ExpiresAt, test.expiresAt, plan.RotatesAt,
					test.rotatesAt)
			}
			if diags.WarningsCount() != test.warnings || diags.HasError() {
				t.Errorf("got %v", diags)
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
		"in the future":               {model(types.StringValue("2026-03-01T12:00:01Z"), null), 0, 0, ""},
		"just now":                    {model(types.StringValue("2026-03-01T12:00:00Z"), null), 1, 0, "expires_at"},
		"in the past":                 {model(types.StringValue("2026-03-01T12:59:59+01:00"), null), 1, 0, "expires_at"},
		"far in the future":           {model(types.StringValue("2026-09-01T12:00:01Z"), null), 0, 1, "expires_at"},
		"not known yet":               {model(unknown, null), 0, 0, ""},
		"a lifetime":                  {model(unknown, types.StringValue("184d")), 0, 0, ""},
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

// rotatingWith gives the key, which expires in 50 days, a policy with a window.
func rotatingWith(window string) func(*apiKeyModel) {
	return func(m *apiKeyModel) {
		m.ExpiresIn, m.RotateBeforeExpiry = types.StringValue("90d"), types.StringValue(window)
	}
}

func TestWarnOfForgetting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*apiKeyModel)
		warns  bool
	}{
		"valid":             {func(*apiKeyModel) {}, true},
		"expired just now":  {func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") }, false},
		"about to expire":   {func(m *apiKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:01Z") }, true},
		"expiry not known":  {func(m *apiKeyModel) { m.ExpiresAt = types.StringNull() }, true},
		"will be revoked":   {func(m *apiKeyModel) { m.RevokeOnDestroy = types.BoolValue(true) }, false},
		"already disabled":  {func(m *apiKeyModel) { m.Status = types.StringValue("Disabled") }, false},
		"status not stated": {func(m *apiKeyModel) { m.Status = types.StringNull() }, true},
		"due":               {rotatingWith("50d"), false},
		"nearly due":        {rotatingWith("49d"), true},
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
	older := existing(func(m *apiKeyModel) { m.KeyVersion = types.Int64Null() })
	for name, test := range map[string]struct {
		state, plan apiKeyModel
		want        types.Int64
	}{
		"nothing changes":                 {existing(func(*apiKeyModel) {}), existing(func(*apiKeyModel) {}), types.Int64Value(1769947200)},
		"a replacement":                   {existing(func(*apiKeyModel) {}), existing(func(m *apiKeyModel) { m.Name = types.StringValue("y") }), types.Int64Unknown()},
		"an older state, nothing changes": {older, older, types.Int64Null()},
		"an older state, something does":  {older, existing(func(m *apiKeyModel) { m.KeyVersion = types.Int64Unknown(); m.RevokeOnDestroy = types.BoolValue(true) }), types.Int64Value(1769947200)},
	} {
		plan, _, _ := planAPIKeyChange(planTime, test.state.ExpiresAt, test.state, test.plan)
		if !plan.KeyVersion.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, plan.KeyVersion, test.want)
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
