// Command demo shows the provider at its main job: with a real Terraform or OpenTofu, against a sandbox that it
// starts itself. It leaves nothing behind.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/mattn/go-isatty"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

func main() { os.Exit(status()) }

// status runs the demonstration and returns the exit status.
func status() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	coloured := isatty.IsTerminal(os.Stdout.Fd()) && os.Getenv("NO_COLOR") == ""
	if err := run(ctx, ".", &printer{Writer: os.Stdout, coloured: coloured}); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
	return 0
}

// printer writes headings and changes in colour, if the output can show it.
type printer struct {
	io.Writer
	coloured bool
}

const (
	bold, green, red, yellow = "1", "32", "31", "33"
)

func (p *printer) paint(style, text string) string {
	if !p.coloured {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p *printer) heading(text string) { _, _ = fmt.Fprintf(p, "\n%s\n", p.paint(bold, "== "+text)) }

func (p *printer) line(format string, values ...any) { _, _ = fmt.Fprintf(p, format+"\n", values...) }

// plan shows a plan as Terraform prints it, from the first change to the summary.
func (p *printer) plan(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch sign := strings.TrimSpace(line); {
		case strings.HasPrefix(sign, "+/-"), strings.HasPrefix(sign, "~"):
			line = p.paint(yellow, line)
		case strings.HasPrefix(sign, "+"):
			line = p.paint(green, line)
		case strings.HasPrefix(sign, "-"):
			line = p.paint(red, line)
		}
		p.line("  %s", line)
	}
}

// demo is one demonstration.
type demo struct {
	*printer
	box       *sandbox.Sandbox
	terraform *tfexec.Terraform
	dir       string
}

// run demonstrates the provider of the module in moduleDir.
func run(ctx context.Context, moduleDir string, output *printer) (err error) {
	dir, err := os.MkdirTemp("", "alphamoon-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	output.heading("Set-up")
	cli, err := terraformcli.Find(ctx, filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	output.line("%s: %s", cli.Name(), cli.Path)
	mirror := filepath.Join(dir, "mirror")
	if err := terraformcli.Mirror(ctx, moduleDir, mirror); err != nil {
		return err
	}
	output.line("Provider: built from this checkout")
	box := &sandbox.Sandbox{}
	address, stop, err := box.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer stop()
	output.line("Sandbox: %s, an Alphamoon in memory", address)

	work := filepath.Join(dir, "work")
	if err := os.CopyFS(work, os.DirFS(filepath.Join(moduleDir, "examples", "demo"))); err != nil {
		return err
	}
	terraform, err := cli.New(work, map[string]string{
		"ALPHAMOON_API_KEY": sandbox.DefaultCredential, "ALPHAMOON_BASE_URL": address,
	})
	if err != nil {
		return err
	}
	if err := terraform.Init(ctx, tfexec.PluginDir(mirror)); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	return (&demo{printer: output, box: box, terraform: terraform, dir: work}).show(ctx)
}

func (d *demo) show(ctx context.Context) error {
	d.heading("Two new keys, one of a process and one of the organization: examples/demo/main.tf is applied")
	if err := d.planAndApply(ctx); err != nil {
		return err
	}
	if err := d.list(ctx); err != nil {
		return err
	}
	first, err := d.secret(ctx)
	if err != nil {
		return err
	}

	d.heading("A change: the program no longer uploads, so its key shall only read")
	readOnly := tfexec.Var(`scopes=["workspace.result:read"]`)
	d.line("The API cannot change a key, so the plan creates a new one before it lets go of the old one:")
	if err := d.planAndApply(ctx, readOnly); err != nil {
		return err
	}
	second, err := d.secret(ctx)
	if err != nil {
		return err
	}
	if first == second {
		return errors.New("the replacement did not bring a new secret")
	}
	d.line("The old key stays valid until it expires, so that nothing breaks while programs change over:")
	if err := d.list(ctx); err != nil {
		return err
	}
	changes, err := d.terraform.Plan(ctx, readOnly)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if changes {
		return errors.New("a second plan is not empty")
	}
	d.line("A second plan is empty.")

	d.heading("The end: destroy")
	if err := d.terraform.Destroy(ctx, readOnly); err != nil {
		return fmt.Errorf("destroy: %w", err)
	}
	d.line("Terraform has forgotten the keys of the process; without revoke_on_destroy they live on at the service until " +
		"they expire.")
	d.line("The organization's key was revoked: the API documents that, and the provider checked that it is gone.")
	return d.summary()
}

func (d *demo) planAndApply(ctx context.Context, variables ...*tfexec.VarOption) error {
	const file = "demo.tfplan"
	options := []tfexec.PlanOption{tfexec.Out(file)}
	for _, variable := range variables {
		options = append(options, variable)
	}
	if _, err := d.terraform.Plan(ctx, options...); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	text, err := d.terraform.ShowPlanFileRaw(ctx, file)
	if err != nil {
		return fmt.Errorf("show: %w", err)
	}
	d.plan(resourceChanges(text))
	if err := d.terraform.Apply(ctx, tfexec.DirOrPlan(file)); err != nil {
		return fmt.Errorf("apply: %w", err)
	}
	return nil
}

// resourceChanges cuts the parts of a plan about keys out of it, which need no explanation.
func resourceChanges(plan string) string {
	var changes []string
	for _, part := range strings.Split(plan, "\n\n") {
		if strings.HasPrefix(part, "  # alphamoon_") && strings.Contains(part, "_api_key.") {
			changes = append(changes, part)
		}
	}
	if len(changes) == 0 {
		return plan
	}
	return strings.Join(changes, "\n\n")
}

// secret returns the sensitive output, as a program would get it, without showing it.
func (d *demo) secret(ctx context.Context) (string, error) {
	outputs, err := d.terraform.Output(ctx)
	if err != nil {
		return "", fmt.Errorf("output: %w", err)
	}
	meta := outputs["uploader_key"]
	var secret string
	if err := json.Unmarshal(meta.Value, &secret); err != nil || secret == "" {
		return "", errors.New("the output uploader_key is not a key")
	}
	if !meta.Sensitive {
		return "", errors.New("the output uploader_key is not sensitive")
	}
	d.line("terraform output uploader_key: a secret of %d characters, sensitive", len(secret))
	return secret, nil
}

// list prints what the data source says.
func (d *demo) list(ctx context.Context) error {
	outputs, err := d.terraform.Output(ctx)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	var keys []struct {
		ID        string   `json:"id"`
		Name      string   `json:"name"`
		Scopes    []string `json:"scopes"`
		Status    string   `json:"status"`
		ExpiresAt string   `json:"expires_at"`
	}
	if err := json.Unmarshal(outputs["keys"].Value, &keys); err != nil {
		return fmt.Errorf("output keys: %w", err)
	}
	table := tabwriter.NewWriter(d, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "  ID\tNAME\tSTATUS\tEXPIRES\tSCOPES")
	for _, key := range keys {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", key.ID, key.Name, key.Status, key.ExpiresAt,
			strings.Join(key.Scopes, ", "))
	}
	return table.Flush()
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
	d.line("%s", d.paint(green, "One key replaced once without a gap, one revoked; none lost, none doubled."))
	d.heading("Try next")
	d.line("make install && make sandbox      a sandbox to try your own configuration against")
	d.line("docs/guides/getting-started.md    from nothing to a key in ten minutes")
	d.line("examples/fleet                    the keys of a whole team, to copy")
	return nil
}
