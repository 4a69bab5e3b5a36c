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
	disabled, adopted := rotation.Key{Disabled: true}, rotation.Key{Disabled: true, Adopted: true}
	for name, test := range map[string]struct {
		expiresIn time.Duration // from now
		key       rotation.Key
		policy    rotation.Policy
		want      rotation.Decision
	}{
		"a second before it is due":             {30*day + time.Second, rotation.Key{}, rotating, rotation.Keep},
		"at the instant it is due":              {30 * day, rotation.Key{}, rotating, rotation.ReplaceDue},
		"a second after it is due":              {30*day - time.Second, rotation.Key{}, rotating, rotation.ReplaceDue},
		"a second before its expiry":            {time.Second, rotation.Key{}, rotating, rotation.ReplaceDue},
		"at its expiry":                         {0, rotation.Key{}, rotating, rotation.ReplaceDue},
		"a second after its expiry":             {-time.Second, rotation.Key{}, rotating, rotation.ReplaceDue},
		"no window, a second before its expiry": {time.Second, rotation.Key{}, windowless, rotation.Keep},
		"no window, at its expiry":              {0, rotation.Key{}, windowless, rotation.ReplaceDue},
		"no window, a second after its expiry":  {-time.Second, rotation.Key{}, windowless, rotation.ReplaceDue},
		"fixed, a second before the last days":  {14*day + time.Second, rotation.Key{}, fixed, rotation.Keep},
		"fixed, at the last days":               {14 * day, rotation.Key{}, fixed, rotation.KeepEnding},
		"fixed, a second before its expiry":     {time.Second, rotation.Key{}, fixed, rotation.KeepEnding},
		"fixed, at its expiry":                  {0, rotation.Key{}, fixed, rotation.KeepExpired},
		"fixed, a second after its expiry":      {-time.Second, rotation.Key{}, fixed, rotation.KeepExpired},
		"disabled, fresh":                       {80 * day, disabled, rotating, rotation.ReplaceDisabled},
		"disabled, also due":                    {day, disabled, rotating, rotation.ReplaceDisabled},
		"disabled, a second before its expiry":  {time.Second, disabled, fixed, rotation.ReplaceDisabled},
		"disabled, at its expiry":               {0, disabled, rotating, rotation.ReplaceDue},
		"disabled and fixed, at its expiry":     {0, disabled, fixed, rotation.KeepExpired},
		"disabled and fixed, after its expiry":  {-time.Second, disabled, fixed, rotation.KeepExpired},
		"disabled and adopted":                  {80 * day, adopted, rotating, rotation.KeepDisabled},
		"disabled and adopted, fixed":           {80 * day, adopted, fixed, rotation.KeepDisabled},
		"disabled and adopted, due":             {30 * day, adopted, rotating, rotation.ReplaceDue},
		"disabled and adopted, expired":         {0, adopted, rotating, rotation.ReplaceDue},
		"a window that is longer than what left": {
			90 * day, rotation.Key{}, rotation.Policy{Lifetime: 90 * day, Window: 90 * day}, rotation.ReplaceDue,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.key.ExpiresAt = now.Add(test.expiresIn)
			if got := rotation.Decide(now, test.key, test.policy); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDefaultWindow(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[time.Duration]time.Duration{
		90 * day: 30 * day, 100 * time.Second: 33 * time.Second, 2 * time.Second: 0, 0: 0,
	} {
		if got := rotation.DefaultWindow(lifetime); got != want {
			t.Errorf("%s: got %s, want %s", lifetime, got, want)
		}
	}
}

// TestOverlapIsPlanned: only a key that is due and ends within the window overlaps as its owner wants it to.
func TestOverlapIsPlanned(t *testing.T) {
	t.Parallel()
	policy := rotation.Policy{Lifetime: 90 * day, Window: 30 * day}
	for name, test := range map[string]struct {
		key  rotation.Key
		want bool
	}{
		"not due":          {rotation.Key{ExpiresAt: now.Add(30*day + 1)}, false},
		"due":              {rotation.Key{ExpiresAt: now.Add(30 * day)}, true},
		"expired":          {rotation.Key{ExpiresAt: now}, true},
		"made for years":   {rotation.Key{CreatedAt: now.Add(-60 * day), ExpiresAt: now.Add(900 * day)}, false},
		"policy shortened": {rotation.Key{CreatedAt: now.Add(-70 * day), ExpiresAt: now.Add(40 * day)}, false},
	} {
		if got := policy.OverlapIsPlanned(now, test.key); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestCheckNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lifetime time.Duration
		want     rotation.Finding
	}{
		{-time.Second, rotation.NotInFuture},
		{0, rotation.NotInFuture},
		{time.Second, rotation.ShortLived},
		{time.Hour - time.Second, rotation.ShortLived},
		{time.Hour, rotation.Sound},
		{184*day - time.Second, rotation.Sound},
		{184 * day, rotation.Sound},
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

// TestLifeThatTheServiceCuts: a key that lives no longer than the window has a third of its life, unless it was made under
// another policy, whose life says nothing of the service.
func TestLifeThatTheServiceCuts(t *testing.T) {
	t.Parallel()
	policy := rotation.Policy{Lifetime: 90 * day, Window: 30 * day}
	changed := policy
	changed.New = true
	for name, test := range map[string]struct {
		policy rotation.Policy
		key    rotation.Key
		want   time.Duration // from the creation
	}{
		"as asked for":           {policy, rotation.Key{CreatedAt: now, ExpiresAt: now.Add(90 * day)}, 60 * day},
		"cut to the window":      {policy, rotation.Key{CreatedAt: now, ExpiresAt: now.Add(30 * day)}, 20 * day},
		"cut to less":            {policy, rotation.Key{CreatedAt: now, ExpiresAt: now.Add(3 * day)}, 2 * day},
		"a second more":          {policy, rotation.Key{CreatedAt: now, ExpiresAt: now.Add(30*day + time.Second)}, time.Second},
		"another policy":         {changed, rotation.Key{CreatedAt: now, ExpiresAt: now.Add(3 * day)}, -27 * day},
		"made nobody knows when": {policy, rotation.Key{ExpiresAt: now.Add(3 * day)}, -27 * day},
	} {
		if got, _ := test.policy.RotatesAt(test.key); !got.Equal(now.Add(test.want)) {
			t.Errorf("%s: got %s, want %s", name, got, now.Add(test.want))
		}
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
