package provider_test

import (
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This file has what Terraform refuses, in its words.

// checkPlan refuses a plan that neither keeps to the configuration nor keeps the state.
func (p *protocol) checkPlan(address string, prior, config, planned tftypes.Value) {
	p.t.Helper()
	if config.IsNull() {
		if !planned.IsNull() {
			p.t.Errorf("%s: Provider produced invalid plan: a destruction that leaves something", address)
		}
		return
	}
	for _, attribute := range p.schemas.ResourceSchemas[p.resourceType].Block.Attributes {
		configured, plan := attributeOf(config, attribute.Name), attributeOf(planned, attribute.Name)
		switch {
		case attribute.WriteOnly && plan.IsNull():
		case plan.Equal(configured):
		case !prior.IsNull() && !configured.IsNull() && plan.Equal(attributeOf(prior, attribute.Name)):
		case attribute.Computed && configured.IsNull():
		default:
			p.t.Errorf("%s: Provider produced invalid plan: %s is planned as %s, configured as %s", address, attribute.Name, plan,
				configured)
		}
	}
}

// checkResult refuses what contradicts a plan. It also refuses a result that is not known.
func (p *protocol) checkResult(what, address string, planned, actual tftypes.Value) {
	p.t.Helper()
	for _, attribute := range p.schemas.ResourceSchemas[p.resourceType].Block.Attributes {
		plan, got := tftypes.NewValue(attribute.Type, nil), tftypes.NewValue(attribute.Type, nil)
		if !planned.IsNull() {
			plan = attributeOf(planned, attribute.Name)
		}
		if !actual.IsNull() {
			got = attributeOf(actual, attribute.Name)
		}
		if plan.IsFullyKnown() && !plan.Equal(got) {
			p.t.Errorf("%s: Provider produced inconsistent %s: %s was %s and is %s", address, what, attribute.Name, plan, got)
		}
	}
	if what == "result after apply" && !actual.IsFullyKnown() {
		p.t.Errorf("%s: Provider returned invalid result object after apply: %s", address, actual)
	}
}
