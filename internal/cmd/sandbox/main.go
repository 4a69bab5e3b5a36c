// Command sandbox serves an in-memory Alphamoon for trying the provider without an account. Everything is
// forgotten when it stops.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func main() { os.Exit(status()) }

// status serves until it is interrupted and returns the exit status.
func status() int {
	address := flag.String("addr", "127.0.0.1:0", "the `address` to listen on; port 0 takes a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1
	}
	return 0
}

// run serves until the context ends.
func run(ctx context.Context, address string, output io.Writer) error {
	baseURL, stop, err := (&sandbox.Sandbox{}).Listen(ctx, address)
	if err != nil {
		return err
	}
	defer stop()
	_, err = fmt.Fprintf(output, `A sandbox of Alphamoon is listening. Stop it with Ctrl-C; it forgets everything then.

  process id  %s

Paste this where you run Terraform:

  export ALPHAMOON_BASE_URL=%s
  export ALPHAMOON_API_KEY=%s

`, sandbox.DefaultProcessID, baseURL, sandbox.DefaultCredential)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
