package rotation_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/rotation"
)

const day = 24 * time.Hour

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestDecide(t *testing.T) {
	t.Parallel()
	rotating := rotation.Policy{Lifetime: 90 * day, Window: 30 * day}
	windowless := rotation.Policy{Lifetime: 90 * day}
	fixed := rotation.Policy{}
	for name, test := range map[string]struct {
		expiresIn time.Duration // from now
		disabled  bool
		policy    rotation.Policy
		want      rotation.Decision
	}{
		"a second before it is due":              {30*day + time.Second, false, rotating, rotation.Keep},
		"at the instant it is due":               {30 * day, false, rotating, rotation.ReplaceDue},
		"a second after it is due":               {30*day - time.Second, false, rotating, rotation.ReplaceDue},
		"a second before its expiry":             {time.Second, false, rotating, rotation.ReplaceDue},
		"at its expiry":                          {0, false, rotating, rotation.ReplaceExpired},
		"a second after its expiry":              {-time.Second, false, rotating, rotation.ReplaceExpired},
		"no window, a second before its expiry":  {time.Second, false, windowless, rotation.Keep},
		"no window, at its expiry":               {0, false, windowless, rotation.ReplaceExpired},
		"no window, a second after its expiry":   {-time.Second, false, windowless, rotation.ReplaceExpired},
		"fixed, a second before its expiry":      {time.Second, false, fixed, rotation.Keep},
		"fixed, at its expiry":                   {0, false, fixed, rotation.KeepExpired},
		"fixed, a second after its expiry":       {-time.Second, false, fixed, rotation.KeepExpired},
		"disabled, fresh":                        {80 * day, true, rotating, rotation.ReplaceDisabled},
		"disabled, also due":                     {day, true, rotating, rotation.ReplaceDisabled},
		"disabled, a second before its expiry":   {time.Second, true, fixed, rotation.ReplaceDisabled},
		"disabled, at its expiry":                {0, true, rotating, rotation.ReplaceExpired},
		"disabled and fixed, at its expiry":      {0, true, fixed, rotation.KeepExpired},
		"disabled and fixed, after its expiry":   {-time.Second, true, fixed, rotation.KeepExpired},
		"a window that is longer than what left": {90 * day, false, rotation.Policy{Lifetime: 90 * day, Window: 90 * day}, rotation.ReplaceDue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rotation.Decide(now, rotation.Key{ExpiresAt: now.Add(test.expiresIn), Disabled: test.disabled},
				test.policy)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCheckNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lifetime time.Duration
		want     rotation.Doubt
	}{
		{-time.Second, rotation.NotInFuture},
		{0, rotation.NotInFuture},
		{time.Second, rotation.NoDoubt},
		{184*day - time.Second, rotation.NoDoubt},
		{184 * day, rotation.NoDoubt},
		{184*day + time.Second, rotation.LongLived},
	} {
		if got := rotation.CheckNew(now, now.Add(test.lifetime)); got != test.want {
			t.Errorf("lifetime %s: got %d, want %d", test.lifetime, got, test.want)
		}
	}
}

func TestRotatesAt(t *testing.T) {
	t.Parallel()
	if _, ok := (rotation.Policy{Window: day}).RotatesAt(rotation.Key{ExpiresAt: now}); ok {
		t.Error("a fixed date is never rotated")
	}
	got, ok := rotation.Policy{Lifetime: 90 * day, Window: 30 * day}.RotatesAt(rotation.Key{ExpiresAt: now})
	if want := now.Add(-30 * day); !ok || !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestNoGap simulates years of applies with gaps shorter than the window: at no instant may there be no valid
// key in state, and never may more keys be alive than the lifetime and the window make unavoidable.
func TestNoGap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	between := func(low, high time.Duration) time.Duration {
		return low + time.Duration(random.Int64N(int64(high-low)+1))
	}
	for range 2000 {
		policy := rotation.Policy{Lifetime: between(2*time.Second, 400*day).Truncate(time.Second)}
		policy.Window = between(time.Second, policy.Lifetime-time.Second).Truncate(time.Second)
		start := now
		// Created by the first apply, truncated as the service does it.
		inState := start.Add(policy.Lifetime).Truncate(time.Second)
		expiries := []time.Time{inState}
		most := int((policy.Lifetime+(policy.Lifetime-policy.Window)-1)/(policy.Lifetime-policy.Window)) + 1
		for instant, applies := start, 0; applies < 500 && instant.Before(start.AddDate(5, 0, 0)); applies++ {
			next := instant.Add(between(1, policy.Window-1))
			if !next.Before(inState) {
				t.Fatalf("%+v: no valid key in state between %s and the apply at %s", policy, inState, next)
			}
			instant = next
			if decision := rotation.Decide(instant, rotation.Key{ExpiresAt: inState},
				policy); decision == rotation.ReplaceDue {
				inState = instant.Add(policy.Lifetime).Truncate(time.Second)
				expiries = append(expiries, inState)
			} else if decision != rotation.Keep {
				t.Fatalf("%+v: unexpected decision %q", policy, decision)
			}
			alive := 0
			for _, expiry := range expiries {
				if !rotation.Expired(instant, expiry) {
					alive++
				}
			}
			if alive > most {
				t.Fatalf("%+v: %d keys alive at %s, at most %d expected", policy, alive, instant, most)
			}
		}
	}
}

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2027-01-31T12:00:00Z", "2027-01-31T12:00:00.687+02:00", "2024-02-29T23:59:59-12:00"} {
		if _, err := rotation.ParseInstant(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{
		"", "tomorrow", "2027-01-31", "2027-01-31T12:00:00", "2027-01-31 12:00:00Z", "2027-02-30T12:00:00Z",
		"2027-01-31T12:00:00,5Z", "2027-01-31T1:00:00Z", "2027-01-31T12:00:00+25:00",
	} {
		if instant, err := rotation.ParseInstant(text); err == nil {
			t.Errorf("%q was read as %s", text, instant)
		}
	}
}

// TestEndOfLife: a key that was made to live longer than the policy ends with the policy. A day more is tolerated.
func TestEndOfLife(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	policyEnd := created.Add(90 * day)
	for name, test := range map[string]struct {
		key  rotation.Key
		life time.Duration
		want time.Time
	}{
		"as the policy says": {rotation.Key{CreatedAt: created, ExpiresAt: policyEnd}, 90 * day, policyEnd},
		"shorter":            {rotation.Key{CreatedAt: created, ExpiresAt: policyEnd.Add(-day)}, 90 * day, policyEnd.Add(-day)},
		"a day longer":       {rotation.Key{CreatedAt: created, ExpiresAt: policyEnd.Add(day)}, 90 * day, policyEnd.Add(day)},
		"a day and a second": {rotation.Key{CreatedAt: created, ExpiresAt: policyEnd.Add(day + time.Second)}, 90 * day, policyEnd},
		"ten years":          {rotation.Key{CreatedAt: created, ExpiresAt: created.AddDate(10, 0, 0)}, 90 * day, policyEnd},
		"creation not known": {rotation.Key{ExpiresAt: created.AddDate(10, 0, 0)}, 90 * day, created.AddDate(10, 0, 0)},
		"no policy":          {rotation.Key{CreatedAt: created, ExpiresAt: created.AddDate(10, 0, 0)}, 0, created.AddDate(10, 0, 0)},
	} {
		if got := (rotation.Policy{Lifetime: test.life}).EndOfLife(test.key); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
