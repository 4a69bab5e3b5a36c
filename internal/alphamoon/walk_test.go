package alphamoon_test

import (
	"fmt"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAbsenceWhileKeysMove removes and adds keys between the pages of a walk: a key that exists must never be
// taken for absent.
func TestAbsenceWhileKeysMove(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"one removed before the page's end": func(box *sandbox.Sandbox) { box.RemoveKey(box.Keys(processID)[3].ID) },
		"one added":                         func(box *sandbox.Sandbox) { fill(box, 1) },
		"one removed, one added": func(box *sandbox.Sandbox) {
			box.RemoveKey(box.Keys(processID)[3].ID)
			fill(box, 1)
		},
	} {
		for _, options := range []sandbox.Options{{MaxLimit: 10}, {MaxLimit: 10, OmitPagination: true}, {MaxLimit: 10, NewestFirst: true}} {
			t.Run(fmt.Sprintf("%s, %t, %t", name, options.OmitPagination, options.NewestFirst), func(t *testing.T) {
				t.Parallel()
				box := &sandbox.Sandbox{Options: options}
				fill(box, 25)
				sought := box.Keys(processID)[10].ID // the first of the second page
				box.Inject(sandbox.Fault{Operation: sandbox.List, Then: then})
				key, err := newClient(t, box).FindProcessAPIKey(t.Context(), processID, sought)
				if err != nil || key == nil {
					t.Errorf("got %v, %v", key, err)
				}
			})
		}
	}
}

func TestAbsenceIsProvedByTwoWalks(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
	fill(box, 25)
	key, err := newClient(t, box).FindProcessAPIKey(t.Context(), processID, "absent")
	if key != nil || err != nil {
		t.Errorf("got %v, %v", key, err)
	}
	expectSent(t, box, "LLLLLL", 25)
}
