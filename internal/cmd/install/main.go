// Command install builds the provider and puts it where "terraform init" and "tofu init" look before they ask a
// registry.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { os.Exit(status()) }

// status installs and returns the exit status.
func status() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("Building the provider. The first build takes a minute or two.")
	dir, err := terraformcli.PluginDir()
	if err == nil {
		err = terraformcli.Mirror(ctx, ".", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		return 1
	}
	fmt.Printf("Installed into %s. Run terraform init or tofu init. If you have rebuilt the provider, first remove "+
		".terraform.lock.hcl: it names the checksum of the earlier build.\n", dir)
	return 0
}
