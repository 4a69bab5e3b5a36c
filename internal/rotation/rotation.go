// Package rotation holds the decisions about the life of a key that depend on time. They are pure: the clock
// is an argument, and nothing here knows of HTTP or Terraform.
//
// An instant counts as reached at the very instant: a key that expires at noon has expired at noon.
package rotation

import "time"

const (
	// AdvisedLifetime is the longest life a key should have: the service advises to change keys every 3 to 6
	// months, and no six months are longer than 184 days.
	AdvisedLifetime = 184 * 24 * time.Hour
	// shortLifetime is the life below which somebody probably mistook m for months.
	shortLifetime = time.Hour
	// ending is how long before its expiry a key that nothing renews is worth a warning.
	ending = 14 * 24 * time.Hour
	// tolerance is by how much a key may outlive the policy: clocks differ, and services round.
	tolerance = 24 * time.Hour
)

// Policy says how a key is to be rotated.
type Policy struct {
	// Lifetime is how long each key lives, 0 for a fixed date of expiry, which is never rotated.
	Lifetime time.Duration
	// Window is how long before its expiry a key is replaced; 0 replaces it at its expiry.
	Window time.Duration
	// New means that the key was made under another policy, so that its life is no sign of what the service grants.
	New bool
}

// DefaultWindow is the window of keys that live so long and have none of their own: a third of their life, so that
// the old and the new key overlap.
func DefaultWindow(lifetime time.Duration) time.Duration { return (lifetime / 3).Truncate(time.Second) }

// Key is what a decision has to know of a key.
type Key struct {
	// CreatedAt is zero if it is not known.
	CreatedAt, ExpiresAt time.Time
	// Disabled means that the service says that the key does not work although it has not expired.
	Disabled bool
	// Adopted means that somebody else made the key, so that there is no secret that a new key could replace.
	Adopted bool
}

// EndOfLife returns when a key should no longer be used: at its expiry, or after the policy's lifetime if somebody
// gave the key a longer one.
func (p Policy) EndOfLife(key Key) time.Time {
	if end := key.CreatedAt.Add(p.Lifetime); p.Lifetime > 0 && !key.CreatedAt.IsZero() &&
		key.ExpiresAt.Sub(end) > tolerance {
		return end
	}
	return key.ExpiresAt
}

// RotatesAt returns when a key is due; false with a fixed date.
func (p Policy) RotatesAt(key Key) (time.Time, bool) {
	if p.Lifetime == 0 {
		return time.Time{}, false
	}
	return p.EndOfLife(key).Add(-p.window(key)), true
}

// window is how long before the end of a key's life it is due. A key that lives no longer than the policy's window, because the
// service grants no longer lives, has a third of its life: otherwise it would be due at once, and so would the next one.
// U: expiries; an expiry in ten years
func (p Policy) window(key Key) time.Duration {
	if life := p.EndOfLife(key).Sub(key.CreatedAt); !p.New && !key.CreatedAt.IsZero() && life <= p.Window {
		return DefaultWindow(life)
	}
	return p.Window
}

// Due reports whether a key has reached the instant at which it is replaced.
func (p Policy) Due(now time.Time, key Key) bool {
	rotatesAt, rotates := p.RotatesAt(key)
	return rotates && (!now.Before(rotatesAt) || Expired(now, key.ExpiresAt))
}

// OverlapIsPlanned reports whether a key that is replaced now outlives its replacement by no more than the window,
// which is what the window is for.
func (p Policy) OverlapIsPlanned(now time.Time, key Key) bool {
	return p.Due(now, key) && key.ExpiresAt.Sub(now) <= p.window(key)
}

// Decision is what to do about an existing key.
type Decision int

const (
	// Keep leaves the key alone.
	Keep Decision = iota
	// ReplaceDue replaces the key because its window has begun or it has expired.
	ReplaceDue
	// ReplaceDisabled replaces the key because it was removed or disabled before its time.
	ReplaceDisabled
	// KeepDisabled leaves a disabled key alone, because nobody asked for a key that works yet.
	KeepDisabled
	// KeepExpired leaves an expired key alone, because a new key with the same fixed date could not exist.
	KeepExpired
	// KeepEnding leaves a key alone that expires soon and that nothing renews.
	KeepEnding
)

// Decide says what to do about a key now.
func Decide(now time.Time, key Key, policy Policy) Decision {
	switch {
	case Expired(now, key.ExpiresAt) && policy.Lifetime == 0:
		return KeepExpired
	case key.Disabled && !key.Adopted && !Expired(now, key.ExpiresAt):
		return ReplaceDisabled
	case policy.Due(now, key):
		return ReplaceDue
	case key.Disabled:
		return KeepDisabled
	case policy.Lifetime == 0 && Expired(now.Add(ending), key.ExpiresAt):
		return KeepEnding
	default:
		return Keep
	}
}

// Expired reports whether a key with this expiry no longer works.
func Expired(now, expiresAt time.Time) bool { return !now.Before(expiresAt) }

// Finding is what is questionable about a key that is to be created.
type Finding int

const (
	// Sound finds nothing wrong.
	Sound Finding = iota
	// NotInFuture means that the key would be expired at its creation.
	NotInFuture
	// LongLived means that the key would live longer than [AdvisedLifetime].
	LongLived
	// ShortLived means that the key would live for less than an hour.
	ShortLived
)

// CheckNew judges a key that would be created now and expire at the given instant.
func CheckNew(now, expiresAt time.Time) Finding {
	switch life := expiresAt.Sub(now); {
	case life <= 0:
		return NotInFuture
	case life > AdvisedLifetime:
		return LongLived
	case life < shortLifetime:
		return ShortLived
	default:
		return Sound
	}
}
