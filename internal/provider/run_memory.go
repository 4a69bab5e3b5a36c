package provider

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// runMemory is what a walk over the resources leaves for its later steps. Terraform starts the provider anew for the
// plan and for the apply, so neither sees what the other left here.
type runMemory struct {
	// refreshed are the ids of the keys that were read.
	refreshed sync.Map
	// inApply: this process has created, updated or deleted something, so it serves an apply.
	inApply atomic.Bool
	mu      sync.Mutex
	created []apiKeyModel
}

// planning reports whether this process certainly serves a plan: no apply reads a key. Where it returns false, and inApply
// is false too, nobody can tell: a plan with -refresh=false reads no key, and the first step of an apply has done nothing yet.
func (r *runMemory) planning(id string) bool {
	_, refreshed := r.refreshed.Load(id)
	return refreshed
}

// markCreated is for every key that was created.
func (r *runMemory) markCreated(created apiKeyModel) {
	r.inApply.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.created = append(r.created, created)
}

// replacedByHand reports whether a key was created that replaces this one although nothing changed and nothing was due,
// as with -replace: of such a replacement the plan could say nothing. What is due by only one of both policies may have
// been planned in place, and then somebody asked for another key.
func (r *runMemory) replacedByHand(now time.Time, state apiKeyModel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.created, func(created apiKeyModel) bool {
		if !created.ExpiresIn.IsNull() {
			created.ExpiresAt = state.ExpiresAt
		}
		key := state.rotationKey()
		return len(changedArguments(state, created)) == 0 && (!created.policy().Due(now, key) || !state.policy().Due(now, key))
	})
}
