package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const (
	lifetime = `expires_in = "90d"`
	window   = `rotate_before_expiry = "30d"`
)

// after is a step some time after the last one.
func (f *fixture) after(duration time.Duration, step resource.TestStep) resource.TestStep {
	before := step.PreConfig
	step.PreConfig = func() {
		f.clock.Advance(duration)
		if before != nil {
			before()
		}
	}
	return step
}

// keeps is a step whose plan is empty.
func keeps(config string) resource.TestStep {
	return resource.TestStep{
		Config:           config,
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
	}
}

// replaces is a step that makes a new key because of the attribute.
func (f *fixture) replaces(config, because string) resource.TestStep {
	return resource.TestStep{
		Config: config,
		ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace), expectReplacedBy(because),
		}},
		Check: f.secretIsNewest(),
	}
}

// TestAccRotationWhenDue uses the default window, a third of the lifetime.
func TestAccRotationWhenDue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime)
	f.run(
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, attribute("rotates_at"),
				knownvalue.StringExact(start.Add(60*day).Format(time.RFC3339))),
		}},
		f.after(60*day-time.Second, keeps(config)),
		f.after(time.Second, f.replaces(config, "rotates_at")),
		f.after(60*day-time.Second, keeps(config)),
		f.after(2*time.Second, f.replaces(config, "rotates_at")),
	)
	f.expectCounts(3, 3)
}

func TestAccRotationWithoutAWindow(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, `rotate_before_expiry = "0s"`)
	f.run(resource.TestStep{Config: config}, f.after(90*day-time.Second, keeps(config)),
		f.after(time.Second, f.replaces(config, "rotates_at")))
	f.expectCounts(2, 2)
}

// TestAccRotationOfAnExpiredKeyThatIsGone also shows that such a key stays in the state: nothing is refreshed away.
func TestAccRotationOfAnExpiredKeyThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{HideExpired: true})
	config := f.key(lifetime, window)
	f.run(resource.TestStep{Config: config}, f.after(100*day, f.replaces(config, "rotates_at")))
	f.expectCounts(2, 2)
}

func TestAccFixedDateThatHasPassed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{HideExpired: true})
	config := f.key(`expires_at = "2026-03-02T00:00:00Z"`)
	f.run(
		resource.TestStep{Config: config},
		f.after(30*day, keeps(config)),
		resource.TestStep{
			RefreshState: true,
			Check:        resource.TestCheckResourceAttr(address, "status", "Expired"),
		},
		resource.TestStep{
			Config:      f.key(`expires_at = "2026-03-03T00:00:00Z"`),
			ExpectError: says("because that is not in the future"),
		},
		resource.TestStep{
			Config:      f.key(`expires_at = "2026-03-02T00:00:00Z"`, `name = "other"`),
			ExpectError: says("because that is not in the future"),
		},
		f.replaces(f.key(`expires_at = "2026-06-01T00:00:00Z"`), "expires_at"),
	)
	f.expectCounts(2, 2)
}

func TestAccRotationOfADisabledKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	fixed := f.key(`expires_at = "2026-05-30T09:30:15Z"`)
	disable := func() {
		keys := f.Keys(processID)
		f.SetStatus(keys[len(keys)-1].ID, "Disabled")
	}
	byStatus := func(config string) resource.TestStep {
		step := f.replaces(config, "status")
		step.PreConfig = disable
		return step
	}
	f.run(resource.TestStep{Config: f.key(lifetime)}, byStatus(f.key(lifetime)), resource.TestStep{Config: fixed},
		byStatus(fixed))
	f.expectCounts(3, 3)
}

func TestAccKeyRemovedByHand(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime)
	f.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig:        func() { f.RemoveKey(f.Keys(processID)[0].ID); f.clock.Advance(5 * time.Minute) },
			Config:           config,
			ConfigPlanChecks: expectAction(plancheck.ResourceActionCreate),
			Check:            f.secretIsNewest(),
		},
	)
	f.expectCounts(2, 1)
}

func TestAccRotationTriggers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	triggered := func(value string) string { return f.key(lifetime, `rotation_triggers = { owner = "`+value+`" }`) }
	f.run(resource.TestStep{Config: f.key(lifetime)}, f.replaces(triggered("a"), "rotation_triggers"),
		keeps(triggered("a")), f.replaces(triggered("b"), "rotation_triggers"),
		resource.TestStep{Config: f.key(lifetime), ConfigPlanChecks: expectAction(plancheck.ResourceActionUpdate)})
	f.expectCounts(3, 3)
}

// TestAccPolicyChanges: another window or lifetime never makes a new key by itself, unless it makes the key due.
func TestAccPolicyChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	same := statecheck.CompareValue(compare.ValuesSame())
	updates := func(config string, rotatesAt time.Time) resource.TestStep {
		return resource.TestStep{
			Config: config, ConfigPlanChecks: expectAction(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{
				same.AddStateValue(address, attribute("key")),
				statecheck.ExpectKnownValue(address, attribute("rotates_at"),
					knownvalue.StringExact(rotatesAt.Format(time.RFC3339))),
			},
		}
	}
	expiry := start.Add(90 * day)
	f.run(resource.TestStep{Config: f.key(lifetime, `rotate_before_expiry = "0s"`)}, updates(f.key(lifetime, window), expiry.Add(-30*day)),
		keeps(f.key(lifetime, `rotate_before_expiry = "720h"`)),
		updates(f.key(`expires_in = "60d"`), start.Add(40*day)),
		updates(f.key(`expires_in = "120d"`), start.Add(50*day)),
		updates(f.key(lifetime, `rotate_before_expiry = "60d"`), expiry.Add(-60*day)),
		f.after(29*day, updates(f.key(lifetime), expiry.Add(-30*day))),
		f.after(day, f.replaces(f.key(lifetime, `rotate_before_expiry = "60d"`), "rotates_at")),
		f.after(20*day, f.replaces(f.key(`expires_in = "30d"`), "rotates_at")))
	f.expectCounts(3, 3)
}

func TestAccCreateBeforeDestroy(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, window, "lifecycle {\n    create_before_destroy = true\n  }")
	f.run(
		resource.TestStep{Config: config},
		f.after(60*day, resource.TestStep{
			Config:           config,
			ConfigPlanChecks: expectAction(plancheck.ResourceActionCreateBeforeDestroy),
			Check:            f.secretIsNewest(),
		}),
	)
	f.expectCounts(2, 2)
	if live := len(f.LiveKeys(processID)); live != 2 {
		t.Errorf("live keys: got %d, want 2: the old key still works while its users change over", live)
	}
}

// TestAccPlanThatWaits plans a rotation and applies it a day later: the new key has its full lifetime from the apply.
func TestAccPlanThatWaits(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, window)
	step := f.replaces(config, "rotates_at")
	step.ConfigPlanChecks.PreApply = append(step.ConfigPlanChecks.PreApply, planCheckFunc(func() { f.clock.Advance(day) }))
	step.ConfigStateChecks = []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, attribute("expires_at"),
			knownvalue.StringExact(start.Add((60+1+90)*day).Format(time.RFC3339))),
		statecheck.ExpectKnownValue(address, attribute("rotates_at"),
			knownvalue.StringExact(start.Add((60+1+60)*day).Format(time.RFC3339))),
	}
	f.run(resource.TestStep{Config: config}, f.after(60*day, step))
	f.expectCounts(2, 2)
}
