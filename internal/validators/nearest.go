package validators

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

const (
	// longestHint is how long a text, and what it is compared with, can be in bytes: the work grows with the product of both.
	longestHint = 100
	// mostHints is how many candidates are looked at.
	mostHints = 1000
)

// Nearest returns the candidates that text most resembles, at most count, the most similar first; the earlier one
// when two are equally near. Long texts resemble nothing.
func Nearest(text string, candidates []string, count int) []string {
	isLong := func(text string) bool { return len(text) > longestHint }
	if isLong(text) {
		return nil
	}
	candidates = slices.DeleteFunc(slices.Clone(candidates), isLong)
	candidates = candidates[:min(mostHints, len(candidates))]
	similarity := map[string]float64{}
	for _, candidate := range candidates {
		similarity[candidate] = levenshtein.Match(text, candidate, nil)
	}
	slices.SortStableFunc(candidates, func(a, b string) int { return cmp.Compare(similarity[b], similarity[a]) })
	return candidates[:min(count, len(candidates))]
}

// nearestScope returns the documented scope that text most resembles; empty if none is near. What all scopes share makes
// none of them near.
func nearestScope(text string) string {
	const common, near = "workspace.", 0.6
	var names []string
	for _, scope := range alphamoon.Scopes() {
		names = append(names, strings.TrimPrefix(scope.Name, common))
	}
	text = strings.TrimPrefix(text, common)
	nearest := Nearest(text, names, 1)
	if len(nearest) == 0 || levenshtein.Similarity(text, nearest[0], nil) < near {
		return ""
	}
	return common + nearest[0]
}
