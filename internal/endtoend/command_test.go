package endtoend_test

import (
	"context"
	"maps"
	"os/exec"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

// command prepares a run of Terraform in the workspace.
func (w *workspace) command(ctx context.Context, environment map[string]string, arguments ...string) *exec.Cmd {
	variables := map[string]string{"ALPHAMOON_BASE_URL": w.address, "ALPHAMOON_API_KEY": sandbox.DefaultCredential, "TF_IN_AUTOMATION": "1"}
	maps.Copy(variables, environment)
	command := exec.CommandContext(ctx, cli.Path, append(arguments, "-no-color")...)
	command.Dir = w.dir
	command.Env = terraformcli.Environ(variables)
	return command
}
