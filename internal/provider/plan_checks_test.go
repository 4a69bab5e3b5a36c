package provider_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// planCheckFunc runs a function between plan and apply.
type planCheckFunc func()

func (f planCheckFunc) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	f()
}

// expectReplacedBy demands that the plan names exactly these attributes as what forces the replacement.
func expectReplacedBy(attributes ...string) plancheck.PlanCheck { return replacedBy(attributes) }

type replacedBy []string

func (r replacedBy) CheckPlan(_ context.Context, request plancheck.CheckPlanRequest,
	response *plancheck.CheckPlanResponse,
) {
	for _, change := range request.Plan.ResourceChanges {
		if change.Address != address {
			continue
		}
		var names []string
		for _, path := range change.Change.ReplacePaths {
			if steps, ok := path.([]any); ok && len(steps) > 0 {
				names = append(names, fmt.Sprint(steps[0]))
			}
		}
		slices.Sort(names)
		if names = slices.Compact(names); !slices.Equal(names, r) {
			response.Error = fmt.Errorf("replacement forced by %q, want %q", names, []string(r))
		}
		return
	}
	response.Error = fmt.Errorf("%s is not in the plan", address)
}
