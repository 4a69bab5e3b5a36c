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
	"os/signal"
	"syscall"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

func main() { os.Exit(status()) }

// settings are the flags.
type settings struct {
	address   string
	exposed   bool
	processes int
	rate      float64
	latency   time.Duration
}

// status serves until it is interrupted and returns the exit status.
func status() int {
	var s settings
	flag.StringVar(&s.address, "addr", "127.0.0.1:0", "the `address` to listen on; port 0 takes a free one")
	flag.BoolVar(&s.exposed, "expose-to-network", false,
		"allow an address that other machines can reach; whoever reaches it can steer the sandbox")
	flag.IntVar(&s.processes, "processes", 1, "how many processes there are, `N`")
	flag.Float64Var(&s.rate, "rate", 0,
		"how many requests a second are worked on, `R`; the others are refused with 429; 0 means any number")
	flag.DurationVar(&s.latency, "latency", 0, "how long every answer takes, `D`, such as 50ms")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		return 1
	}
	return 0
}

// names are those of the first processes; the others are numbered.
var names = []string{
	"Invoices", "Receipts", "Delivery notes", "Payslips", "Purchase orders", "Contracts", "Bank statements", "Tax forms",
}

// processes makes processes that are the same at every start. The first one is the default.
func processes(count int) []sandbox.Process {
	list := []sandbox.Process{{ID: sandbox.DefaultProcessID, Name: names[0]}}
	for i := 1; i < count; i++ {
		name := fmt.Sprintf("Process %d", i+1)
		if i < len(names) {
			name = names[i]
		}
		list = append(list, sandbox.Process{ID: fmt.Sprintf("%032x", i+1), Name: name})
	}
	return list
}

// loopback reports whether only programs on this machine can reach the host.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// run serves until the context ends.
func run(ctx context.Context, s settings, output io.Writer) error {
	if s.processes < 1 || s.rate < 0 || s.latency < 0 {
		return fmt.Errorf("-processes must be 1 or more, -rate and -latency must not be negative")
	}
	if host, _, err := net.SplitHostPort(s.address); err == nil && !s.exposed && !loopback(host) {
		return fmt.Errorf("-addr %s can be reached from other machines, and whoever reaches the sandbox can steer it: "+
			"use 127.0.0.1, or add -expose-to-network", s.address)
	}
	box := &sandbox.Sandbox{Options: sandbox.Options{
		Processes: processes(s.processes), Rate: s.rate, Burst: int(s.rate), RateHints: true, Latency: s.latency,
	}}
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

To disable keys, switch faults on and move its clock, see:

  curl %s/sandbox/

`, sandbox.DefaultProcessID, baseURL, sandbox.DefaultCredential, baseURL)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
