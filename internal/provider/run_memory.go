package provider

import (
	"slices"
	"sync"
	"time"
)

// runMemory is what a walk over the resources leaves for its later steps. Terraform starts the provider anew for the
// plan and for the apply, so neither sees what the other left here.
type runMemory struct {
	// refreshed are the ids of the keys that were read.
	refreshed sync.Map
	mu        sync.Mutex
	created   []apiKeyModel
	applied   bool
}

// planning reports whether this walk certainly makes a plan: no apply reads a key. A plan with -refresh=false does not
// either.
func (r *runMemory) planning(id string) bool {
	_, refreshed := r.refreshed.Load(id)
	return refreshed
}

// markApplied is for everything that only an apply does, with the keys that it created.
func (r *runMemory) markApplied(created ...apiKeyModel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied, r.created = true, append(r.created, created...)
}

// applying reports whether this walk certainly is an apply.
func (r *runMemory) applying() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied
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
