package provider_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// works reports whether a secret lets a program in now.
func (f *fixture) works(secret any) bool {
	return slices.ContainsFunc(f.LiveKeys(processID), func(key sandbox.Key) bool { return key.Secret == secret })
}

// workingKeyAfter demands that a working key was in the state before the plan.
func (f *fixture) workingKeyBefore() plancheck.PlanCheck {
	return checkPlan(func(request plancheck.CheckPlanRequest) error {
		if request.Plan.PriorState != nil && request.Plan.PriorState.Values != nil {
			for _, found := range request.Plan.PriorState.Values.RootModule.Resources {
				if found.Address == address && f.works(found.AttributeValues["key"]) {
					return nil
				}
			}
		}
		return fmt.Errorf("no working key was in the state at %s", f.clock.Now())
	})
}

type checkPlan func(plancheck.CheckPlanRequest) error

func (c checkPlan) CheckPlan(_ context.Context, request plancheck.CheckPlanRequest, response *plancheck.CheckPlanResponse) {
	response.Error = c(request)
}

// TestAccYear lives through a year of fortnightly applies with the accidents that such a year brings.
func TestAccYear(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{HideExpired: true})
	const beforeDestroy = "lifecycle {\n    create_before_destroy = true\n  }"
	config := f.key(lifetime, window, beforeDestroy)
	otherScopes := f.key(lifetime, window, beforeDestroy, `scopes = ["workspace.result:read"]`)
	newest := func() string {
		keys := f.Keys(processID)
		return keys[len(keys)-1].ID
	}
	// The applies, counted in fortnights, at which a key is made, and why: due means 60 days after the last one.
	const (
		firstDue, secondDue = 5, 10 // days 70 and 140
		disabled            = 12    // day 168
		outage, recovery    = 17, 18
		removed             = 20
		scopesChanged       = 22
	)
	creations := []int{0, firstDue, secondDue, disabled, recovery, removed, scopesChanged}
	var steps []resource.TestStep
	for fortnight := range 27 {
		step := resource.TestStep{
			Config: config,
			Check: func(state *terraform.State) error {
				if !f.works(state.RootModule().Resources[address].Primary.Attributes["key"]) {
					return fmt.Errorf("no working key is in the state at %s", f.clock.Now())
				}
				return nil
			},
		}
		if fortnight >= scopesChanged {
			step.Config = otherScopes
		}
		checks := &step.ConfigPlanChecks.PreApply
		// The two accidents that break the key itself are found by the apply; in every other plan the key works.
		if fortnight > 0 && fortnight != disabled && fortnight != removed {
			*checks = append(*checks, f.workingKeyBefore())
		}
		switch {
		case fortnight == 0 || fortnight == removed:
			*checks = append(*checks, plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate))
		case slices.Contains(creations, fortnight) || fortnight == outage:
			*checks = append(*checks, plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreateBeforeDestroy))
		default:
			*checks = append(*checks, plancheck.ExpectEmptyPlan())
		}
		switch fortnight {
		case disabled:
			step.PreConfig = func() { f.SetStatus(newest(), "Disabled") }
		case removed:
			step.PreConfig = func() { f.RemoveKey(newest()) }
		case outage:
			// The service goes down when the plan is made.
			*checks = append(*checks, planCheckFunc(func() {
				f.Inject(sandbox.Fault{Status: 503, Times: -1})
			}))
			step.ExpectError, step.Check = says("503 Service Unavailable"), nil
		case recovery:
			step.PreConfig = f.ClearFaults
		}
		if fortnight > 0 {
			step = f.after(14*day, step)
		}
		steps = append(steps, step)
	}
	f.run(steps...)
	made := 0
	for _, request := range f.created() {
		if request.KeyID != "" {
			made++
		}
	}
	if made != len(creations) {
		t.Errorf("keys created: got %d, want %d", made, len(creations))
	}
}
