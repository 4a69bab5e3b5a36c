package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// fleet is how large the measurements of many keys are.
type fleet struct {
	processes, keys, outage int
	limits                  []limit
}

// limit is a number of creations under a limit of the rate, with a ceiling of the provider's own unless that is 0.
type limit struct {
	keys    int
	rate    float64
	hints   bool
	ceiling float64
}

func fleetProcesses(count int) []sandbox.Process {
	var processes []sandbox.Process
	for i := range count {
		processes = append(processes, sandbox.Process{ID: fmt.Sprintf("%032x", i+1), Name: fmt.Sprintf("Process %d", i+1)})
	}
	return processes
}

// fleetConfig is a number of keys in each of a number of processes. Another round replaces all.
func fleetConfig(provider string, size fleet, round string) string {
	return fmt.Sprintf(`
resource "%s_process_api_key" "test" {
  count             = %d
  process_id        = format("%%032x", floor(count.index / %d) + 1)
  name              = "bench-${count.index}"
  scopes            = ["workspace.file:upload", "workspace.result:read"]
  expires_in        = "90d"
  rotation_triggers = { round = %q }
  lifecycle {
    create_before_destroy = true
  }
}
`, provider, size.processes*size.keys, size.keys, round)
}

// fleet measures the plan and the rotation of many keys in many processes.
func (b *bench) fleet(ctx context.Context, size fleet) error {
	const delay = 20 * time.Millisecond
	if err := b.serveWith(ctx, sandbox.Options{Processes: fleetProcesses(size.processes)}); err != nil {
		return err
	}
	write := func(round string) error {
		for _, provider := range []string{"alphamoon", "bare"} {
			if err := b.workspace("fleet-"+provider, fleetConfig(provider, size, round)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := write("0"); err != nil {
		return err
	}
	terraform := func(provider string, arguments ...string) func() (time.Duration, error) {
		return func() (time.Duration, error) { return b.terraform(ctx, "fleet-"+provider, nil, arguments...) }
	}
	for _, provider := range []string{"alphamoon", "bare"} {
		if _, err := terraform(provider, "apply", "-auto-approve")(); err != nil {
			return err
		}
	}
	b.latency(delay)
	b.printf("\n%d processes with %d keys each, at %s:\n\n| what | list requests | other requests | seconds | bare | "+
		"ratio |\n|---|---|---|---|---|---|\n", size.processes, size.keys, delay)
	row := func(what string, took []time.Duration) {
		lists, all := b.box.Count(sandbox.List)/3, b.box.Count(sandbox.AnyOperation)/3
		b.printf("| %s | %d | %d | %.2f | %.2f | %.2f |\n", what, lists, all-lists, took[0].Seconds(), took[1].Seconds(),
			ratio(took[0], took[1]))
		b.box.ClearJournal()
	}
	b.box.ClearJournal()
	took, err := byTurns(terraform("alphamoon", "plan"), terraform("bare", "plan"))
	if err != nil {
		return err
	}
	row("plan", took)
	round := 0
	rotate := func(provider string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			if round++; round%2 == 1 {
				if err := write(fmt.Sprint(round)); err != nil {
					return 0, err
				}
			}
			if _, err := terraform(provider, "plan", "-refresh=false", "-out=rotation.tfplan")(); err != nil {
				return 0, err
			}
			return terraform(provider, "apply", "rotation.tfplan")()
		}
	}
	if took, err = byTurns(rotate("alphamoon"), rotate("bare")); err != nil {
		return err
	}
	row("apply of a rotation of all", took)
	return nil
}

// limits measures creations under a limit against the ideal: the time in which the service accepts as many requests.
func (b *bench) limits(ctx context.Context, limits []limit) error {
	b.printf("\nCreations while the service limits the rate, once each. Ideal is the time in which it accepts as many " +
		"requests, or the ceiling `requests_per_second` lets them pass:\n\n| keys | requests a second | Retry-After | ceiling | seconds | " +
		"ideal | refusals |\n|---|---|---|---|---|---|---|\n")
	for i, limit := range limits {
		burst := max(1, int(limit.rate))
		if err := b.serveWith(ctx, sandbox.Options{Rate: limit.rate, Burst: burst, RateHints: limit.hints}); err != nil {
			return err
		}
		folder := fmt.Sprintf("limit-%d", i)
		if err := b.workspace(folder, resources("alphamoon", limit.keys)); err != nil {
			return err
		}
		environment := map[string]string{}
		if limit.ceiling > 0 {
			environment["ALPHAMOON_REQUESTS_PER_SECOND"] = fmt.Sprint(limit.ceiling)
		}
		took, err := b.terraform(ctx, folder, environment, "apply", "-auto-approve")
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
		b.printf("| %d | %g | %s | %g | %.1f | %.1f | %d |\n", limit.keys, limit.rate, hint, limit.ceiling, took.Seconds(), ideal,
			refusals)
	}
	return nil
}

// outage measures a plan while the list of keys fails.
func (b *bench) outage(ctx context.Context, count int) error {
	if err := b.serve(ctx); err != nil {
		return err
	}
	if err := b.workspace("outage", resources("alphamoon", count)); err != nil {
		return err
	}
	if _, err := b.terraform(ctx, "outage", nil, "apply", "-auto-approve"); err != nil {
		return err
	}
	b.box.ClearJournal()
	b.box.Inject(sandbox.Fault{Operation: sandbox.List, Status: http.StatusServiceUnavailable, Times: -1})
	took, err := b.terraform(ctx, "outage", nil, "plan")
	if err == nil || !strings.Contains(err.Error(), "503") {
		return fmt.Errorf("the outage went unnoticed: %w", err)
	}
	b.printf("\nA plan of %d keys while the list answers 503: %d list requests, %.1f s, %d lines.\n", count,
		b.box.Count(sandbox.List), took.Seconds(), b.lines)
	return nil
}
