package validators

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// words are what a rule of the library says when it refuses a value. Its own words give no next step.
type words struct {
	summary string
	detail  func(attribute path.Path, value attr.Value) string
}

func (w words) replace(diags *diag.Diagnostics, attribute path.Path, value attr.Value) {
	if diags.HasError() {
		*diags = diag.Diagnostics{diag.NewAttributeErrorDiagnostic(attribute, w.summary, w.detail(attribute, value))}
	}
}

type wordedString struct {
	validator.String
	words
}

func (w wordedString) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	w.String.ValidateString(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

type wordedSet struct {
	validator.Set
	words
}

func (w wordedSet) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	w.Set.ValidateSet(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

type wordedList struct {
	validator.List
	words
}

func (w wordedList) ValidateList(ctx context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	w.List.ValidateList(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

type wordedMap struct {
	validator.Map
	words
}

func (w wordedMap) ValidateMap(ctx context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	w.Map.ValidateMap(ctx, req, resp)
	w.replace(&resp.Diagnostics, req.Path, req.ConfigValue)
}

// FilledSet accepts a set that has an element and none that is null. next says what to do.
func FilledSet(next string) validator.Set {
	return wordedSet{setvalidator.All(setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()), unfilled(next)}
}

// FilledList accepts a list that has an element and none that is null. next says what to do.
func FilledList(next string) validator.List {
	return wordedList{listvalidator.All(listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()), unfilled(next)}
}

// unfilled never repeats the value, which may be an identity.
func unfilled(next string) words {
	return words{"Missing element", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s must have at least one element, and none may be null. %s", attribute, next)
	}}
}

// DistinctList accepts a list without equal elements.
func DistinctList() validator.List {
	return wordedList{listvalidator.UniqueValues(), words{"Repeated element", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has an element twice. Remove one of the two.", attribute)
	}}}
}

// NoNullValues accepts a map without null values.
func NoNullValues() validator.Map {
	return wordedMap{mapvalidator.NoNullValues(), words{"Missing value", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has an element whose value is null. Give it a value, or remove it.", attribute)
	}}}
}

// ExactlyOneOf demands one of two attributes.
func ExactlyOneOf(one, other string) validator.String {
	rule := stringvalidator.ExactlyOneOf(path.MatchRoot(one), path.MatchRoot(other))
	return wordedString{rule, words{"Exactly one of two arguments", func(_ path.Path, value attr.Value) string {
		if value.IsNull() {
			return fmt.Sprintf("Neither %s nor %s is set. Set one of them.", one, other)
		}
		return fmt.Sprintf("Both %s and %s are set. Remove one of them.", one, other)
	}}}
}

// Needs accepts any value if the attribute of the given name is set too.
func Needs(name string) validator.String {
	rule := stringvalidator.AlsoRequires(path.MatchRoot(name))
	return wordedString{rule, words{"Argument needs another one", func(attribute path.Path, _ attr.Value) string {
		return fmt.Sprintf("%s has no meaning without %s. Set %s, or remove %s.", attribute, name, name, attribute)
	}}}
}

// oneOf accepts the given values.
func oneOf(summary string, values []string) validator.String {
	return wordedString{stringvalidator.OneOf(values...), words{summary, func(_ path.Path, value attr.Value) string {
		return fmt.Sprintf("%s is not known. Use one of: %s.", value, strings.Join(values, ", "))
	}}}
}
