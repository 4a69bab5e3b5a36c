// Command demo shows the provider at its main job: with a real Terraform or OpenTofu, against a sandbox that it
// starts itself. It leaves nothing behind.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/cmd/program"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() {
	info, err := os.Stdout.Stat()
	coloured := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
	program.Main("demo", func(ctx context.Context) error { return run(ctx, ".", os.Stdout, coloured) })
}

// demo is one demonstration.
type demo struct {
	io.Writer
	box *sandbox.Sandbox
	// command prepares a run of Terraform, without its output.
	command func(arguments ...string) *exec.Cmd
}

// run demonstrates the provider of the module in moduleDir.
func run(ctx context.Context, moduleDir string, output io.Writer, coloured bool) (err error) {
	dir, err := os.MkdirTemp("", "alphamoon-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	d := &demo{Writer: output, box: &sandbox.Sandbox{}}
	d.heading("Set-up")
	cli, err := terraformcli.Find(ctx, filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	current, err := cli.Version(ctx)
	if err != nil {
		return err
	}
	d.line("%s %s: %s", cli.Name(), current, cli.Path)
	mirror, work := filepath.Join(dir, "mirror"), filepath.Join(dir, "work")
	if err := terraformcli.Mirror(ctx, moduleDir, mirror); err != nil {
		return err
	}
	d.line("Provider: built from this checkout")
	address, stop, err := d.box.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer stop()
	d.line("Sandbox: %s, an Alphamoon in memory", address)
	if err := os.CopyFS(work, os.DirFS(filepath.Join(moduleDir, "examples", "demo"))); err != nil {
		return err
	}
	if err := d.skipMocks(work, cli, current); err != nil {
		return err
	}
	environment := map[string]string{"ALPHAMOON_API_KEY": sandbox.DefaultCredential, "ALPHAMOON_BASE_URL": address}
	if !coloured {
		environment["TF_CLI_ARGS"] = "-no-color"
	}
	d.command = func(arguments ...string) *exec.Cmd {
		return cli.Command(ctx, work, environment, arguments...)
	}
	if text, err := d.command("init", "-input=false", "-plugin-dir="+mirror).CombinedOutput(); err != nil {
		return fmt.Errorf("init: %w\n%s", err, text)
	}
	return d.show()
}

// skipMocks removes from the folder the native tests that mock a provider where this version would refuse the folder
// because of them, and says so.
func (d *demo) skipMocks(folder string, cli terraformcli.CLI, current *version.Version) error {
	since := cli.MocksSince()
	if current.GreaterThanOrEqual(since) {
		return nil
	}
	mocked, err := filepath.Glob(filepath.Join(folder, "mocked*.tftest.hcl"))
	for _, file := range mocked {
		d.line("Skipped: examples/demo/%s, whose tests mock the provider. That needs %s %s.", filepath.Base(file), cli.Name(), since)
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

func (d *demo) heading(text string) { d.line("\n== %s", text) }

func (d *demo) line(format string, values ...any) { _, _ = fmt.Fprintf(d, format+"\n", values...) }

// terraform runs a command as a person types it and shows what Terraform says.
func (d *demo) terraform(arguments ...string) error {
	d.line("$ terraform %s", strings.Join(arguments, " "))
	command := d.command(arguments...)
	command.Stdout, command.Stderr = d.Writer, d.Writer
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	return nil
}

// secret returns the sensitive output, as a program would get it, without showing it.
func (d *demo) secret() ([]byte, error) {
	secret, err := d.command("output", "-raw", "uploader_key").Output()
	if err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	d.line("terraform output -raw uploader_key: a secret of %d characters", len(secret))
	return secret, nil
}

func (d *demo) show() error {
	d.heading("Two new keys, one of a process and one of the organization: examples/demo/main.tf is applied")
	if err := d.terraform("apply", "-auto-approve"); err != nil {
		return err
	}
	first, err := d.secret()
	if err != nil {
		return err
	}

	d.heading("A change: the program no longer uploads, so its key shall only read")
	d.line("The API cannot change a key, so the plan creates a new one before it lets go of the old one.")
	const readOnly = `-var=scopes=["workspace.result:read"]`
	if err := d.terraform("apply", "-auto-approve", readOnly); err != nil {
		return err
	}
	second, err := d.secret()
	if err != nil {
		return err
	}
	if bytes.Equal(first, second) {
		return errors.New("the replacement did not bring a new secret")
	}
	d.line("The old key stays valid until it expires, so that nothing breaks while programs change over.")
	if err := d.terraform("plan", "-detailed-exitcode", readOnly); err != nil {
		return fmt.Errorf("a second plan is not empty: %w", err)
	}
	d.line("A second plan is empty.")

	d.heading("The end: destroy")
	if err := d.terraform("destroy", "-auto-approve", readOnly); err != nil {
		return err
	}
	d.line("Terraform has forgotten the keys of the process; without revoke_on_destroy they live on at the service until " +
		"they expire.")
	d.line("The organization's key was revoked: the API documents that, and the provider checked that it is gone.")
	return d.summary()
}

func (d *demo) summary() error {
	created, alive := d.box.Count(sandbox.Create), len(d.box.LiveKeys(sandbox.DefaultProcessID))
	ofOrganization := len(d.box.LiveKeys(sandbox.Organization))
	d.heading("Summary")
	d.line("Keys created: %d. Still valid at the service: %d of the process, %d of the organization. Listings: %d.",
		created, alive, ofOrganization, d.box.Count(sandbox.List))
	if created != 3 || alive != 2 || ofOrganization != 0 {
		return errors.New("3 created keys were expected, of which 2 of the process are valid")
	}
	d.line("One key replaced once without a gap, one revoked; none lost, none doubled.")
	d.heading("Try next")
	d.line("make install && make sandbox      a sandbox to try your own configuration against")
	d.line("docs/guides/getting-started.md    from nothing to a key in ten minutes")
	d.line("examples/fleet                    the keys of a whole team, to copy")
	return nil
}
