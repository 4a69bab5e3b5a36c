package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// providers are the real one and the floor.
var providers = []string{"alphamoon", "bare"}

// process is the id of the process with a number.
func process(number int) string { return fmt.Sprintf("%032x", number) }

// resources is a configuration with a number of keys in each of a number of processes. Another round replaces all.
func resources(provider string, processes, keys, round int) string {
	return fmt.Sprintf(`
resource "terraform_data" "round" {
  input = %d
}

resource "%s_process_api_key" "test" {
  count      = %d
  process_id = format("%%032x", floor(count.index / %d) + 1)
  name       = "bench-${count.index}"
  scopes     = ["workspace.file:upload", "workspace.result:read"]
  expires_in = "90d"
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.round]
  }
}
`, round, provider, processes*keys, keys)
}

// applied makes a workspace for each provider and applies it.
func (b *bench) applied(ctx context.Context, processes, keys int) (workspaces []string, err error) {
	for _, provider := range providers {
		dir, err := b.workspace(ctx, resources(provider, processes, keys, 0))
		if err != nil {
			return nil, err
		}
		if err := b.terraform(ctx, dir, "apply", "-auto-approve"); err != nil {
			return nil, err
		}
		workspaces = append(workspaces, dir)
	}
	return workspaces, nil
}

// planned measures the plans of both providers and demands that they are empty.
func (b *bench) planned(ctx context.Context, workspaces []string) ([]time.Duration, error) {
	plan := func(dir string) func() error {
		return func() error { return b.terraform(ctx, dir, "plan", "-detailed-exitcode") }
	}
	return medians(plan(workspaces[0]), plan(workspaces[1]))
}

// measurePlans measures the refresh and plan of managed keys.
func (b *bench) measurePlans(ctx context.Context) error {
	fmt.Printf("\n`terraform plan` of K managed keys in a process of T; the ratio is to K resources of the bare provider:\n\n" +
		"| K | T | delay | list requests | seconds | bare | ratio |\n|---|---|---|---|---|---|---|\n")
	for _, size := range b.plans {
		if err := b.serve(ctx, sandbox.Options{}); err != nil {
			return err
		}
		workspaces, err := b.applied(ctx, 1, size)
		if err != nil {
			return err
		}
		for _, total := range []int{size, 10 * size} {
			for range total - len(b.box.Keys(process(1))) {
				b.box.AddKey(process(1), sandbox.Key{
					Name: "filler", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
				})
			}
			for _, delay := range b.delays {
				b.box.Update(func(options *sandbox.Options) { options.Latency = delay })
				b.box.ClearJournal()
				took, err := b.planned(ctx, workspaces)
				if err != nil {
					return err
				}
				fmt.Printf("| %d | %d | %s | %d | %s |\n", size, total, delay, b.box.Count(sandbox.List)/3, compared(took))
			}
		}
	}
	return nil
}

// measureApplies measures the creation of keys.
func (b *bench) measureApplies(ctx context.Context) error {
	fmt.Printf("\n`terraform apply` that creates %d keys:\n\n| delay | requests | seconds | bare | ratio |\n|---|---|---|---|---|\n",
		b.created)
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		if err := b.serve(ctx, sandbox.Options{Latency: delay}); err != nil {
			return err
		}
		var creations []func() error
		for _, provider := range providers {
			var fresh []string
			for range 3 {
				dir, err := b.workspace(ctx, resources(provider, 1, b.created, 0))
				if err != nil {
					return err
				}
				fresh = append(fresh, dir)
			}
			creations = append(creations, func() error {
				dir := fresh[0]
				fresh = fresh[1:]
				return b.terraform(ctx, dir, "apply", "-auto-approve")
			})
		}
		took, err := medians(creations...)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %d | %s |\n", delay, b.box.Count(sandbox.AnyOperation)/3, compared(took))
	}
	return nil
}

// measureFleet measures the plan and the rotation of many keys in many processes.
func (b *bench) measureFleet(ctx context.Context) error {
	const delay = 20 * time.Millisecond
	if err := b.serve(ctx, sandbox.Options{}); err != nil {
		return err
	}
	workspaces, err := b.applied(ctx, b.processes, b.keys)
	if err != nil {
		return err
	}
	b.box.Update(func(options *sandbox.Options) { options.Latency = delay })
	fmt.Printf("\n%d processes with %d keys each, at %s:\n\n| what | list requests | other requests | seconds | bare | ratio |\n"+
		"|---|---|---|---|---|---|\n", b.processes, b.keys, delay)
	row := func(what string, took []time.Duration) {
		lists, all := b.box.Count(sandbox.List)/3, b.box.Count(sandbox.AnyOperation)/3
		fmt.Printf("| %s | %d | %d | %s |\n", what, lists, all-lists, compared(took))
		b.box.ClearJournal()
	}
	b.box.ClearJournal()
	took, err := b.planned(ctx, workspaces)
	if err != nil {
		return err
	}
	row("plan", took)
	var rotations []func() error
	for i, provider := range providers {
		round := 0
		rotations = append(rotations, func() error {
			round++
			if err := configure(workspaces[i], resources(provider, b.processes, b.keys, round)); err != nil {
				return err
			}
			return b.terraform(ctx, workspaces[i], "apply", "-auto-approve", "-refresh=false")
		})
	}
	if took, err = medians(rotations...); err != nil {
		return err
	}
	row("apply of a rotation of all", took)
	return nil
}

// limit is a number of creations under a limit of the rate, with a ceiling of the provider's own unless that is 0.
type limit struct {
	keys    int
	rate    float64
	hints   bool
	ceiling float64
}

// measureLimits measures creations under a limit against the ideal: the time in which the service accepts as many
// requests.
func (b *bench) measureLimits(ctx context.Context) error {
	fmt.Printf("\nCreations while the service limits the rate, once each. Ideal is the time in which it accepts as many requests, or " +
		"in which the ceiling `requests_per_second` lets them pass:\n\n" +
		"| keys | requests a second | Retry-After | ceiling | seconds | ideal | refusals |\n|---|---|---|---|---|---|---|\n")
	for _, limit := range b.limits {
		burst := max(1, int(limit.rate))
		if err := b.serve(ctx, sandbox.Options{Rate: limit.rate, Burst: burst, RateHints: limit.hints}); err != nil {
			return err
		}
		config, ceiling := resources("alphamoon", 1, limit.keys, 0), "none"
		if limit.ceiling > 0 {
			ceiling = fmt.Sprint(limit.ceiling)
			config += "provider \"alphamoon\" {\n  requests_per_second = " + ceiling + "\n}\n"
		}
		dir, err := b.workspace(ctx, config)
		if err != nil {
			return err
		}
		took, err := timed(func() error { return b.terraform(ctx, dir, "apply", "-auto-approve") })
		if err != nil {
			return err
		}
		refusals := 0
		for _, req := range b.box.Journal() {
			if req.Status == http.StatusTooManyRequests {
				refusals++
			}
		}
		accepted := b.box.Count(sandbox.AnyOperation) - refusals
		ideal := max(0, float64(accepted-burst)/limit.rate)
		if limit.ceiling > 0 {
			ideal = max(ideal, float64(accepted-1)/limit.ceiling)
		}
		hint := map[bool]string{true: "yes", false: "no"}[limit.hints]
		fmt.Printf("| %d | %g | %s | %s | %.1f | %.1f | %d |\n", limit.keys, limit.rate, hint, ceiling, took.Seconds(), ideal, refusals)
	}
	return nil
}

// compared is the seconds of both providers and their ratio.
func compared(took []time.Duration) string {
	real, bare := took[0].Seconds(), took[1].Seconds()
	return fmt.Sprintf("%.2f | %.2f | %.2f", real, bare, real/bare)
}
