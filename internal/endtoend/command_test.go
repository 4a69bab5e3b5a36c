package endtoend_test

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
)

// cliVersion asks the Terraform or OpenTofu at hand once.
var cliVersion = sync.OnceValues(func() (*version.Version, error) { return cli.Version(context.Background()) })

// withTLS are Terraform and the provider as they are started at home.
var withTLS = map[string]string{"TF_DISABLE_PLUGIN_TLS": ""}

// olderThan reports whether the Terraform or OpenTofu at hand is. A pre-release counts as its release.
func olderThan(t *testing.T, wanted string) bool {
	t.Helper()
	current, err := cliVersion()
	if err != nil {
		t.Fatal(err)
	}
	return current.LessThan(version.Must(version.NewVersion(wanted)))
}

// withoutEphemerals reports whether the Terraform or OpenTofu at hand has no ephemeral resources.
func withoutEphemerals(t *testing.T) bool {
	t.Helper()
	return olderThan(t, "1.10.0") || cli.OpenTofu && olderThan(t, "1.11.0")
}

// command prepares a run of Terraform in the workspace.
func (w *workspace) command(ctx context.Context, environment map[string]string, arguments ...string) *exec.Cmd {
	variables := map[string]string{
		"ALPHAMOON_BASE_URL": w.address,
		"ALPHAMOON_API_KEY":  sandbox.DefaultCredential,
		"TF_IN_AUTOMATION":   "1",
		// Certificates for the connection between two processes of one machine took half of the time. Tests of the connection
		// and of what is logged keep them.
		"TF_DISABLE_PLUGIN_TLS": "1",
	}
	maps.Copy(variables, environment)
	return cli.Command(ctx, w.dir, variables, append(arguments, "-no-color")...)
}

// unbroken is an output in one line, whatever the width of the terminal.
func unbroken(output string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
}

// run carries out a command that must succeed and returns what it prints.
func (w *workspace) run(arguments ...string) string {
	w.t.Helper()
	output, err := w.command(w.t.Context(), nil, arguments...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", arguments, err, output)
	}
	return string(output)
}

func (w *workspace) apply() string {
	w.t.Helper()
	return w.run("apply", "-input=false", "-auto-approve")
}

// keys is a configuration of several keys.
func keys(count int, arguments ...string) string {
	return fmt.Sprintf(`
resource "alphamoon_process_api_key" "test" {
  count      = %d
  process_id = %q
  scopes     = ["workspace.result:read"]
  %s
}
`, count, sandbox.DefaultProcessID, strings.Join(arguments, "\n  "))
}
