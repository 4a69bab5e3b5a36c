package validators

import (
	"cmp"
	"slices"

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

// nearestScope returns the documented scope that text most resembles.
func nearestScope(text string) string {
	var names []string
	for _, scope := range alphamoon.Scopes() {
		names = append(names, scope.Name)
	}
	return Nearest(text, names, 1)[0]
}
