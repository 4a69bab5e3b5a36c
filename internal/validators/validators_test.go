package validators_test

import (
	"context"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

const id = "2080d36bf94c4147b2e543104342fc2f"

// TestStrings checks every rule about a single text: what passes has no message, what fails has exactly one
// diagnostic, on the attribute, which says what is expected.
func TestStrings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule    validator.String
		passing []types.String
		failing map[string]string // value to a part of the detail
	}{
		"base URL": {
			validators.BaseURL(), known("https://workspace.alphamoon.ai", "http://localhost:1/prefix"),
			map[string]string{
				"http://example.com": "use https", "example.com": "must be absolute",
				"https://u:p@example.com": "no query, fragment or user part",
				"https://workspace.alphamoon.ai/api/v0.4": "it ends in /api/v0.4, which every request adds; " +
					"use https://workspace.alphamoon.ai.",
			},
		},
		"credential": {
			validators.Credential(), known("user:pass"),
			map[string]string{
				"user": "two non-empty parts", "": "two non-empty parts", "dXNlcjpwYXNz": "base64 encoding",
				`"user:pass"`:     "stands in quotes",
				"\ufeffuser:pass": "byte order mark", "KEY=user:pass": "a name and an equals sign",
				"Basic dXNlcjpwYXNz": `begins with "Basic"`,
				"user: pass":         "a blank, a line end or an invisible character",
			},
		},
		"duration": {
			validators.Duration("90d"), known("90d", "1h30m"),
			map[string]string{
				"0d": "longer than zero", "-1d": "whole numbers", "1.5d": "whole numbers", "999999999d": "shorter than 292 years",
				"": "whole numbers",
			},
		},
		"window": {
			validators.Window(), known("30d", "0s"), map[string]string{"-1d": "whole numbers", "": "whole numbers"},
		},
		"duration with a limit": {
			validators.DurationUpTo(24 * time.Hour), known("24h", "1d", "1s", "nonsense"),
			map[string]string{"25h": "at most 24 hours", "1d1s": "at most 24 hours"},
		},
		"recipient": {
			validators.Recipient(), known("age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"),
			map[string]string{"alice": "age public key", "AGE-SECRET-KEY-1QQQ": "this is a private key"},
		},
		"group of scopes": {
			validators.ScopeGroup(), known("Results", "Files & documents"),
			map[string]string{
				"results": `"results" is not known. Use one of: Collections & images, Files & documents, Results`, "": "Use one of",
			},
		},
		"instant": {
			validators.Instant(), known("2027-01-31T12:00:00Z", "2001-01-31T12:00:00.5+02:00"),
			map[string]string{
				"2027-01-31T12:00:00": "Write 2027-01-31T12:00:00Z", "soon": "Write 2027-01-31T12:00:00Z", "": "RFC 3339",
				"2026-02-30T00:00:00Z": "no such day", "2026-13-01T00:00:00Z": "no such day", "2026-01-01T25:00:00Z": "no such time",
				"2026-01-01T00:00:00+25:00": "the offset", "2026-01-01T25:00": "with an offset",
			},
		},
		"not blank": {
			validators.NotBlank(), known("x", " x "),
			map[string]string{"": "must have at least one character", strings.Repeat(" ", 3): "must have at least one character"},
		},
		"name": {
			validators.Name(), known("x", "x y", "Żółć 🔑", " x ", "x\u00a0"),
			map[string]string{
				"": "must have at least one character", "\t": "must have at least one character", "x\n": `write "x"`, "a\tb": `write "a b"`,
				"\ufeffx": "a byte order mark", "x\u007f": "a control character", "a\r\nb": "a line end",
			},
		},
		"process id": {
			validators.ProcessID(), known(id),
			map[string]string{
				"https://workspace.alphamoon.ai/queue/" + id: `Use only the id in it: "` + id + `"`, strings.ToUpper(id): "in lower case",
				"https://workspace.alphamoon.ai/queue/" + strings.ToUpper(id): `Use only the id in it: "` + id + `"`,
				" " + id: "without blanks", "": "32 lower-case hexadecimal characters", id + "0": "32 lower-case hexadecimal characters",
				"uuhtpg79": "If a mock_provider made the value up, set one in its mock_data",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkDescribed(t, test.rule)
			for _, value := range append(test.passing, types.StringNull(), types.StringUnknown()) {
				if diags := validateString(test.rule, value, tfsdk.Config{}); diags.HasError() {
					t.Errorf("%s: %v", value, diags)
				}
			}
			for value, part := range test.failing {
				diags := validateString(test.rule, types.StringValue(value), tfsdk.Config{})
				expectOne(t, value, diags, path.Root("argument"), part)
			}
		})
	}
}

func TestShorterThan(t *testing.T) {
	t.Parallel()
	rule := validators.ShorterThan("other")
	checkDescribed(t, rule)
	for _, test := range []struct {
		value types.String
		other tftypes.Value
		part  string
	}{
		{types.StringValue("30d"), text("90d"), ""},
		{types.StringValue("89d23h"), text("90d"), ""},
		{types.StringValue("90d"), text("2160h"), "must be shorter than other"},
		{types.StringValue("91d"), text("90d"), "must be shorter than other"},
		{types.StringValue("91d"), tftypes.NewValue(tftypes.String, nil), ""},
		{types.StringValue("91d"), tftypes.NewValue(tftypes.String, tftypes.UnknownValue), ""},
		{types.StringValue("91d"), text("nonsense"), ""},
		{types.StringValue("nonsense"), text("90d"), ""},
		{types.StringNull(), text("90d"), ""},
		{types.StringUnknown(), text("90d"), ""},
	} {
		diags := validateString(rule, test.value, configWith(tftypes.String, test.other))
		if test.part == "" {
			if diags.HasError() {
				t.Errorf("%s, %s: %v", test.value, test.other, diags)
			}
			continue
		}
		expectOne(t, test.value.String(), diags, path.Root("argument"), test.part)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	rule := validators.Scopes("other")
	checkDescribed(t, rule)
	yes, no := tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false)
	null, unknown := tftypes.NewValue(tftypes.Bool, nil), tftypes.NewValue(tftypes.Bool, tftypes.UnknownValue)
	set := func(elements ...attr.Value) types.Set { return types.SetValueMust(types.StringType, elements) }
	documented, undocumented := types.StringValue("workspace.result:read"), types.StringValue("workspace.result:create")
	for name, test := range map[string]struct {
		scopes types.Set
		escape tftypes.Value
		errors int
	}{
		"documented":                {set(documented), null, 0},
		"undocumented":              {set(documented, undocumented), null, 1},
		"undocumented, not allowed": {set(undocumented, types.StringValue("workspace.result:delete")), no, 2},
		"undocumented, allowed":     {set(undocumented), yes, 0},
		"undocumented, not known":   {set(undocumented), unknown, 0},
		"unknown and null elements": {set(types.StringUnknown(), types.StringNull(), documented), no, 0},
		"one unknown, one wrong":    {set(types.StringUnknown(), undocumented), no, 1},
		"unknown set":               {types.SetUnknown(types.StringType), no, 0},
		"null set":                  {types.SetNull(types.StringType), no, 0},
		"empty set":                 {set(), no, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var response validator.SetResponse
			rule.ValidateSet(context.Background(), validator.SetRequest{
				Path: path.Root("argument"), ConfigValue: test.scopes, Config: configWith(tftypes.Bool, test.escape),
			}, &response)
			if got := response.Diagnostics.ErrorsCount(); got != test.errors {
				t.Fatalf("got %d errors, want %d: %v", got, test.errors, response.Diagnostics)
			}
			if test.errors == 1 {
				expectOne(t, "set", response.Diagnostics, path.Root("argument").AtSetValue(undocumented),
					"set other = true")
				expectOne(t, "set", response.Diagnostics, path.Root("argument").AtSetValue(undocumented),
					`the nearest one is "workspace.`)
			}
		})
	}
}

// TestMalformedScopes: where scopes are not documented, or the escape is set, a scope may be any text without blanks. Of one that is
// like no documented scope there is a warning.
func TestMalformedScopes(t *testing.T) {
	t.Parallel()
	const unusual = "is not like any documented scope"
	for name, test := range map[string]struct {
		escape  string // empty for keys of the organization
		is      bool
		scope   string
		errors  int
		message string
	}{
		"not escaped":            {"other", false, "RESULTS_READ", 1, "If the service does have it, set other = true."},
		"nearly documented":      {"other", false, "workspace.results.read", 1, `the nearest one is "workspace.result:read"`},
		"a wildcard":             {"other", false, "*", 1, "There is no wildcard: name each scope"},
		"escaped":                {"other", true, "RESULTS_READ", 0, unusual},
		"a wildcard, escaped":    {"other", true, "workspace.*", 0, unusual},
		"blanks, escaped":        {"other", true, "read results", 1, "it is empty or has blanks"},
		"empty, escaped":         {"other", true, "", 1, "it is empty or has blanks"},
		"of an organization":     {"", false, "admin", 0, unusual},
		"usual, of one":          {"", false, "workspace.admin.process:manage", 0, ""},
		"blanks, of one":         {"", false, "a b", 1, "it is empty or has blanks"},
		"undocumented, escaped":  {"other", true, "workspace.result:create", 0, ""},
		"documented, of process": {"other", false, "workspace.result:read", 0, ""},
	} {
		var response validator.SetResponse
		validators.Scopes(test.escape).ValidateSet(t.Context(), validator.SetRequest{
			Path: path.Root("argument"), ConfigValue: types.SetValueMust(types.StringType, []attr.Value{types.StringValue(test.scope)}),
			Config: configWith(tftypes.Bool, tftypes.NewValue(tftypes.Bool, test.is)),
		}, &response)
		diags := response.Diagnostics
		if diags.ErrorsCount() != test.errors || (len(diags) > 0) != (test.message != "") ||
			len(diags) > 0 && !strings.Contains(diags[0].Detail(), test.message) {
			t.Errorf("%s: got %v", name, diags)
		}
	}
}

func known(values ...string) []types.String {
	var result []types.String
	for _, value := range values {
		result = append(result, types.StringValue(value))
	}
	return result
}

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// configWith is a configuration with the one attribute other.
func configWith(kind tftypes.Type, other tftypes.Value) tfsdk.Config {
	var attribute schema.Attribute = schema.StringAttribute{Optional: true}
	if kind.Is(tftypes.Bool) {
		attribute = schema.BoolAttribute{Optional: true}
	}
	return tfsdk.Config{
		Schema: schema.Schema{Attributes: map[string]schema.Attribute{"other": attribute}},
		Raw: tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"other": kind}},
			map[string]tftypes.Value{"other": other}),
	}
}

func validateString(rule validator.String, value types.String, config tfsdk.Config) diag.Diagnostics {
	if config.Schema == nil {
		config = configWith(tftypes.String, text(""))
	}
	var response validator.StringResponse
	rule.ValidateString(context.Background(),
		validator.StringRequest{Path: path.Root("argument"), ConfigValue: value, Config: config}, &response)
	return response.Diagnostics
}

func expectOne(t *testing.T, value string, diags diag.Diagnostics, at path.Path, part string) {
	t.Helper()
	if len(diags) != 1 {
		t.Fatalf("%q: got %d diagnostics, want one: %v", value, len(diags), diags)
	}
	if located, ok := diags[0].(diag.DiagnosticWithPath); !ok || !located.Path().Equal(at) {
		t.Errorf("%q: the diagnostic is not on %s: %v", value, at, diags[0])
	}
	if !strings.Contains(diags[0].Detail(), part) {
		t.Errorf("%q: %q does not say %q", value, diags[0].Detail(), part)
	}
}

type described interface {
	Description(context.Context) string
	MarkdownDescription(context.Context) string
}

func checkDescribed(t *testing.T, rule described) {
	t.Helper()
	if rule.Description(context.Background()) == "" || rule.MarkdownDescription(context.Background()) == "" {
		t.Error("the rule has no description")
	}
}

func TestWholeNumber(t *testing.T) {
	t.Parallel()
	rule := validators.WholeNumber(1, 20)
	checkDescribed(t, rule)
	for _, test := range []struct {
		value types.Number
		fails bool
	}{
		{types.NumberNull(), false},
		{types.NumberUnknown(), false},
		{number(1), false},
		{number(20), false},
		{number(0), true},
		{number(21), true},
		{number(1.5), true},
		{number(-3), true},
		{number(1e300), true},
	} {
		var response validator.NumberResponse
		rule.ValidateNumber(context.Background(),
			validator.NumberRequest{Path: path.Root("argument"), ConfigValue: test.value}, &response)
		if test.fails {
			expectOne(t, test.value.String(), response.Diagnostics, path.Root("argument"),
				"must be a whole number from 1 to 20")
		} else if response.Diagnostics.HasError() {
			t.Errorf("%s: %v", test.value, response.Diagnostics)
		}
	}
}

func number(value float64) types.Number { return types.NumberValue(big.NewFloat(value)) }

func BenchmarkScopes(b *testing.B) {
	rule := validators.Scopes("other")
	request := validator.SetRequest{
		Path:   path.Root("argument"),
		Config: configWith(tftypes.Bool, tftypes.NewValue(tftypes.Bool, false)),
		ConfigValue: types.SetValueMust(types.StringType,
			[]attr.Value{types.StringValue("workspace.result:read"), types.StringValue("workspace.file:upload")}),
	}
	b.ReportAllocs()
	for b.Loop() {
		var response validator.SetResponse
		if rule.ValidateSet(b.Context(), request, &response); response.Diagnostics.HasError() {
			b.Fatal(response.Diagnostics)
		}
	}
}

func TestBlanksAtTheEndsOfAName(t *testing.T) {
	t.Parallel()
	for value, warns := range map[string]bool{"x": false, "x y": false, " x": true, "x ": true, "x\u00a0": true} {
		diags := validateString(validators.Name(), types.StringValue(value), tfsdk.Config{})
		if got := diags.WarningsCount() == 1 && strings.Contains(diags[0].Detail(), `write "x"`); got != warns || diags.HasError() {
			t.Errorf("%q: %v", value, diags)
		}
	}
}
