package provider_test

import (
	"os"
	"strings"
	"testing"
)

const readme = "../../README.md"

// expectInReadme demands that the section of the README between two markers is as given. With UPDATE_README=1 in
// the environment it writes it instead.
func expectInReadme(t *testing.T, section, text string) {
	t.Helper()
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin "+section+" -->\n", "<!-- end "+section+" -->"
	before, rest, found := strings.Cut(string(raw), begin)
	current, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("the README has no section %q", section)
	}
	if current == text {
		return
	}
	if os.Getenv("UPDATE_README") == "" {
		t.Errorf("the section %q of the README is out of date; UPDATE_README=1 writes it:\n%s", section, text)
		return
	}
	if err := os.WriteFile(readme, []byte(before+begin+text+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
