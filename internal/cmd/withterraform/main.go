// Command withterraform runs another command with an environment in which the acceptance tests find a Terraform
// or OpenTofu: one from the PATH, else a pinned Terraform that it downloads.
package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { program.Main("withterraform", run) }

func run(ctx context.Context) error {
	if len(os.Args) < 2 {
		return errors.New("no command given")
	}
	cache, err := filepath.Abs(".terraform-bin")
	if err != nil {
		return err
	}
	cli, err := terraformcli.Find(ctx, cache)
	if err != nil {
		return err
	}
	variables := map[string]string{
		"TF_ACC_TERRAFORM_PATH": cli.Path,
		// The generator of the documentation looks for Terraform on the PATH only.
		"PATH": filepath.Dir(cli.Path) + string(filepath.ListSeparator) + os.Getenv("PATH"),
	}
	if cli.OpenTofu {
		// The testing library offers the provider under Terraform's registry unless it is told otherwise.
		variables["TF_ACC_PROVIDER_HOST"], variables["TF_ACC_PROVIDER_NAMESPACE"] = "registry.opentofu.org", "hashicorp"
	}
	//nolint:gosec // running what it is told is its purpose
	process := exec.CommandContext(ctx, os.Args[1], os.Args[2:]...)
	process.Stdin, process.Stdout, process.Stderr = os.Stdin, os.Stdout, os.Stderr
	process.Env = terraformcli.Environ(variables)
	err = process.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode()) // the command has said why
	}
	return err
}
