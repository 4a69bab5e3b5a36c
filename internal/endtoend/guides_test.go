package endtoend_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// blocks returns the configurations of a document, in order.
func blocks(t *testing.T, document string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range terraformBlock.FindAllStringSubmatch(string(raw), -1) {
		found = append(found, match[1])
	}
	return found
}

// newPlainWorkspace writes exactly what it is given.
func newPlainWorkspace(t *testing.T, config string) *workspace {
	t.Helper()
	w := serve(t, sandbox.Options{})
	w.write("main.tf", config)
	w.run("init", "-input=false", "-plugin-dir="+mirror)
	return w
}

// TestAccReadme types in what the README says: its two configurations, and a second plan.
func TestAccReadme(t *testing.T) {
	t.Parallel()
	w := newPlainWorkspace(t, strings.Join(blocks(t, "README.md"), "\n"))
	w.apply()
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") ||
		len(w.LiveKeys(sandbox.DefaultProcessID)) != 1 {
		t.Errorf("it says:\n%s", output)
	}
}

// TestAccGettingStarted does the same with the guide.
func TestAccGettingStarted(t *testing.T) {
	t.Parallel()
	w := newPlainWorkspace(t, blocks(t, "templates/guides/getting-started.md")[0])
	w.apply()
	if secret := w.run("output", "-raw", "uploader_key"); secret != w.Keys(sandbox.DefaultProcessID)[0].Secret {
		t.Error("the output is not the key")
	}
	config := w.read("main.tf")
	w.write("main.tf", strings.Replace(config, `, "workspace.result:read"`, "", 1))
	if output := w.apply(); !strings.Contains(output, "must be replaced") ||
		!strings.Contains(output, "forces replacement") {
		t.Errorf("it says:\n%s", output)
	}
}

// curl does what the guide's curl does.
func (w *workspace) curl(method, path string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, w.address+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		w.t.Errorf("%s %s: %s", method, path, resp.Status)
	}
}

// TestAccRehearsal plays the guide's scenes, with a shorter life for the key.
func TestAccRehearsal(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, "templates/guides/rehearse.md"))
	if err != nil {
		t.Fatal(err)
	}
	// Every control that the guide names is one that this test uses.
	for _, match := range regexp.MustCompile(`/sandbox/[a-z]+[^ '\n]*`).FindAllString(string(raw), -1) {
		known := false
		for _, used := range []string{"/sandbox/clock?advance=1h", "/sandbox/faults/outage", "/sandbox/faults", "/sandbox/keys/ID", "/sandbox/keys/ID/disable"} {
			known = known || match == used
		}
		if !known {
			t.Errorf("the guide names %s, which is not tried here", match)
		}
	}
	config := strings.NewReplacer(`"2m"`, `"40s"`, `"1m"`, `"30s"`).
		Replace(blocks(t, "templates/guides/rehearse.md")[0])
	w := newPlainWorkspace(t, config)
	w.apply()
	time.Sleep(10500 * time.Millisecond)
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "must be replaced") ||
		!strings.Contains(output, "rotates_at") {
		t.Errorf("a rotation says:\n%s", output)
	}
	if output := w.apply(); strings.Contains(output, "Warning") {
		t.Errorf("the rotation warns:\n%s", output)
	}
	if live := len(w.LiveKeys(sandbox.DefaultProcessID)); live != 2 {
		t.Errorf("%d keys live after the rotation", live)
	}

	w.write("main.tf", strings.NewReplacer(`"40s"`, `"90d"`, `"30s"`, `"30d"`).Replace(config))
	w.apply()
	w.curl(http.MethodPost, "/sandbox/faults/outage")
	output, err := w.command(t.Context(), nil, "plan", "-input=false").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "Alphamoon failed to answer") {
		t.Errorf("an outage says:\n%s", output)
	}
	w.curl(http.MethodDelete, "/sandbox/faults")
	w.curl(http.MethodPost, "/sandbox/faults/outage?times=2")
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") {
		t.Errorf("after the outage it says:\n%s", output)
	}

	id, _ := w.keyInState()
	w.curl(http.MethodPost, "/sandbox/keys/"+id+"/disable")
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "status") ||
		!strings.Contains(output, "must be replaced") {
		t.Errorf("for a disabled key it says:\n%s", output)
	}
	w.curl(http.MethodDelete, "/sandbox/keys/"+id)
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "1 to add, 0 to change, 0 to destroy") {
		t.Errorf("for a removed key it says:\n%s", output)
	}
	w.curl(http.MethodPost, "/sandbox/clock?advance=1h")

	w.Update(func(options *sandbox.Options) { options.Rate, options.Burst, options.RateHints = 10, 5, true })
	w.write("main.tf", strings.Replace(w.read("main.tf"), `name                 =`, "count = 20\n name =", 1))
	w.apply()
	if live := len(w.LiveKeys(sandbox.DefaultProcessID)); live < 20 {
		t.Errorf("%d keys live under a limit", live)
	}
}

// TestAccProviderKey is the guide of that name: an admin's key, made by hand, makes the provider's own key, which
// then rotates itself; the run that rotates it goes on with the old one.
func TestAccProviderKey(t *testing.T) {
	t.Parallel()
	if withoutEphemerals(t) {
		t.Skip("this version has no ephemeral resources")
	}
	pair := agePair(t)
	config := blocks(t, "templates/guides/provider-key.md")[0]
	config = strings.Replace(config, "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq", pair.recipient, 1)
	// A short life, and a store for the new key.
	config = strings.NewReplacer(`"90d"`, `"10m"`, `"45d"`, `"9m50s"`).Replace(config) + `
resource "terraform_data" "store" {
  triggers_replace = alphamoon_organization_api_key.pipeline.key_version
  provisioner "local-exec" {
    command = "printf %s \"$KEY\" > pipeline"
    environment = {
      KEY = ephemeral.alphamoon_decrypted_key.pipeline.key
    }
  }
}
`
	w := newPlainWorkspace(t, requirement+config)
	terraform := func(credential string, arguments ...string) (string, error) {
		command := w.command(
			t.Context(),
			map[string]string{"ALPHAMOON_API_KEY": credential, "ALPHAMOON_AGE_IDENTITY": pair.identity},
			arguments...)
		output, err := command.CombinedOutput()
		return string(output), err
	}
	must := func(credential string, arguments ...string) string {
		t.Helper()
		output, err := terraform(credential, arguments...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", arguments, err, output)
		}
		return output
	}
	if output, err := terraform(sandbox.DefaultMemberCredential, "apply", "-input=false", "-auto-approve"); err == nil ||
		!strings.Contains(output, "Alphamoon denied permission") {
		t.Errorf("a key that is no admin's says:\n%s", output)
	}
	must(sandbox.DefaultCredential, "apply", "-input=false", "-auto-approve")
	first := w.read("pipeline")
	if output := must(first, "plan", "-input=false"); !strings.Contains(output, "No changes.") {
		t.Errorf("with the new key it says:\n%s", output)
	}
	time.Sleep(11 * time.Second)
	must(first, "apply", "-input=false", "-auto-approve") // rotates the key that it uses
	second := w.read("pipeline")
	if second == first || len(w.LiveKeys(sandbox.Organization)) != 2 {
		t.Errorf("%d keys live after the rotation", len(w.LiveKeys(sandbox.Organization)))
	}
	must(second, "plan", "-input=false")

	// It has expired: an admin's key lets the same configuration make a new one.
	w.Advance(time.Hour)
	if output, err := terraform(second, "plan", "-input=false"); err == nil ||
		!strings.Contains(output, "Alphamoon refused the credential") {
		t.Errorf("with an expired key it says:\n%s", output)
	}
	must(sandbox.DefaultCredential, "apply", "-input=false", "-auto-approve",
		"-replace=alphamoon_organization_api_key.pipeline")
	if third := w.read("pipeline"); third == second {
		t.Error("the store holds the expired key")
	}
}

// TestAccUndeclaredKeys runs the adoption guide's check.
func TestAccUndeclaredKeys(t *testing.T) {
	t.Parallel()
	var config string
	for _, block := range blocks(t, "templates/guides/adopting-existing-keys.md") {
		if strings.Contains(block, "every_key_is_declared") {
			config = block
		}
	}
	w := newPlainWorkspace(t, requirement+config)
	if output := w.apply(); strings.Contains(output, "Nobody declares") {
		t.Errorf("it says:\n%s", output)
	}
	unknown := w.AddKey(
		sandbox.DefaultProcessID,
		sandbox.Key{
			Name:      "by hand",
			Scopes:    []string{"workspace.result:read"},
			ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		},
	)
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "by hand ("+unknown.ID+")") {
		t.Errorf("the key is not named:\n%s", output)
	}
}

// TestAccRefreshUnderALimit refreshes 100 keys among 600 while the service accepts five requests a second.
func TestAccRefreshUnderALimit(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, keys(100, `name = "k-${count.index}"`, `expires_in = "90d"`), sandbox.Options{})
	w.apply()
	for range 500 {
		w.AddKey(
			sandbox.DefaultProcessID,
			sandbox.Key{
				Name:      "filler",
				Scopes:    []string{"workspace.result:read"},
				ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			},
		)
	}
	w.Update(func(options *sandbox.Options) { options.Rate, options.Burst = 5, 1 })
	if output := w.run("plan", "-input=false"); !strings.Contains(output, "No changes.") {
		t.Errorf("it says:\n%s", output)
	}
}
