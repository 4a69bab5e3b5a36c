package main

import (
	"os"
	"strings"
	"testing"
)

// TestMeasurementsAreComplete: the page has every table, column and row that the program prints, and no other row.
func TestMeasurementsAreComplete(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("measurements.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for _, table := range whole.tables() {
		before, rest, found := strings.Cut(page, table.head())
		if !found {
			t.Errorf("the page lacks the table\n%s", table.head())
			continue
		}
		if strings.Contains(before, "\n| ") {
			t.Errorf("the page has a table that the program does not print, before\n%s", table.head())
		}
		for _, row := range table.rows {
			line, after, _ := strings.Cut(rest, "\n")
			if !strings.HasPrefix(line, row+"| ") || strings.Count(line, "|") != len(table.columns)+1 {
				t.Errorf("the page has %q in the place of the row %q", line, row)
			}
			rest = after
		}
		page = rest
	}
	if strings.Contains(page, "|") {
		t.Errorf("the page ends with rows that the program does not print:\n%s", page)
	}
}
