// Command sandbox serves an in-memory Alphamoon for trying the provider without an account. Everything is
// forgotten when it stops.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// settings are the flags.
type settings struct {
	address   string
	exposed   bool
	processes int
	rate      float64
	latency   time.Duration
	rules     string
}

func main() {
	var s settings
	flag.StringVar(&s.address, "addr", "127.0.0.1:0", "the `address` to listen on; port 0 takes a free one")
	flag.BoolVar(&s.exposed, "expose-to-network", false,
		"allow an address that other machines can reach; whoever reaches it can steer the sandbox")
	flag.IntVar(&s.processes, "processes", 1, "how many processes there are, `N`")
	flag.Float64Var(&s.rate, "rate", 0,
		"how many requests a second are worked on, `R`; the others are refused with 429; 0 means any number")
	flag.DurationVar(&s.latency, "latency", 0, "how long every answer takes, `D`, like 50ms")
	flag.StringVar(&s.rules, "rules", "",
		"`names` of rules that the service has from the start, separated by commas, like unique-names,quota; /sandbox/ lists all")
	flag.Parse()
	program.Main("sandbox", func(ctx context.Context) error { return run(ctx, s, os.Stdout) })
}

// names are those of the first processes; the others are numbered.
var names = []string{
	"Invoices", "Receipts", "Delivery notes", "Payslips", "Purchase orders", "Contracts", "Bank statements", "Tax forms",
}

// processes makes processes that are the same at every start. The first one is the default.
func processes(count int) []sandbox.Process {
	list := make([]sandbox.Process, count)
	for i := range list {
		list[i] = sandbox.Process{ID: fmt.Sprintf("%032x", i+1), Name: fmt.Sprintf("Process %d", i+1)}
		if i < len(names) {
			list[i].Name = names[i]
		}
	}
	list[0].ID = sandbox.DefaultProcessID
	return list
}

// run serves until the context ends.
func run(ctx context.Context, s settings, output io.Writer) error {
	if s.processes < 1 || s.rate < 0 || s.latency < 0 {
		return fmt.Errorf("-processes must be 1 or more, -rate and -latency must not be negative")
	}
	host, _, err := net.SplitHostPort(s.address)
	if local := host == "localhost" || net.ParseIP(host).IsLoopback(); err == nil && !local && !s.exposed {
		return fmt.Errorf("-addr %s can be reached from other machines, and whoever reaches the sandbox can steer it: "+
			"use 127.0.0.1, or add -expose-to-network", s.address)
	}
	box := &sandbox.Sandbox{Options: sandbox.Options{
		Processes: processes(s.processes), Rate: s.rate, Burst: int(s.rate), RateHints: true, Latency: s.latency,
	}}
	if s.rules != "" {
		if err := box.Follow(strings.Split(s.rules, ",")...); err != nil {
			return fmt.Errorf("-rules: %w", err)
		}
	}
	baseURL, stop, err := box.Listen(ctx, s.address)
	if err != nil {
		return err
	}
	defer stop()
	_, err = fmt.Fprintf(output, `A sandbox of Alphamoon is listening. Stop it with Ctrl-C; it forgets everything then.

  process id  %s

Paste this where you run Terraform:

  export ALPHAMOON_BASE_URL=%s
  export ALPHAMOON_API_KEY=%s

To disable keys, switch faults and rules on and move its clock, see:

  curl %s/sandbox/

`, sandbox.DefaultProcessID, baseURL, sandbox.DefaultCredential, baseURL)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
