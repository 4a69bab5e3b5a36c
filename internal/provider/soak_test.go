package provider_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// soak is what the workers of the soak share.
type soak struct {
	*fixture
	mu     sync.Mutex
	states map[string]int // how many states hold a key
	named  strings.Builder
}

// hold notes what an operation left, or with a negative change that a state is gone.
func (s *soak) hold(change int, id, diagnostics string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		s.states[id] += change
	}
	s.named.WriteString(diagnostics + "\n")
}

func (s *soak) exists(owner, id string) bool {
	return slices.ContainsFunc(s.Keys(owner), func(key sandbox.Key) bool { return key.ID == id })
}

// create creates a key and demands that no key that existed before is revoked by it or named as its remains.
func (s *soak) create(p *protocol, owner, name string, revokes bool) outcome {
	before := s.Keys(owner)
	result := p.create(s.t.Context(), values{
		"process_id":        processID,
		"name":              name,
		"scopes":            []string{"workspace.result:read"},
		"expires_in":        "90d",
		"revoke_on_destroy": revokes,
	})
	for _, key := range before {
		if strings.Contains(result.diagnostics, key.ID) {
			s.t.Errorf("the key %s existed before and is named in %q", key.ID, result.diagnostics)
		}
	}
	s.hold(1, result.text("id"), result.diagnostics)
	return result
}

// worker carries out operations, each with a provider of its own, as plan and apply do.
func (s *soak) worker(number, operations int) {
	random := rand.New(rand.NewPCG(uint64(number), 42))
	rows := faultMatrix()
	kind, owner := resourceType, processID
	if number%4 == 3 {
		kind, owner = "alphamoon_organization_api_key", sandbox.Organization
	}
	ctx := s.t.Context()
	var held []outcome
	for range operations {
		p := s.connect(values{"max_retries": 2, "request_timeout": "1s"}).of(kind)
		if random.IntN(3) == 0 {
			fault := rows[random.IntN(len(rows))].fault
			if !fault.LoseAnswer || random.IntN(10) == 0 { // each costs a second
				fault.Owner = "" // whoever comes first is hit
				s.Inject(fault)
			}
		}
		switch choice := random.IntN(10); {
		case choice < 3 || len(held) == 0:
			// Names are few, so that there are keys that cannot be told apart. Those of other workers can: which of two
			// programs made one of two equal keys in the same second, nobody could say.
			if result := s.create(p, owner, fmt.Sprintf("soak-%d-%d", number, random.IntN(3)),
				random.IntN(5) > 0); !result.state.IsNull() {
				held = append(held, result)
			}
		case choice < 5:
			i := random.IntN(len(held))
			before := held[i].text("id")
			result := p.read(ctx, held[i])
			if result.state.IsNull() {
				// A removal that worked but could not be checked is noticed by the next read, and by no other way does a key vanish.
				if s.exists(owner, before) {
					s.t.Errorf("the key %s left the state and exists", before)
				}
				s.hold(-1, before, "")
				held = slices.Delete(held, i, i+1)
				continue
			}
			if result.text("key") != held[i].text("key") {
				s.t.Errorf("the secret of %s was changed by a read", before)
			}
			s.hold(0, "", result.diagnostics)
			held[i] = result
		case choice < 6:
			s.hold(0, "", p.list(ctx, values{"process_id": processID}).diagnostics)
		default:
			i := random.IntN(len(held))
			id := held[i].text("id")
			result := p.destroy(ctx, held[i])
			s.hold(0, "", result.diagnostics)
			if result.state.IsNull() {
				s.hold(-1, id, "")
				held = slices.Delete(held, i, i+1)
			}
		}
	}
	// What is still held was revoked by nobody but by a destroy whose outcome could not be checked.
	for _, state := range held {
		if id := state.text("id"); !s.exists(owner, id) && !strings.Contains(s.diagnostics(), id) {
			s.t.Errorf("the managed key %s was revoked", id)
		}
	}
}

func (s *soak) diagnostics() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named.String()
}

// TestSoak carries out thousands of operations from several goroutines under random faults, each with a provider of
// its own. At the end every key that the sandbox holds must be in a state, or have been named in a diagnostic, and no
// key may be in two states.
func TestSoak(t *testing.T) {
	t.Parallel()
	const (
		workers    = 8
		operations = 300 // each
	)
	s := &soak{fixture: newFixture(t, sandbox.Options{MaxLimit: 100}), states: map[string]int{}}
	var group sync.WaitGroup
	for number := range workers {
		group.Go(func() { s.worker(number, operations) })
	}
	group.Wait()

	keys := append(s.Keys(processID), s.Keys(sandbox.Organization)...)
	unaccounted := 0
	// A creation that was lost while the keys could not be listed is named by its name, for its id nobody knows.
	doubts := map[string]int{}
	for _, match := range regexp.MustCompile(`The creation of the key "([^"]+)"[^\n]*could not be found out`).FindAllStringSubmatch(s.diagnostics(), -1) {
		doubts[match[1]]++
	}
	for _, key := range keys {
		// Faults add keys of their own.
		if s.states[key.ID] > 0 || key.Name == "added" || strings.Contains(s.diagnostics(), key.ID) {
			continue
		}
		if doubts[key.Name]--; doubts[key.Name] < 0 {
			unaccounted++
			t.Errorf("the key %s (%s) exists, is in no state and was never named", key.ID, key.Name)
		}
	}
	for id, count := range s.states {
		if count < 0 || count > 1 {
			t.Errorf("the key %s is in %d states", id, count)
		}
	}
	t.Logf("%d operations, %d requests, %d creations, %d keys left, %d unaccounted for",
		workers*operations, s.Count(sandbox.AnyOperation), s.Count(sandbox.Create), len(keys), unaccounted)
	if creations := s.Count(sandbox.Create); creations < 500 {
		t.Errorf("only %d creations", creations)
	}
}
