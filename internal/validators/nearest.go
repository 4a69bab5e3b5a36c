package validators

import (
	"cmp"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
)

// Nearest returns the candidates that text most resembles, at most count, the most similar first; the earlier one
// when two are equally near.
func Nearest(text string, candidates []string, count int) []string {
	sorted := slices.Clone(candidates)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Compare(levenshtein.Match(text, b, nil), levenshtein.Match(text, a, nil))
	})
	return sorted[:min(count, len(sorted))]
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
	nearest := Nearest(text, names, 1)[0]
	if levenshtein.Similarity(text, nearest, nil) < near {
		return ""
	}
	return common + nearest
}
