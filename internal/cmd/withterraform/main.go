// Command withterraform runs another command with an environment in which the acceptance tests find a Terraform
// or OpenTofu: one from the PATH, else a pinned Terraform that it downloads.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { os.Exit(status()) }

// status runs the command and returns its exit status.
func status() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:])
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "withterraform:", err)
		return 1
	}
}

func run(ctx context.Context, command []string) error {
	if len(command) == 0 {
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
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Stdin, process.Stdout, process.Stderr = os.Stdin, os.Stdout, os.Stderr
	process.Env = terraformcli.Environ(variables)
	return process.Run()
}
