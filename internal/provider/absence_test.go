package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestUnseenProcess: a process that was deleted and one that the credential cannot see look alike. Its keys stay in
// the state, everything else goes on, and a destroy forgets them.
func TestUnseenProcess(t *testing.T) {
	t.Parallel()
	other := sandbox.Process{ID: "93580f176efb48cda64f25cba74d8ca4", Name: "Receipts"}
	for name, unseen := range map[string]func(*fixture){
		"deleted":              func(f *fixture) { f.RemoveProcess(processID) },
		"hidden from the list": func(f *fixture) { f.Hide(sandbox.DefaultCredential, processID, http.StatusNotFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{Processes: []sandbox.Process{{ID: processID, Name: "Invoices"}, other}})
			doomed := strings.ReplaceAll(f.key(lifetime, "revoke_on_destroy = true"), `"test" {`, `"doomed" {`)
			_, doomed, _ = strings.Cut(doomed, "}\n")
			kept := f.key(lifetime, fmt.Sprintf("process_id = %q", other.ID))
			s := f.session()
			s.apply(kept + doomed)
			unseen(f)
			unchanged := s.apply(kept + doomed)
			forgotten := s.apply(kept)
			for address, want := range map[string]string{address: keep, "alphamoon_process_api_key.doomed": destroy} {
				if unchanged.actions[address] != keep || forgotten.actions[address] != want {
					t.Errorf("%s: %s, and then %s", address, unchanged.actions[address], forgotten.actions[address])
				}
			}
			if s.attributes("alphamoon_process_api_key.doomed") != nil || s.attributes(address) == nil {
				t.Error("not the one key was forgotten")
			}
		})
	}
}

// TestUnseenProcessIsWarnedOfOnce counts warnings: one for a process and run when it is read, one with a summary of its
// own for every key that may live on.
func TestUnseenProcessIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	provider := f.connect(nil)
	arguments := values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
		"revoke_on_destroy": true,
	}
	keys := []outcome{provider.create(t.Context(), arguments), provider.create(t.Context(), arguments)}
	f.Hide(sandbox.DefaultCredential, processID, http.StatusNotFound)
	for i, key := range keys {
		read := provider.read(t.Context(), key)
		if read.failed || !read.state.Equal(key.state) || strings.Contains(read.diagnostics, "Process cannot be seen") != (i == 0) {
			t.Errorf("read: %q", read.diagnostics)
		}
		destroyed := provider.destroy(t.Context(), key)
		if destroyed.failed || !destroyed.state.IsNull() ||
			!strings.Contains(destroyed.diagnostics, fmt.Sprintf("Key %s may still work", key.text("id"))) {
			t.Errorf("destroyed: %q", destroyed.diagnostics)
		}
	}
}

// TestAnotherOrganizationsCredential must neither empty the state nor call living keys destroyed.
func TestAnotherOrganizationsCredential(t *testing.T) {
	t.Parallel()
	for kind, owner := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, sandbox.Options{})
			f.AddKey(sandbox.OfOther(owner), sandbox.Key{Name: "theirs", ExpiresAt: start.Add(day)})
			key := f.connect(nil).of(kind).create(t.Context(), values{
				"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
				"revoke_on_destroy": true,
			})
			if key.failed {
				t.Fatal(key.diagnostics)
			}
			f.clock.Advance(time.Hour)
			other := f.connect(values{"api_key": sandbox.OtherCredential}).of(kind)
			if read := other.read(t.Context(), key); read.failed || !read.state.Equal(key.state) ||
				!strings.Contains(read.diagnostics, fmt.Sprintf("(%s) cannot be seen", key.text("id"))) {
				t.Errorf("read: %q", read.diagnostics)
			}
			destroyed := other.destroy(t.Context(), key)
			if !destroyed.failed || destroyed.state.IsNull() ||
				!strings.Contains(destroyed.diagnostics, "the provider's api_key has changed since it was last seen") {
				t.Errorf("destroyed: %q", destroyed.diagnostics)
			}
			if len(f.LiveKeys(owner)) != 1 {
				t.Error("the key does not live")
			}
		})
	}
}

// TestAYoungKeyIsNotGone: a listing may lag behind the creation for five minutes, and no longer.
func TestAYoungKeyIsNotGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{})
	key := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	f.RemoveKey(key.text("id"))
	for _, age := range []time.Duration{0, 5*time.Minute - time.Second, time.Second} {
		f.clock.Advance(age)
		old := f.clock.Now().Sub(start) >= 5*time.Minute
		read := f.connect(nil).read(t.Context(), key)
		if read.failed || read.state.IsNull() != old || strings.Contains(read.diagnostics, ") is gone: ") != old {
			t.Errorf("%s old: in the state %t, %q", f.clock.Now().Sub(start), !read.state.IsNull(), read.diagnostics)
		}
	}
}

// TestListingThatLags: the listing does not show the new key yet, and a second apply, at once, changes nothing.
func TestListingThatLags(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Lags: []time.Duration{time.Hour}})
	s := f.session()
	s.apply(f.key(lifetime)).expect(t, create)
	s.apply(f.key(lifetime)).expect(t, keep)
	f.expectCounts(1, 1)
}

// TestListingThatLagsWithoutACreationDate: nothing but key_version says when the key was made.
func TestListingThatLagsWithoutACreationDate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, sandbox.Options{Lags: []time.Duration{time.Hour}})
	f.Inject(sandbox.Fault{Operation: sandbox.Create, AlterCreated: sandbox.With("createdAt", "2026-03-01T09:30:15")}) // no offset
	key := f.connect(nil).create(t.Context(), values{
		"process_id": processID, "name": "test", "scopes": []string{"workspace.result:read"}, "expires_in": "90d",
	})
	f.clock.Advance(4 * time.Minute)
	if young := f.connect(nil).read(t.Context(), key); young.state.IsNull() {
		t.Errorf("a young key left the state: %s", young.diagnostics)
	}
	f.clock.Advance(2 * time.Minute)
	if old := f.connect(nil).read(t.Context(), key); !old.state.IsNull() {
		t.Error("an older key stayed in the state")
	}
}
