package provider_test

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// needs skips a test where Terraform or OpenTofu is older than this. Without a version of OpenTofu, none has what the test
// needs.
func needs(terraform, openTofu string) []tfversion.TerraformVersionCheck {
	return []tfversion.TerraformVersionCheck{minimum{terraform, openTofu}}
}

type minimum struct{ terraform, openTofu string }

// CheckTerraformVersion is called with a version that does not say whose it is. OpenTofu is tested with its own registry as
// the host of providers: see the command withterraform.
func (m minimum) CheckTerraformVersion(
	_ context.Context, req tfversion.CheckTerraformVersionRequest, resp *tfversion.CheckTerraformVersionResponse,
) {
	program, since := "Terraform", m.terraform
	if os.Getenv("TF_ACC_PROVIDER_HOST") == "registry.opentofu.org" {
		program, since = "OpenTofu", m.openTofu
	}
	if since == "" {
		resp.Skip = "no " + program + " has what this test needs"
	} else if req.TerraformVersion.Core().LessThan(version.Must(version.NewVersion(since))) {
		resp.Skip = fmt.Sprintf("this test needs %s %s", program, since)
	}
}

// ephemerals is for tests of ephemeral resources with the testing library. OpenTofu 1.11 has them, but its plans list their
// opening, which the library takes for a change, and it prints twice what their closing says. The end-to-end tests run with it.
func ephemerals() []tfversion.TerraformVersionCheck { return needs("1.10.0", "1.12.0") }
