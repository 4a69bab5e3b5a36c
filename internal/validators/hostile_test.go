package validators_test

import (
	"context"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/validators"
)

// hostileValues are long, and dear to compare, to parse or to show.
func hostileValues() []string {
	const length = 100_000
	values := []string{"", "x", "\x1b[31m\u202e\u200b", "\xff", "https://workspace.alphamoon.ai/queue/" + strings.Repeat("A", length)}
	for _, part := range []string{
		"a", " ", "workspace.result:read", "workspace.", "_:", "1s", "9", "1w1d", "\u202e", "\n", "\xff", "\ufeff", "age1", "=", "%41", "*",
	} {
		values = append(values, strings.Repeat(part, length/len(part)))
	}
	return append(values, "workspace.result:"+strings.Repeat("d", length), "2027-01-31T12:00:00."+strings.Repeat("0", length)+"Z",
		"user:"+strings.Repeat("x", length), "ssh-rsa "+strings.Repeat("A", length), "AGE-SECRET-KEY-1"+strings.Repeat("Q", length))
}

// FuzzValidators: every validator ends soon, whatever the value, and says something short that a terminal can show.
func FuzzValidators(f *testing.F) {
	for _, value := range hostileValues() {
		f.Add(value)
	}
	texts := map[string]validator.String{
		"base URL": validators.BaseURL(), "credential": validators.Credential(), "name": validators.Name(),
		"process id": validators.ProcessID(),
		"recipient":  validators.Recipient(), "duration": validators.Duration("90d"), "window": validators.Window(),
		"duration with a limit": validators.DurationUpTo(24 * time.Hour),
		"shorter":               validators.ShorterThan("other"), "instant": validators.Instant(),
		"not blank": validators.NotBlank(), "group of scopes": validators.ScopeGroup(),
	}
	scopes := map[string]validator.Set{"process scopes": validators.Scopes("other"), "organization scopes": validators.Scopes("")}
	f.Fuzz(func(t *testing.T, value string) {
		judge := func(name string, validate func() diag.Diagnostics) {
			began := time.Now()
			diags := validate()
			// It takes a millisecond or two, and took seconds; a machine that is busy with other things must pass too.
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s: %s for %d bytes", name, took, len(value))
			}
			for _, said := range diags {
				text := said.Summary() + " " + said.Detail()
				if len(text) > 8000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("%s: %d bytes, %.1000q", name, len(text), text)
				}
			}
		}
		for name, rule := range texts {
			judge(name, func() diag.Diagnostics { return validateString(rule, types.StringValue(value), tfsdk.Config{}) })
		}
		judge("shorter than it", func() diag.Diagnostics {
			return validateString(validators.ShorterThan("other"), types.StringValue("90d"), configWith(tftypes.String, text(value)))
		})
		for name, rule := range scopes {
			judge(name, func() diag.Diagnostics {
				var response validator.SetResponse
				rule.ValidateSet(context.Background(), validator.SetRequest{
					Path: path.Root("argument"), ConfigValue: types.SetValueMust(types.StringType, []attr.Value{types.StringValue(value)}),
					Config: configWith(tftypes.Bool, tftypes.NewValue(tftypes.Bool, nil)),
				}, &response)
				return response.Diagnostics
			})
		}
		candidates := make([]string, 3000)
		for i := range candidates {
			candidates[i] = strings.Repeat(string(rune('a'+i%26)), i%200) + value
		}
		judge("nearest", func() diag.Diagnostics { _ = validators.Nearest(value, candidates, 3); return nil })
	})
}

// TestHostileNumbers: to write a number of a thousand million digits takes minutes.
func TestHostileNumbers(t *testing.T) {
	t.Parallel()
	for _, exponent := range []int{math.MinInt32, -1e6, 1e6, math.MaxInt32} {
		number := new(big.Float).SetMantExp(big.NewFloat(0.75), exponent)
		var response validator.NumberResponse
		validators.WholeNumber(1, 20).ValidateNumber(t.Context(), validator.NumberRequest{
			Path: path.Root("argument"), ConfigValue: types.NumberValue(number),
		}, &response)
		expectOne(t, "number", response.Diagnostics, path.Root("argument"),
			"argument is beyond all numbers in use, but must be a whole number")
	}
}

// TestHostileLists: the work grows with the list, and not with its square.
func TestHostileLists(t *testing.T) {
	t.Parallel()
	elements := make([]attr.Value, 100_000)
	for i := range elements {
		elements[i] = types.StringValue(strings.Repeat("x", 20) + string(rune(i)))
	}
	began := time.Now()
	var response validator.ListResponse
	validators.DistinctList().ValidateList(t.Context(), validator.ListRequest{
		Path: path.Root("argument"), ConfigValue: types.ListValueMust(types.StringType, append(elements, elements[0])),
	}, &response)
	expectOne(t, "list", response.Diagnostics, path.Root("argument"), "has an element twice")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%s for a list of %d elements", took, len(elements))
	}
}
