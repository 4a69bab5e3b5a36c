package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
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

// TestSkippedMocks: an old version gets a folder that it can read, and the demonstration says what is missing.
func TestSkippedMocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cli     terraformcli.CLI
		version string
		left    int
		says    string
	}{
		"OpenTofu 1.7": {terraformcli.CLI{OpenTofu: true}, "1.7.10", 1, "mock the provider. That needs OpenTofu 1.8.0."},
		"OpenTofu 1.8": {terraformcli.CLI{OpenTofu: true}, "1.8.0", 2, ""},
		"Terraform 1.6": {
			terraformcli.CLI{},
			"1.6.6", 1,
			"examples/demo/mocked.tftest.hcl, whose tests mock the provider. That needs Terraform 1.7.0.",
		},
		"Terraform 1.7": {terraformcli.CLI{}, "1.7.0", 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.CopyFS(folder, os.DirFS("../../../examples/demo")); err != nil {
				t.Fatal(err)
			}
			var output bytes.Buffer
			err := (&demo{Writer: &output}).skipMocks(folder, test.cli, version.Must(version.NewVersion(test.version)))
			left, globErr := filepath.Glob(filepath.Join(folder, "*.tftest.hcl"))
			if err != nil || globErr != nil || len(left) != test.left {
				t.Errorf("%s are left, %v", left, err)
			}
			if said := output.String(); !strings.Contains(said, test.says) || (said == "") != (test.says == "") {
				t.Errorf("it says %q", said)
			}
		})
	}
}
