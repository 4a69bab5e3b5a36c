package endtoend_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

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
	initialize(t, w.dir)
	return w
}

// shells returns the commands of a document, block by block.
func shells(t *testing.T, document string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, match := range fenced.FindAllStringSubmatch(string(raw), -1) {
		if match[1] == "shell" {
			found = append(found, match[2])
		}
	}
	return found
}

// block picks the one block that has a text in it.
func block(t *testing.T, blocks []string, text string) string {
	t.Helper()
	var found []string
	for _, block := range blocks {
		if strings.Contains(block, text) {
			found = append(found, block)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d blocks have %q", len(found), text)
	}
	return found[0]
}

// shell types commands into a terminal in the workspace: "terraform" is the Terraform or OpenTofu at hand, and nobody
// is there to answer its questions.
func (w *workspace) shell(commands string, environment map[string]string) (string, error) {
	w.t.Helper()
	if runtime.GOOS == "windows" {
		w.t.Skip("the guides' commands are for a shell of Unix")
	}
	for _, program := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			w.t.Skip("this machine has no " + program)
		}
	}
	programs := w.t.TempDir()
	if err := os.Symlink(cli.Path, filepath.Join(programs, "terraform")); err != nil {
		w.t.Skip(err)
	}
	variables := map[string]string{
		"PATH": programs + string(os.PathListSeparator) + os.Getenv("PATH"), "TF_INPUT": "0", "TF_CLI_ARGS": "-no-color",
		"TF_CLI_ARGS_init": "-plugin-dir=" + mirror, "TF_CLI_ARGS_apply": "-auto-approve", "TF_CLI_ARGS_destroy": "-auto-approve",
	}
	maps.Copy(variables, environment)
	like := w.command(w.t.Context(), variables)
	command := exec.CommandContext(w.t.Context(), "bash", "-c", strings.ReplaceAll(commands, "https://workspace.alphamoon.ai", w.address))
	command.Dir, command.Env = w.dir, like.Env
	output, err := command.CombinedOutput()
	return string(output), err
}

// typed demands that commands succeed and print texts in this order.
func (w *workspace) typed(commands string, environment map[string]string, texts ...string) string {
	w.t.Helper()
	output, err := w.shell(commands, environment)
	if err != nil {
		w.t.Fatalf("%v\n%s\n%s", err, commands, output)
	}
	rest := output
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			w.t.Fatalf("it does not say %q, or not in this place:\n%s\n%s", text, commands, output)
		}
		rest = after
	}
	return output
}
