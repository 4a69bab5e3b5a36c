// Package rotation holds the decisions about the life of a key that depend on time. They are pure: the clock
// is an argument, and nothing here knows of HTTP or Terraform.
//
// An instant counts as reached at the very instant: a key that expires at noon has expired at noon.
package rotation

import "time"

// AdvisedLifetime is the longest life a key should have: the service advises to change keys every 3 to 6
// months, and no six months are longer than 184 days.
const AdvisedLifetime = 184 * 24 * time.Hour

// Policy says how a key is to be rotated.
type Policy struct {
	// Lifetime is how long each key lives, 0 for a fixed date of expiry, which is never rotated.
	Lifetime time.Duration
	// Window is how long before its expiry a key is replaced; 0 replaces it at its expiry.
	Window time.Duration
}

// tolerance is by how much a key may outlive the policy: clocks differ, and services round.
const tolerance = 24 * time.Hour

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
	return p.EndOfLife(key).Add(-p.Window), true
}

// Key is what a decision has to know of a key.
type Key struct {
	// CreatedAt is zero if it is not known.
	CreatedAt, ExpiresAt time.Time
	// Disabled tells that the service no longer lets the key in although it has not expired: it was removed or
	// switched off by hand.
	Disabled bool
}

// Decision is what to do about an existing key.
type Decision int

const (
	// Keep leaves the key alone.
	Keep Decision = iota
	// ReplaceDue replaces the key because its window has begun.
	ReplaceDue
	// ReplaceExpired replaces the key because it no longer works.
	ReplaceExpired
	// ReplaceDisabled replaces the key because it was removed or disabled before its time.
	ReplaceDisabled
	// KeepExpired leaves an expired key alone, because a new key with the same fixed date could not exist. It
	// is worth a warning.
	KeepExpired
)

// String names the decision.
func (d Decision) String() string {
	switch d {
	case Keep:
		return "keep"
	case ReplaceDue:
		return "replace: due"
	case ReplaceExpired:
		return "replace: expired"
	case ReplaceDisabled:
		return "replace: disabled"
	case KeepExpired:
		return "keep: expired"
	}
	return "unknown"
}

// Decide says what to do about a key now.
func Decide(now time.Time, key Key, policy Policy) Decision {
	expired := Expired(now, key.ExpiresAt)
	rotatesAt, rotates := policy.RotatesAt(key)
	switch {
	case expired && rotates:
		return ReplaceExpired
	case expired:
		return KeepExpired
	case key.Disabled:
		return ReplaceDisabled
	case rotates && !now.Before(rotatesAt):
		return ReplaceDue
	default:
		return Keep
	}
}

// Expired reports whether a key with this expiry no longer works.
func Expired(now, expiresAt time.Time) bool { return !now.Before(expiresAt) }

// Doubt is what is questionable about a key that is to be created.
type Doubt int

const (
	// NoDoubt finds nothing wrong.
	NoDoubt Doubt = iota
	// NotInFuture means that the key would be expired at its creation.
	NotInFuture
	// LongLived means that the key would live longer than [AdvisedLifetime].
	LongLived
)

// CheckNew judges a key that would be created now and expire at the given instant.
func CheckNew(now, expiresAt time.Time) Doubt {
	switch {
	case Expired(now, expiresAt):
		return NotInFuture
	case expiresAt.Sub(now) > AdvisedLifetime:
		return LongLived
	default:
		return NoDoubt
	}
}
