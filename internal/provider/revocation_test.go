package provider_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestExpiredKeyIsDone: past its expiry a key blocks neither a rotation nor a destroy, whatever the removal says.
func TestExpiredKeyIsDone(t *testing.T) {
	t.Parallel()
	for name, revocation := range map[string]sandbox.Revocation{
		"unknown": sandbox.RevocationUnknown, "without effect": sandbox.RevocationDoesNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{Revocation: revocation})
			config := f.key(lifetime, `revoke_on_destroy = true`)
			s := f.session()
			s.apply(config)
			f.clock.Advance(91 * day)
			s.apply(config).expect(t, replace, "rotates_at")
			s.expectNewestSecret()
			f.clock.Advance(91 * day)
			s.destroy().expect(t, destroy)
			if got := f.Count(sandbox.Revoke); got != 0 {
				t.Errorf("%d removals were sent for keys past their expiry", got)
			}
		})
	}
}

// TestRevocation has what beside the fault matrix: kinds of removals, and how one goes on after a refusal.
func TestRevocation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options sandbox.Options
		message string // empty if the revocation is to succeed
	}{
		"removed":             {options: sandbox.Options{Revocation: sandbox.RevocationRemoves}},
		"removed, 200":        {options: sandbox.Options{RevokeStatus: http.StatusOK}},
		"disabled":            {options: sandbox.Options{Revocation: sandbox.RevocationDisables}},
		"disabled and hidden": {options: sandbox.Options{Revocation: sandbox.RevocationDisables, HideInactive: true}},
		"nothing happens": {
			options: sandbox.Options{Revocation: sandbox.RevocationDoesNothing}, message: "still lists the key",
		},
		"with another word": {
			options: sandbox.Options{Revocation: sandbox.RevocationDoesNothing, Rules: sandbox.Rules{
				Listed: []func(map[string]any){sandbox.With("status", "Removed")},
			}}, message: `still lists the key, with the status "Removed"`,
		},
		"until the expiry": {
			options: sandbox.Options{Revocation: sandbox.RevocationDoesNothing},
			message: "After 2026-05-30T09:30:15Z it has expired, and the next apply forgets it in any case.",
		},
		"not for process keys": {
			options: sandbox.Options{Revocation: sandbox.RevocationUnknown}, message: "No API key has this id.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.options)
			config := f.key(lifetime, `revoke_on_destroy = true`)
			s := f.session()
			s.apply(config).expect(t, create)
			s.apply(config).expect(t, keep)
			live := 0
			if test.message == "" {
				s.destroy().expect(t, destroy)
			} else {
				live = 1
				s.fails(s.config(""), test.message)
				// The key must still be in the state: then giving up on the revocation is a change in place.
				s.apply(f.key(lifetime)).expect(t, update)
			}
			if got := len(f.LiveKeys(processID)); got != live {
				t.Errorf("live keys: got %d, want %d", got, live)
			}
			if f.Count(sandbox.Create) != 1 {
				t.Errorf("creations: got %d, want 1", f.Count(sandbox.Create))
			}
		})
	}
}

// TestRefusedRevocation is refused, and then succeeds.
func TestRefusedRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	f.Inject(sandbox.Fault{Operation: sandbox.Revoke, Status: 403, Body: `{"title": "Admins only"}`})
	config := f.key(lifetime, `revoke_on_destroy = true`)
	s := f.session()
	s.apply(config)
	s.fails(s.config(""), "Admins only")
	s.apply(config).expect(t, keep)
	s.destroy().expect(t, destroy)
	if live := len(f.LiveKeys(processID)); live != 0 || f.Count(sandbox.Create) != 1 {
		t.Errorf("%d keys live after %d creations", live, f.Count(sandbox.Create))
	}
}

// TestAccRevocationThatCannotBeChecked revokes the key and then fails to look: the key stays in the state until a
// listing shows that it is gone.
func TestAccRevocationThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, `revoke_on_destroy = true`)
	f.Inject(sandbox.Fault{Operation: sandbox.Revoke, Then: func(box *sandbox.Sandbox) {
		box.Inject(sandbox.Fault{Operation: sandbox.List, Status: 500, Times: 5})
	}})
	f.run(
		resource.TestStep{Config: config},
		resource.TestStep{Config: config, Destroy: true, ExpectError: says("check whether the key")},
		resource.TestStep{
			// A listing may lag behind the creation for five minutes.
			PreConfig:        func() { f.expectCounts(1, 0); f.clock.Advance(5 * time.Minute) },
			Config:           f.key(lifetime),
			ConfigPlanChecks: expectAction(plancheck.ResourceActionCreate),
		},
	)
}

// TestAccRevocationOfADeposedKey fails to revoke the old key of a rotation: Terraform keeps it as a deposed object,
// and the next apply tries again.
func TestAccRevocationOfADeposedKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	config := f.key(lifetime, window, `revoke_on_destroy = true`, "lifecycle {\n    create_before_destroy = true\n  }")
	f.run(
		resource.TestStep{Config: config},
		f.after(60*day, resource.TestStep{
			PreConfig:   func() { f.Update(func(options *sandbox.Options) { options.Revocation = sandbox.RevocationUnknown }) },
			Config:      config,
			ExpectError: says("Key could not be revoked"),
		}),
		resource.TestStep{
			PreConfig: func() {
				if live := len(f.LiveKeys(processID)); live != 2 {
					t.Errorf("live keys after the failed revocation: got %d, want 2", live)
				}
				f.Update(func(options *sandbox.Options) { options.Revocation = sandbox.RevocationRemoves })
			},
			Config: config,
			Check: func(state *terraform.State) error {
				f.expectCounts(2, 1)
				return f.secretIsNewest()(state)
			},
		},
	)
}
