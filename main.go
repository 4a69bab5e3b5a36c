// Command terraform-provider-alphamoon is the Terraform provider for Alphamoon. Terraform starts it; run by hand,
// it takes -version and, for a debugger, -debug.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/serving"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/tuning"
)

// version is set by the linker.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger and print how to attach Terraform")
	printVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *printVersion {
		fmt.Println("terraform-provider-alphamoon " + version)
		return
	}
	getenv := serving.KeepSecrets()
	tuning.Prepare()
	instance := provider.New(provider.Options{Version: version, Now: time.Now, Getenv: getenv})()
	server := providerserver.NewProtocol6(instance)
	ctx := context.Background()
	if !*debug {
		serving.Run(ctx, provider.Address, server())
	} else if err := serving.Debug(provider.Address, server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, cancel := context.WithTimeout(ctx, serving.GracePeriod)
	defer cancel()
	provider.RevokeOpenKeys(ctx, instance)
}
