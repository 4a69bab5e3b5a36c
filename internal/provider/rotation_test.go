package provider_test

import (
	"testing"
	"time"

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

// keeps is a step whose plans, with and without a refresh, are empty. Right after a step of the same configuration it says
// nothing new: each ends with such plans, but for an import.
func keeps(config string) resource.TestStep { return resource.TestStep{Config: config, PlanOnly: true} }

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

// TestRotationWhenDue uses the default window, a third of the lifetime.
func TestRotationWhenDue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime)
	s := f.session()
	s.apply(config).expect(t, create)
	if got, want := s.attributes(address)["rotates_at"], start.Add(60*day).Format(time.RFC3339); got != want {
		t.Errorf("rotates_at is %v, want %s", got, want)
	}
	for _, late := range []time.Duration{time.Second, 2 * time.Second} {
		f.clock.Advance(60*day - time.Second)
		s.apply(config).expect(t, keep)
		f.clock.Advance(late)
		s.apply(config).expect(t, replace, "rotates_at")
		s.expectNewestSecret()
	}
	f.expectCounts(3, 3)
}

func TestRotationWithoutAWindow(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, `rotate_before_expiry = "0s"`)
	s := f.session()
	s.apply(config).expect(t, create)
	f.clock.Advance(90*day - time.Second)
	s.apply(config).expect(t, keep)
	f.clock.Advance(time.Second)
	s.apply(config).expect(t, replace, "rotates_at")
	s.expectNewestSecret()
	f.expectCounts(2, 2)
}

// TestRotationOfAnExpiredKeyThatIsGone also shows that such a key stays in the state: nothing is refreshed away.
func TestRotationOfAnExpiredKeyThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{HideExpired: true})
	config := f.key(lifetime, window)
	s := f.session()
	s.apply(config)
	f.clock.Advance(100 * day)
	s.apply(config).expect(t, replace, "rotates_at")
	s.expectNewestSecret()
	f.expectCounts(2, 2)
}

func TestFixedDateThatHasPassed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{HideExpired: true})
	config := f.key(`expires_at = "2026-03-02T00:00:00Z"`)
	s := f.session()
	s.apply(config).expect(t, create)
	f.clock.Advance(30 * day)
	s.apply(config).expect(t, keep)
	if status := s.attributes(address)["status"]; status != "Expired" {
		t.Errorf("the status is %v", status)
	}
	s.fails(f.key(`expires_at = "2026-03-03T00:00:00Z"`), "because that is not in the future")
	s.fails(f.key(`expires_at = "2026-03-02T00:00:00Z"`, `name = "other"`), "because that is not in the future")
	s.apply(f.key(`expires_at = "2026-06-01T00:00:00Z"`)).expect(t, replace, "expires_at")
	s.expectNewestSecret()
	f.expectCounts(2, 2)
}

func TestRotationOfADisabledKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	for _, config := range []string{f.key(lifetime), f.key(`expires_at = "2026-05-30T09:30:15Z"`)} {
		s.apply(config)
		keys := f.Keys(processID)
		f.SetStatus(keys[len(keys)-1].ID, "Disabled")
		s.apply(config).expect(t, replace, "status")
		s.expectNewestSecret()
	}
	f.expectCounts(3, 3)
}

func TestKeyRemovedByHand(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime)
	s := f.session()
	s.apply(config)
	f.RemoveKey(f.Keys(processID)[0].ID)
	f.clock.Advance(5 * time.Minute)
	s.apply(config).expect(t, create)
	s.expectNewestSecret()
	f.expectCounts(2, 1)
}

func TestRotationTriggers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	triggered := func(value string) string { return f.key(lifetime, `rotation_triggers = { owner = "`+value+`" }`) }
	s := f.session()
	s.apply(f.key(lifetime)).expect(t, create)
	for _, value := range []string{"a", "b"} {
		s.apply(triggered(value)).expect(t, replace, "rotation_triggers")
		s.expectNewestSecret()
		s.apply(triggered(value)).expect(t, keep)
	}
	s.apply(f.key(lifetime)).expect(t, update)
	f.expectCounts(3, 3)
}

// TestPolicyChanges: another window or lifetime never makes a new key by itself, unless it makes the key due.
func TestPolicyChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	s := f.session()
	expiry := start.Add(90 * day)
	noWindow, long := f.key(lifetime, `rotate_before_expiry = "0s"`), f.key(lifetime, `rotate_before_expiry = "60d"`)
	s.apply(noWindow).expect(t, create)
	for _, test := range []struct {
		after          time.Duration
		config, action string
		rotatesAt      time.Time // of a key that stays
	}{
		{0, f.key(lifetime, window), update, expiry.Add(-30 * day)},
		{0, f.key(lifetime, `rotate_before_expiry = "720h"`), keep, expiry.Add(-30 * day)},
		{0, f.key(`expires_in = "60d"`), update, start.Add(40 * day)},
		{0, f.key(`expires_in = "120d"`), update, start.Add(50 * day)},
		{0, long, update, expiry.Add(-60 * day)},
		{29 * day, f.key(lifetime), update, expiry.Add(-30 * day)},
		{day, long, replace, time.Time{}},
		{20 * day, f.key(`expires_in = "30d"`), replace, time.Time{}},
	} {
		f.clock.Advance(test.after)
		if test.action == replace {
			s.apply(test.config).expect(t, replace, "rotates_at")
		} else {
			s.apply(test.config).expect(t, test.action)
			if got := s.attributes(address)["rotates_at"]; got != test.rotatesAt.Format(time.RFC3339) {
				t.Errorf("rotates_at is %v, want %s", got, test.rotatesAt)
			}
		}
		s.expectNewestSecret()
	}
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
