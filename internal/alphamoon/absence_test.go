package alphamoon_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAbsenceWhileKeysMove removes and adds keys between the pages of a listing: a key that exists must never be
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
				key, err := newClient(t, box).ProcessAPIKeys(processID).Find(t.Context(), sought)
				if err != nil || key == nil {
					t.Errorf("got %v, %v", key, err)
				}
			})
		}
	}
}

func TestAbsenceIsProvedByTwoListings(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
	fill(box, 25)
	key, err := newClient(t, box).ProcessAPIKeys(processID).Find(t.Context(), "absent")
	if key != nil || err != nil {
		t.Errorf("got %v, %v", key, err)
	}
	expectSent(t, box, 25, list, list, list, list, list, list)
}

// TestTotalOfThePage: a service whose total counts the elements of the page, as the only documented example permits.
// The last key must be found, and be listed.
func TestTotalOfThePage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 99, 100, 101, 200, 240} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{CountPage: true}}
			fill(box, size)
			keys, err := newClient(t, box).ProcessAPIKeys(processID).List(t.Context())
			if err != nil || len(keys) != size {
				t.Errorf("%d keys are listed, %v", len(keys), err)
			}
			if size > 0 && !exists(t, newClient(t, box), box.Keys(processID)[size-1].ID) {
				t.Error("the last key is not found")
			}
			if exists(t, newClient(t, box), "absent") {
				t.Error("a key that is absent is found")
			}
			streamed := 0
			for page, err := range newClient(t, box).ProcessAPIKeys(processID).Pages(t.Context(), alphamoon.Window{}) {
				if err != nil {
					t.Error(err)
				}
				streamed += len(page.Elements)
			}
			if streamed != size {
				t.Errorf("%d keys are streamed", streamed)
			}
		})
	}
}

// TestMovesDuringEveryListing: without a total, newest first, one key comes or goes during each listing. A key that
// exists may be missed by each of them, and must not count as absent.
func TestMovesDuringEveryListing(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(*sandbox.Sandbox){
		"added": func(box *sandbox.Sandbox) { fill(box, 1) },
		"removed": func(box *sandbox.Sandbox) {
			keys := box.Keys(processID)
			box.RemoveKey(keys[len(keys)-1].ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10, OmitPagination: true, NewestFirst: true}}
			fill(box, 60)
			sought := box.Keys(processID)[40].ID
			moves := 0
			client := newClient(t, http.HandlerFunc(func(writer http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Get("offset") == "10" { // once during each listing, behind the first page
					moves++
					then(box)
				}
				box.ServeHTTP(writer, req)
			}))
			for range 3 {
				key, err := client.ProcessAPIKeys(processID).Find(t.Context(), sought)
				if key == nil && err == nil {
					t.Fatalf("a key that exists counts as absent after %d moves", moves)
				}
			}
		})
	}
}

// TestPresenceNeedsNoProof: the key stands on the first page, and the rest of the listing never fits together.
func TestPresenceNeedsNoProof(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"keys are created all the time": {Skip: 1, Times: -1, Then: func(box *sandbox.Sandbox) { fill(box, 1) }},
		"the second page fails":         {Skip: 1, Times: -1, Status: 500},
		"the second page is forbidden":  {Skip: 1, Times: -1, Status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{MaxLimit: 10}}
			fill(box, 25)
			first := box.Keys(processID)[0].ID
			fault.Operation = list
			box.Inject(fault)
			if !exists(t, newClient(t, box), first) {
				t.Error("the key is not found")
			}
		})
	}
}

// TestRefusalEndsTheListing: pages that are asked for at the same time do not go on after the first refusal.
func TestRefusalEndsTheListing(t *testing.T) {
	t.Parallel()
	box := &sandbox.Sandbox{}
	fill(box, 10_000)
	box.Inject(sandbox.Fault{Operation: list, Skip: 1, Times: -1, Status: 403})
	var attempts atomic.Int64
	client := newClient(t, box, func(config *alphamoon.Config) {
		config.OnAttempt = func(context.Context, alphamoon.Attempt) { attempts.Add(1) }
	})
	if _, err := client.ProcessAPIKeys(processID).List(t.Context()); !alphamoon.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
	if sent := box.Count(list); sent > 1+alphamoon.ParallelPages || attempts.Load() > 1+alphamoon.ParallelPages {
		t.Errorf("%d requests, %d reported", sent, attempts.Load())
	}
}

func TestProcessIsGone(t *testing.T) {
	t.Parallel()
	ours, theirs := sandbox.Process{
		ID:             "ours",
		OrganizationID: "org_ours",
	}, sandbox.Process{
		ID:             "theirs",
		OrganizationID: "org_theirs",
	}
	for name, test := range map[string]struct {
		processes []sandbox.Process
		fault     sandbox.Fault
		gone      bool
		fails     bool
	}{
		"it is there":                    {[]sandbox.Process{ours, {ID: "sought"}}, sandbox.Fault{}, false, false},
		"another of its organization is": {[]sandbox.Process{ours, theirs}, sandbox.Fault{}, true, false},
		"another workspace":              {[]sandbox.Process{theirs}, sandbox.Fault{}, false, false},
		"incomplete":                     {[]sandbox.Process{ours}, sandbox.Fault{Body: `{"processes": [{"id": "ours", "orgId": "org_ours"}], "pagination": {"total": 2}}`}, false, true},
		"forbidden":                      {[]sandbox.Process{ours}, sandbox.Fault{Status: 403}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sandbox.Sandbox{Options: sandbox.Options{Processes: test.processes}}
			test.fault.Operation, test.fault.Times = sandbox.ListProcesses, -1
			box.Inject(test.fault)
			gone, err := newClient(t, box).ProcessIsGone(t.Context(), "sought", "org_ours")
			if gone != test.gone || (err != nil) != test.fails {
				t.Errorf("got %t, %v", gone, err)
			}
		})
	}
}
