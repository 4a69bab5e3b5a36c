package endtoend_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age/plugin"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/encryption"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// TestAccInterruptWhileAPluginHangs interrupts a plan, an apply and a decryption while a plugin of age does not
// answer. No key comes into being. (Terraform tells a provider nothing of an interrupt during the plan of an apply.)
func TestAccInterruptWhileAPluginHangs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || withoutEphemerals(t) {
		t.Skip("needs a shell and ephemeral resources")
	}
	recipient := plugin.EncodeRecipient("hang", []byte("public"))
	key := func(recipient string) string {
		return `
resource "terraform_data" "recipient" {
  input = "` + plugin.EncodeRecipient("hang", []byte("public")) + `"
}
` + strings.Replace(strings.ReplaceAll(keyConfig, "ROUND", "1"), "expires_in ", "encrypt_to = ["+recipient+"]\n  expires_in ", 1)
	}
	for name, config := range map[string]string{
		"the plan":  key(`"` + recipient + `"`),
		"the apply": key("terraform_data.recipient.output"),
		"the decryption": `
ephemeral "alphamoon_decrypted_key" "test" {
  encrypted_key = "` + strings.ReplaceAll(encrypted(t), "\n", `\n`) + `"
  identities    = ["` + plugin.EncodeIdentity("hang", []byte("private")) + `"]
}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, config, sandbox.Options{})
			programs, started := t.TempDir(), filepath.Join(t.TempDir(), "started")
			script := "#!/bin/sh\n: > " + started + "\nexec sleep 20\n"
			if err := os.WriteFile(filepath.Join(programs, "age-plugin-hang"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			run := w.startApply(sandbox.Create, 0, func(command *exec.Cmd) {
				if name != "the apply" {
					command.Args = []string{cli.Path, "plan", "-input=false", "-no-color"}
				}
				command.Env = append(command.Env, "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
			})
			for range 600 {
				if _, err := os.Stat(started); err == nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if output := run.end(interrupt); !strings.Contains(strings.Join(strings.Fields(output), " "), "the run was interrupted") {
				t.Errorf("it says:\n%s", output)
			}
			if created := w.Count(sandbox.Create); created != 0 {
				t.Errorf("%d creations were sent", created)
			}
		})
	}
}

// TestAccPluginGetsNoSecret: a plugin of age runs at plan time, and is a program of somebody else. Its environment has
// nothing of the provider's, and debugging variables that would write secrets have no effect.
func TestAccPluginGetsNoSecret(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	config := strings.Replace(strings.ReplaceAll(keyConfig, "ROUND", "1"), "expires_in ",
		`encrypt_to = ["`+plugin.EncodeRecipient("env", []byte("public"))+"\"]\n  expires_in ", 1)
	w := newWorkspace(t, config+`
data "alphamoon_processes" "all" {}
`, sandbox.Options{})
	programs, written, values := t.TempDir(), filepath.Join(t.TempDir(), "environment"), t.TempDir()
	script := "#!/bin/sh\nenv > " + written + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(programs, "age-plugin-env"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	output, err := w.command(t.Context(), map[string]string{
		"ALPHAMOON_AGE_IDENTITY": "AGE-SECRET-KEY-1", "AGEDEBUG": "plugin", "TF_LOG_SDK_PROTO_DATA_DIR": values,
		"PATH": programs + string(os.PathListSeparator) + os.Getenv("PATH"),
	}, "plan", "-input=false").CombinedOutput()
	if err == nil || w.Count(sandbox.AnyOperation) == 0 {
		t.Fatalf(
			"the plugin was not tried, or the provider had no credential for its %d requests:\n%s",
			w.Count(sandbox.AnyOperation),
			output,
		)
	}
	environment, err := os.ReadFile(written)
	if err != nil || !strings.Contains(string(environment), "PATH="+programs) {
		t.Fatalf("the plugin did not start: %v\n%s", err, output)
	}
	for _, name := range []string{"ALPHAMOON_", "AGEDEBUG", "TF_LOG_SDK_PROTO_DATA_DIR"} {
		if strings.Contains(string(environment), "\n"+name) || strings.HasPrefix(string(environment), name) {
			t.Errorf("the plugin sees %s", name)
		}
	}
	if files, err := os.ReadDir(values); err != nil || len(files) > 0 {
		t.Errorf("%d files with values were written, %v", len(files), err)
	}
}

// encrypted is a file that some identity opens.
func encrypted(t *testing.T) string {
	t.Helper()
	file, err := encryption.NewFile(t.Context(), []string{agePair(t).recipient})
	if err != nil {
		t.Fatal(err)
	}
	text, err := file.Seal("user:secret")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
