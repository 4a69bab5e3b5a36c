// Command bench measures the provider with a real Terraform against the sandbox, beside a floor in the same run: a bare
// provider with the same schema that sends no requests. It prints a page with tables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() {
	quick := flag.Bool("quick", false, "small sizes only, to see that the benchmark works")
	flag.Parse()
	program.Main("bench", func(ctx context.Context) error { return run(ctx, *quick) })
}

// sizes is how much is measured.
type sizes struct {
	plans           []int // managed keys
	delays          []time.Duration
	created         int
	processes, keys int // of the fleet, keys in each process
	limits          []limit
}

var (
	whole = sizes{
		plans:   []int{10, 100, 1000},
		delays:  []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond},
		limits:  []limit{{100, 5, false, 0}, {100, 5, true, 0}, {30, 1, true, 0}, {200, 20, false, 0}, {100, 50, false, 5}},
		created: 200, processes: 40, keys: 8,
	}
	small = sizes{
		plans: []int{10}, delays: []time.Duration{0}, limits: []limit{{10, 20, true, 0}}, created: 10, processes: 3, keys: 2,
	}
)

// bench is what all measurements share.
type bench struct {
	sizes
	dir, mirror, url string
	cli              terraformcli.CLI
	box              *sandbox.Sandbox
	stop             func()
}

// run measures the provider of the module in the working directory.
func run(ctx context.Context, quick bool) (err error) {
	b := &bench{sizes: whole, stop: func() {}}
	if quick {
		b.sizes = small
	}
	if b.dir, err = os.MkdirTemp("", "alphamoon-bench-"); err != nil {
		return err
	}
	defer func() {
		b.stop()
		err = errors.Join(err, os.RemoveAll(b.dir))
	}()
	b.mirror = filepath.Join(b.dir, "mirror")
	if b.cli, err = terraformcli.Find(ctx, b.dir); err != nil {
		return err
	}
	if err := terraformcli.Mirror(ctx, ".", b.mirror); err != nil {
		return err
	}
	if err := terraformcli.MirrorPackage(ctx, ".", "./internal/cmd/bench/bare", "bare", b.mirror); err != nil {
		return err
	}
	now := time.Now().UTC() //nolint:forbidigo // a benchmark measures
	fmt.Printf("# Measurements\n\n`make bench` writes these tables. The *bare* provider has the same schema and sends no requests, so "+
		"the ratio to it is what this provider adds to the plugin framework and to Terraform.\n\n"+
		"%s, %s/%s with %d cores, %s, %s. Seconds are the median of three runs.\n",
		now.Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.cli.Name())
	for _, measure := range []func(context.Context) error{b.measurePlans, b.measureApplies, b.measureFleet, b.measureLimits} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// serve replaces the sandbox by an empty one.
func (b *bench) serve(ctx context.Context, options sandbox.Options) (err error) {
	b.stop()
	for number := range b.processes {
		options.Processes = append(options.Processes, sandbox.Process{ID: process(number + 1)})
	}
	b.box = &sandbox.Sandbox{Options: options}
	b.url, b.stop, err = b.box.Listen(ctx, "127.0.0.1:0")
	return err
}

// workspace is a new folder with a configuration, ready to run.
func (b *bench) workspace(ctx context.Context, config string) (string, error) {
	dir, err := os.MkdirTemp(b.dir, "workspace-")
	if err != nil {
		return "", err
	}
	if err := configure(dir, config); err != nil {
		return "", err
	}
	return dir, b.terraform(ctx, dir, "init", "-plugin-dir="+b.mirror)
}

// terraform runs a command in a workspace, against the sandbox of this moment.
func (b *bench) terraform(ctx context.Context, dir string, arguments ...string) error {
	output, err := b.cli.Command(ctx, dir, map[string]string{
		"ALPHAMOON_API_KEY": sandbox.DefaultCredential, "ALPHAMOON_BASE_URL": b.url, "TF_INPUT": "0",
	}, append(arguments, "-no-color")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("terraform %s: %w\n%s", arguments[0], err, output)
	}
	return nil
}

// configure writes a configuration into a folder.
func configure(dir, config string) error {
	const requirements = `terraform {
  required_providers {
    alphamoon = { source = "alphamoon/alphamoon" }
    bare      = { source = "alphamoon/bare" }
  }
}
`
	return os.WriteFile(filepath.Join(dir, "main.tf"), []byte(requirements+config), 0o600)
}

// medians measures several things three times each, by turns, so that a noisy moment hits all of them.
func medians(measures ...func() error) ([]time.Duration, error) {
	rounds := make([][]time.Duration, len(measures))
	for range 3 {
		for i, measure := range measures {
			took, err := timed(measure)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], took)
		}
	}
	result := make([]time.Duration, len(measures))
	for i, round := range rounds {
		slices.Sort(round)
		result[i] = round[1]
	}
	return result, nil
}

func timed(measure func() error) (time.Duration, error) {
	began := time.Now() //nolint:forbidigo // a benchmark measures
	err := measure()
	return time.Since(began), err //nolint:forbidigo // as above
}
