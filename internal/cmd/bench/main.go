// Command bench measures the provider with a real Terraform against the sandbox, beside two floors in the same
// run: a bare provider with the same schema that talks to nobody, and terraform_data, which needs no plugin. It
// prints tables and, with -guide, puts them into a file between two markers.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/documents"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/provider"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { os.Exit(status()) }

// status measures and returns the exit status.
func status() int {
	quick := flag.Bool("quick", false, "small sizes only, to see that the benchmark works")
	guide := flag.String("guide", "", "put the tables into this `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", *quick, *guide); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// bench is what all measurements share.
type bench struct {
	dir    string
	cli    terraformcli.CLI
	box    *sandbox.Sandbox
	url    string
	stop   func()
	report strings.Builder
	lines  int // that the last run of Terraform printed
}

// run measures the provider of the module in moduleDir.
func run(ctx context.Context, moduleDir string, quick bool, guide string) (err error) {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("no Go is on the PATH, which is needed to build the providers")
	}
	dir, err := os.MkdirTemp("", "alphamoon-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{dir: dir}
	if b.cli, err = terraformcli.Find(ctx, filepath.Join(dir, "terraform")); err != nil {
		return err
	}
	defer func() {
		if b.stop != nil {
			b.stop()
		}
	}()
	if err := b.build(ctx, moduleDir); err != nil {
		return err
	}
	sizes, delays, listed := []int{
		10,
		100,
		1000,
	}, []time.Duration{
		0,
		20 * time.Millisecond,
		100 * time.Millisecond,
	}, []int{
		1000,
		10_000,
		100_000,
	}
	created := 200
	large := fleet{
		processes: 40,
		keys:      8,
		outage:    200,
		limits:    []limit{{100, 5, false, 0}, {100, 5, true, 0}, {30, 1, true, 0}, {200, 20, false, 0}, {100, 50, false, 5}},
	}
	if quick {
		sizes, delays, listed, created = []int{10}, delays[:1], []int{200}, 10
		large = fleet{processes: 3, keys: 2, outage: 20, limits: []limit{{10, 20, true, 0}}}
	}
	now := time.Now().UTC() //nolint:forbidigo // a benchmark measures
	b.printf("`make bench`, %s, %s/%s with %d cores, %s, %s. Seconds are the median of three runs.\n",
		now.Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), b.cli.Name())
	if err := b.plans(ctx, sizes, delays); err != nil {
		return err
	}
	if err := b.applies(ctx, created); err != nil {
		return err
	}
	for _, measure := range []func(context.Context) error{
		func(ctx context.Context) error { return b.fleet(ctx, large) },
		func(ctx context.Context) error { return b.limits(ctx, large.limits) },
		func(ctx context.Context) error { return b.outage(ctx, large.outage) },
		func(ctx context.Context) error { return b.lists(ctx, listed) },
	} {
		if err := measure(ctx); err != nil {
			return err
		}
	}
	if err := b.startup(ctx); err != nil {
		return err
	}
	if guide == "" {
		return nil
	}
	raw, err := os.ReadFile(guide) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	updated, err := documents.ReplaceSection(string(raw), "performance", b.report.String())
	if err != nil {
		return fmt.Errorf("%s: %w", guide, err)
	}
	return os.WriteFile(guide, []byte(updated), 0o644) //nolint:gosec // a public document
}

// printf writes to the terminal and the report.
func (b *bench) printf(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	fmt.Print(text)
	b.report.WriteString(text)
}

// build makes both providers and a configuration that lets Terraform use them without an installation.
func (b *bench) build(ctx context.Context, moduleDir string) error {
	bin := filepath.Join(b.dir, "bin")
	for name, source := range map[string]string{"alphamoon": ".", "bare": "./internal/cmd/bench/bare"} {
		arguments := []string{
			"build",
			"-trimpath",
			"-ldflags",
			"-s -w",
			"-o",
			filepath.Join(bin, "terraform-provider-"+name),
		}
		command := exec.CommandContext(ctx, "go", append(arguments, source)...) //nolint:gosec // fixed names
		command.Dir = moduleDir
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", source, err, output)
		}
	}
	overrides := ""
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		for _, name := range []string{"alphamoon", "bare"} {
			overrides += fmt.Sprintf("    %q = %q\n", host+"/alphamoon/"+name, bin)
		}
	}
	return os.WriteFile(b.path("bench.tfrc"), []byte("provider_installation {\n  dev_overrides {\n"+overrides+
		"  }\n  direct {}\n}\n"), 0o600)
}

func (b *bench) path(elements ...string) string {
	return filepath.Join(append([]string{b.dir}, elements...)...)
}

// serve replaces the sandbox by an empty one.
func (b *bench) serve(ctx context.Context) error { return b.serveWith(ctx, sandbox.Options{}) }

func (b *bench) serveWith(ctx context.Context, options sandbox.Options) (err error) {
	if b.stop != nil {
		b.stop()
	}
	b.box = &sandbox.Sandbox{Options: options}
	b.url, b.stop, err = b.box.Listen(ctx, "127.0.0.1:0")
	return err
}

// latency is how long every answer of the sandbox takes from now on.
func (b *bench) latency(delay time.Duration) {
	b.box.Update(func(options *sandbox.Options) { options.Latency = delay })
}

// fill puts keys into the sandbox.
func (b *bench) fill(count int) {
	for range count {
		b.box.AddKey(sandbox.DefaultProcessID, sandbox.Key{
			Name: "filler", Scopes: []string{"workspace.file:upload", "workspace.result:read"}, ExpiresAt: farAway,
		})
	}
}

var farAway = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

// terraform runs it in a folder of the benchmark and returns how long it took.
func (b *bench) terraform(ctx context.Context, folder string, variables map[string]string,
	arguments ...string,
) (time.Duration, error) {
	arguments = slices.Concat(arguments[:1], []string{"-input=false", "-no-color"}, arguments[1:])
	command := exec.CommandContext(ctx, b.cli.Path, arguments...) //nolint:gosec // found by this program itself
	command.Dir = b.path(folder)
	environment := map[string]string{
		"TF_CLI_CONFIG_FILE": b.path("bench.tfrc"), "CHECKPOINT_DISABLE": "1",
		"ALPHAMOON_API_KEY": sandbox.DefaultCredential, "ALPHAMOON_BASE_URL": b.url,
	}
	for name, value := range variables {
		environment[name] = value
	}
	command.Env = terraformcli.Environ(environment)
	began := time.Now() //nolint:forbidigo // a benchmark measures
	output, err := command.CombinedOutput()
	took := time.Since(began) //nolint:forbidigo // as above
	b.lines = bytes.Count(output, []byte("\n"))
	if err != nil {
		return took, fmt.Errorf("%s %s in %s: %w\n%s", b.cli.Name(), arguments[0], folder, err, output)
	}
	return took, nil
}

// workspace writes a configuration into a folder of its own.
func (b *bench) workspace(folder, config string) error {
	if err := os.MkdirAll(b.path(folder), 0o700); err != nil {
		return err
	}
	const requirements = `terraform {
  required_providers {
    alphamoon = { source = "alphamoon/alphamoon" }
    bare      = { source = "alphamoon/bare" }
  }
}
`
	return os.WriteFile(b.path(folder, "main.tf"), []byte(requirements+config), 0o600)
}

// startup measures what every run of Terraform pays several times.
func (b *bench) startup(ctx context.Context) error {
	binary := b.path("bin", "terraform-provider-alphamoon")
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	took, err := byTurns(func() (time.Duration, error) {
		began := time.Now() //nolint:forbidigo // a benchmark measures
		err := exec.CommandContext(ctx, binary, "-version").Run()
		return time.Since(began), err //nolint:forbidigo // as above
	}, func() (time.Duration, error) {
		began := time.Now()                                         //nolint:forbidigo // as above
		instance := provider.New(provider.Options{Now: time.Now})() //nolint:forbidigo // as above
		server := providerserver.NewProtocol6(instance)()
		_, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
		return time.Since(began), err //nolint:forbidigo // as above
	})
	if err != nil {
		return err
	}
	b.printf("\nThe stripped binary has %.1f MB. It starts in %.0f ms and makes its schema in %.1f ms.\n",
		float64(info.Size())/1e6, took[0].Seconds()*1000, took[1].Seconds()*1000)
	return nil
}

// byTurns measures several things three times each, by turns, so that a noisy moment hits all of them, and
// returns the medians.
func byTurns(measures ...func() (time.Duration, error)) ([]time.Duration, error) {
	rounds := make([][]time.Duration, len(measures))
	for range 3 {
		for i, measure := range measures {
			took, err := measure()
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], took)
		}
	}
	medians := make([]time.Duration, len(measures))
	for i, all := range rounds {
		slices.Sort(all)
		medians[i] = all[1]
	}
	return medians, nil
}
