package provider_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestSoak carries out thousands of operations from several goroutines under random faults. At the end every key
// that the sandbox holds must be in a state, or have been named in a diagnostic, and no key may be in two states.
func TestSoak(t *testing.T) {
	t.Parallel()
	const (
		workers    = 8
		operations = 300 // each
	)
	f := newFixture(t, sandbox.Options{MaxLimit: 100})
	provider := f.connect(values{"max_retries": 2, "request_timeout": "1s"})
	var (
		mu     sync.Mutex
		states = map[string]int{} // how many states hold a key
		named  strings.Builder
	)
	// hold notes what an operation left, and drop that its state is gone.
	hold := func(change int, id, diagnostics string) {
		mu.Lock()
		defer mu.Unlock()
		if id != "" {
			states[id] += change
		}
		named.WriteString(diagnostics + "\n")
	}
	exists := func(id string) bool {
		for _, key := range f.Keys(processID) {
			if key.ID == id {
				return true
			}
		}
		return false
	}
	work := func(worker uint64) {
		random := rand.New(rand.NewPCG(worker, 42))
		rows := faultMatrix()
		var held []outcome
		for range operations {
			if random.IntN(3) == 0 {
				fault := rows[random.IntN(len(rows))].fault
				if !fault.LoseAnswer || random.IntN(10) == 0 { // each costs a second
					f.Inject(fault)
				}
			}
			switch choice := random.IntN(10); {
			case choice < 3 || len(held) == 0:
				result := provider.create(t.Context(), values{
					// Names are few, so that there are keys that cannot be told apart.
					"process_id": processID, "name": fmt.Sprintf("soak-%d", random.IntN(3)), "scopes": []string{"workspace.result:read"},
					"expires_in": "90d", "revoke_on_destroy": random.IntN(5) > 0,
				})
				hold(1, result.text("id"), result.diagnostics)
				if !result.state.IsNull() {
					held = append(held, result)
				}
			case choice < 5:
				i := random.IntN(len(held))
				before := held[i].text("id")
				result := provider.read(t.Context(), held[i])
				if result.state.IsNull() {
					// A removal that worked but could not be checked is noticed by the next read, and by no other way does a key vanish.
					if exists(before) {
						t.Errorf("the key %s left the state and exists", before)
					}
					hold(-1, before, "")
					held = append(held[:i], held[i+1:]...)
					continue
				}
				if result.text("key") != held[i].text("key") {
					t.Errorf("the secret of %s was changed by a read", before)
				}
				hold(0, "", result.diagnostics)
				held[i] = result
			case choice < 6:
				result := provider.list(t.Context(), values{"process_id": processID})
				hold(0, "", result.diagnostics)
			default:
				i := random.IntN(len(held))
				id := held[i].text("id")
				result := provider.destroy(t.Context(), held[i])
				hold(0, "", result.diagnostics)
				if result.state.IsNull() {
					hold(-1, id, "")
					held = append(held[:i], held[i+1:]...)
				}
			}
		}
	}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() { work(uint64(worker)) })
	}
	group.Wait()

	keys := f.Keys(processID)
	unaccounted := 0
	// A creation that was lost while the process could not be listed is named by its name, for its id nobody knows.
	doubts := map[string]int{}
	for _, match := range regexp.MustCompile(`The creation of the key "([^"]+)"[^\n]*could not be found out`).FindAllStringSubmatch(named.String(), -1) {
		doubts[match[1]]++
	}
	for _, key := range keys {
		if states[key.ID] > 0 || strings.Contains(named.String(), key.ID) {
			continue
		}
		if doubts[key.Name]--; doubts[key.Name] < 0 {
			unaccounted++
			t.Errorf("the key %s exists, is in no state and was never named", key.ID)
		}
	}
	for id, count := range states {
		if count < 0 || count > 1 {
			t.Errorf("the key %s is in %d states", id, count)
		}
	}
	t.Logf("%d operations, %d requests, %d creations, %d keys left, %d unaccounted for",
		workers*operations, f.Count(sandbox.AnyOperation), f.Count(sandbox.Create), len(keys), unaccounted)
	if creations := f.Count(sandbox.Create); creations < 500 {
		t.Errorf("only %d creations", creations)
	}
}
