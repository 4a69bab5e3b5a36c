package endtoend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccAdoptionOfMany freezes the listing of twelve keys in a file, imports them with for_each, and moves them from their
// dates to a policy in waves. Half of them were made for two years and are due at once, one in ten was disabled by hand.
// No key is replaced before its wave, and none twice.
func TestAccAdoptionOfMany(t *testing.T) {
	t.Parallel()
	if olderThan(t, "1.7.0") {
		t.Skip("this version has no import blocks with for_each")
	}
	const count, waves = 12, 3
	w := newWorkspace(t, fmt.Sprintf(`
data "alphamoon_process_api_keys" "all" {
  process_id = %q
}
output "keys" {
  value = { for key in data.alphamoon_process_api_keys.all.api_keys : key.id => key }
}
`, sandbox.DefaultProcessID), sandbox.Options{})
	updated, replaced := map[int]int{}, map[int]int{}
	for i := range count {
		wave := 1 + i%waves
		key := sandbox.Key{
			ID: fmt.Sprintf("%032x", i+1), Name: fmt.Sprintf("key-%d", i%5), Scopes: []string{"workspace.result:read"},
			CreatedAt: now().Add(-10 * 24 * time.Hour), ExpiresAt: now().Add(80 * 24 * time.Hour),
		}
		if i%2 == 0 {
			key.CreatedAt, key.ExpiresAt = now().Add(-300*24*time.Hour), now().Add(430*24*time.Hour)
			replaced[wave]++
		} else {
			updated[wave]++
		}
		if i%10 == 1 {
			key.Status = "Disabled"
		}
		w.AddKey(sandbox.DefaultProcessID, key)
	}
	w.apply()
	w.write("keys.json", w.run("output", "-json", "keys"))
	for wave := range waves + 1 {
		w.write("main.tf", requirement+fmt.Sprintf(`
locals {
  keys = jsondecode(file("${path.module}/keys.json"))
  wave = { for id, key in local.keys : id => 1 + (parseint(id, 16) - 1) %% %d }
}
import {
  for_each = local.keys
  to       = alphamoon_process_api_key.adopted[each.key]
  id       = "${each.value.process_id}/${each.key}"
}
resource "alphamoon_process_api_key" "adopted" {
  for_each          = local.keys
  process_id        = each.value.process_id
  name              = each.value.name
  scopes            = each.value.scopes
  expires_at        = local.wave[each.key] > %[2]d ? each.value.expires_at : null
  expires_in        = local.wave[each.key] > %[2]d ? null : "90d"
  rotation_triggers = {}
}
`, waves, wave))
		// The first plan also takes over the empty triggers of all keys.
		want := fmt.Sprintf("%d to add, %d to change, %[1]d to destroy", replaced[wave], updated[wave])
		if wave == 0 {
			want = fmt.Sprintf("%d to import, 0 to add, %[1]d to change, 0 to destroy", count)
		}
		output := w.apply()
		if !strings.Contains(output, want) {
			t.Fatalf("wave %d: it does not say %q:\n%s", wave, want, output)
		}
	}
	if got := w.Count(sandbox.Create); got != count/2 {
		t.Errorf("keys created: got %d, want %d", got, count/2)
	}
	w.run("plan", "-input=false", "-detailed-exitcode")
}
