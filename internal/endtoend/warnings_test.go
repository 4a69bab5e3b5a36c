package endtoend_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

var warningForm = regexp.MustCompile(`Warning: ([^\n]*)`)

// warnings counts the blocks that a run printed, and those that Terraform folded into them.
func warnings(output string) []string {
	var summaries []string
	for _, match := range warningForm.FindAllStringSubmatch(output, -1) {
		summaries = append(summaries, match[1])
	}
	return summaries
}

func expectWarnings(t *testing.T, what, output string, blocks int, summary string) {
	t.Helper()
	got := warnings(output)
	if len(got) != blocks || blocks > 0 && got[0] != summary {
		t.Errorf("%s: got the warnings %q, want %d of %q", what, got, blocks, summary)
	}
}

const forgetting = "Key stays valid until it expires"

// TestAccScheduledRotationIsQuiet rotates 12 keys that are due, more than Terraform works on at a time, half of them with an
// overlap in the state.
func TestAccScheduledRotationIsQuiet(t *testing.T) {
	t.Parallel()
	config := ""
	for name, lifecycle := range map[string]string{"overlapping": "lifecycle {\n create_before_destroy = true\n }", "gap": ""} {
		// Due three seconds after the creation.
		rotating := keys(6, `name = "`+name+`-${count.index}"`, `expires_in = "1h"`, `rotate_before_expiry = "59m57s"`, lifecycle)
		config += strings.Replace(rotating, `"test"`, `"`+name+`"`, 1)
	}
	w := newWorkspace(t, config, sandbox.Options{})
	w.apply()
	time.Sleep(3500 * time.Millisecond)
	output := w.apply()
	expectWarnings(t, "rotation", output, 0, "")
	if created := w.Count(sandbox.Create); created != 24 {
		t.Errorf("%d keys were created\n%s", created, output)
	}
}

// TestAccOtherReplacementsNameTheKey replaces a key that is not due, by a change, by hand and as tainted, and one that is due
// by another change: the apply names what lives on, whatever its plan said, which stands in its output, too.
func TestAccOtherReplacementsNameTheKey(t *testing.T) {
	t.Parallel()
	for name, lifecycle := range map[string]string{
		"create before destroy": "lifecycle {\n create_before_destroy = true\n }", "destroy before create": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := func(arguments ...string) string {
				return keys(1, append(arguments, `expires_in = "90d"`, lifecycle)...)
			}
			w := newWorkspace(t, key(`name = "a"`), sandbox.Options{})
			w.apply()
			step := func(what string, inPlan int, arguments ...string) {
				old := w.Keys(sandbox.DefaultProcessID)
				output := w.run(append([]string{"apply", "-input=false", "-auto-approve"}, arguments...)...)
				expectSummaries(t, what, output, append(slices.Repeat([]string{forgetting}, inPlan), forgotten(old[len(old)-1]))...)
				if strings.Contains(output, "more similar") {
					t.Errorf("%s: two for one key:\n%s", what, output)
				}
			}
			w.write("main.tf", requirement+key(`name = "b"`))
			step("another name", 1)
			w.run("taint", "alphamoon_process_api_key.test[0]")
			w.write("main.tf", requirement+key(`name = "tainted"`))
			step("another name of a tainted key", 0)
			w.write("main.tf", requirement+key(`name = "b"`))
			step("another name and a replacement by hand", 1, "-replace=alphamoon_process_api_key.test[0]")
			step("a replacement by hand", 0, "-replace=alphamoon_process_api_key.test[0]")
			// Due from now on; a change of the name at the same time is no scheduled rotation.
			w.write("main.tf", requirement+key(`name = "c"`, `rotate_before_expiry = "89d23h59m59s"`))
			time.Sleep(time.Second)
			step("another name of a key that is due", 1)
			w.write("main.tf", requirement)
			step("the removal of a key that is due", 1)
		})
	}
}

// expectForgotten demands that an apply names each key that it forgot, and warns of nothing else.
func expectForgotten(t *testing.T, what, output string, keys ...sandbox.Key) {
	t.Helper()
	var want []string
	for _, key := range keys {
		want = append(want, forgotten(key))
	}
	expectSummaries(t, what, output, want...)
}

func forgotten(key sandbox.Key) string {
	return fmt.Sprintf("Key %q (%s) stays valid until it expires", key.Name, key.ID)
}

// expectSummaries demands these warnings, in any order.
func expectSummaries(t *testing.T, what, output string, want ...string) {
	t.Helper()
	got := warnings(output)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got the warnings %q, want %q", what, got, want)
	}
}

// TestAccDestroyNamesEachKey destroys twelve keys that live on: the plan says it once, the apply of each.
func TestAccDestroyNamesEachKey(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(12, `name = "a"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	expectWarnings(t, "the plan", w.run("plan", "-input=false", "-destroy", "-out=p"), 1, forgetting)
	expectForgotten(t, "the apply", w.run("apply", "-input=false", "p"), w.Keys(sandbox.DefaultProcessID)...)
}

// TestAccIndexShiftNamesEachKey removes the first of three elements of a list, so that each index gets another key.
func TestAccIndexShiftNamesEachKey(t *testing.T) {
	t.Parallel()
	config := func(names string) string {
		return keys(3, `name = "k-${element(`+names+`, count.index)}"`, `expires_in = "90d"`)
	}
	w := newWorkspace(t, config(`["a", "b", "c"]`), sandbox.Options{})
	w.apply()
	old := w.Keys(sandbox.DefaultProcessID)
	w.write("main.tf", requirement+strings.Replace(config(`["b", "c"]`), "= 3", "= 2", 1))
	w.run("plan", "-input=false", "-out=p")
	expectForgotten(t, "the apply", w.run("apply", "-input=false", "p"), old...)
}

// TestAccFailedRemovalLeavesNoNote destroys a key, which fails, then does what the error advises, and replaces the key by
// hand. The plan of the replacement can say nothing of the old key, so that the apply must, whatever the plan of the
// destroy said.
func TestAccFailedRemovalLeavesNoNote(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "90d"`, `revoke_on_destroy = true`), sandbox.Options{})
	w.apply()
	w.Inject(sandbox.Fault{Operation: sandbox.Revoke, Status: 403, Body: `{"title": "Refused"}`, Times: -1})
	if output, err := w.command(t.Context(), nil, "destroy", "-input=false", "-auto-approve").CombinedOutput(); err == nil {
		t.Fatalf("the destroy should fail:\n%s", output)
	}
	w.write("main.tf", requirement+keys(1, `name = "a"`, `expires_in = "90d"`))
	w.apply()
	output := w.run("apply", "-input=false", "-auto-approve", "-replace=alphamoon_process_api_key.test[0]")
	expectForgotten(t, "the replacement", output, w.Keys(sandbox.DefaultProcessID)[0])
}

// TestAccLongLivedKeyWarnsOnce counts per run of the provider.
func TestAccLongLivedKeyWarnsOnce(t *testing.T) {
	t.Parallel()
	const summary = "Long-lived key"
	w := newWorkspace(t, keys(1, `name = "a"`, `expires_in = "365d"`, `revoke_on_destroy = true`), sandbox.Options{})
	expectWarnings(t, "plan", w.run("plan", "-input=false", "-out=a.tfplan"), 1, summary)
	expectWarnings(t, "apply", w.run("apply", "-input=false", "a.tfplan"), 1, summary)
	w.write("main.tf", requirement+keys(1, `name = "b"`, `expires_in = "365d"`, `revoke_on_destroy = true`))
	expectWarnings(t, "plan of a replacement", w.run("plan", "-input=false"), 1, summary)
}

// TestAccImportWarnsOnce imports three keys in one run. Each has a resource of its own: of several import blocks for one
// resource with a count, Terraform 1.16.0-rc2 carries out only the first.
func TestAccImportWarnsOnce(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "", sandbox.Options{})
	config := requirement
	for i := range 3 {
		key := w.AddKey(sandbox.DefaultProcessID, sandbox.Key{
			Name: "old", Scopes: []string{"workspace.result:read"}, ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		config += fmt.Sprintf(`
import {
  to = alphamoon_process_api_key.old_%d
  id = "%s/%s"
}
resource "alphamoon_process_api_key" "old_%[1]d" {
  process_id = %[2]q
  name       = "old"
  scopes     = ["workspace.result:read"]
  expires_at = "2099-01-01T00:00:00Z"
}
`, i, sandbox.DefaultProcessID, key.ID)
	}
	w.write("main.tf", config)
	output := w.run("plan", "-input=false")
	expectWarnings(t, "plan", output, 1, "Secret of imported keys is not known")
	if strings.Contains(output, "more similar") ||
		!strings.Contains(output, "3 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("it says:\n%s", output)
	}
}

// TestAccLostOverlapWarnsWithTheFirstPlan: an organization key that rotates and is revoked by default.
func TestAccLostOverlapWarnsWithTheFirstPlan(t *testing.T) {
	t.Parallel()
	const summary = "Rotation revokes the old key at once"
	config := func(name, arguments string) string {
		return fmt.Sprintf(`
resource "alphamoon_organization_api_key" %[1]q {
  name                 = %[1]q
  scopes               = ["workspace.admin.api_key:manage"]
  expires_in           = "90d"
  rotate_before_expiry = "30d"
  %[2]s
}
`, name, arguments)
	}
	w := newWorkspace(t, config("revoking", "revoke_on_destroy = true")+config("keeping", "revoke_on_destroy = false"), sandbox.Options{})
	expectWarnings(t, "explicit", w.run("plan", "-input=false"), 0, "")
	w.write("main.tf", requirement+config("a", ""))
	expectWarnings(t, "the first plan", w.run("plan", "-input=false"), 1, summary)
	w.apply()
	expectWarnings(t, "a later plan", w.run("plan", "-input=false"), 0, "")
	w.write("main.tf", requirement+strings.Replace(config("a", ""), `= "a"`, `= "b"`, 1))
	output := w.apply()
	expectWarnings(t, "the plan of a replacement and its apply", output, 0, "")
	if !strings.Contains(output, "1 added, 0 changed, 1 destroyed") {
		t.Errorf("it says:\n%s", output)
	}
}
