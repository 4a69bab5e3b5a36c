package validators

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// worded is a rule of the library in words of our own: the library's give no next step.
type worded struct {
	validator.Describer // the rule, a validator of the values that it is used for
	summary             string
	detail              func(attribute path.Path, value attr.Value) string
}

func (w worded) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	w.Describer.(validator.String).ValidateString(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

func (w worded) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	w.Describer.(validator.Set).ValidateSet(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

func (w worded) ValidateList(ctx context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	w.Describer.(validator.List).ValidateList(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

func (w worded) ValidateMap(ctx context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	w.Describer.(validator.Map).ValidateMap(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

func (w worded) replace(diags *diag.Diagnostics, attribute path.Path, value attr.Value) {
	if diags.HasError() {
		*diags = diag.Diagnostics{diag.NewAttributeErrorDiagnostic(attribute, w.summary, w.detail(attribute, value))}
	}
}

// NotBlank accepts a text with at least one character that is not white space.
func NotBlank() validator.String {
	rule := stringvalidator.RegexMatches(regexp.MustCompile(`\S`), "")
	return worded{rule, "Missing text", func(attribute path.Path, value attr.Value) string {
		return fmt.Sprintf("%s is %s, but must have at least one character that is not a blank. Write a text.", attribute, quoted(value))
	}}
}

// FilledSet accepts a set that has an element and none that is null. next says what to do.
func FilledSet(next string) validator.Set {
	return filled(setvalidator.All(setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()), next)
}

// FilledList accepts a list that has an element and none that is null. next says what to do.
func FilledList(next string) validator.List {
	return filled(listvalidator.All(listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()), next)
}

// filled never repeats the value, which may be an identity.
func filled(rule validator.Describer, next string) worded {
	return worded{rule, "Missing element", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s must have at least one element, and none may be null. %s", attribute, next)
	}}
}

// DistinctList accepts a list without equal elements.
func DistinctList() validator.List {
	return worded{distinct{}, "Repeated element", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has an element twice. Remove one of the two.", attribute)
	}}
}

// distinct does what [listvalidator.UniqueValues] does, in a time that grows with the list and not with its square.
type distinct struct{}

func (distinct) Description(context.Context) string         { return "all values must be unique" }
func (distinct) MarkdownDescription(context.Context) string { return "all values must be unique" }

func (distinct) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	seen := map[string]bool{}
	for _, element := range req.ConfigValue.Elements() {
		if element.IsUnknown() {
			continue
		}
		if seen[element.String()] {
			resp.Diagnostics.AddAttributeError(req.Path, "", "")
			return
		}
		seen[element.String()] = true
	}
}

// NoNullValues accepts a map without null values.
func NoNullValues() validator.Map {
	return worded{mapvalidator.NoNullValues(), "Missing value", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has an element whose value is null. Give it a value, or remove it.", attribute)
	}}
}

// ExactlyOneOf demands one of two attributes.
func ExactlyOneOf(one, other string) validator.String {
	rule := stringvalidator.ExactlyOneOf(path.MatchRoot(one), path.MatchRoot(other))
	return worded{rule, "Exactly one of two arguments", func(_ path.Path, value attr.Value) string {
		if value.IsNull() {
			return fmt.Sprintf("Neither %s nor %s is set. Set one of them.", one, other)
		}
		return fmt.Sprintf("Both %s and %s are set. Remove one of them.", one, other)
	}}
}

// Needs accepts any value if the attribute of the given name is set too.
func Needs(name string) validator.String {
	rule := stringvalidator.AlsoRequires(path.MatchRoot(name))
	return worded{rule, "Argument needs another one", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has no meaning without %s. Set %s, or remove %s.", attribute, name, name, attribute)
	}}
}

// ScopeGroup accepts the name of a group of the documented catalogue of scopes.
func ScopeGroup() validator.String {
	groups := alphamoon.ScopeGroups()
	return worded{stringvalidator.OneOf(groups...), "Unknown group of scopes", func(_ path.Path, value attr.Value) string {
		return fmt.Sprintf("%s is not known. Use one of: %s.", quoted(value), strings.Join(groups, ", "))
	}}
}

func quoted(value attr.Value) string {
	text, _ := value.(types.String)
	return strconv.Quote(cut(text.ValueString()))
}
