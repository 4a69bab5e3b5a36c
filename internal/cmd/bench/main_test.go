package main

import "testing"

// TestQuick runs the whole benchmark with small sizes, so that it cannot break unseen.
func TestQuick(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), "../../..", true, ""); err != nil {
		t.Fatal(err)
	}
}
