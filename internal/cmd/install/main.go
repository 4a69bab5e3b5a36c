// Command install builds the provider and puts it where "terraform init" and "tofu init" look before they ask a registry.
package main

import (
	"context"
	"fmt"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { program.Main("install", run) }

func run(ctx context.Context) error {
	fmt.Println("Building the provider. The first build takes a minute or two.")
	dir, err := terraformcli.PluginDir()
	if err != nil {
		return err
	}
	if err := terraformcli.Mirror(ctx, ".", dir); err != nil {
		return err
	}
	fmt.Printf("Installed into %s.\nRun terraform init or tofu init. If you have rebuilt the provider, remove\n"+
		".terraform.lock.hcl first: it names the checksum of the earlier build.\n", dir)
	return nil
}
