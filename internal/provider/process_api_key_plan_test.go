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
func existing(change func(*processAPIKeyModel)) processAPIKeyModel {
	model := processAPIKeyModel{
		Name: types.StringValue("x"), ID: types.StringValue("id"), Status: types.StringValue("Active"),
		ExpiresAt: types.StringValue("2026-04-20T12:00:00Z"), ExpiresIn: types.StringNull(), RotateBeforeExpiry: types.StringNull(),
		RotationTriggers: types.MapNull(types.StringType), RotatesAt: types.StringNull(),
	}
	change(&model)
	return model
}

// TestPlanChange covers null and unknown values beside what the acceptance tests show with Terraform.
func TestPlanChange(t *testing.T) {
	t.Parallel()
	null, unknown := types.StringNull(), types.StringUnknown()
	triggers := func(value string) types.Map {
		return types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue(value)})
	}
	nothing := func(*processAPIKeyModel) {}
	lifetime := func(text string) func(*processAPIKeyModel) {
		return func(m *processAPIKeyModel) { m.ExpiresIn = types.StringValue(text) }
	}
	for name, test := range map[string]struct {
		state, plan func(*processAPIKeyModel)
		fixed       types.String // expires_at as configured
		replace     []string
		expiresAt   types.String
		rotatesAt   types.String
		warnings    int
	}{
		"nothing changes": {nothing, nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"another spelling of the date": {
			nothing, func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-04-20T14:00:00.9+02:00") },
			types.StringValue("2026-04-20T14:00:00.9+02:00"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0,
		},
		"another date": {
			nothing, func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-04-20T12:00:01Z") },
			types.StringValue("2026-04-20T12:00:01Z"),
			[]string{"expires_at"},
			types.StringValue("2026-04-20T12:00:01Z"), null, 0,
		},
		"a date that is not known yet": {
			nothing, func(m *processAPIKeyModel) { m.ExpiresAt = unknown }, unknown, []string{"expires_at"}, unknown, null, 0,
		},
		"a lifetime for the first time":                  {nothing, lifetime("90d"), null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-04-20T12:00:00Z"), 0},
		"a lifetime for the first time, not known yet":   {nothing, func(m *processAPIKeyModel) { m.ExpiresIn = unknown }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), unknown, 0},
		"another lifetime":                               {lifetime("90d"), lifetime("91d"), null, []string{"expires_in"}, unknown, unknown, 0},
		"another lifetime, not known yet":                {lifetime("90d"), func(m *processAPIKeyModel) { m.ExpiresIn = unknown }, null, []string{"expires_in"}, unknown, unknown, 0},
		"another spelling of the lifetime":               {lifetime("90d"), lifetime("2160h"), null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-04-20T12:00:00Z"), 0},
		"from a lifetime to the same date":               {lifetime("90d"), nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"a window that is not known yet counts as none":  {lifetime("90d"), func(m *processAPIKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = unknown }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), unknown, 0},
		"a window that makes it due":                     {lifetime("90d"), func(m *processAPIKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = types.StringValue("50d") }, null, []string{"expires_at"}, unknown, unknown, 0},
		"a window that does not":                         {lifetime("90d"), func(m *processAPIKeyModel) { lifetime("90d")(m); m.RotateBeforeExpiry = types.StringValue("49d") }, null, nil, types.StringValue("2026-04-20T12:00:00Z"), types.StringValue("2026-03-02T12:00:00Z"), 0},
		"triggers for the first time":                    {nothing, func(m *processAPIKeyModel) { m.RotationTriggers = triggers("1") }, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers removed":                               {func(m *processAPIKeyModel) { m.RotationTriggers = triggers("1") }, nothing, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"other triggers":                                 {func(m *processAPIKeyModel) { m.RotationTriggers = triggers("1") }, func(m *processAPIKeyModel) { m.RotationTriggers = triggers("2") }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"triggers not known yet":                         {func(m *processAPIKeyModel) { m.RotationTriggers = triggers("1") }, func(m *processAPIKeyModel) { m.RotationTriggers = types.MapUnknown(types.StringType) }, types.StringValue("2026-04-20T12:00:00Z"), []string{"rotation_triggers"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"a state without a date decides nothing by time": {func(m *processAPIKeyModel) { m.ExpiresAt = null }, lifetime("90d"), null, nil, null, unknown, 0},
		"a state without a status":                       {func(m *processAPIKeyModel) { m.Status = null }, func(m *processAPIKeyModel) { m.Status = null }, types.StringValue("2026-04-20T12:00:00Z"), nil, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"disabled":                                       {func(m *processAPIKeyModel) { m.Status = types.StringValue("Disabled") }, nothing, types.StringValue("2026-04-20T12:00:00Z"), []string{"status"}, types.StringValue("2026-04-20T12:00:00Z"), null, 0},
		"expired, a fixed date": {
			func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") },
			func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") },
			types.StringValue("2026-03-01T12:00:00Z"), nil, types.StringValue("2026-03-01T12:00:00Z"), null, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			plan, replace := planChange(planTime, test.fixed, existing(test.state), existing(test.plan), &diags)
			var names []string
			for _, path := range replace {
				names = append(names, path.String())
			}
			if !slices.Equal(names, test.replace) {
				t.Errorf("replaced because of %q, want %q", names, test.replace)
			}
			if !plan.ExpiresAt.Equal(test.expiresAt) || !plan.RotatesAt.Equal(test.rotatesAt) {
				t.Errorf("expires_at %s, want %s; rotates_at %s, want %s", plan.ExpiresAt, test.expiresAt, plan.RotatesAt, test.rotatesAt)
			}
			if diags.WarningsCount() != test.warnings || diags.HasError() {
				t.Errorf("got %v", diags)
			}
		})
	}
}

func TestCheckNewKey(t *testing.T) {
	t.Parallel()
	model := func(expiresAt, expiresIn types.String) processAPIKeyModel {
		return processAPIKeyModel{ExpiresAt: expiresAt, ExpiresIn: expiresIn}
	}
	null, unknown := types.StringNull(), types.StringUnknown()
	for name, test := range map[string]struct {
		plan             processAPIKeyModel
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
			var diags diag.Diagnostics
			checkNewKey(planTime, test.plan, &diags)
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

func TestWarnOfForgetting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*processAPIKeyModel)
		warns  bool
	}{
		"valid":             {func(*processAPIKeyModel) {}, true},
		"expired just now":  {func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:00Z") }, false},
		"about to expire":   {func(m *processAPIKeyModel) { m.ExpiresAt = types.StringValue("2026-03-01T12:00:01Z") }, true},
		"expiry not known":  {func(m *processAPIKeyModel) { m.ExpiresAt = types.StringNull() }, true},
		"will be revoked":   {func(m *processAPIKeyModel) { m.RevokeOnDestroy = types.BoolValue(true) }, false},
		"already disabled":  {func(m *processAPIKeyModel) { m.Status = types.StringValue("Disabled") }, false},
		"status not stated": {func(m *processAPIKeyModel) { m.Status = types.StringNull() }, true},
	} {
		var diags diag.Diagnostics
		warnOfForgetting(planTime, existing(test.change), &diags)
		if (diags.WarningsCount() == 1) != test.warns || diags.HasError() {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}
