package main

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDemo runs the whole demonstration into a pipe.
func TestDemo(t *testing.T) {
	// A folder of its own for temporary files shows whether anything is left behind.
	t.Setenv("TMPDIR", t.TempDir())
	// What other programs read, go test does not see: it would remember the result after a change of the provider.
	err := filepath.WalkDir("../..", func(_ string, _ fs.DirEntry, err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	if err := run(t.Context(), "../../..", &output, false); err != nil {
		t.Fatalf("%v\n%s", err, output.String())
	}
	text := output.String()
	for _, part := range []string{
		"alphamoon_process_api_key.uploader will be created", "# forces replacement", "+/- resource", "A second plan is empty.",
		"alphamoon_organization_api_key.pipeline will be created", "The organization's key was revoked",
		"Keys created: 3. Still valid at the service: 2 of the process, 0 of the organization.", "none lost, none doubled",
		"uploader_key = <sensitive>", "a secret of 65 characters", "Try next",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the output does not say %q", part)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colours in a pipe")
	}
	if secret := regexp.MustCompile(`[0-9a-f]{16}:[0-9a-f]{48}`).FindString(text); secret != "" {
		t.Error("a secret is shown")
	}
}
