package provider

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// runMemory is what the steps of one walk over the resources leave for its later steps. Terraform starts the provider anew for
// the plan and for the apply, so neither sees what the other left here.
type runMemory struct {
	// refreshed are the ids of the keys that were read.
	refreshed sync.Map
	// inApply: this process has created, updated or deleted something, so it serves an apply.
	inApply atomic.Bool
	// forgotten are the ids of the last keys that this process forgot, and that go on working, by their owners and names.
	forgotten sync.Map

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

// markForgotten is for every key that goes on working when Terraform no longer knows it.
func (r *runMemory) markForgotten(state apiKeyModel) {
	r.forgotten.Store([2]string{state.ProcessID.ValueString(), state.Name.ValueString()}, state.ID.ValueString())
}

// forgottenKey returns the key that has the name of a creation and that this run forgot. It is the one that is replaced.
func (r *runMemory) forgottenKey(creation keyCreation) (id string, known bool) {
	found, known := r.forgotten.Load([2]string{creation.processID, creation.name})
	if known {
		id = found.(string)
	}
	return id, known
}

// rotated reports whether this run created a key that takes the place of one that is due, with the overlap that was asked for.
// It is how the removal of what create_before_destroy put aside, which no plan has seen, is known to be a scheduled rotation. A
// key that is due by only one of both policies may have been replaced because somebody asked for it.
func (r *runMemory) rotated(now time.Time, state apiKeyModel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := state.rotationKey()
	return state.policy().Due(now, key) && slices.ContainsFunc(r.created, func(created apiKeyModel) bool {
		created.ExpiresAt = state.ExpiresAt // a rotation sets another
		if !created.NamePrefix.IsNull() {
			created.Name = state.Name // and generates another
		}
		return len(changedArguments(state, created)) == 0 && created.policy().OverlapIsPlanned(now, key)
	})
}
