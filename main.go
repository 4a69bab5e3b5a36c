// Command terraform-provider-alphamoon is the Terraform provider for Alphamoon. Terraform starts it; run by hand,
// it takes -version and, for a debugger, -debug.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
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
	tuning.Prepare()
	err := providerserver.Serve(context.Background(), provider.New(provider.Options{Version: version, Now: time.Now}),
		providerserver.ServeOpts{Address: provider.Address, Debug: *debug, ProtocolVersion: 6})
	if err != nil {
		log.Fatal(err)
	}
}
