package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// table is the head of one on the page: what is measured, its columns, and how each of its rows begins.
type table struct {
	caption string
	columns []string
	rows    []string
}

func (t table) head() string {
	return fmt.Sprintf("\n%s:\n\n| %s |\n%s\n", t.caption, strings.Join(t.columns, " | "), strings.Repeat("|---", len(t.columns))+"|")
}

// row is how a row begins.
func row(cells ...any) string {
	var text strings.Builder
	for _, cell := range cells {
		fmt.Fprintf(&text, "| %v ", cell)
	}
	return text.String()
}

// tables are those of the page, in its order.
func (s sizes) tables() []table {
	return []table{s.planTable(), s.applyTable(), s.fleetTable(), s.limitTable()}
}

// planCase is one plan: of managed keys, in a process of some total, with a delay of each answer.
type planCase struct {
	managed, total int
	delay          time.Duration
}

// planCases are in an order in which keys are only added.
func (s sizes) planCases() (cases []planCase) {
	for _, managed := range s.plans {
		for _, total := range []int{managed, 10 * managed} {
			for _, delay := range s.delays {
				cases = append(cases, planCase{managed, total, delay})
			}
		}
	}
	return cases
}

func (c planCase) row() string { return row(c.managed, c.total, c.delay) }

func (s sizes) planTable() table {
	t := table{
		caption: "`terraform plan` of K managed keys in a process of T; the ratio is to K resources of the bare provider",
		columns: []string{"K", "T", "delay", "list requests", "seconds", "bare", "ratio"},
	}
	for _, plan := range s.planCases() {
		t.rows = append(t.rows, plan.row())
	}
	return t
}

// applyDelays are the delays of each answer.
var applyDelays = []time.Duration{0, 20 * time.Millisecond}

func (s sizes) applyTable() table {
	t := table{
		caption: fmt.Sprintf("`terraform apply` that creates %d keys", s.created),
		columns: []string{"delay", "requests", "seconds", "bare", "ratio"},
	}
	for _, delay := range applyDelays {
		t.rows = append(t.rows, row(delay))
	}
	return t
}

const (
	fleetDelay    = 20 * time.Millisecond
	fleetPlan     = "plan"
	fleetRotation = "apply of a rotation of all"
)

func (s sizes) fleetTable() table {
	return table{
		caption: fmt.Sprintf("%d processes with %d keys each, at %s", s.processes, s.keys, fleetDelay),
		columns: []string{"what", "list requests", "other requests", "seconds", "bare", "ratio"},
		rows:    []string{row(fleetPlan), row(fleetRotation)},
	}
}

// limit is a number of creations under a limit of the rate, with a ceiling of the provider's own unless that is 0.
type limit struct {
	keys    int
	rate    float64
	hints   bool
	ceiling float64
}

func (l limit) row() string {
	hint, ceiling := "no", "none"
	if l.hints {
		hint = "yes"
	}
	if l.ceiling > 0 {
		ceiling = fmt.Sprint(l.ceiling)
	}
	return row(l.keys, l.rate, hint, ceiling)
}

func (s sizes) limitTable() table {
	t := table{
		caption: "Creations while the service limits the rate, once each. Ideal is the time in which it accepts as many requests, or in " +
			"which the ceiling `requests_per_second` lets them pass",
		columns: []string{"keys", "requests a second", "Retry-After", "ceiling", "seconds", "ideal", "refusals"},
	}
	for _, limit := range s.limits {
		t.rows = append(t.rows, limit.row())
	}
	return t
}

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
	fmt.Print(b.planTable().head())
	var workspaces []string
	managed := 0
	for _, plan := range b.planCases() {
		if plan.managed != managed {
			managed = plan.managed
			if err := b.serve(ctx, sandbox.Options{}); err != nil {
				return err
			}
			var err error
			if workspaces, err = b.applied(ctx, 1, managed); err != nil {
				return err
			}
		}
		for range plan.total - len(b.box.Keys(process(1))) {
			b.box.AddKey(process(1), sandbox.Key{
				Name: "filler", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			})
		}
		b.box.Update(func(options *sandbox.Options) { options.Latency = plan.delay })
		b.box.ClearJournal()
		took, err := b.planned(ctx, workspaces)
		if err != nil {
			return err
		}
		fmt.Printf("%s| %d | %s |\n", plan.row(), b.box.Count(sandbox.List)/3, compared(took))
	}
	return nil
}

// measureApplies measures the creation of keys.
func (b *bench) measureApplies(ctx context.Context) error {
	fmt.Print(b.applyTable().head())
	for _, delay := range applyDelays {
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
		fmt.Printf("%s| %d | %s |\n", row(delay), b.box.Count(sandbox.AnyOperation)/3, compared(took))
	}
	return nil
}

// measureFleet measures the plan and the rotation of many keys in many processes.
func (b *bench) measureFleet(ctx context.Context) error {
	if err := b.serve(ctx, sandbox.Options{}); err != nil {
		return err
	}
	workspaces, err := b.applied(ctx, b.processes, b.keys)
	if err != nil {
		return err
	}
	b.box.Update(func(options *sandbox.Options) { options.Latency = fleetDelay })
	fmt.Print(b.fleetTable().head())
	report := func(what string, took []time.Duration) {
		lists, all := b.box.Count(sandbox.List)/3, b.box.Count(sandbox.AnyOperation)/3
		fmt.Printf("%s| %d | %d | %s |\n", row(what), lists, all-lists, compared(took))
		b.box.ClearJournal()
	}
	b.box.ClearJournal()
	took, err := b.planned(ctx, workspaces)
	if err != nil {
		return err
	}
	report(fleetPlan, took)
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
	report(fleetRotation, took)
	return nil
}

// measureLimits measures creations under a limit against the ideal: the time in which the service accepts as many
// requests.
func (b *bench) measureLimits(ctx context.Context) error {
	fmt.Print(b.limitTable().head())
	for _, limit := range b.limits {
		burst := max(1, int(limit.rate))
		if err := b.serve(ctx, sandbox.Options{Rate: limit.rate, Burst: burst, RateHints: limit.hints}); err != nil {
			return err
		}
		config := resources("alphamoon", 1, limit.keys, 0)
		if limit.ceiling > 0 {
			config += fmt.Sprintf("provider \"alphamoon\" {\n  requests_per_second = %g\n}\n", limit.ceiling)
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
		fmt.Printf("%s| %.1f | %.1f | %d |\n", limit.row(), took.Seconds(), ideal, refusals)
	}
	return nil
}

// compared is the seconds of both providers and their ratio.
func compared(took []time.Duration) string {
	real, bare := took[0].Seconds(), took[1].Seconds()
	return fmt.Sprintf("%.2f | %.2f | %.2f", real, bare, real/bare)
}
