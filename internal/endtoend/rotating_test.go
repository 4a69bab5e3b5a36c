package endtoend_test

import (
	"strings"
	"testing"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

const rotatingGuide = "templates/guides/rotating.md"

// expectLive demands that exactly these keys of an owner work, and that programs get the last one of them from an output.
func (w *workspace) expectLive(when, owner, output string, names ...string) (ids []string) {
	w.t.Helper()
	var got []string
	secret := ""
	for _, key := range w.LiveKeys(owner) {
		got, ids, secret = append(got, key.Name), append(ids, key.ID), key.Secret
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		w.t.Fatalf("%s: %q work, want %q", when, got, names)
	}
	if output != "" && w.run("output", "-raw", output) != secret {
		w.t.Errorf("%s: programs do not get the newest key", when)
	}
	return ids
}

// TestAccGraceOfDays: an organization key is rotated, the old one works for some days, and ends when its generation leaves the
// configuration.
func TestAccGraceOfDays(t *testing.T) {
	t.Parallel()
	config := requirement + block(t, blocks(t, rotatingGuide), "generations")
	with := func(generations string) string { return strings.Replace(config, `["2026-11"]`, generations, 1) }
	w := newPlainWorkspace(t, config)
	w.apply()
	first := w.expectLive("at first", sandbox.Organization, "reporting_key", "reporting-2026-11")
	w.write("main.tf", with(`["2026-11", "2027-02"]`))
	w.typed("terraform apply", nil, "1 added, 0 changed, 0 destroyed")
	both := w.expectLive("in the days of grace", sandbox.Organization, "reporting_key", "reporting-2026-11", "reporting-2027-02")
	w.write("main.tf", with(`["2027-02"]`))
	w.typed("terraform apply && terraform plan", nil, "0 added, 0 changed, 1 destroyed", "No changes.")
	last := w.expectLive("in the end", sandbox.Organization, "reporting_key", "reporting-2027-02")
	if both[0] != first[0] || last[0] != both[1] {
		t.Errorf("first %s, then %s, then %s", first, both, last)
	}
}

// TestAccKeysInTurn: programs change over to the key that waited, and days later the old one is replaced, which ends it.
func TestAccKeysInTurn(t *testing.T) {
	t.Parallel()
	config := requirement + block(t, blocks(t, rotatingGuide), "in_turn")
	with := func(current, round string) string {
		return strings.NewReplacer(`"blue"`, `"`+current+`"`, "{ blue = 1, green = 1 }", round).Replace(config)
	}
	const blue, green = "invoice-uploader-blue", "invoice-uploader-green"
	w := newPlainWorkspace(t, config)
	secret := func() string { return w.run("output", "-raw", "current_key") }
	of := func(name string) sandbox.Key {
		t.Helper()
		var found []sandbox.Key
		for _, key := range w.LiveKeys(sandbox.DefaultProcessID) {
			if key.Name == name {
				found = append(found, key)
			}
		}
		if len(found) != 1 {
			t.Fatalf("%d keys are called %s", len(found), name)
		}
		return found[0]
	}
	w.apply()
	old, waiting := of(blue), of(green)
	if secret() != old.Secret {
		t.Error("programs do not use the current key")
	}
	w.write("main.tf", with("green", "{ blue = 1, green = 1 }"))
	w.typed("terraform apply", nil, "0 added, 0 changed, 0 destroyed")
	if secret() != waiting.Secret || of(blue).ID != old.ID {
		t.Error("programs did not change over, or the old key is gone")
	}
	w.write("main.tf", with("green", "{ blue = 2, green = 1 }"))
	w.typed("terraform apply && terraform plan", nil, "1 added, 0 changed, 1 destroyed", "No changes.")
	if secret() != waiting.Secret || of(blue).ID == old.ID || of(green).ID != waiting.ID {
		t.Error("the old key works, or another one was replaced")
	}
	// A leak: both at once.
	leaked, next := of(green), of(blue)
	w.write("main.tf", with("blue", "{ blue = 2, green = 2 }"))
	w.typed("terraform apply", nil, "1 added, 0 changed, 1 destroyed")
	if secret() != next.Secret || of(green).ID == leaked.ID {
		t.Error("the leaked key works, or programs use it")
	}
}
