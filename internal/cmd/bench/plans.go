package main

import (
	"context"
	"fmt"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// resources is a configuration with a number of keys of the real or of the bare provider.
func resources(provider string, count int) string {
	return fmt.Sprintf(`
resource "%s_process_api_key" "test" {
  count                = %d
  process_id           = %q
  name                 = "bench-${count.index}"
  scopes               = ["workspace.file:upload", "workspace.result:read"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"
}
`, provider, count, sandbox.DefaultProcessID)
}

func builtin(count int) string {
	return fmt.Sprintf("\nresource \"terraform_data\" \"test\" {\n  count = %d\n  input = \"bench-${count.index}\"\n}\n",
		count)
}

// plans measures the refresh and plan of managed keys.
func (b *bench) plans(ctx context.Context, sizes []int, delays []time.Duration) error {
	b.printf("\n`terraform plan` of K managed keys in a process of T; the ratios are to K resources of the bare provider " +
		"and to K `terraform_data`:\n\n")
	b.printf("| K | T | delay | list requests | seconds | bare | ratio | `terraform_data` | ratio " +
		"|\n|---|---|---|---|---|---|---|---|---|\n")
	for _, size := range sizes {
		if err := b.serve(ctx); err != nil {
			return err
		}
		real, bare, data := fmt.Sprintf("real-%d", size), fmt.Sprintf("bare-%d", size), fmt.Sprintf("data-%d", size)
		configs := map[string]string{real: resources("alphamoon", size), bare: resources("bare", size), data: builtin(size)}
		for folder, config := range configs {
			if err := b.workspace(folder, config); err != nil {
				return err
			}
			if _, err := b.terraform(ctx, folder, nil, "apply", "-auto-approve"); err != nil {
				return err
			}
		}
		plan := func(folder string) (time.Duration, error) { return b.terraform(ctx, folder, nil, "plan") }
		for _, total := range []int{size, 10 * size} {
			b.latency(0)
			b.fill(total - len(b.box.Keys(sandbox.DefaultProcessID)))
			for _, delay := range delays {
				b.latency(delay)
				b.box.ClearJournal()
				took, err := byTurns(func() (time.Duration, error) { return plan(real) },
					func() (time.Duration, error) { return plan(bare) },
					func() (time.Duration, error) { return plan(data) })
				if err != nil {
					return err
				}
				b.printf("| %d | %d | %s | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n", size, total, delay,
					b.box.Count(sandbox.List)/3, took[0].Seconds(), took[1].Seconds(), ratio(took[0], took[1]),
					took[2].Seconds(), ratio(took[0], took[2]))
			}
		}
	}
	return nil
}

// applies measures the creation of keys.
func (b *bench) applies(ctx context.Context, count int) error {
	if err := b.serve(ctx); err != nil {
		return err
	}
	b.printf("\n`terraform apply` that creates %d keys:\n\n| delay | requests | seconds | bare | ratio "+
		"|\n|---|---|---|---|---|\n", count)
	round := 0
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		b.latency(delay)
		b.box.ClearJournal()
		create := func(provider string) func() (time.Duration, error) {
			return func() (time.Duration, error) {
				round++
				folder := fmt.Sprintf("apply-%d", round)
				if err := b.workspace(folder, resources(provider, count)); err != nil {
					return 0, err
				}
				return b.terraform(ctx, folder, nil, "apply", "-auto-approve")
			}
		}
		took, err := byTurns(create("alphamoon"), create("bare"))
		if err != nil {
			return err
		}
		b.printf("| %s | %d | %.2f | %.2f | %.2f |\n", delay, b.box.Count(sandbox.AnyOperation)/3, took[0].Seconds(),
			took[1].Seconds(), ratio(took[0], took[1]))
	}
	return nil
}

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }
